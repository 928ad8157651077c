/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "publish/latency.h"

static void a_percentile_is_a_fifth_too_high_at_most(void **state) /* rule 1 */
{
        struct latency latency = { .total = 0 };

        (void)state;
        assert_int_equal(latency_percentile_ns(&latency, 99), 0);
        for (unsigned i = 1; i <= 100; i++)
                latency_add(&latency, i * UINT64_C(10000000));
        assert_in_range(latency_percentile_ns(&latency, 50), 500000000, 600000000);
        assert_in_range(latency_percentile_ns(&latency, 99), 990000000, 1200000000);
        latency_add(&latency, UINT64_MAX); /* beyond the last bucket */
        assert_true(latency_percentile_ns(&latency, 100) > 1000000000);
}

static void old_times_fade(void **state) /* rule 2 */
{
        struct latency latency = { .total = 0 };

        (void)state;
        for (unsigned i = 0; i < 1000; i++)
                latency_add(&latency, 5000000000);
        for (unsigned i = 0; i < 20000; i++)
                latency_add(&latency, 50000000);
        assert_true(latency_percentile_ns(&latency, 99) < 70000000);
        assert_true(latency.total <= 2 * 1024 + 96);
}

static void a_deadline_is_between_ten_and_thirty_seconds(void **state) /* rule 3 */
{
        static const struct {
                uint64_t took_ms;
                uint32_t min_ms, max_ms;
        } rows[] = {
                { 1, 10000, 10000 },
                { 100, 10000, 10000 },
                { 4000, 16000, 20000 },
                { 20000, 30000, 30000 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct latency latency = { .total = 0 };

                for (unsigned j = 0; j < 19; j++)
                        latency_add(&latency, rows[i].took_ms * 1000000);
                assert_int_equal(latency_deadline_ms(&latency), 30000);
                latency_add(&latency, rows[i].took_ms * 1000000);
                assert_in_range(latency_deadline_ms(&latency), rows[i].min_ms, rows[i].max_ms);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_percentile_is_a_fifth_too_high_at_most),
                cmocka_unit_test(old_times_fade),
                cmocka_unit_test(a_deadline_is_between_ten_and_thirty_seconds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
