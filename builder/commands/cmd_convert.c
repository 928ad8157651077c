/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

/* Shows what was made, as 'ingot inspect' would. */
static int print_result(struct session *session, const char *path)
{
        const struct picture_style style = session_style();
        struct ingot_inspection *inspection = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_inspect(path, 0, &session->observer, &inspection, &err);
        if (r)
                return session_fail(session, "look at", path, r, &err);
        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_inspection_json(inspection, &json, &err);
                if (r == INGOT_OK)
                        (void)session_print_json(session, json);
        } else if (inspection->image_count) {
                picture_print(&inspection->images[0], &style, stdout);
        }
        ingot_inspection_free(inspection);
        return r ? session_fail(session, "look at", path, r, &err) : 0;
}

static int run(struct session *session)
{
        const struct arguments *arguments = &session->arguments;
        struct ingot_convert_request request = { .input = arguments->operands[0],
                                                 .output = arguments->operands[1] };
        struct ingot_error err;
        char compressor[16];
        enum ingot_code r;

        r = arguments_format(arguments, &request.format, &err);
        if (r == INGOT_OK)
                r = arguments_number(arguments, OPTION_THREADS, 0, &request.threads, &err);
        if (r == INGOT_OK)
                r = arguments_compressor(arguments, compressor, sizeof(compressor), &request.compressor,
                                         &request.compression_level, &err);
        if (r == INGOT_OK)
                r = ingot_convert(&request, &session->observer, &err);
        if (r)
                return session_fail(session, "convert", request.input, r, &err);
        return session->quiet && !session->json ? 0 : print_result(session, request.output);
}

const struct command command_convert = {
        .name = "convert",
        .operands = "IN OUT",
        .summary = "turn a raw image into a VMDK, or back",
        .about = "Converts a raw image to a stream-optimized VMDK, or a VMDK to a sparse raw\n"
                 "image.  OUT appears whole or not at all; one that exists is replaced.  Without\n"
                 "--format it is the format that IN is not.\n",
        .examples = "  ingot convert disk.raw disk.vmdk --compressor libdeflate:6\n"
                    "  ingot convert disk.vmdk disk.raw\n",
        .options = OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_COMPRESSOR) | OPTION_BIT(OPTION_THREADS) |
                   OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 2,
        .operand_max = 2,
        .run = run,
};
