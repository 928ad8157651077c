/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "lifecycle/uplink_probe.h"

static void decide(struct uplink_probe *probe, uint64_t done_bytes, uint64_t total_bytes)
{
        uint64_t elapsed_ms = (clock_monotonic_ns(&clock_of_system) - probe->started_ns) / 1000000;
        uint64_t left_bytes = total_bytes > done_bytes ? total_bytes - done_bytes : 0, by_blocks, by_s3;

        if (elapsed_ms < UPLINK_PROBE_MS)
                return;
        probe->rate_bytes = (done_bytes - probe->first_bytes) * 1000 / elapsed_ms + 1;
        by_blocks = left_bytes / probe->rate_bytes;
        by_s3 = probe->object_bytes / probe->rate_bytes + UPLINK_IMPORT_SECONDS;
        probe->takes_s3 = by_s3 < by_blocks;
        (void)snprintf(
                probe->reason, sizeof(probe->reason),
                "%s: the uplink takes %llu KiB/s; blocks would need %llu s more, S3 %llu s with %d s for the "
                "import",
                probe->takes_s3 ? "S3" : "blocks", (unsigned long long)(probe->rate_bytes / 1024),
                (unsigned long long)by_blocks, (unsigned long long)by_s3, UPLINK_IMPORT_SECONDS);
}

static void watch(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct uplink_probe *probe = context;

        if (probe->behind && probe->behind->progress)
                probe->behind->progress(probe->behind->context, phase, done_bytes, total_bytes);
        if (!total_bytes || probe->rate_bytes)
                return;
        if (!probe->started_ns) {
                probe->started_ns = clock_monotonic_ns(&clock_of_system);
                probe->first_bytes = done_bytes;
        } else {
                decide(probe, done_bytes, total_bytes);
        }
}

static int is_over(void *context)
{
        const struct uplink_probe *probe = context;

        return probe->takes_s3 || (probe->behind && probe->behind->is_cancelled &&
                                   probe->behind->is_cancelled(probe->behind->context));
}

void uplink_probe_init(struct uplink_probe *probe, const struct ingot_observer *behind)
{
        *probe = (struct uplink_probe){
                .observer = { .context = probe, .progress = watch, .is_cancelled = is_over },
                .behind = behind,
                .reason = "blocks: they were through before the uplink was measured"
        };
}
