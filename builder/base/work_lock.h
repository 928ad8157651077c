/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_WORK_LOCK_H
#define BASE_WORK_LOCK_H

/* builder/base/work_lock.h
 * work_lock: one thread at a time.
 *
 * Rules    (1) It is held for short: what is done under it waits for nothing but a file.
 *          (2) Whoever has it does not take it again.
 * Tests    tests/unit/base/test_work_lock.c, under tsan
 */
#include <ingot/error.h>

struct work_lock;

/* Fails with   INGOT_E_MEMORY */
enum ingot_code work_lock_new(struct work_lock **ret_lock, struct ingot_error *err) INGOT_MUST_CHECK;
void work_lock_take(struct work_lock *lock);
void work_lock_give(struct work_lock *lock);
void work_lock_drop(struct work_lock **lock); /* nobody holds it; for OWNED */

#endif
