/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "base/checked.h"
#include "publish/latency.h"

enum { FIRST_NS = 100000, SEEN_MIN = 20, HALVE_AFTER = 1024 };

/* The upper end of the bucket after the one that ends at end_ns. */
static uint64_t next_end_ns(uint64_t end_ns)
{
        return end_ns + end_ns / 5;
}

void latency_add(struct latency *latency, uint64_t took_ns)
{
        uint64_t end_ns = FIRST_NS;
        unsigned bucket = 0;

        for (; took_ns > end_ns && bucket < LATENCY_BUCKETS - 1; bucket++)
                end_ns = next_end_ns(end_ns);
        latency->counts[bucket]++;
        latency->total++;
        if (++latency->since_halved < HALVE_AFTER)
                return;
        latency->since_halved = latency->total = 0;
        for (bucket = 0; bucket < LATENCY_BUCKETS; bucket++) {
                latency->counts[bucket] -=
                        latency->counts[bucket] / 2; /* what was seen once is not forgotten */
                latency->total += latency->counts[bucket];
        }
}

uint64_t latency_percentile_ns(const struct latency *latency, unsigned percentile)
{
        uint64_t end_ns = FIRST_NS, seen = 0;

        if (!latency->total)
                return 0;
        for (unsigned bucket = 0;; bucket++) {
                seen += latency->counts[bucket];
                if (seen * 100 >= (uint64_t)latency->total * percentile || bucket == LATENCY_BUCKETS - 1)
                        return end_ns;
                end_ns = next_end_ns(end_ns);
        }
}

uint32_t latency_deadline_ms(const struct latency *latency)
{
        uint64_t four_ms = 4 * latency_percentile_ns(latency, 99) / 1000000;

        if (latency->total < SEEN_MIN)
                return LATENCY_DEADLINE_MAX_MS;
        return (uint32_t)min_u64(max_u64(four_ms, LATENCY_DEADLINE_MIN_MS), LATENCY_DEADLINE_MAX_MS);
}
