/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/own.h"
#include "base/work_aside.h"
#include "base/work_lock.h"

enum { ROUNDS = 20000 };

struct shared {
        struct work_lock *lock;
        int left, right; /* equal whenever nobody has the lock */
        int differed;
};

static void count(void *context, const struct ingot_observer *stop)
{
        struct shared *shared = context;

        (void)stop;
        for (int i = 0; i < ROUNDS; i++) {
                work_lock_take(shared->lock);
                shared->differed += shared->left != shared->right;
                shared->left++;
                shared->right++;
                work_lock_give(shared->lock);
        }
}

static void what_is_done_under_a_lock_is_seen_whole(void **state)
{
        struct shared shared = { .lock = NULL };
        OWNED(work_lock_drop) struct work_lock *lock = NULL;
        struct work_aside *aside = NULL;

        (void)state;
        assert_int_equal(work_lock_new(&lock, NULL), INGOT_OK);
        shared.lock = lock;
        assert_int_equal(work_aside_start(count, &shared, &aside, NULL), INGOT_OK);
        count(&shared, NULL);
        work_aside_join(aside);
        assert_int_equal(shared.left, 2 * ROUNDS);
        assert_int_equal(shared.differed, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_done_under_a_lock_is_seen_whole) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
