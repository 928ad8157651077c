/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "publish/pace.h"

static void no_rate_is_no_wait(void **state) /* rule 1 */
{
        struct pace pace = { .per_second = 0 };
        uint32_t wait_ms;

        (void)state;
        for (unsigned i = 0; i < 10000; i++)
                assert_true(pace_take(&pace, 5, &wait_ms));
}

static void the_rate_is_kept(void **state) /* rule 2 */
{
        static const uint32_t rates[] = { 1, 10, 1000, 5000 };

        (void)state;
        for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
                struct pace pace = { .per_second = rates[i] };
                uint64_t now_ns = 7000000000, taken = 0;
                uint64_t burst = rates[i] / 10 ? rates[i] / 10 : 1;

                while (now_ns < 17000000000) {
                        uint32_t wait_ms;

                        if (pace_take(&pace, now_ns, &wait_ms)) {
                                taken++;
                                continue;
                        }
                        assert_true(wait_ms >= 1 && wait_ms <= 1001);
                        now_ns += (uint64_t)wait_ms * 1000000;
                }
                assert_in_range(taken, 10 * (uint64_t)rates[i] * 9 / 10, 10 * (uint64_t)rates[i] + burst);
        }
}

static void idle_time_is_not_saved_up(void **state)
{
        struct pace pace = { .per_second = 100 };
        uint32_t wait_ms;
        unsigned taken = 0;

        (void)state;
        assert_true(pace_take(&pace, 1000000000, &wait_ms));
        while (pace_take(&pace, 3600000000000, &wait_ms))
                taken++;
        assert_in_range(taken, 9, 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_rate_is_no_wait),
                cmocka_unit_test(the_rate_is_kept),
                cmocka_unit_test(idle_time_is_not_saved_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
