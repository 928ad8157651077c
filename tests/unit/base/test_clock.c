/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/clock.h"

static void prints_known_moments(void **state)
{
        char iso[CLOCK_ISO_CHARS + 1], basic[CLOCK_BASIC_CHARS + 1];

        (void)state;
        clock_print_iso(1440938160, iso);
        assert_string_equal(iso, "2015-08-30T12:36:00.000Z");
        clock_print_basic(1440938160, basic);
        assert_string_equal(basic, "20150830T123600Z");
        clock_print_iso(-5, iso);
        assert_string_equal(iso, "1970-01-01T00:00:00.000Z");
        clock_print_iso(INT64_MAX, iso);
        assert_string_equal(iso, "9999-12-31T23:59:59.000Z");
}

static void reads_only_moments_that_exist(void **state)
{
        static const char *const wrong[] = {
                "",
                "20150830T123600",
                "20150830 123600Z",
                "20150231T000000Z",
                "20151330T000000Z",
                "20150830T250000Z",
                "2015083aT123600Z",
                "19690830T123600Z",
                "20150830T123600Zx",
        };

        (void)state;
        assert_int_equal(clock_parse_basic("20150830T123600Z"), 1440938160);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_int_equal(clock_parse_basic(wrong[i]), -1);
}

static void system_clock_moves(void **state)
{
        uint64_t first = clock_monotonic_ns(&clock_of_system);

        (void)state;
        assert_true(clock_monotonic_ns(&clock_of_system) >= first);
        assert_true(clock_wall_seconds(&clock_of_system) > 1700000000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(prints_known_moments),
                cmocka_unit_test(reads_only_moments_that_exist),
                cmocka_unit_test(system_clock_moves),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
