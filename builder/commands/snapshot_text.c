/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/byte_size.h"
#include "base/plural.h"
#include "commands/snapshot_text.h"

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

static void object_print(const struct ingot_snapshot_receipt *snapshot)
{
        char object[BYTE_SIZE_TEXT_CHARS + 1], sent[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(snapshot->object_bytes, object);
        byte_size_print(snapshot->bytes_sent, sent);
        (void)printf("    by way of S3: %s in %" PRIu64 " %s, %s sent, imported as %s, in %" PRIu64
                     ".%" PRIu64 " s\n",
                     object, snapshot->object_parts, plural(snapshot->object_parts, "part", "parts"), sent,
                     snapshot->import_task_id, snapshot->elapsed_ms / 1000,
                     snapshot->elapsed_ms % 1000 / 100);
        if (snapshot->object_parts_resumed)
                (void)printf("    %" PRIu64 " of the parts were there from an earlier run\n",
                             snapshot->object_parts_resumed);
}

void snapshot_text_print(const struct ingot_snapshot_receipt *snapshot)
{
        const struct reason zeros[] = { { snapshot->zero_blocks_for_encryption, "because it is encrypted" },
                                        { snapshot->zero_blocks_over_parent, "over the parent's data" } };
        const struct reason skipped[] = { { snapshot->absent_blocks_left_out, "never written" },
                                          { snapshot->zero_blocks_left_out, "zero" },
                                          { snapshot->same_blocks_left_out, "as in the parent" } };
        char size[BYTE_SIZE_TEXT_CHARS + 1];

        byte_size_print(snapshot->bytes_sent, size);
        if (snapshot->reused) {
                (void)printf("    was there already, with the same bytes: nothing was uploaded\n");
                verdict_print(snapshot);
                return;
        }
        if (snapshot->via_reason)
                (void)printf("    chose %s\n", snapshot->via_reason);
        if (snapshot->import_task_id) {
                object_print(snapshot);
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
