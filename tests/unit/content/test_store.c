/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "content/store.h"

static struct content_store *new_store(void *const *state)
{
        struct content_store *store = NULL;

        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
        return store;
}

static void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void spooled_bytes_are_read_back_wherever_they_are(void **state)
{
        OWNED(store_drop) struct content_store *store = new_store(state);
        static uint8_t big[3 << 20], is[3 << 20];
        uint64_t at, first;

        for (size_t i = 0; i < sizeof(big); i++)
                big[i] = (uint8_t)(i * 31 >> 7);
        assert_int_equal(store_append(store, "hello", 5, &first, NULL), INGOT_OK);
        assert_int_equal(byte_source_read(store_spool(store), first, is, 5, NULL), INGOT_OK);
        assert_memory_equal(is, "hello", 5);
        assert_int_equal(store_append(store, big, sizeof(big), &at, NULL), INGOT_OK);
        assert_int_equal(at, 5);
        assert_int_equal(store_append(store, "end", 3, &at, NULL), INGOT_OK);
        assert_int_equal(byte_source_read(store_spool(store), 5, is, sizeof(big), NULL), INGOT_OK);
        assert_memory_equal(is, big, sizeof(big));
        assert_int_equal(byte_source_read(store_spool(store), at, is, 3, NULL), INGOT_OK);
        assert_memory_equal(is, "end", 3);
        assert_int_equal(byte_source_read(store_spool(store), at + 1, is, 3, NULL), INGOT_E_FORMAT);
        assert_int_equal(store_spool_bytes(store), sizeof(big) + 8);
}

static void files_on_demand_cost_no_descriptors(void **state) /* rule 4 */
{
        enum { COUNT = 2000 };
        OWNED(store_drop) struct content_store *store = new_store(state);
        const struct byte_source *sources[COUNT];
        char name[32], is[8];

        for (int i = 0; i < COUNT; i++) {
                int fd = FD_NONE;

                (void)snprintf(name, sizeof(name), "%06d", i);
                write_file(scratch_path(state, name), name);
                assert_int_equal(fd_open_read(scratch_path(state, name), &fd, NULL), INGOT_OK);
                assert_int_equal(store_adopt(store, scratch_path(state, name), &fd, STORE_OPEN_ON_DEMAND,
                                             &sources[i], NULL),
                                 INGOT_OK);
                fd_drop(&fd);
        }
        for (int i = COUNT - 1; i >= 0; i -= 3) {
                (void)snprintf(name, sizeof(name), "%06d", i);
                assert_int_equal(byte_source_read(sources[i], 0, is, 6, NULL), INGOT_OK);
                assert_memory_equal(is, name, 6);
        }
        assert_int_equal(store_check_unchanged(store, NULL), INGOT_OK);
}

static void a_file_that_changed_is_named(void **state) /* rule 3 */
{
        static const enum store_opening openings[] = { STORE_KEEP_OPEN, STORE_OPEN_ON_DEMAND };

        for (size_t i = 0; i < 2; i++) {
                OWNED(store_drop) struct content_store *store = new_store(state);
                const struct byte_source *source, *other;
                OWNED(fd_drop) int fd = FD_NONE;
                OWNED(fd_drop) int other_fd = FD_NONE;
                struct ingot_error err;
                const char *path = scratch_path(state, "file");
                char is[8];

                write_file(path, "before");
                write_file(scratch_path(state, "other"), "other!");
                assert_int_equal(fd_open_read(path, &fd, NULL), INGOT_OK);
                assert_int_equal(fd_open_read(scratch_path(state, "other"), &other_fd, NULL), INGOT_OK);
                assert_int_equal(store_adopt(store, path, &fd, openings[i], &source, NULL), INGOT_OK);
                assert_int_equal(store_adopt(store, scratch_path(state, "other"), &other_fd, openings[i],
                                             &other, NULL),
                                 INGOT_OK);
                assert_int_equal(byte_source_read(other, 0, is, 6, NULL), INGOT_OK);
                write_file(path, "after, and longer");
                assert_int_equal(store_check_unchanged(store, &err), INGOT_E_CHECKSUM);
                assert_non_null(strstr(ingot_error_frame(&err, 0), path));
                if (openings[i] == STORE_OPEN_ON_DEMAND)
                        assert_int_equal(byte_source_read(source, 0, is, 6, NULL), INGOT_E_CHECKSUM);
        }
}

static void only_regular_files_are_adopted(void **state)
{
        OWNED(store_drop) struct content_store *store = new_store(state);
        const struct byte_source *source;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        assert_int_equal(store_adopt(store, "/dev/null", &fd, STORE_KEEP_OPEN, &source, NULL), INGOT_E_USAGE);
        assert_int_equal(fd, FD_NONE); /* taken all the same */
}

static void no_space_for_the_spool_is_a_system_error(void **state)
{
        struct content_store *store;
        struct ingot_error err;
        uint64_t at;

        assert_int_equal(store_new(scratch_path(state, "absent"), &store, NULL), INGOT_OK);
        assert_int_equal(store_append(store, "x", 1, &at, &err), INGOT_E_SYSTEM);
        store_free(store);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(spooled_bytes_are_read_back_wherever_they_are),
                TEST(files_on_demand_cost_no_descriptors),
                TEST(a_file_that_changed_is_named),
                TEST(only_regular_files_are_adopted),
                TEST(no_space_for_the_spool_is_a_system_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
