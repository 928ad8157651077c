/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "filesystem/fat_name.h"

static void names_are_short_where_they_can_be(void **state) /* rules 1 to 3 */
{
        static const struct {
                const char *name, *short_name;
                bool is_known, is_long;
                uint8_t case_bits;
        } rows[] = {
                { "BOOTX64.EFI", "BOOTX64 EFI", true, false, 0 },
                { "grub.cfg", "GRUB    CFG", true, false, 0x18 },
                { "GRUB.cfg", "GRUB    CFG", true, false, 0x10 },
                { "boot", "BOOT       ", true, false, 0x08 },
                { "1234", "1234       ", true, false, 0 },
                { "Grub.cfg", "GRUB    CFG", true, true, 0 },
                { "loader.conf", "LOADER  CON", false, true, 0 },
                { ".profile", "PROFILE    ", false, true, 0 },
                { "a.tar.gz", "ATAR    GZ ", false, true, 0 },
                { "two words.txt", "TWOWORDSTXT", false, true, 0 },
                { "r\xc3\xb6t", "R_T        ", false, true, 0 },
                { "\xf0\x9f\x8c\xb3", "_          ", false, true, 0 },
                { "a+b", "A_B        ", false, true, 0 },
                { ". .x", "_       X  ", false, true, 0 },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                uint16_t units[FAT_LONG_NAME_UNITS];
                struct fat_name name;

                assert_null(fat_name_read(rows[i].name, strlen(rows[i].name), units, &name));
                if (memcmp(name.short_name, rows[i].short_name, 11) != 0)
                        fail_msg("%s: '%.11s'", rows[i].name, (const char *)name.short_name);
                if (name.is_short_known != rows[i].is_known || (name.long_units > 0) != rows[i].is_long ||
                    name.case_bits != rows[i].case_bits)
                        fail_msg("%s: %d %d %x", rows[i].name, name.is_short_known, name.long_units,
                                 name.case_bits);
        }
}

static void names_that_fat_cannot_hold_are_refused(void **state) /* rule 4 */
{
        static const char *const rows[] = { "a:b", "a\\b",  "what?", "a*",   "a\"",  "a<",  "a>",
                                            "a|",  "tab\t", "end.",  "end ", "\xff", "\x7f" };
        uint16_t units[FAT_LONG_NAME_UNITS];
        struct fat_name name;
        char long_name[257];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (!fat_name_read(rows[i], strlen(rows[i]), units, &name))
                        fail_msg("'%s' was taken", rows[i]);
        memset(long_name, 'x', sizeof(long_name));
        assert_null(fat_name_read(long_name, 255, units, &name));
        assert_int_equal(name.long_units, 255);
        assert_non_null(fat_name_read(long_name, 256, units, &name));
}

static void aliases_take_the_smallest_free_number(void **state) /* rule 3 */
{
        OWNED(fat_alias_set_release) struct fat_alias_set set = { .names = NULL };
        uint8_t name[11];

        (void)state;
        assert_int_equal(fat_alias_set_init(&set, 40, NULL), INGOT_OK);
        assert_true(fat_alias_set_add(&set, (const uint8_t *)"LOADER~2CON"));
        assert_false(fat_alias_set_add(&set, (const uint8_t *)"LOADER~2CON"));
        memcpy(name, "LOADER  CON", 11);
        assert_true(fat_alias_set_number(&set, name));
        assert_memory_equal(name, "LOADER~1CON", 11);
        memcpy(name, "LOADER  CON", 11);
        assert_true(fat_alias_set_number(&set, name));
        assert_memory_equal(name, "LOADER~3CON", 11);
        memcpy(name, "LOADERXYCON", 11); /* another basis that leaves the same after cutting */
        assert_true(fat_alias_set_number(&set, name));
        assert_memory_equal(name, "LOADER~4CON", 11);
        for (int i = 5; i < 10; i++) {
                memcpy(name, "LOADER  CON", 11);
                assert_true(fat_alias_set_number(&set, name));
        }
        memcpy(name, "LOADER  CON", 11);
        assert_true(fat_alias_set_number(&set, name));
        assert_memory_equal(name, "LOADE~10CON", 11);
        memcpy(name, "_          ", 11);
        assert_true(fat_alias_set_number(&set, name));
        assert_memory_equal(name, "_~1        ", 11);
}

static void labels_are_read_in_upper_case(void **state)
{
        uint8_t label[11];

        (void)state;
        assert_true(fat_label_read("efi sys", label));
        assert_memory_equal(label, "EFI SYS    ", 11);
        assert_true(fat_label_read("12345678901", label));
        assert_false(fat_label_read("123456789012", label));
        assert_false(fat_label_read(" x", label));
        assert_false(fat_label_read("a.b", label));
        assert_false(fat_label_read("\xc3\xb6", label));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_are_short_where_they_can_be),
                cmocka_unit_test(names_that_fat_cannot_hold_are_refused),
                cmocka_unit_test(aliases_take_the_smallest_free_number),
                cmocka_unit_test(labels_are_read_in_upper_case),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
