/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

/* builder/base/work.h
 * work: do one thing to many items on several threads, with the results handed over in order; or do one
 *       thing on a thread of its own while the caller goes on.
 *
 *   fill, in the caller --> [ ring of depth items ] --> make, on N threads --> drain, in the caller
 *
 * Rules    (1) drain sees the items in the order fill made them, whichever thread finished first:
 *              a file written by drain is the same for 1 thread and for 16.
 *          (2) At most depth items exist, so memory is depth * item_bytes, whatever the disk's size.
 *          (3) make is given its item and nothing else: no clock, descriptor or global.  What it needs
 *              beyond (a compressor per thread) it finds through the item.
 *          (4) Of several failures in make the earliest item's is reported, not the earliest in time.
 *          (5) threads == 0 runs make in the caller: same order, same bytes, one stack to debug.
 *          (6) An item's memory is zeroed once, before the first fill, and reused as it was left: fill
 *              sets what it needs.  item_bytes is rounded up to 64, and items are aligned to that.
 *          (7) A job is ended or abandoned by whoever began it; what its context points to lives until then.
 * Tests    tests/unit/base/test_work.c, under tsan
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

enum { WORK_THREADS_MAX = 64, WORK_DEPTH_MAX = 1024 };

struct work_steps {
        /* Fills item, or sets *ret_end and leaves it alone. */
        enum ingot_code (*fill)(void *context, void *item, bool *ret_end, struct ingot_error *err);
        enum ingot_code (*make)(void *item, struct ingot_error *err);
        enum ingot_code (*drain)(void *context, void *item, struct ingot_error *err);
};

/*
 * Runs fill, make, drain until fill says it has reached the end.
 *
 * steps, context borrowed for this call; context is passed to fill and drain only.
 * threads        0..64; depth 1..1024 items of item_bytes each, allocated here, zeroed, freed here.
 * Fails with     INGOT_E_USAGE   threads, depth or item_bytes is out of range
 *                INGOT_E_MEMORY  the ring could not be allocated
 *                INGOT_E_SYSTEM  no thread could be started
 *                and whatever fill, make or drain return; after a failure nothing more is drained
 */
enum ingot_code work_run(const struct work_steps *steps, void *context, unsigned threads, unsigned depth,
                         size_t item_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

struct work_job;

/*
 * Begins run(context, job) on a thread of its own.
 *
 * run            asks work_job_is_unwanted() now and then, and returns early, whatever code, when it is
 * ret_job        owned by the caller: work_job_end() or work_job_abandon()
 * Fails with     INGOT_E_MEMORY; INGOT_E_SYSTEM  no thread could be started
 */
enum ingot_code
work_job_begin(enum ingot_code (*run)(void *context, const struct work_job *job, struct ingot_error *err),
               void *context, struct work_job **ret_job, struct ingot_error *err) INGOT_MUST_CHECK;
bool work_job_is_unwanted(const struct work_job *job);

/* Waits at most timeout_ms; whether run has returned. */
bool work_job_wait(struct work_job *job, unsigned timeout_ms);

/* Waits for run to return, frees job, and returns what run did. */
enum ingot_code work_job_end(struct work_job *job, struct ingot_error *err) INGOT_MUST_CHECK;

/* Tells run that it is unwanted, waits for it to return and frees job; NULL is fine. */
void work_job_abandon(struct work_job *job);

/* The number of processors this process may run on, 1..WORK_THREADS_MAX. */
unsigned work_processor_count(void);

#endif
