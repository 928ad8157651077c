/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"

static void written_file_is_read_back(void **state)
{
        char *bytes = NULL;
        size_t size_bytes = 0;

        assert_int_equal(fd_replace_file(scratch_path(state, "a"), "hello", 5, 0600, NULL), INGOT_OK);
        assert_int_equal(fd_read_file(scratch_path(state, "a"), 5, &bytes, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(size_bytes, 5);
        assert_string_equal(bytes, "hello");
        free(bytes);
        assert_int_equal(fd_read_file(scratch_path(state, "a"), 4, &bytes, &size_bytes, NULL),
                         INGOT_E_MEMORY);
        assert_int_equal(fd_read_file(scratch_path(state, "b"), 4, &bytes, &size_bytes, NULL),
                         INGOT_E_NOT_FOUND);
}

static void short_file_is_a_format_error(void **state) /* rule 2 */
{
        OWNED(fd_drop) int fd = FD_NONE;
        struct ingot_error err;
        char room[10];

        assert_int_equal(fd_replace_file(scratch_path(state, "a"), "hello", 5, 0600, NULL), INGOT_OK);
        assert_int_equal(fd_open_read(scratch_path(state, "a"), &fd, NULL), INGOT_OK);
        assert_int_equal(fd_read_at(fd, "a", 2, room, 4, &err), INGOT_E_FORMAT);
        assert_string_equal(ingot_error_frame(&err, 0),
                            "'a' ends at byte 5, 1 bytes short of what should be there");
}

static unsigned count_names(const char *folder)
{
        const char *const argv[] = { "sh", "-c", "ls -A \"$1\" | wc -l | grep -qx 1", "-", folder, NULL };
        void *state = (void *)"/tmp";

        return scratch_run(&state, argv) == 0 ? 1 : 0;
}

static void draft_has_no_name_until_published(void **state) /* rule 4 */
{
        struct draft draft = DRAFT_NONE;
        struct stat status;
        char *bytes = NULL;
        size_t size_bytes = 0;

        assert_int_equal(fd_replace_file(scratch_path(state, "a"), "old", 3, 0600, NULL), INGOT_OK);
        assert_int_equal(draft_open(&draft, scratch_path(state, "a"), 0640, NULL), INGOT_OK);
        assert_int_equal(fd_write_at(draft.fd, "a", 0, "newer", 5, NULL), INGOT_OK);
        assert_int_equal(fd_read_file(scratch_path(state, "a"), 9, &bytes, &size_bytes, NULL), INGOT_OK);
        assert_string_equal(bytes, "old");
        free(bytes);
        assert_int_equal(draft_publish(&draft, NULL), INGOT_OK);
        assert_int_equal(draft.fd, FD_NONE);
        assert_int_equal(fd_read_file(scratch_path(state, "a"), 9, &bytes, &size_bytes, NULL), INGOT_OK);
        assert_string_equal(bytes, "newer");
        free(bytes);
        assert_int_equal(stat(scratch_path(state, "a"), &status), 0);
        assert_int_equal(status.st_mode & 0777 & ~0640u, 0);
        assert_int_equal(count_names(*state), 1);
}

static void dropped_draft_leaves_nothing(void **state)
{
        struct draft draft = DRAFT_NONE;

        assert_int_equal(draft_open(&draft, scratch_path(state, "a"), 0640, NULL), INGOT_OK);
        draft_drop(&draft);
        draft_drop(&draft);
        assert_int_equal(access(scratch_path(state, "a"), F_OK), -1);
        assert_int_equal(rmdir(*state), 0);
        assert_int_equal(mkdir(*state, 0700), 0);
}

static void draft_in_no_folder_names_it(void **state)
{
        struct draft draft = DRAFT_NONE;
        struct ingot_error err;

        assert_int_equal(draft_open(&draft, scratch_path(state, "no/a"), 0640, &err), INGOT_E_SYSTEM);
        assert_int_equal(err.sys_errno, ENOENT);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "/no'"));
}

static void folders_are_made_with_their_parents(void **state)
{
        assert_int_equal(fd_make_folders(scratch_path(state, "x/y/z"), NULL), INGOT_OK);
        assert_int_equal(fd_make_folders(scratch_path(state, "x/y/z/"), NULL), INGOT_OK);
        assert_int_equal(access(scratch_path(state, "x/y/z"), F_OK), 0);
        assert_int_equal(fd_replace_file(scratch_path(state, "f"), "", 0, 0600, NULL), INGOT_OK);
        assert_int_equal(fd_make_folders(scratch_path(state, "f"), NULL), INGOT_E_SYSTEM);
        assert_int_equal(fd_make_folders(scratch_path(state, "f/g"), NULL), INGOT_E_SYSTEM);
}

static void spool_has_no_name(void **state)
{
        OWNED(fd_drop) int fd = FD_NONE;
        char room[4];

        assert_int_equal(fd_open_spool(*state, &fd, NULL), INGOT_OK);
        assert_int_equal(fd_write_at(fd, "spool", 100, "data", 4, NULL), INGOT_OK);
        assert_int_equal(fd_read_at(fd, "spool", 100, room, 4, NULL), INGOT_OK);
        assert_memory_equal(room, "data", 4);
        assert_int_equal(rmdir(*state), 0);
        assert_int_equal(mkdir(*state, 0700), 0);
}

static void only_files_and_disks_have_a_size(void **state)
{
        OWNED(fd_drop) int fd = FD_NONE;
        uint64_t size_bytes = 0;

        assert_int_equal(fd_open_read(*state, &fd, NULL), INGOT_OK);
        assert_int_equal(fd_size(fd, "folder", &size_bytes, NULL), INGOT_E_USAGE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(written_file_is_read_back, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(short_file_is_a_format_error, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(draft_has_no_name_until_published, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(dropped_draft_leaves_nothing, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(draft_in_no_folder_names_it, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(folders_are_made_with_their_parents, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(spool_has_no_name, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(only_files_and_disks_have_a_size, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
