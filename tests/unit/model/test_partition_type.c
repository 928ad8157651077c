/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "model/partition_type.h"

static void every_type_has_a_name_and_a_guid(void **state)
{
        static const char *const architectures[] = { "x86_64", "arm64" };

        (void)state;
        for (int i = 0; i < PARTITION_TYPE_COUNT; i++) {
                enum partition_type type = (enum partition_type)i, back;

                assert_true(partition_type_parse(partition_type_name(type), &back));
                assert_int_equal(back, type);
                for (int a = 0; a < 2; a++) {
                        struct guid guid = partition_type_guid(type, architectures[a]);

                        assert_false(guid_is_nil(&guid));
                        assert_true(partition_type_of_guid(&guid, &back));
                        assert_int_equal(back, type);
                        assert_non_null(partition_type_describe(&guid));
                }
        }
        assert_false(partition_type_parse("boot", &(enum partition_type){ 0 }));
}

static void root_and_usr_depend_on_the_architecture(void **state)
{
        static const struct {
                enum partition_type type;
                const char *architecture, *guid;
        } rows[] = {
                { PARTITION_ROOT, "x86_64", "4f68bce3-e8cd-4db1-96e7-fbcaf984b709" },
                { PARTITION_ROOT, "arm64", "b921b045-1df0-41c3-af44-4c6f280d3fae" },
                { PARTITION_USR, "x86_64", "8484680c-9521-48c6-9c11-b0720656f69e" },
                { PARTITION_USR, "arm64", "b0e01050-ee5f-4390-949a-9101b17104e9" },
                { PARTITION_ESP, "arm64", "c12a7328-f81f-11d2-ba4b-00a0c93ec93b" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct guid guid = partition_type_guid(rows[i].type, rows[i].architecture);
                char text[GUID_TEXT_CHARS + 1];

                guid_print(&guid, text);
                assert_string_equal(text, rows[i].guid);
        }
}

static void foreign_types_are_described_but_are_none_of_ours(void **state)
{
        struct guid lvm, unknown = { { 1 } };
        enum partition_type type;

        (void)state;
        assert_true(guid_parse("E6D6D379-F507-44C2-A23C-238F2A3DF928", &lvm));
        assert_string_equal(partition_type_describe(&lvm), "Linux LVM");
        assert_false(partition_type_of_guid(&lvm, &type));
        assert_null(partition_type_describe(&unknown));
}

static void file_systems_are_spelt(void **state)
{
        enum file_system file_system;

        (void)state;
        for (int i = FILE_SYSTEM_NONE; i <= FILE_SYSTEM_SWAP; i++) {
                assert_true(file_system_parse(file_system_name((enum file_system)i), &file_system));
                assert_int_equal(file_system, i);
        }
        assert_false(file_system_parse("xfs", &file_system));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_type_has_a_name_and_a_guid),
                cmocka_unit_test(root_and_usr_depend_on_the_architecture),
                cmocka_unit_test(foreign_types_are_described_but_are_none_of_ours),
                cmocka_unit_test(file_systems_are_spelt),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
