/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WORK_ASIDE_H
#define BASE_WORK_ASIDE_H

/* builder/base/work_aside.h
 * work_aside: one thing done in a thread of its own while the caller goes on.
 *
 * Rules    (1) do_work is given its context and nothing else; until work_aside_join() the context is the thread's.
 *          (2) do_work's observer asks to stop once work_aside_stop() was called; it is to be obeyed.
 * Tests    tests/unit/base/test_work_aside.c, under tsan
 */
#include <stdbool.h>

#include <ingot/observer.h>

struct work_aside;

typedef void (*work_aside_function)(void *context, const struct ingot_observer *stop);

/*
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM  no thread could be started, and do_work is not called
 */
enum ingot_code work_aside_start(work_aside_function do_work, void *context, struct work_aside **ret_aside,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

bool work_aside_is_done(struct work_aside *aside);
void work_aside_stop(struct work_aside *aside); /* asks; does not wait */

/* Waits until it is done and frees it; NULL is fine. */
void work_aside_join(struct work_aside *aside);

#endif
