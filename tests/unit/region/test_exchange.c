/* SPDX-License-Identifier: Apache-2.0 */
#include "region/exchange.h"
#include "support/cmocka_all.h"

static void digits_are_nothing_but_digits(void **state)
{
        static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "1.0", "0x1", "12345678901234567890" };
        uint64_t value;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(read_digits(bad[i], &value));
        assert_true(read_digits("9999999999999999999", &value));
        assert_true(value == UINT64_C(9999999999999999999));
        assert_true(read_digits("007", &value));
        assert_int_equal(value, 7);
}

static void plain_text_is_utf8_that_xml_can_say(void **state)
{
        static const struct {
                const char *text;
                bool is_plain;
                size_t chars;
        } rows[] = {
                { "", true, 0 },
                { "a\tb\r\n", true, 5 },
                { "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", true, 3 },
                { "\x01", false, 0 },
                { "\x7F", false, 0 },
                { "\x80", false, 0 },
                { "\xC3", false, 0 },
                { "\xC0\x80", false, 0 },         /* a NUL, too long */
                { "\xED\xA0\x80", false, 0 },     /* half a surrogate pair */
                { "\xF4\x90\x80\x80", false, 0 }, /* above U+10FFFF */
                { "\xEF\xBF\xBF", false, 0 },     /* U+FFFF */
                { "\xF0\x80\x80\x80", false, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                size_t chars = 0;

                if (is_plain_text(rows[i].text, &chars) != rows[i].is_plain)
                        fail_msg("row %zu", i);
                if (rows[i].is_plain)
                        assert_int_equal(chars, rows[i].chars);
        }
}

static void headers_are_found_in_any_case(void **state)
{
        const struct sigv4_header headers[] = { { "X-Amz-Checksum-Algorithm", "SHA256" },
                                                { "x-amz-CHECKSUM", "c" } };
        const struct region_request request = { .headers = headers, .header_count = 2 };

        (void)state;
        assert_string_equal(region_request_header(&request, "x-amz-checksum"), "c");
        assert_null(region_request_header(&request, "x-amz-check"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(digits_are_nothing_but_digits),
                cmocka_unit_test(plain_text_is_utf8_that_xml_can_say),
                cmocka_unit_test(headers_are_found_in_any_case),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
