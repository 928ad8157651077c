/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "image/grub_modules.h"

static enum ingot_code resolve(const char *moddep, const char *const *wanted, size_t wanted_count,
                               struct grub_module_list *list)
{
        return grub_modules_resolve(moddep, strlen(moddep), wanted, wanted_count, list, NULL);
}

static void needs_come_first_and_once(void **state) /* rule 2 */
{
        static const char moddep[] = "ext2: fshelp\nfshelp:\nnormal: crypto terminal boot\ncrypto:\nboot:\n"
                                     "terminal: crypto\nlinux: boot normal\n";
        static const char *const wanted[] = { "linux", "ext2", "normal" };
        static const char *const expected[] = { "boot",  "crypto", "terminal", "normal",
                                                "linux", "fshelp", "ext2" };
        OWNED(grub_module_list_release) struct grub_module_list list = { .modules = NULL };

        (void)state;
        assert_int_equal(resolve(moddep, wanted, 3, &list), INGOT_OK);
        assert_int_equal(list.count, 7);
        for (size_t i = 0; i < list.count; i++)
                assert_string_equal(list.modules[i].name, expected[i]);
}

static void the_later_line_counts(void **state) /* rule 1 */
{
        static const char moddep[] = "a: b\na: c\nb:\nc:";
        static const char *const wanted[] = { "a" };
        OWNED(grub_module_list_release) struct grub_module_list list = { .modules = NULL };

        (void)state;
        assert_int_equal(resolve(moddep, wanted, 1, &list), INGOT_OK);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.modules[0].name, "c");
}

static void circles_and_bad_names_are_refused(void **state) /* rule 3 */
{
        static const struct {
                const char *moddep, *wanted;
                enum ingot_code code;
        } rows[] = {
                { "a: b\nb: a\n", "a", INGOT_E_FORMAT },
                { "a: a\n", "a", INGOT_E_FORMAT },
                { "a: ../../etc/passwd\n", "a", INGOT_E_FORMAT },
                { "a:\n", "../a", INGOT_E_USAGE },
                { "a:\n", "", INGOT_E_USAGE },
                { "a: 0123456789012345678901234567890123456789012345678901234567890123\n", "a",
                  INGOT_E_FORMAT },
        };
        struct grub_module_list list;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(resolve(rows[i].moddep, &rows[i].wanted, 1, &list), rows[i].code);
}

static void a_module_without_a_line_needs_nothing(void **state)
{
        static const char *const wanted[] = { "a" };
        OWNED(grub_module_list_release) struct grub_module_list list = { .modules = NULL };

        (void)state;
        assert_int_equal(resolve("", wanted, 1, &list), INGOT_OK);
        assert_int_equal(list.count, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(needs_come_first_and_once),
                cmocka_unit_test(the_later_line_counts),
                cmocka_unit_test(circles_and_bad_names_are_refused),
                cmocka_unit_test(a_module_without_a_line_needs_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
