/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/work.h"

/* Items are numbers; make squares them, after a while that depends on the number. */
struct item {
        uint64_t number, square;
        volatile unsigned spin;
};

struct plan {
        uint64_t count, next, drained, fail_make_at, fail_drain_at;
        bool in_order;
};

static _Atomic uint64_t fail_at_for_make; /* make is given its item and nothing else */
static _Atomic uint64_t fail_also_at;

static enum ingot_code fill(void *context, void *out, bool *ret_end, struct ingot_error *err)
{
        struct plan *plan = context;
        struct item *item = out;

        (void)err;
        if (plan->next == plan->count) {
                *ret_end = true;
                return INGOT_OK;
        }
        item->number = plan->next++;
        return INGOT_OK;
}

static enum ingot_code make(void *in, struct ingot_error *err)
{
        struct item *item = in;

        for (item->spin = 0; item->spin < (item->number * 7919) % 5000; item->spin++)
                ;
        if (item->number == fail_at_for_make || item->number == fail_also_at)
                return ingot_fail(err, INGOT_E_FORMAT, "item %u", (unsigned)item->number);
        item->square = item->number * item->number;
        return INGOT_OK;
}

static enum ingot_code drain(void *context, void *in, struct ingot_error *err)
{
        struct plan *plan = context;
        const struct item *item = in;

        if (item->number != plan->drained || item->square != item->number * item->number)
                plan->in_order = false;
        if (item->number == plan->fail_drain_at)
                return ingot_fail(err, INGOT_E_SYSTEM, "full");
        plan->drained++;
        return INGOT_OK;
}

static const struct work_steps steps = { .fill = fill, .make = make, .drain = drain };

static void order_is_the_same_for_any_thread_count(void **state) /* rules 1 and 5 */
{
        static const unsigned threads[] = { 0, 1, 2, 4, 8, 16 };

        (void)state;
        fail_at_for_make = fail_also_at = UINT64_MAX;
        for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
                struct plan plan = { .count = 3000, .in_order = true, .fail_drain_at = UINT64_MAX };

                assert_int_equal(work_run(&steps, &plan, threads[i], 9, sizeof(struct item), NULL), INGOT_OK);
                assert_int_equal(plan.drained, 3000);
                assert_true(plan.in_order);
        }
}

static void earliest_item_that_failed_is_reported(void **state) /* rule 4 */
{
        (void)state;
        for (unsigned round = 0; round < 20; round++) {
                struct plan plan = { .count = 1000, .in_order = true, .fail_drain_at = UINT64_MAX };
                struct ingot_error err;

                fail_at_for_make = 777;
                fail_also_at = 770;
                assert_int_equal(work_run(&steps, &plan, 4, 16, sizeof(struct item), &err), INGOT_E_FORMAT);
                assert_string_equal(ingot_error_frame(&err, 0), "item 770");
                assert_int_equal(plan.drained, 770);
        }
        fail_at_for_make = fail_also_at = UINT64_MAX;
}

static void nothing_is_drained_after_a_failure(void **state)
{
        struct plan plan = { .count = 1000, .in_order = true, .fail_drain_at = 10 };

        (void)state;
        assert_int_equal(work_run(&steps, &plan, 4, 16, sizeof(struct item), NULL), INGOT_E_SYSTEM);
        assert_int_equal(plan.drained, 10);
}

static void nothing_to_do_is_fine(void **state)
{
        struct plan plan = { .count = 0 };

        (void)state;
        assert_int_equal(work_run(&steps, &plan, 3, 2, sizeof(struct item), NULL), INGOT_OK);
        assert_int_equal(work_run(&steps, &plan, 0, 1, sizeof(struct item), NULL), INGOT_OK);
}

static void ranges_are_checked(void **state)
{
        struct plan plan = { .count = 0 };

        (void)state;
        assert_int_equal(work_run(&steps, &plan, 65, 2, 8, NULL), INGOT_E_USAGE);
        assert_int_equal(work_run(&steps, &plan, 1, 0, 8, NULL), INGOT_E_USAGE);
        assert_int_equal(work_run(&steps, &plan, 1, 1025, 8, NULL), INGOT_E_USAGE);
        assert_int_equal(work_run(&steps, &plan, 1, 1, 0, NULL), INGOT_E_USAGE);
        assert_true(work_processor_count() >= 1 && work_processor_count() <= WORK_THREADS_MAX);
}

/* ---- jobs ---- */

struct deed {
        unsigned steps, limit;
        bool was_unwanted;
};

static enum ingot_code do_deed(void *context, const struct work_job *job, struct ingot_error *err)
{
        struct deed *deed = context;

        while (deed->steps < deed->limit && !work_job_is_unwanted(job))
                deed->steps++;
        deed->was_unwanted = deed->steps < deed->limit;
        return deed->limit == 13 ? ingot_fail(err, INGOT_E_FORMAT, "13 is unlucky") : INGOT_OK;
}

static void a_job_runs_to_its_end_and_tells_what_became_of_it(void **state)
{
        struct deed good = { .limit = 1000 }, bad = { .limit = 13 };
        struct work_job *first, *second;
        struct ingot_error err;

        (void)state;
        assert_int_equal(work_job_begin(do_deed, &good, &first, &err), INGOT_OK);
        assert_int_equal(work_job_begin(do_deed, &bad, &second, &err), INGOT_OK);
        while (!work_job_wait(first, 10))
                ;
        assert_true(work_job_wait(first, 0)); /* again, and at once */
        assert_int_equal(work_job_end(second, &err), INGOT_E_FORMAT);
        assert_string_equal(ingot_error_frame(&err, 0), "13 is unlucky");
        assert_int_equal(work_job_end(first, &err), INGOT_OK);
        assert_int_equal(good.steps, 1000);
}

static void an_abandoned_job_stops(void **state)
{
        struct deed endless = { .limit = UINT_MAX };
        struct work_job *job;

        (void)state;
        assert_int_equal(work_job_begin(do_deed, &endless, &job, NULL), INGOT_OK);
        assert_false(work_job_wait(job, 1));
        work_job_abandon(job);
        assert_true(endless.was_unwanted);
        work_job_abandon(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(order_is_the_same_for_any_thread_count),
                cmocka_unit_test(earliest_item_that_failed_is_reported),
                cmocka_unit_test(nothing_is_drained_after_a_failure),
                cmocka_unit_test(nothing_to_do_is_fine),
                cmocka_unit_test(ranges_are_checked),
                cmocka_unit_test(a_job_runs_to_its_end_and_tells_what_became_of_it),
                cmocka_unit_test(an_abandoned_job_stops),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
