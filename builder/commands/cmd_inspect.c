/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

extern char **environ;

static int run(struct session *session)
{
        const char *path = session->arguments.operands[0];
        const struct ingot_inspect_request request = { .path = path,
                                                       .digests = session->arguments.given[OPTION_DIGESTS],
                                                       .temp_folder = session_temp_folder(session),
                                                       .environment = (const char *const *)environ };
        const struct picture_style style = session_style();
        struct ingot_inspection *inspection = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_inspect(&request, &session->observer, &inspection, &err);
        if (r)
                return session_fail(session, "inspect", path, r, &err);
        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_inspection_json(inspection, &json, &err);
                if (r == INGOT_OK)
                        (void)session_print_json(session, json);
        } else {
                for (size_t i = 0; i < inspection->image_count; i++) {
                        if (i)
                                (void)fputc('\n', stdout);
                        picture_print(&inspection->images[i], &style, stdout);
                }
        }
        ingot_inspection_free(inspection);
        return r ? session_fail(session, "inspect", path, r, &err) : 0;
}

const struct command command_inspect = {
        .name = "inspect",
        .operands = "IMAGE|DIR",
        .summary = "show what is in an image",
        .about = "Looks into an image of any kind that 'ingot upload' takes, or into every volume\n"
                 "of a build's folder, and shows partition table, file systems and how full they\n"
                 "are, boot loaders and checksums.  What an image is, is told by its content, not\n"
                 "by its name.\n"
                 "\n"
                 "Digests come from the manifest; --digests reads all data and computes those of\n"
                 "an image that has none.\n",
        .examples = "  ingot inspect out/web\n"
                    "  ingot inspect --json --digests disk.vmdk\n",
        .options = OPTION_BIT(OPTION_DIGESTS) | OPTION_BIT(OPTION_TEMP_DIR) | OPTION_BIT(OPTION_JSON) |
                   OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
