/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "commands/commands.h"
#include "commands/listing.h"

static int list(struct session *session, const char *verb, const char *id)
{
        const struct ingot_target target = session_target(session);
        struct ingot_listing *listing = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_list(&target, id, &listing, &err);
        if (r)
                return session_fail(session, verb, id ? id : target.to, r, &err);
        if (id && session->arguments.given[OPTION_OUTPUT_WHAT]) {
                listing_print_ids(listing, stdout);
        } else if (session->json) {
                r = ingot_listing_json(listing, &json, &err);
                if (r == INGOT_OK)
                        (void)session_print_json(session, json);
        } else if (id) {
                listing_print_details(listing, stdout);
                if (session_is_local(session)) {
                        (void)fputs("\nThe same by the AWS CLI:\n", stdout);
                        listing_print_aws(session->program, listing->region, target.region_folder,
                                          !session->arguments.given[OPTION_REGION_DIR], id, stdout);
                }
        } else {
                listing_print_table(listing, stdout);
        }
        ingot_listing_free(listing);
        return r ? session_fail(session, verb, id ? id : target.to, r, &err) : 0;
}

static int run_list(struct session *session)
{
        return list(session, "list", NULL);
}

static int run_show(struct session *session)
{
        const char *output = session->arguments.value[OPTION_OUTPUT_WHAT];
        struct ingot_error err;

        if (output && strcmp(output, "id") != 0) {
                enum ingot_code r = ingot_fail(&err, INGOT_E_USAGE, "'--output %s' is not id", output);

                return session_fail(session, "show", session->arguments.operands[0], r, &err);
        }
        return list(session, "show", session->arguments.operands[0]);
}

const struct command command_list = {
        .name = "list",
        .operands = "",
        .summary = "list the AMIs and snapshots of a region",
        .about = "Lists the AMIs and snapshots that a region holds, newest first.\n",
        .examples = "  ingot list\n"
                    "  ingot list --to local:eu-central-1 --json\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .run = run_list,
};

const struct command command_show = {
        .name = "show",
        .operands = "AMI|SNAPSHOT",
        .summary = "show one AMI or snapshot of a region",
        .about = "Shows an AMI with its block device mapping and snapshots, or a snapshot, and the\n"
                 "lines that ask the AWS CLI of a local region for the same.  With --output id:\n"
                 "the ids of it and of its snapshots, a line for each.\n",
        .examples = "  ingot show ami-0123456789abcdef0\n"
                    "  ingot show ami-0123456789abcdef0 --to aws:eu-central-1\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |
                   OPTION_BIT(OPTION_OUTPUT_WHAT),
        .operand_min = 1,
        .operand_max = 1,
        .run = run_show,
};
