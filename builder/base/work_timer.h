/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WORK_TIMER_H
#define BASE_WORK_TIMER_H

/* builder/base/work_timer.h
 * work_timer: call back at a given moment, from one thread for any number of moments.
 *
 * Unit     nanoseconds of clock_of_system's monotonic clock
 * Rules    (1) fire is called from the timer's thread, one item at a time, the one due first first; it must not
 *              take long, nor add.
 *          (2) From work_timer_close() on nothing waits: what is held is fired, and what is added later is fired
 *              at once, in the caller.
 * Tests    tests/unit/base/test_work_timer.c, under tsan
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/error.h>

struct work_timer; /* opaque */

struct work_alarm {
        void *context; /* of the timer */
        /* Returns 0 when it is done with item, else when it wants to be called again; what it returns when
         * is_closing counts for nothing. */
        uint64_t (*fire)(void *context, void *item, bool is_closing);
};

/* Fails with   INGOT_E_MEMORY; INGOT_E_SYSTEM  no thread could be started */
enum ingot_code work_timer_new(const struct work_alarm *alarm, struct work_timer **ret_timer,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_MEMORY  and item will not be fired */
enum ingot_code work_timer_add(struct work_timer *timer, uint64_t due_ns, void *item,
                               struct ingot_error *err) INGOT_MUST_CHECK;

void work_timer_close(struct work_timer *timer);
/* Closes, if that was not done, and frees; NULL is fine. */
void work_timer_free(struct work_timer *timer);

#endif
