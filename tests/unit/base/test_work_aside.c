/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "support/cmocka_all.h"

#include "base/work_aside.h"

static const struct timespec step = { .tv_nsec = 1000000 };

static void set_one(void *context, const struct ingot_observer *stop)
{
        (void)stop;
        *(int *)context = 1;
}

static void wait_for_stop(void *context, const struct ingot_observer *stop)
{
        while (!stop->is_cancelled(stop->context))
                (void)nanosleep(&step, NULL);
        *(int *)context = 2;
}

static void work_is_done_aside(void **state) /* rule 1 */
{
        struct work_aside *aside = NULL;
        int result = 0;

        (void)state;
        assert_int_equal(work_aside_start(set_one, &result, &aside, NULL), INGOT_OK);
        while (!work_aside_is_done(aside))
                (void)nanosleep(&step, NULL);
        work_aside_join(aside);
        assert_int_equal(result, 1);
        work_aside_join(NULL);
}

static void work_is_asked_to_stop(void **state) /* rule 2 */
{
        struct work_aside *aside = NULL;
        int result = 0;

        (void)state;
        assert_int_equal(work_aside_start(wait_for_stop, &result, &aside, NULL), INGOT_OK);
        assert_false(work_aside_is_done(aside));
        work_aside_stop(aside);
        work_aside_join(aside);
        assert_int_equal(result, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(work_is_done_aside),
                cmocka_unit_test(work_is_asked_to_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
