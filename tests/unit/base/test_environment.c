/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/environment.h"
#include "base/own.h"

static const char *const environment[] = { "HOME=/h", "A=1", "AB=2", "EMPTY=", NULL };

static void a_variable_is_found_by_its_whole_name(void **state) /* rules 1 and 2 */
{
        (void)state;
        assert_string_equal(environment_get(environment, "A"), "1");
        assert_string_equal(environment_get(environment, "AB"), "2");
        assert_null(environment_get(environment, "ABC"));
        assert_null(environment_get(environment, "EMPTY"));
        assert_null(environment_get(NULL, "A"));
}

static void paths_are_expanded(void **state) /* rule 3 */
{
        static const char *const rows[][2] = {
                { "/x", "/x" },      { "~", "/h" },      { "~/x", "/h/x" },          { "~u/x", "~u/x" },
                { "$A/$AB", "1/2" }, { "${A}B", "1B" },  { "$NONE", "$NONE" },       { "${A", "${A" },
                { "$", "$" },        { "a~/$", "a~/$" }, { "${NONE}x", "${NONE}x" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(buffer_release) struct buffer out = BUFFER_INIT(64);

                environment_expand_path(environment, rows[i][0], &out);
                assert_string_equal(out.bytes, rows[i][1]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_variable_is_found_by_its_whole_name),
                cmocka_unit_test(paths_are_expanded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
