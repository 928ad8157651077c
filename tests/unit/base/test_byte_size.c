/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/byte_size.h"

static void reads_sizes_as_people_write_them(void **state)
{
        static const struct {
                const char *text;
                bool ok;
                uint64_t bytes;
        } rows[] = {
                { "0", true, 0 },
                { "1048576", true, 1048576 },
                { "512B", true, 512 },
                { "64MiB", true, UINT64_C(64) << 20 },
                { "8 GiB", true, UINT64_C(8) << 30 },
                { "16TiB", true, UINT64_C(16) << 40 },
                { "9223372036854775807", true, INT64_MAX },
                { "9223372036854775808", false, 0 }, /* rule 2 */
                { "8388608TiB", false, 0 },
                { "99999999999999999999", false, 0 },
                { "8GB", false, 0 },
                { "8gib", false, 0 },
                { "8  GiB", false, 0 },
                { "8 ", false, 0 },
                { " 8", false, 0 },
                { "-8", false, 0 },
                { "+8", false, 0 },
                { "1.5GiB", false, 0 },
                { "GiB", false, 0 },
                { "", false, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint64_t bytes = 1;

                assert_int_equal(byte_size_parse(rows[i].text, &bytes), rows[i].ok);
                assert_int_equal(bytes, rows[i].ok ? rows[i].bytes : 1);
        }
}

static void prints_exactly_and_for_people(void **state)
{
        char text[BYTE_SIZE_TEXT_CHARS + 1];

        (void)state;
        byte_size_print_exact(UINT64_C(64) << 20, text);
        assert_string_equal(text, "64MiB");
        byte_size_print_exact(1537, text);
        assert_string_equal(text, "1537B");
        byte_size_print_exact(0, text);
        assert_string_equal(text, "0B");
        byte_size_print(0, text);
        assert_string_equal(text, "0 B");
        byte_size_print(999, text);
        assert_string_equal(text, "999 B");
        byte_size_print(1024, text);
        assert_string_equal(text, "1.00 KiB");
        byte_size_print(1470000000, text);
        assert_string_equal(text, "1.37 GiB");
        byte_size_print(UINT64_C(64) << 20, text);
        assert_string_equal(text, "64.0 MiB");
        byte_size_print(1023 * 1024, text);
        assert_string_equal(text, "1.00 MiB");
        byte_size_print(UINT64_MAX, text);
        assert_true(strlen(text) <= BYTE_SIZE_TEXT_CHARS);
}

static void what_is_printed_exactly_is_read_back(void **state)
{
        (void)state;
        for (uint64_t bytes = 1; bytes < (UINT64_C(1) << 62); bytes = bytes * 3 + 1) {
                char text[BYTE_SIZE_TEXT_CHARS + 1];
                uint64_t again = 0;

                byte_size_print_exact(bytes, text);
                assert_true(byte_size_parse(text, &again));
                assert_int_equal(again, bytes);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(reads_sizes_as_people_write_them),
                cmocka_unit_test(prints_exactly_and_for_people),
                cmocka_unit_test(what_is_printed_exactly_is_read_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
