/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

static int run(struct session *session)
{
        struct ingot_complaint_sink sink = session_sink(session);
        OWNED(heap_drop) char *json = NULL;
        struct ingot_build_request request;
        struct ingot_error err;
        char compressor[16];
        enum ingot_code r;

        r = session_build_request(session, &request, compressor, sizeof(compressor), &err);
        if (!request.folder)
                request.folder = session->cache_folder.bytes; /* for spool files, which have no names */
        if (r == INGOT_OK)
                r = ingot_plan(&request, &sink, &session->observer, &json, &err);
        if (r)
                return session_fail(session, "plan", session->arguments.operands[0], r, &err);
        return session_print_json(session, json);
}

const struct command command_plan = {
        .name = "plan",
        .operands = "TEMPLATE",
        .summary = "print everything a build would do, as JSON",
        .about = "Resolves a template and a mapping and prints, as one JSON document, every size,\n"
                 "offset, UUID, feature flag, timestamp, source digest and tool version of the\n"
                 "images that 'ingot build' would make.  The sources are read, and bootstrapped\n"
                 "where the cache does not have them, since sizes follow from them; no image is\n"
                 "written.\n",
        .examples = "  ingot plan web.yaml --mapping web.mapping.json | jq .volumes\n",
        .options = OPTION_BIT(OPTION_MAPPING) | OPTION_BIT(OPTION_LOCK) | OPTION_BIT(OPTION_SET) |
                   OPTION_BIT(OPTION_FORMATS) | OPTION_BIT(OPTION_CACHE_DIR) | OPTION_BIT(OPTION_REFRESH) |
                   OPTION_BIT(OPTION_COMPRESSOR) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .required = OPTION_BIT(OPTION_MAPPING),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
