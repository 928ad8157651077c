/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <time.h>

#include "base/own.h"
#include "lifecycle/release_crew.h"
#include "support/cmocka_all.h"

enum { MEMBERS = 6, AT_ONCE = 2, BYTES = 100 };

struct shop {
        struct release_crew *crew;
        atomic_int working, most, done, stopped;
        int looks, stop_at;
        uint64_t told_bytes;
};

static void nap(void)
{
        const struct timespec pause = { .tv_nsec = 5000000 };

        (void)nanosleep(&pause, NULL);
}

static void progress(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct shop *shop = context;

        (void)phase;
        (void)total_bytes;
        assert_true(done_bytes >= shop->told_bytes);
        shop->told_bytes = done_bytes;
}

static int is_cancelled(void *context)
{
        struct shop *shop = context;

        return shop->stop_at && ++shop->looks >= shop->stop_at;
}

static void work(void *context, size_t at)
{
        struct shop *shop = context;
        const struct ingot_observer *observer = release_crew_observer(shop->crew, at);
        int now = atomic_fetch_add(&shop->working, 1) + 1, most = atomic_load(&shop->most);

        while (now > most && !atomic_compare_exchange_weak(&shop->most, &most, now))
                ;
        for (uint64_t bytes = 0; bytes <= BYTES; bytes += BYTES / 4) {
                if (ingot_observe(observer, "working", bytes, BYTES, NULL)) {
                        atomic_fetch_add(&shop->stopped, 1);
                        break;
                }
                nap();
        }
        atomic_fetch_sub(&shop->working, 1);
        atomic_fetch_add(&shop->done, 1);
}

static enum ingot_code run(struct shop *shop, size_t members)
{
        const struct ingot_observer observer = { .context = shop,
                                                 .progress = progress,
                                                 .is_cancelled = is_cancelled };
        OWNED(release_crew_drop) struct release_crew *crew = NULL;

        assert_int_equal(release_crew_new(members, AT_ONCE, &observer, &crew, NULL), INGOT_OK);
        shop->crew = crew;
        return release_crew_work(crew, "working", work, shop, NULL);
}

static void everybody_works_and_not_too_many_at_once(void **state)
{
        struct shop shop = { 0 };

        (void)state;
        assert_int_equal(run(&shop, MEMBERS), INGOT_OK);
        assert_int_equal(shop.done, MEMBERS);
        assert_true(shop.most <= AT_ONCE);
        assert_true(shop.told_bytes <= MEMBERS * BYTES);
        assert_int_equal(shop.stopped, 0);
}

static void who_wants_to_stop_stops_all(void **state) /* rule 2 */
{
        struct shop shop = { .stop_at = 1 };

        (void)state;
        assert_int_equal(run(&shop, MEMBERS), INGOT_E_CANCELLED);
        assert_true(shop.done <= AT_ONCE);
        assert_int_equal(shop.stopped, shop.done);
}

static void one_alone_works_in_the_caller(void **state) /* rule 3 */
{
        struct shop shop = { 0 };

        (void)state;
        assert_int_equal(run(&shop, 1), INGOT_OK);
        assert_int_equal(shop.done, 1);
        assert_int_equal(shop.told_bytes, BYTES);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(everybody_works_and_not_too_many_at_once),
                cmocka_unit_test(who_wants_to_stop_stops_all),
                cmocka_unit_test(one_alone_works_in_the_caller),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
