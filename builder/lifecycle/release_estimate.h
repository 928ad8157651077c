/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_RELEASE_ESTIMATE_H
#define LIFECYCLE_RELEASE_ESTIMATE_H

/* builder/lifecycle/release_estimate.h
 * release_estimate: how long an upload will take, and what it costs at list price; arithmetic, nothing else.
 *
 * Unit     block = 512 KiB; micro-dollars, us-east-1, 2026
 * Rules    (1) Time and cost are rounded up.  What would overflow is UINT64_MAX.
 * Source   EBS list prices: PutSnapshotBlock $0.006 per 1,000; snapshot storage $0.05 per GB (2^30) and month.
 * Tests    tests/unit/lifecycle/test_release_estimate.c
 */
#include <stdint.h>

/* At that many blocks a second; 0: not known, 0. */
uint64_t estimate_ms(uint64_t blocks, uint64_t blocks_per_second);

/* The same at what was measured: measured_blocks in measured_ms; 0: nothing was. */
uint64_t estimate_measured_ms(uint64_t blocks, uint64_t measured_blocks, uint64_t measured_ms);

uint64_t estimate_sending_micro_usd(uint64_t blocks);
uint64_t estimate_storing_micro_usd(uint64_t blocks); /* a month */

/* Calls that change something: the uploads, and what makes and finishes the AMI. */
uint64_t estimate_requests(uint64_t blocks, uint64_t volumes_to_send, uint64_t other_calls);

#endif
