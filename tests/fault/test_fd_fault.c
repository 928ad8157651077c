/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fault/faults.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"

/* The fault loop: one more call fails each round, until a round has none left to fail. */
static void replaced_file_is_old_or_new_whatever_fails(void **state) /* rule 4 */
{
        unsigned points = 0;

        for (unsigned fail_at = 1; fail_at < 1000; fail_at++) {
                struct ingot_error err;
                enum ingot_code r;
                char *bytes = NULL;
                size_t size_bytes = 0;
                bool is_new;

                faults_begin(0);
                assert_int_equal(fd_replace_file(scratch_path(state, "a"), "old", 3, 0600, NULL), INGOT_OK);
                faults_begin(fail_at);
                r = fd_replace_file(scratch_path(state, "a"), "new", 3, 0600, &err);
                if (!faults_fired()) {
                        assert_int_equal(r, INGOT_OK);
                        break;
                }
                faults_begin(0);
                points++;
                assert_int_equal(fd_read_file(scratch_path(state, "a"), 9, &bytes, &size_bytes, NULL),
                                 INGOT_OK);
                is_new = strcmp(bytes, "new") == 0;
                assert_true(is_new || strcmp(bytes, "old") == 0);
                /* O_TMPFILE may fail and be replaced by a name: then all is well.  When the flush of the folder
                 * fails the new file may stand there. */
                if (!is_new)
                        assert_int_not_equal(r, INGOT_OK);
                free(bytes);
        }
        assert_true(points >= 5); /* open, write, flush, link, close, rename, flush of the folder */
        faults_begin(0);
        assert_int_equal(unlink(scratch_path(state, "a")), 0);
        assert_int_equal(rmdir(*state), 0); /* no temporary file was left */
        assert_int_equal(scratch_setup(state), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(replaced_file_is_old_or_new_whatever_fails, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
