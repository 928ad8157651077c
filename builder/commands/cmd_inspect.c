/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "commands/commands.h"

static int run(struct session *session)
{
        const char *path = session->arguments.operands[0];
        const struct picture_style style = session_style();
        struct ingot_inspection *inspection = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_inspect(path, session->arguments.given[OPTION_DIGESTS], &session->observer, &inspection,
                          &err);
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
        .about = "Looks into a raw or VMDK image, or into every volume of a build's folder, and\n"
                 "shows partition table, file systems and how full they are, boot loaders and\n"
                 "checksums.  What an image is, is told by its content, not by its name.\n"
                 "\n"
                 "Digests come from the manifest; --digests reads all data and computes those of\n"
                 "an image that has none.\n",
        .examples = "  ingot inspect out/web\n"
                    "  ingot inspect --json --digests disk.vmdk\n",
        .options = OPTION_BIT(OPTION_DIGESTS) | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
