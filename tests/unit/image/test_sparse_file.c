/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "image/sparse_file.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static uint64_t data_bytes(int fd)
{
        uint64_t sum = 0;
        off_t at = 0;

        while ((at = lseek(fd, at, SEEK_DATA)) >= 0) {
                off_t end = lseek(fd, at, SEEK_HOLE);

                sum += (uint64_t)(end - at);
                at = end;
        }
        return sum;
}

static void zeros_are_left_as_holes(void **state) /* rule 1 */
{
        enum { SIZE_BYTES = 10 * SPARSE_PIECE_BYTES };
        const char *path = scratch_path(state, "file");
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        OWNED(heap_drop) uint8_t *bytes = calloc(1, SIZE_BYTES);
        OWNED(heap_drop) uint8_t *found = malloc(SIZE_BYTES);

        bytes[0] = 1;
        bytes[5 * SPARSE_PIECE_BYTES - 1] = 2;
        bytes[SIZE_BYTES - 1] = 3;
        assert_int_equal(ftruncate(fd, SIZE_BYTES), 0);
        assert_int_equal(sparse_write_at(fd, path, 0, bytes, SIZE_BYTES, NULL), INGOT_OK);
        assert_int_equal(fd_read_at(fd, path, 0, found, SIZE_BYTES, NULL), INGOT_OK);
        assert_memory_equal(bytes, found, SIZE_BYTES);
        assert_int_equal(data_bytes(fd), 3 * SPARSE_PIECE_BYTES);
}

static void pieces_are_those_of_the_file(void **state)
{
        const char *path = scratch_path(state, "file");
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        OWNED(heap_drop) uint8_t *bytes = calloc(1, 3 * SPARSE_PIECE_BYTES);
        uint8_t found[4];

        bytes[2 * SPARSE_PIECE_BYTES] = 7;
        assert_int_equal(ftruncate(fd, 4 * SPARSE_PIECE_BYTES), 0);
        assert_int_equal(
                sparse_write_at(fd, path, SPARSE_PIECE_BYTES - 10, bytes, 3 * SPARSE_PIECE_BYTES, NULL),
                INGOT_OK);
        assert_int_equal(fd_read_at(fd, path, 3 * SPARSE_PIECE_BYTES - 10, found, 4, NULL), INGOT_OK);
        assert_int_equal(found[0], 7);
        assert_int_equal(data_bytes(fd), SPARSE_PIECE_BYTES);
}

static void a_spool_keeps_what_came(void **state)
{
        OWNED(fd_drop) int fd = FD_NONE;
        OWNED(sparse_spool_release) struct sparse_spool spool = { .fd = FD_NONE };
        uint8_t bytes[1000] = { 0 }, found[1000];
        struct stat status;

        assert_int_equal(fd_open_spool(*state, &fd, NULL), INGOT_OK);
        assert_int_equal(sparse_spool_init(&spool, fd, "x", 1 << 20, NULL), INGOT_OK);
        for (unsigned i = 0; i < 300; i++) {
                memset(bytes, i == 0 || i == 150 ? 9 : 0, sizeof(bytes));
                assert_int_equal(byte_sink_write(&spool.sink, bytes, sizeof(bytes), NULL), INGOT_OK);
        }
        assert_int_equal(sparse_spool_finish(&spool, NULL), INGOT_OK);
        assert_int_equal(fstat(fd, &status), 0);
        assert_int_equal(status.st_size, 300000);
        assert_int_equal(fd_read_at(fd, "x", 150000, found, sizeof(found), NULL), INGOT_OK);
        assert_int_equal(found[0], 9);
        assert_int_equal(found[999], 9);
        assert_int_equal(fd_read_at(fd, "x", 151000, found, sizeof(found), NULL), INGOT_OK);
        assert_int_equal(found[0], 0);
        assert_int_equal(data_bytes(fd), 2 * SPARSE_PIECE_BYTES);
}

static void a_spool_is_bounded(void **state) /* rule 2 */
{
        OWNED(fd_drop) int fd = FD_NONE;
        OWNED(sparse_spool_release) struct sparse_spool spool = { .fd = FD_NONE };
        uint8_t bytes[1000] = { 0 };

        assert_int_equal(fd_open_spool(*state, &fd, NULL), INGOT_OK);
        assert_int_equal(sparse_spool_init(&spool, fd, "x", 2500, NULL), INGOT_OK);
        assert_int_equal(byte_sink_write(&spool.sink, bytes, 1000, NULL), INGOT_OK);
        assert_int_equal(byte_sink_write(&spool.sink, bytes, 1000, NULL), INGOT_OK);
        assert_int_equal(byte_sink_write(&spool.sink, bytes, 1000, NULL), INGOT_E_USAGE);
        assert_int_equal(byte_sink_write(&spool.sink, bytes, 500, NULL), INGOT_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(zeros_are_left_as_holes, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(pieces_are_those_of_the_file, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_spool_keeps_what_came, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(a_spool_is_bounded, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
