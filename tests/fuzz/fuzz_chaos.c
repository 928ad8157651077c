/* SPDX-License-Identifier: Apache-2.0 */
/* Chaos files: no bytes crash the reader, and what it takes can be lived through. */
#include <stddef.h>
#include <stdint.h>

#include "region/chaos.h"

static uint64_t stand_still(void *context)
{
        uint64_t *now_ns = context;

        return *now_ns += 1000000007;
}

static void live_through(const struct chaos_plan *plan)
{
        uint64_t now_ns = UINT64_C(1) << 40, flow = 0;
        const struct clock clock = { .context = &now_ns, .monotonic_ns = stand_still };
        static const char *const operations[] = { "PutSnapshotBlock", "StartSnapshot", "DescribeImages",
                                                  NULL };
        struct chaos *chaos;

        if (chaos_new(plan, &clock, &chaos, NULL))
                return;
        chaos_note_birth(chaos, "us-east-1", "snap-1");
        for (unsigned i = 0; i < 8; i++) {
                const struct chaos_request request = { .service = i % 2 ? "ebs" : "ec2",
                                                       .region = "us-east-1",
                                                       .credential = "AKIA",
                                                       .operation = operations[i % 4],
                                                       .snapshot_id = "snap-1",
                                                       .block_index = i };
                struct region_fate fate;

                chaos_judge(chaos, &request, &fate);
                (void)chaos_pass(chaos, 4096, &flow);
                (void)chaos_hides(chaos, "us-east-1", "DescribeSnapshots", "snap-1");
                (void)chaos_keeps_pending(chaos, "snap-1");
                (void)chaos_dooms(chaos, "snap-1");
        }
        chaos_free(chaos);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct complaint_list complaints = { 0 };
        struct chaos_plan *plan = NULL;

        if (chaos_plan_parse((const char *)data, size, "day.yaml", &complaints, &plan, NULL) == INGOT_OK)
                live_through(plan);
        chaos_plan_free(plan);
        complaint_list_release(&complaints);
        return 0;
}
