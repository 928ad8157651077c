/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_LATENCY_H
#define PUBLISH_LATENCY_H

/* builder/publish/latency.h
 * latency: how long calls take, as a histogram: enough to say what is unusual.
 *
 * Rules    (1) Buckets grow by a fifth: a percentile is at most that much too high, never too low.
 *          (2) Old times fade: every 1,024 calls all counts are halved.
 *          (3) A deadline is four times the 99th percentile, at least 10 s and at most 30 s; 30 s until 20 calls
 *              were seen.
 * Tests    tests/unit/publish/test_latency.c
 */
#include <stdint.h>

enum { LATENCY_BUCKETS = 96, LATENCY_DEADLINE_MIN_MS = 10000, LATENCY_DEADLINE_MAX_MS = 30000 };

/* Zeroed is empty. */
struct latency {
        uint32_t counts[LATENCY_BUCKETS];
        uint32_t total, since_halved;
};

void latency_add(struct latency *latency, uint64_t took_ns);
/* The upper end of the bucket that holds that percentile (1..100); 0 when nothing was seen. */
uint64_t latency_percentile_ns(const struct latency *latency, unsigned percentile);
uint32_t latency_deadline_ms(const struct latency *latency); /* rule 3 */

#endif
