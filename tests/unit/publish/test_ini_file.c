/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "publish/ini_file.h"

static void values_are_what_configparser_makes_of_them(void **state) /* rules 1, 2 and 4 */
{
        static const struct {
                const char *text, *section, *name, *wanted; /* NULL: not there */
        } rows[] = {
                { "[a]\nx = 1\n", "a", "x", "1" },
                { "[a]\nx=1", "a", "x", "1" },
                { "[a]\r\nx : 1 \r\n", "a", "x", "1" },
                { "[a]\nX_Y = Vw\n", "a", "x_y", "Vw" },
                { "[a]\nx = \"q\"\n", "a", "x", "\"q\"" },
                { "[a]\nx = 1 # y ; z\n", "a", "x", "1 # y ; z" },
                { "# c\n ; d\n[a]\n  # e\nx = 1\n", "a", "x", "1" },
                { "[a]\nx = a=b:c\n", "a", "x", "a=b:c" },
                { "[a]\nx: a=b\n", "a", "x", "a=b" },
                { "[a]\nx =\n", "a", "x", "" },
                { "[a]\nx = 1\n  2\n\t3\n", "a", "x", "1\n2\n3" },
                { "[a]\nx = 1\n\n  2\n\ny = 3\n", "a", "x", "1\n\n2" },
                { "[a]\nx = 1\n  # no\n  2\n", "a", "x", "1\n2" },
                { "[a]\nx =\n  s = 1\n  t = 2\n", "a", "x", "\ns = 1\nt = 2" },
                { "[a]\n  x = 1\n  y = 2\n", "a", "y", "2" },
                { "[a]\n  x = 1\n y = 2\n", "a", "y", "2" },
                { "[a b] trailing\nx = 1\n", "a b", "x", "1" },
                { "[a]\nx = 1\n[b]\nx = 2\n", "b", "x", "2" },
                { "[a]\nx = 1\n[b]\n", "b", "x", NULL },
                { "[DEFAULT]\nx = 1\n[b]\n", "b", "x", "1" },
                { "[DEFAULT]\nx = 1\n[b]\nx = 2\n", "b", "x", "2" },
                { "", "a", "x", NULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(ini_file_release) struct ini_file file = { .sections = NULL };
                const char *value;

                assert_int_equal(ini_file_parse(rows[i].text, strlen(rows[i].text), "f", &file, NULL),
                                 INGOT_OK);
                value = ini_file_value(&file, ini_file_section(&file, rows[i].section), rows[i].name);
                if (rows[i].wanted) {
                        assert_non_null(value);
                        assert_string_equal(value, rows[i].wanted);
                } else {
                        assert_null(value);
                }
        }
}

static void what_configparser_refuses_is_refused_with_its_line(void **state) /* rule 3 */
{
        static const struct {
                const char *text, *said;
        } rows[] = {
                { "x = 1\n", "f:1:" },
                { "[a]\nx = 1\n[b]\n[a]\n", "f:4:" },
                { "[a]\nx = 1\nX = 2\n", "f:3:" },
                { "[a]\nnothing\n", "f:2:" },
                { "[a]\n= 1\n", "f:2:" },
                { "[a\nx = 1\n", "f:1:" },
                { "[]\nx = 1\n", "f:1:" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct ini_file file = { .sections = NULL };
                struct ingot_error err;

                assert_int_equal(ini_file_parse(rows[i].text, strlen(rows[i].text), "f", &file, &err),
                                 INGOT_E_FORMAT);
                assert_non_null(strstr(ingot_error_frame(&err, 0), rows[i].said));
                assert_null(file.sections);
        }
}

static void a_nul_is_refused(void **state)
{
        struct ini_file file = { .sections = NULL };

        (void)state;
        assert_int_equal(ini_file_parse("[a]\nx = \0y\n", 12, "f", &file, NULL), INGOT_E_FORMAT);
}

static void nested_values_are_found(void **state)
{
        static const char block[] = "\nmax = 10\nendpoint_url = http://a=b \nempty =\n";
        size_t chars = 0;
        const char *value;

        (void)state;
        value = ini_nested_value(block, "endpoint_url", &chars);
        assert_int_equal(chars, 10);
        assert_memory_equal(value, "http://a=b", 10);
        assert_non_null(ini_nested_value(block, "empty", &chars));
        assert_int_equal(chars, 0);
        assert_null(ini_nested_value(block, "end", &chars));
        assert_null(ini_nested_value("plain", "plain", &chars));
}

static void a_section_has_a_kind_and_a_word(void **state)
{
        static const struct {
                const char *section, *kind, *word; /* NULL: none */
        } rows[] = {
                { "profile a", "profile", "a" },       { "profile \"a b\"", "profile", "a b" },
                { "profile 'a b'", "profile", "a b" }, { "profile   a ", "profile", "a" },
                { "profile", "profile", NULL },        { "profile a b", "profile", NULL },
                { "profile \"a", "profile", NULL },    { "sso-session x", "sso-session", "x" },
                { "services x", "profile", NULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char word[64];

                assert_int_equal(ini_section_word(rows[i].section, rows[i].kind, word), rows[i].word != NULL);
                if (rows[i].word)
                        assert_string_equal(word, rows[i].word);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_what_configparser_makes_of_them),
                cmocka_unit_test(what_configparser_refuses_is_refused_with_its_line),
                cmocka_unit_test(a_nul_is_refused),
                cmocka_unit_test(nested_values_are_found),
                cmocka_unit_test(a_section_has_a_kind_and_a_word),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
