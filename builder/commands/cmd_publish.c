/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/byte_size.h"
#include "base/own.h"
#include "base/plural.h"
#include "commands/commands.h"
#include "commands/listing.h"

static void snapshot_print(const struct ingot_snapshot_receipt *snapshot)
{
        char size[BYTE_SIZE_TEXT_CHARS + 1];
        uint64_t skipped = snapshot->zero_blocks_left_out + snapshot->absent_blocks_left_out;

        byte_size_print(snapshot->bytes_sent, size);
        (void)printf("  %-10s %s  %" PRIu64 " GiB\n", snapshot->device_name, snapshot->snapshot_id,
                     snapshot->volume_size_gib);
        if (snapshot->reused) {
                (void)printf("    was there already, with the same bytes: nothing was uploaded\n");
                return;
        }
        (void)printf("    uploaded %" PRIu64 " %s, %s, in %" PRIu64 ".%" PRIu64 " s", snapshot->blocks_sent,
                     plural(snapshot->blocks_sent, "block", "blocks"), size, snapshot->elapsed_ms / 1000,
                     snapshot->elapsed_ms % 1000 / 100);
        if (snapshot->elapsed_ms)
                (void)printf(" (%" PRIu64 " blocks/s)", snapshot->blocks_sent * 1000 / snapshot->elapsed_ms);
        if (snapshot->retries)
                (void)printf(", %" PRIu64 " %s", snapshot->retries,
                             plural(snapshot->retries, "retry", "retries"));
        (void)printf("\n    skipped  %" PRIu64 " %s: %" PRIu64 " never written, %" PRIu64 " zero\n", skipped,
                     plural(skipped, "block", "blocks"), snapshot->absent_blocks_left_out,
                     snapshot->zero_blocks_left_out);
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

static int run(struct session *session)
{
        const char *folder = session->arguments.operands[0];
        const struct ingot_target target = session_target(session);
        struct ingot_receipt *receipt = NULL;
        OWNED(heap_drop) char *json = NULL;
        struct ingot_error err;
        enum ingot_code r;

        r = ingot_publish(folder, &target, &session->observer, &receipt, &err);
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
                 "With --quiet the AMI's id is all that is printed; with --json, the receipt.\n",
        .examples = "  ingot publish out/web --to local\n"
                    "  ingot publish out/web --to local:eu-central-1 --json\n"
                    "  ingot publish out/web --to aws:eu-central-1 --profile release\n",
        .options = OPTION_BITS_TARGET | OPTION_BIT(OPTION_JSON) | OPTION_BIT(OPTION_QUIET),
        .operand_min = 1,
        .operand_max = 1,
        .run = run,
};
