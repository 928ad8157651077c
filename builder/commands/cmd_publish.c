/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/own.h"
#include "commands/commands.h"
#include "commands/listing.h"
#include "commands/snapshot_text.h"

static void receipt_print(struct session *session, const struct ingot_receipt *receipt)
{
        bool by_default = !session->arguments.given[OPTION_REGION_DIR];

        (void)printf("%s  %s  in region %s%s\n", receipt->ami_id, receipt->name, receipt->region,
                     receipt->already_published ? ": was there already, nothing was sent" : "");
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                (void)printf("  %-10s %s  %" PRIu64 " GiB\n", receipt->snapshots[i].device_name,
                             receipt->snapshots[i].snapshot_id, receipt->snapshots[i].volume_size_gib);
                snapshot_text_print(&receipt->snapshots[i]);
        }
        (void)printf("\nNext:\n  ");
        shell_word_print(session->program, stdout);
        (void)printf(" show %s", receipt->ami_id);
        if (!by_default) {
                (void)printf(" --region-dir ");
                shell_word_print(session->region_folder.bytes, stdout);
        }
        if (strcmp(session_target(session).to, "local") != 0)
                (void)printf(" --to %s:%s", session_is_local(session) ? "local" : "aws", receipt->region);
        (void)printf("\n");
        if (session_is_local(session))
                listing_print_aws(session->program, receipt->region, session->region_folder.bytes, by_default,
                                  receipt->ami_id, stdout);
}

static enum ingot_code request_read(struct session *session, struct ingot_publish_request *ret_request,
                                    struct ingot_error *err)
{
        const struct arguments *arguments = &session->arguments;
        struct ingot_publish_request request = { .folder = arguments->operands[0],
                                                 .full = arguments->given[OPTION_FULL],
                                                 .parent = arguments->value[OPTION_PARENT],
                                                 .resume = arguments->given[OPTION_RESUME],
                                                 .encrypt = arguments->given[OPTION_ENCRYPT],
                                                 .kms_key_arn = arguments->value[OPTION_KMS_KEY] };
        unsigned number = 0;
        enum ingot_code r = arguments_number(arguments, OPTION_PUTS_PER_SECOND, 0, &number, err);

        request.puts_per_second = number;
        if (!r && arguments->given[OPTION_PUTS_PER_SECOND] && !number)
                r = ingot_fail(err, INGOT_E_USAGE, "'--puts-per-second 0' would send nothing");
        if (!r && request.full && request.parent)
                r = ingot_fail(err, INGOT_E_USAGE, "'--full' and '--parent' exclude each other");
        if (r)
                return r;
        r = arguments_verify(arguments, &request.verify_blocks, err);
        if (!r)
                *ret_request = request;
        return r;
}

static int run(struct session *session)
{
        const char *folder = session->arguments.operands[0];
        const struct ingot_target target = session_target(session);
        struct ingot_publish_request request;
        struct ingot_receipt *receipt = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r = request_read(session, &request, &err);

        if (!r)
                r = ingot_publish(&request, &target, &session->observer, &receipt, &err);
        if (r)
                return session_fail(session, "publish", folder, r, &err);
        progress_end(&session->progress, true);
        if (session->json) {
                r = ingot_receipt_json(receipt, &json, &err);
                if (r == INGOT_OK)
                        (void)session_print_json(session, json);
        } else if (session->quiet) {
                (void)printf("%s\n", receipt->ami_id);
        } else {
                receipt_print(session, receipt);
        }
        ingot_receipt_free(receipt);
        return r ? session_fail(session, "print the receipt of", folder, r, &err) : 0;
}

const struct command command_publish = {
        .name = "publish",
        .operands = "DIR",
        .summary = "upload a build as snapshots and register its AMI",
        .about = "Uploads every volume of a build's folder as a snapshot, waits until they are\n"
                 "complete, registers the AMI with the mapping the build was made for, and writes\n"
                 "the receipt to DIR/receipt-REGION.json.  What is published already is left as it\n"
                 "is, and that is success.\n"
                 "\n"
                 "Only what differs from DIR's last publication into that region is sent, or from\n"
                 "--parent: a snapshot, or the folder of an earlier build.\n"
                 "\n"
                 "A run that was stopped, by whatever, is gone on with by the same command: the\n"
                 "journals in DIR say what the region has acknowledged.  See also: ingot gc.\n"
                 "\n"
                 "With --quiet the AMI's id is all that is printed; with --json, the receipt.\n",
        .examples = "  ingot publish out/web --to local\n"
                    "  ingot publish out/web --to local:eu-central-1 --json\n"
                    "  ingot publish out/web --to aws:eu-central-1 --profile release\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET) |
                   OPTION_BIT(OPTION_FULL) | OPTION_BIT(OPTION_PARENT) | OPTION_BIT(OPTION_RESUME) |
                   OPTION_BIT(OPTION_VERIFY) | OPTION_BIT(OPTION_PUTS_PER_SECOND) |
                   OPTION_BIT(OPTION_ENCRYPT) | OPTION_BIT(OPTION_KMS_KEY),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
