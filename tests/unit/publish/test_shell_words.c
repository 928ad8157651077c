/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "publish/shell_words.h"

/* Joins words with '|' to compare them. */
static void joined(const struct shell_words *words, char out[128])
{
        size_t used = 0;

        out[0] = '\0';
        for (size_t i = 0; i < words->count; i++) {
                size_t chars = strlen(words->argv[i]);

                assert_true(used + chars + 2 < 128);
                if (i)
                        out[used++] = '|';
                memcpy(out + used, words->argv[i], chars + 1);
                used += chars;
        }
        assert_null(words->argv[words->count]);
}

static void words_are_what_shlex_makes_of_them(void **state) /* rule 1 */
{
        static const char *const rows[][2] = {
                { "", "" },
                { "  ", "" },
                { "a", "a" },
                { "a b\tc\nd", "a|b|c|d" },
                { "a 'b c' d", "a|b c|d" },
                { "a \"b 'c'\" d", "a|b 'c'|d" },
                { "a\\ b c", "a b|c" },
                { "\"a\\\"b\\\\c\\d\"", "a\"b\\c\\d" },
                { "'a\\b'", "a\\b" },
                { "a''b \"\"", "ab|" },
                { "--x=\"1 2\"3", "--x=1 23" },
                { "$HOME `x` ;|&", "$HOME|`x`|;|&" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(shell_words_release) struct shell_words words = { .argv = NULL };
                char got[128];

                assert_int_equal(shell_words_split(rows[i][0], &words, NULL), INGOT_OK);
                joined(&words, got);
                assert_string_equal(got, rows[i][1]);
        }
}

static void what_has_no_end_is_refused(void **state)
{
        static const char *const rows[] = { "'a", "\"a", "a \\", "\"a\\\"", "a '" };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct shell_words words = { .argv = NULL };

                assert_int_equal(shell_words_split(rows[i], &words, NULL), INGOT_E_FORMAT);
                assert_null(words.argv);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(words_are_what_shlex_makes_of_them),
                cmocka_unit_test(what_has_no_end_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
