/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_OBSERVER_H
#define INGOT_OBSERVER_H

/* include/ingot/observer.h
 * observer: how a long call tells its caller how far it is, and is asked to stop.
 *
 * Rules    (1) Called from the thread that made the call, never from a worker.
 *          (2) phase is a present participle with its object: "writing volume '/dev/xvda'".  A phase
 *              ends when another begins or the call returns.
 *          (3) total_bytes is 0 where it is not known; done_bytes never falls within a phase.
 */
#include <ingot/error.h>

struct ingot_observer {
        void *context; /* borrowed by every call below */
        /* NULL: progress is not wanted. */
        void (*progress)(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes);
        /* Returns non-zero once the caller wants to stop; NULL: never. */
        int (*is_cancelled)(void *context);
};

/*
 * Reports progress and asks whether to stop.
 *
 * observer     borrowed; NULL reports to nobody.
 * Fails with   INGOT_E_CANCELLED  the observer asked to stop
 */
enum ingot_code ingot_observe(const struct ingot_observer *observer, const char *phase, uint64_t done_bytes,
                              uint64_t total_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
