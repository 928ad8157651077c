/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "support/cmocka_all.h"

#include <ingot/error.h>

static void cause_survives_a_full_text(void **state) /* rule 3 */
{
        struct ingot_error err;
        char long_path[4096];

        (void)state;
        memset(long_path, 'x', sizeof(long_path) - 1);
        long_path[sizeof(long_path) - 1] = '\0';
        (void)ingot_fail(&err, INGOT_E_FORMAT, "bad magic");
        for (int i = 0; i < 20; i++)
                (void)ingot_while(&err, err.code, "reading '%s'", long_path);
        assert_string_equal(ingot_error_frame(&err, 0), "bad magic");
        assert_true(err.text_used_bytes <= INGOT_ERROR_TEXT_BYTES);
        assert_true(err.frame_count <= INGOT_ERROR_FRAMES);
        for (unsigned i = 0; i < err.frame_count; i++)
                assert_non_null(memchr(ingot_error_frame(&err, i), '\0',
                                       (size_t)(INGOT_ERROR_TEXT_BYTES - err.frame_start[i])));
}

static void detail_is_optional(void **state) /* rule 1 */
{
        (void)state;
        assert_int_equal(ingot_fail(NULL, INGOT_E_DENIED, "no"), INGOT_E_DENIED);
        assert_int_equal(ingot_while(NULL, INGOT_E_DENIED, "asking"), INGOT_E_DENIED);
        errno = ENOMEM;
        assert_int_equal(ingot_fail_errno(NULL, "growing"), INGOT_E_MEMORY);
        assert_null(ingot_error_frame(NULL, 0));
}

static void while_is_silent_on_success(void **state)
{
        struct ingot_error err;

        (void)state;
        (void)ingot_fail(&err, INGOT_E_FORMAT, "first");
        assert_int_equal(ingot_while(&err, INGOT_OK, "second"), INGOT_OK);
        assert_int_equal(err.frame_count, 1);
}

static void errno_is_kept_and_told(void **state)
{
        struct ingot_error err;

        (void)state;
        errno = ENOSPC;
        assert_int_equal(ingot_fail_errno(&err, "writing '%s'", "a"), INGOT_E_SYSTEM);
        assert_int_equal(err.sys_errno, ENOSPC);
        assert_string_equal(ingot_error_frame(&err, 0), "writing 'a': No space left on device");
}

static void every_code_has_a_name_and_a_status(void **state)
{
        (void)state;
        for (int code = INGOT_OK; code < INGOT_CODE_COUNT; code++) {
                assert_non_null(ingot_code_name((enum ingot_code)code));
                assert_true((ingot_code_exit_status((enum ingot_code)code) == 0) == (code == INGOT_OK));
        }
        assert_int_equal(ingot_code_exit_status(INGOT_E_TEMPLATE), 2);
        assert_int_equal(ingot_code_exit_status(INGOT_E_BUG), 70);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cause_survives_a_full_text),
                cmocka_unit_test(detail_is_optional),
                cmocka_unit_test(while_is_silent_on_success),
                cmocka_unit_test(errno_is_kept_and_told),
                cmocka_unit_test(every_code_has_a_name_and_a_status),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
