/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"
#include "commands/listing.h"

struct reason {
        uint64_t blocks;
        const char *text;
};

/* "skipped  7 blocks: 5 never written, 2 zero" */
static void reasons_print(const char *verb, uint64_t total, const struct reason *reasons, size_t count)
{
        const char *before = ": ";

        if (!total)
                return;
        (void)printf("    %-8s %" PRIu64 " %s", verb, total, plural(total, "block", "blocks"));
        for (size_t i = 0; i < count; i++) {
                if (!reasons[i].blocks)
                        continue;
                (void)printf("%s%" PRIu64 " %s", before, reasons[i].blocks, reasons[i].text);
                before = ", ";
        }
        (void)printf("\n");
}

static void verdict_print(const struct ingot_snapshot_receipt *snapshot)
{
        if (!snapshot->verified_all && !snapshot->verified_blocks && !snapshot->verified_zero_blocks)
                return;
        (void)printf("    verified %s: %" PRIu64 " read back and compared, %" PRIu64 " rightly not there\n",
                     snapshot->verified_all ? "every block" : "a sample", snapshot->verified_blocks,
                     snapshot->verified_zero_blocks);
}

static void snapshot_print(const struct ingot_snapshot_receipt *snapshot)
{
        const struct reason zeros[] = { { snapshot->zero_blocks_for_encryption, "because it is encrypted" },
                                        { snapshot->zero_blocks_over_parent, "over the parent's data" } };
        const struct reason skipped[] = { { snapshot->absent_blocks_left_out, "never written" },
                                          { snapshot->zero_blocks_left_out, "zero" },
                                          { snapshot->same_blocks_left_out, "as in the parent" } };
        char size[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(snapshot->bytes_sent, size);
        (void)printf("  %-10s %s  %" PRIu64 " GiB\n", snapshot->device_name, snapshot->snapshot_id,
                     snapshot->volume_size_gib);
        if (snapshot->reused) {
                (void)printf("    was there already, with the same bytes: nothing was uploaded\n");
                verdict_print(snapshot);
                return;
        }
        if (snapshot->parent_snapshot_id)
                (void)printf("    what differs from %s\n", snapshot->parent_snapshot_id);
        (void)printf("    uploaded %" PRIu64 " %s, %s, in %" PRIu64 ".%" PRIu64 " s", snapshot->blocks_sent,
                     plural(snapshot->blocks_sent, "block", "blocks"), size, snapshot->elapsed_ms / 1000,
                     snapshot->elapsed_ms % 1000 / 100);
        if (snapshot->elapsed_ms)
                (void)printf(" (%" PRIu64 " blocks/s)", snapshot->blocks_sent * 1000 / snapshot->elapsed_ms);
        if (snapshot->blocks_resumed)
                (void)printf(", %" PRIu64 " in earlier runs", snapshot->blocks_resumed);
        if (snapshot->retries)
                (void)printf(", %" PRIu64 " %s", snapshot->retries,
                             plural(snapshot->retries, "retry", "retries"));
        (void)printf("\n");
        reasons_print("zeroed", zeros[0].blocks + zeros[1].blocks, zeros, 2);
        reasons_print("skipped", skipped[0].blocks + skipped[1].blocks + skipped[2].blocks, skipped, 3);
        verdict_print(snapshot);
}

static void receipt_print(struct session *session, const struct ingot_receipt *receipt)
{
        bool by_default = !session->arguments.given[OPTION_REGION_DIR];

        (void)printf("%s  %s  in region %s%s\n", receipt->ami_id, receipt->name, receipt->region,
                     receipt->already_published ? ": was there already, nothing was sent" : "");
        for (size_t i = 0; i < receipt->snapshot_count; i++)
                snapshot_print(&receipt->snapshots[i]);
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
        const char *verify = arguments->value[OPTION_VERIFY];
        unsigned number = 0;
        enum ingot_code r = arguments_number(arguments, OPTION_PUTS_PER_SECOND, 0, &number, err);

        request.puts_per_second = number;
        if (!r && arguments->given[OPTION_PUTS_PER_SECOND] && !number)
                r = ingot_fail(err, INGOT_E_USAGE, "'--puts-per-second 0' would send nothing");
        if (!r && request.full && request.parent)
                r = ingot_fail(err, INGOT_E_USAGE, "'--full' and '--parent' exclude each other");
        if (r)
                return r;
        if (arguments->given[OPTION_VERIFY] && (!verify || strcmp(verify, "all") == 0)) {
                request.verify_blocks = INGOT_VERIFY_ALL;
        } else if (verify) {
                r = arguments_number(arguments, OPTION_VERIFY, 0, &number, err);
                request.verify_blocks = number;
        }
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
