/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/guid.h"

static const char esp_type[] = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b";

static void text_reads_back(void **state)
{
        struct guid guid;
        char text[GUID_TEXT_CHARS + 1];

        (void)state;
        assert_true(guid_parse("C12A7328-F81F-11D2-BA4B-00A0C93EC93B", &guid));
        guid_print(&guid, text);
        assert_string_equal(text, esp_type);
        assert_false(guid_is_nil(&guid));
        assert_false(guid_parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93", &guid));
        assert_false(guid_parse("c12a7328-f81f-11d2-ba4b-00a0c93ec93bb", &guid));
        assert_false(guid_parse("c12a7328xf81f-11d2-ba4b-00a0c93ec93b", &guid));
        assert_false(guid_parse("{12a7328-f81f-11d2-ba4b-00a0c93ec93b", &guid));
}

static void on_disk_the_first_fields_are_little_endian(void **state) /* UEFI 2.10, appendix A */
{
        struct guid guid, again;
        uint8_t disk[GUID_BYTES];

        (void)state;
        assert_true(guid_parse(esp_type, &guid));
        guid_encode_gpt(&guid, disk);
        assert_memory_equal(disk, "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b",
                            GUID_BYTES);
        guid_decode_gpt(disk, &again);
        assert_true(guid_equal(&guid, &again));
}

static void derived_ones_are_stable_distinct_and_marked(void **state)
{
        struct guid seed = { { 1 } }, a, b, again;
        char text[GUID_TEXT_CHARS + 1];

        (void)state;
        assert_int_equal(guid_derive(&seed, "disk /dev/xvda", &a, NULL), INGOT_OK);
        assert_int_equal(guid_derive(&seed, "disk /dev/xvdb", &b, NULL), INGOT_OK);
        assert_int_equal(guid_derive(&seed, "disk /dev/xvda", &again, NULL), INGOT_OK);
        assert_true(guid_equal(&a, &again));
        assert_false(guid_equal(&a, &b));
        guid_print(&a, text);
        assert_int_equal(text[14], '8'); /* RFC 9562: version 8 */
        assert_non_null(strchr("89ab", text[19]));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_reads_back),
                cmocka_unit_test(on_disk_the_first_fields_are_little_endian),
                cmocka_unit_test(derived_ones_are_stable_distinct_and_marked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
