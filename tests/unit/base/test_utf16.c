/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/utf16.h"

static void text_survives_the_way_there_and_back(void **state)
{
        static const char *const rows[] = {
                "", "esp", "r\xc3\xb6\xc3\xb6t", "\xe2\x82\xac", "\xf0\x9f\x8c\xb3 x", "\xf4\x8f\xbf\xbf"
        };
        uint16_t units[16];
        char text[49];
        size_t count;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_true(utf16_from_utf8(rows[i], strlen(rows[i]), units, 16, &count));
                assert_int_equal(utf16_to_utf8(units, count, text), strlen(rows[i]));
                assert_string_equal(text, rows[i]);
        }
}

static void what_is_not_utf8_is_refused(void **state) /* rule 1 */
{
        static const char *const rows[] = { "\x80",
                                            "\xc3",
                                            "\xc0\x80",
                                            "\xe0\x80\x80",
                                            "\xed\xa0\x80",
                                            "\xf4\x90\x80\x80",
                                            "\xf8\x88\x80\x80\x80",
                                            "a\xe2\x82" };
        uint16_t units[16];
        size_t count;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (utf16_from_utf8(rows[i], strlen(rows[i]), units, 16, &count))
                        fail_msg("row %zu was taken", i);
}

static void capacity_counts_units(void **state)
{
        uint16_t units[2];
        size_t count;

        (void)state;
        assert_true(utf16_from_utf8("ab", 2, units, 2, &count));
        assert_false(utf16_from_utf8("abc", 3, units, 2, &count));
        assert_true(utf16_from_utf8("\xf0\x9f\x8c\xb3", 4, units, 2, &count));
        assert_false(utf16_from_utf8("\xf0\x9f\x8c\xb3", 4, units, 1, &count));
}

static void half_a_surrogate_becomes_a_replacement(void **state) /* rule 2 */
{
        static const uint16_t units[] = { 'a', 0xD83C, 'b', 0xDF33, 0xD83C };
        char text[3 * 5 + 1];

        (void)state;
        assert_int_equal(utf16_to_utf8(units, 5, text), 11);
        assert_string_equal(text, "a\xef\xbf\xbd"
                                  "b\xef\xbf\xbd\xef\xbf\xbd");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_survives_the_way_there_and_back),
                cmocka_unit_test(what_is_not_utf8_is_refused),
                cmocka_unit_test(capacity_counts_units),
                cmocka_unit_test(half_a_surrogate_becomes_a_replacement),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
