/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

extern char **environ;

/* Shows what was made, as 'ingot inspect' would. */
static int print_result(struct session *session, const char *path)
{
        const struct picture_style style = session_style();
        struct ingot_inspection *inspection = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_inspect(&(struct ingot_inspect_request){ .path = path }, &session->observer, &inspection,
                          &err);
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
                                                 .output = arguments->operands[1],
                                                 .temp_folder = session_temp_folder(session),
                                                 .environment = (const char *const *)environ };
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
        .summary = "turn any disk image into a raw one or a VMDK",
        .about = "Converts a raw image to a stream-optimized VMDK, or an image of any other kind\n"
                 "that 'ingot upload' takes, compressed or not, to a sparse raw image; --format\n"
                 "says otherwise.  OUT appears whole or not at all; one that exists is replaced.\n",
        .examples = "  ingot convert disk.raw disk.vmdk --compressor libdeflate:6\n"
                    "  ingot convert disk.vmdk disk.raw\n"
                    "  ingot convert disk.qcow2 disk.vmdk --format vmdk\n",
        .options = OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_TEMP_DIR) | OPTION_BIT(OPTION_COMPRESSOR) |
                   OPTION_BIT(OPTION_THREADS) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 2,
        .operand_max = 2,
        .run = run,
};
