/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_H
#define REGION_CHAOS_H

/* builder/region/chaos.h
 * chaos: a plan under way: what befalls the next request, by a seed and by what came before.
 *
 * Unit     nanoseconds of the clock's monotonic time; a day begins with chaos_new()
 * Rules    (1) Whether a rule hits is drawn from (seed, rule, operation, how many such requests it saw): the same
 *              requests in the same order fare the same.  What concerns a block of a snapshot is drawn from (seed,
 *              rule, how many snapshots were started before it, index).
 *          (2) Rules are asked in the order of the file.  Delays add up; of what ends a request the first counts,
 *              and the rules after it are asked all the same.
 *          (3) Quotas are those of one account in each region; a request that a rule refuses does not draw on them.
 *          (4) What happened is remembered only here: a server that starts again takes the snapshots that it finds
 *              for old ones.
 * Tests    tests/unit/region/test_chaos.c
 */
#include "base/buffer.h"
#include "base/clock.h"
#include "region/chaos_plan.h"
#include "region/exchange.h"

struct chaos; /* for one thread at a time */

/* What a request says about itself before its signature is looked at; texts are borrowed. */
struct chaos_request {
        const char *service, *region, *credential; /* "" : not told; credential: key id and session token */
        const char *operation;                     /* NULL: unknown */
        const char *snapshot_id;                   /* of the path; "" : none */
        uint64_t block_index;
};

/*
 * plan, clock  borrowed until chaos_free()
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code chaos_new(const struct chaos_plan *plan, const struct clock *clock, struct chaos **ret_chaos,
                          struct ingot_error *err) INGOT_MUST_CHECK;
void chaos_free(struct chaos *chaos); /* NULL is fine */
void chaos_drop(struct chaos **chaos);

/* Decides a request's fate. */
void chaos_judge(struct chaos *chaos, const struct chaos_request *request, struct region_fate *ret_fate);

/* Tells how long bytes take; *flow is 0 at the start of a request. */
uint64_t chaos_pass(struct chaos *chaos, uint64_t size_bytes, uint64_t *flow);

/* Notes that an id was made, or that a snapshot was completed; the second time it is nothing new. */
void chaos_note_birth(struct chaos *chaos, const char *region, const char *id);
void chaos_note_completion(struct chaos *chaos, const char *region, const char *snapshot_id);

/* Whether a new id is not to be shown by this operation yet. */
bool chaos_hides(struct chaos *chaos, const char *region, const char *operation, const char *id);
/* Whether a completed snapshot stays pending. */
bool chaos_keeps_pending(struct chaos *chaos, const char *snapshot_id);
/* Why a snapshot is to be in error; NULL: it is not. */
const char *chaos_dooms(struct chaos *chaos, const char *snapshot_id);

/* A span of the region's own, scaled by the plan; seconds. */
int64_t chaos_scale_seconds(const struct chaos *chaos, int64_t seconds);
const struct chaos_plan *chaos_plan_of(const struct chaos *chaos);

/* Fills a block with what block_index of an encrypted snapshot reads as when nobody wrote it. */
enum ingot_code chaos_noise(const struct chaos *chaos, const char *snapshot_id, uint64_t block_index,
                            void *out, size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* Appends a line for each rule, and one for the quotas: how often it hit. */
void chaos_report(const struct chaos *chaos, struct buffer *out);

#endif
