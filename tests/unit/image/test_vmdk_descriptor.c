/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "image/vmdk_descriptor.h"
#include "support/cmocka_all.h"

static void it_says_what_vsphere_wants(void **state)
{
        static const char *const rows[][2] = {
                { "CID", "ffffff01" },
                { "parentCID", "ffffffff" },
                { "createType", "streamOptimized" },
                { "ddb.adapterType", "lsilogic" },
                { "ddb.virtualHWVersion", "7" },
                { "ddb.geometry.cylinders", "261" }, /* 2 GiB */
                { "ddb.longContentID", "ffffff01000000000000000000000000" },
        };
        struct digest content = { { 0xff, 0xff, 0xff, 0x01 } };
        struct vmdk_identity identity = { "disk.vmdk", &content };
        char text[VMDK_DESCRIPTOR_BYTES], value[64];

        (void)state;
        assert_int_equal(vmdk_descriptor_print(4194304, &identity, text, NULL), INGOT_OK);
        assert_non_null(strstr(text, "\nRW 4194304 SPARSE \"disk.vmdk\"\n"));
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_true(vmdk_descriptor_find(text, sizeof(text), rows[i][0], value, sizeof(value)));
                assert_string_equal(value, rows[i][1]);
        }
        assert_false(vmdk_descriptor_find(text, sizeof(text), "ddb", value, sizeof(value)));
}

static void reserved_content_ids_are_not_used(void **state)
{
        struct digest content = { { 0xff, 0xff, 0xff, 0xff } };
        struct vmdk_identity identity = { "disk.vmdk", &content };
        char text[VMDK_DESCRIPTOR_BYTES];

        (void)state;
        assert_int_equal(vmdk_descriptor_print(1, &identity, text, NULL), INGOT_OK);
        assert_non_null(strstr(text, "\nCID=fffffffd\n"));
        content.bytes[3] = 0xfe;
        assert_int_equal(vmdk_descriptor_print(1, &identity, text, NULL), INGOT_OK);
        assert_non_null(strstr(text, "\nCID=fffffffc\n"));
}

static void a_name_that_would_break_the_text_is_refused(void **state)
{
        static const char *const bad[] = { "", "a\"b", "a/b", "a\nb" };
        char text[VMDK_DESCRIPTOR_BYTES];

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(
                        vmdk_descriptor_print(1, &(struct vmdk_identity){ bad[i], NULL }, text, NULL),
                        INGOT_E_USAGE);
}

static void a_foreign_descriptor_is_read_with_spaces_and_without_an_end(void **state)
{
        static const char text[] = { 'c', 'r', 'e', 'a', 't', 'e', 'T', 'y',
                                     'p', 'e', ' ', '=', ' ', '"', 'x', '"' };
        char value[4];

        (void)state;
        assert_true(vmdk_descriptor_find(text, sizeof(text), "createType", value, sizeof(value)));
        assert_string_equal(value, "x");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(it_says_what_vsphere_wants),
                cmocka_unit_test(reserved_content_ids_are_not_used),
                cmocka_unit_test(a_name_that_would_break_the_text_is_refused),
                cmocka_unit_test(a_foreign_descriptor_is_read_with_spaces_and_without_an_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
