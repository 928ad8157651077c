/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/release_estimate.h"
#include "support/cmocka_all.h"

static void time_is_rounded_up(void **state) /* rule 1 */
{
        (void)state;
        assert_int_equal(estimate_ms(0, 1000), 0);
        assert_int_equal(estimate_ms(1, 1000), 1);
        assert_int_equal(estimate_ms(2458, 1000), 2458);
        assert_int_equal(estimate_ms(1, 3), 334);
        assert_int_equal(estimate_ms(5, 0), 0);
}

static void a_measured_rate_is_carried_over(void **state)
{
        (void)state;
        assert_int_equal(estimate_measured_ms(2000, 1000, 500), 1000);
        assert_int_equal(estimate_measured_ms(1, 3, 1), 1);
        assert_int_equal(estimate_measured_ms(7, 0, 500), 0);
}

static void costs_are_the_list_prices(void **state)
{
        (void)state;
        assert_int_equal(estimate_sending_micro_usd(1000), 6000);  /* $0.006 */
        assert_int_equal(estimate_storing_micro_usd(2048), 50000); /* a GiB: $0.05 */
        assert_int_equal(estimate_storing_micro_usd(1), 25);       /* 24.4, rounded up */
}

static void requests_are_blocks_and_two_for_each_volume(void **state)
{
        (void)state;
        assert_int_equal(estimate_requests(100, 2, 3), 107);
        assert_int_equal(estimate_requests(0, 0, 0), 0);
}

static void what_would_overflow_is_the_most_there_is(void **state) /* rule 1 */
{
        (void)state;
        assert_true(estimate_ms(UINT64_MAX, 1) == UINT64_MAX);
        assert_true(estimate_sending_micro_usd(UINT64_MAX) == UINT64_MAX);
        assert_true(estimate_measured_ms(UINT64_MAX, 1, UINT64_MAX) == UINT64_MAX);
        assert_true(estimate_requests(UINT64_MAX, 1, 0) == UINT64_MAX);
        assert_true(estimate_requests(0, UINT64_MAX, 0) == UINT64_MAX);
        assert_true(estimate_ms(UINT64_MAX, UINT64_MAX) == 1000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(time_is_rounded_up),
                cmocka_unit_test(a_measured_rate_is_carried_over),
                cmocka_unit_test(costs_are_the_list_prices),
                cmocka_unit_test(requests_are_blocks_and_two_for_each_volume),
                cmocka_unit_test(what_would_overflow_is_the_most_there_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
