/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "base/work_timer.h"
#include "support/cmocka_all.h"

enum { ITEMS = 200, MS = 1000000 };

struct seen {
        atomic_uint count;
        unsigned order[ITEMS];
        bool was_early;
};

struct item {
        struct seen *seen;
        unsigned number, times; /* times: how often it wants to be called */
        uint64_t due_ns;
};

static uint64_t fire(void *context, void *argument, bool is_closing)
{
        struct item *item = argument;
        struct seen *seen = item->seen;
        uint64_t now_ns = clock_monotonic_ns(&clock_of_system);

        (void)context;
        if (!is_closing && now_ns < item->due_ns)
                seen->was_early = true;
        if (!is_closing && --item->times > 0)
                return item->due_ns = now_ns + MS;
        seen->order[atomic_fetch_add(&seen->count, 1)] = item->number;
        return 0;
}

static void nap(unsigned ms)
{
        struct timespec span = { .tv_nsec = (long)ms * MS };

        (void)nanosleep(&span, NULL);
}

static const struct work_alarm alarm_of_items = { .fire = fire };

/* Rule 1. */
static void the_one_due_first_is_fired_first_and_none_early(void **state)
{
        static struct seen seen;
        static struct item items[ITEMS];
        struct work_timer *timer;
        struct ingot_error err;
        uint64_t start_ns = clock_monotonic_ns(&clock_of_system) + 20 * MS;

        (void)state;
        assert_int_equal(work_timer_new(&alarm_of_items, &timer, &err), INGOT_OK);
        for (unsigned i = 0; i < ITEMS; i++) {
                unsigned place = (i * 77) % ITEMS;

                items[i] = (struct item){ &seen, place, 1, start_ns + place * (MS / 10) };
                assert_int_equal(work_timer_add(timer, items[i].due_ns, &items[i], &err), INGOT_OK);
        }
        for (unsigned tries = 0; tries < 500 && atomic_load(&seen.count) < ITEMS; tries++)
                nap(10);
        assert_int_equal(atomic_load(&seen.count), ITEMS);
        work_timer_free(timer);
        assert_false(seen.was_early);
        for (unsigned i = 0; i < ITEMS; i++)
                assert_int_equal(seen.order[i], i);
}

static void an_item_is_fired_again_when_it_asks(void **state)
{
        static struct seen seen;
        struct item item = { &seen, 7, 5, 0 };
        struct work_timer *timer;
        struct ingot_error err;
        uint64_t start_ns = clock_monotonic_ns(&clock_of_system);

        (void)state;
        assert_int_equal(work_timer_new(&alarm_of_items, &timer, &err), INGOT_OK);
        assert_int_equal(work_timer_add(timer, 1, &item, &err), INGOT_OK);
        for (unsigned tries = 0; tries < 500 && atomic_load(&seen.count) < 1; tries++)
                nap(10);
        assert_true(clock_monotonic_ns(&clock_of_system) - start_ns >= 4 * MS);
        assert_int_equal(atomic_load(&seen.count), 1);
        work_timer_free(timer);
}

/* Rule 2. */
static void nothing_waits_once_it_is_closed(void **state)
{
        static struct seen seen;
        static struct item items[ITEMS];
        struct work_timer *timer;
        struct ingot_error err;

        (void)state;
        assert_int_equal(work_timer_new(&alarm_of_items, &timer, &err), INGOT_OK);
        for (unsigned i = 0; i < ITEMS; i++) {
                items[i] = (struct item){ &seen, i, 1000, UINT64_MAX };
                if (i == ITEMS / 2)
                        work_timer_close(timer);
                assert_int_equal(work_timer_add(timer, UINT64_MAX, &items[i], &err), INGOT_OK);
                assert_int_equal(atomic_load(&seen.count), i < ITEMS / 2 ? 0 : i + 1);
        }
        work_timer_free(timer);
        assert_int_equal(atomic_load(&seen.count), ITEMS);
        work_timer_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_one_due_first_is_fired_first_and_none_early),
                cmocka_unit_test(an_item_is_fired_again_when_it_asks),
                cmocka_unit_test(nothing_waits_once_it_is_closed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
