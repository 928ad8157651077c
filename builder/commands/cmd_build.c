/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"
#include "base/own.h"
#include "commands/commands.h"

enum { MANIFEST_BYTES = 512 * 1024 * 1024 };

/* The manifest is the document: what was made, in full. */
static int print_manifest(struct session *session, const char *folder)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        OWNED(heap_drop) char *text = NULL;
        struct ingot_error err;
        size_t size_bytes;
        enum ingot_code r;

        buffer_appendf(&path, "%s/manifest.json", folder);
        r = buffer_check(&path, &err);
        if (r == INGOT_OK)
                r = fd_read_file(path.bytes, MANIFEST_BYTES, &text, &size_bytes, &err);
        if (r)
                return session_fail(session, "print the manifest of", folder, r, &err);
        return session_print_json(session, text);
}

static int print_summary(struct session *session, const char *folder)
{
        const struct picture_style style = session_style();
        struct ingot_inspection *inspection = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_inspect(&(struct ingot_inspect_request){ .path = folder }, &session->observer, &inspection,
                          &err);
        if (r)
                return session_fail(session, "look at", folder, r, &err);
        progress_end(&session->progress, true);
        for (size_t i = 0; i < inspection->image_count; i++) {
                picture_print(&inspection->images[i], &style, stdout);
                (void)fputc('\n', stdout);
        }
        (void)printf("Images and manifest are in %s\n", folder);
        ingot_inspection_free(inspection);
        return 0;
}

static int run(struct session *session)
{
        struct ingot_complaint_sink sink = session_sink(session);
        struct ingot_build_request request;
        struct ingot_error err;
        char compressor[16];
        enum ingot_code r;

        r = session_build_request(session, &request, compressor, sizeof(compressor), &err);
        if (r == INGOT_OK)
                r = ingot_build(&request, &sink, &session->observer, &err);
        if (r)
                return session_fail(session, "build", session->arguments.operands[0], r, &err);
        if (session->json)
                return print_manifest(session, request.folder);
        return session->quiet ? 0 : print_summary(session, request.folder);
}

const struct command command_build = {
        .name = "build",
        .operands = "TEMPLATE",
        .summary = "make disk images and their manifest",
        .about = "Makes the disk images of a template's volumes and manifest.json in the folder of\n"
                 "--output, which is made when missing.  No root, virtual machine or mount is\n"
                 "needed.  The same template, mapping, settings and sources give the same bytes on\n"
                 "any machine.\n"
                 "\n"
                 "Every file appears whole or not at all, the manifest last.  With --json the\n"
                 "manifest is printed.  SOURCE_DATE_EPOCH is used where the template names no\n"
                 "source-date-epoch.\n"
                 "\n"
                 "With --lock, what did not change since an earlier build stays where that had\n"
                 "it, identifiers included, so that a snapshot of it needs few new blocks.\n",
        .examples = "  ingot build web.yaml -m web.mapping.json -o out/web\n"
                    "  ingot build web.yaml -m web.mapping.json -o out/web --format raw \\\n"
                    "      --set version=2026.12\n"
                    "  ingot build web.yaml -m web.mapping.json -o out/tuesday --lock out/monday\n",
        .options = OPTION_BIT(OPTION_MAPPING) | OPTION_BIT(OPTION_LOCK) | OPTION_BIT(OPTION_OUTPUT) |
                   OPTION_BIT(OPTION_FORMATS) | OPTION_BIT(OPTION_SET) | OPTION_BIT(OPTION_CACHE_DIR) |
                   OPTION_BIT(OPTION_REFRESH) | OPTION_BIT(OPTION_COMPRESSOR) | OPTION_BIT(OPTION_THREADS) |
                   OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .required = OPTION_BIT(OPTION_MAPPING) | OPTION_BIT(OPTION_OUTPUT),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
