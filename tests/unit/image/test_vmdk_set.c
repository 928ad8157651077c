/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "image/vmdk_set.h"
#include "support/cmocka_all.h"

#define HEAD "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\ncreateType=\"x\"\n"

static struct vmdk_extent extents[VMDK_SET_EXTENTS_MAX];

static enum ingot_code parse(const char *text, size_t *ret_count)
{
        size_t count = 0;
        enum ingot_code r = vmdk_set_parse(text, strlen(text), "x.vmdk", extents, &count, NULL);

        *ret_count = count;
        return r;
}

static void extents_are_read_in_their_order(void **state)
{
        size_t count;

        (void)state;
        assert_int_equal(parse(HEAD "RW 2048 FLAT \"a b.vmdk\" 16\r\nRDONLY 4096 SPARSE \"b.vmdk\"\n"
                                    "RW 8 ZERO \nRW 1 VMFS \"c\"\nddb.adapterType = \"ide\"\n",
                               &count),
                         INGOT_OK);
        assert_int_equal(count, 4);
        assert_int_equal(extents[0].type, VMDK_EXTENT_FLAT);
        assert_int_equal(extents[0].sectors, 2048);
        assert_int_equal(extents[0].offset_sector, 16);
        assert_string_equal(extents[0].name, "a b.vmdk");
        assert_int_equal(extents[1].type, VMDK_EXTENT_SPARSE);
        assert_int_equal(extents[2].type, VMDK_EXTENT_ZERO);
        assert_string_equal(extents[2].name, "");
        assert_int_equal(extents[3].type, VMDK_EXTENT_FLAT);
        assert_int_equal(extents[3].offset_sector, 0);
}

static void what_is_hostile_is_refused(void **state) /* rules 1 and 2 */
{
        static const char *const lines[] = {
                "",
                "RW 0 FLAT \"a\" 0\n",
                "RW 999999999999999 FLAT \"a\" 0\n",
                "RW 99999999999999999999999 FLAT \"a\" 0\n",
                "RW -1 FLAT \"a\" 0\n",
                "RW 8 FLAT \"a\" -5\n",
                "RW 8 FLAT \"a\" x\n",
                "RW 8 FLAT \"../a\" 0\n",
                "RW 8 FLAT \"/etc/passwd\" 0\n",
                "RW 8 FLAT \"\" 0\n",
                "RW 8 FLAT \".\" 0\n",
                "RW 8 FLAT \"..\" 0\n",
                "RW 8 FLAT a 0\n",
                "RW 8 FLAT \"a\n",
                "RW 8 FLAT\n",
                "RW 8\n",
                "RW  \n",
                "RW 8 VMFSRAW \"/dev/sda\"\n",
                "RW 8 VMFSSPARSE \"a\"\n",
                "RW 8 SESPARSE \"a\"\n",
                "RW 8 NBD \"nbd://host\"\n",
                "RW 8 FLAT \"a\" 0\nRW 8 FLAT \"b/c\" 0\n",
                "parentCID=00000001\nRW 8 FLAT \"a\" 0\n",
        };
        size_t count;

        (void)state;
        for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
                if (parse(lines[i], &count) != INGOT_E_FORMAT)
                        fail_msg("'%s' is taken", lines[i]);
}

static void a_name_longer_than_any_file_has_is_refused(void **state)
{
        char text[600];
        size_t count;

        (void)state;
        (void)snprintf(text, sizeof(text), "RW 8 FLAT \"%0255d\" 0\n", 1);
        assert_int_equal(parse(text, &count), INGOT_OK);
        (void)snprintf(text, sizeof(text), "RW 8 FLAT \"%0256d\" 0\n", 1);
        assert_int_equal(parse(text, &count), INGOT_E_FORMAT);
}

static void extents_are_not_without_number(void **state) /* rule 3 */
{
        static char text[64 * (VMDK_SET_EXTENTS_MAX + 1)];
        size_t used = 0, count;

        (void)state;
        for (unsigned i = 0; i < VMDK_SET_EXTENTS_MAX; i++)
                used += (size_t)snprintf(text + used, sizeof(text) - used, "RW 8 ZERO\n");
        assert_int_equal(parse(text, &count), INGOT_OK);
        assert_int_equal(count, VMDK_SET_EXTENTS_MAX);
        (void)snprintf(text + used, sizeof(text) - used, "RW 8 ZERO\n");
        assert_int_equal(parse(text, &count), INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(extents_are_read_in_their_order),
                cmocka_unit_test(what_is_hostile_is_refused),
                cmocka_unit_test(a_name_longer_than_any_file_has_is_refused),
                cmocka_unit_test(extents_are_not_without_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
