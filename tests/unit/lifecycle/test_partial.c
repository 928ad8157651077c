/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "lifecycle/partial.h"
#include "model/block_map.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static const char snapshot[] = "snap-0123456789abcdef0";

static uint8_t block_bytes[BLOCK_BYTES];

static void fill_block(uint8_t value, struct digest *ret_digest)
{
        memset(block_bytes, value, sizeof(block_bytes));
        assert_int_equal(digest_of(block_bytes, sizeof(block_bytes), ret_digest, NULL), INGOT_OK);
}

static void put(struct partial *partial, uint64_t index, uint8_t value)
{
        struct digest digest;

        fill_block(value, &digest);
        assert_int_equal(partial_put(partial, index, block_bytes, &digest, NULL), INGOT_OK);
}

static uint8_t byte_at(const char *path, uint64_t offset_bytes)
{
        OWNED(fd_drop) int fd = open(path, O_RDONLY | O_CLOEXEC);
        uint8_t byte = 0xee;

        assert_int_equal(fd_read_at(fd, path, offset_bytes, &byte, 1, NULL), INGOT_OK);
        return byte;
}

/* A run that ends without publishing, after blocks 3, 1 and 7. */
static void begin(const char *path)
{
        OWNED(partial_release) struct partial partial = PARTIAL_NONE;

        assert_int_equal(partial_open(&partial, path, snapshot, 1, NULL), INGOT_OK);
        assert_false(partial.is_resumed);
        put(&partial, 3, 33);
        put(&partial, 1, 11);
        put(&partial, 7, 77);
}

static void what_was_got_is_there_again(void **state) /* rules 1 and 4 */
{
        const char *path = scratch_path(state, "disk");
        OWNED(partial_release) struct partial partial = PARTIAL_NONE;
        struct digest digest, wanted;
        struct stat status;

        begin(path);
        assert_int_equal(stat(path, &status), -1);
        assert_int_equal(partial_open(&partial, path, snapshot, 1, NULL), INGOT_OK);
        assert_true(partial.is_resumed);
        assert_true(partial_has(&partial, 1, &digest));
        fill_block(11, &wanted);
        assert_memory_equal(&digest, &wanted, sizeof(digest));
        assert_true(partial_has(&partial, 3, &digest));
        assert_true(partial_has(&partial, 7, &digest));
        assert_false(partial_has(&partial, 0, &digest));
        assert_false(partial_has(&partial, 2, &digest));
        put(&partial, 2, 22);
        assert_int_equal(partial_publish(&partial, NULL), INGOT_OK);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, 1 << 30);
        assert_int_equal(byte_at(path, 2 * BLOCK_BYTES), 22);
        assert_int_equal(byte_at(path, 7 * BLOCK_BYTES + 5), 77);
        assert_int_equal(byte_at(path, 8 * (uint64_t)BLOCK_BYTES), 0);
        assert_int_equal(access(scratch_path(state, "disk.part"), F_OK), -1);
        assert_int_equal(access(scratch_path(state, "disk.part.journal"), F_OK), -1);
}

static void bytes_that_are_others_are_not_there(void **state) /* rules 1 and 3 */
{
        const char *path = scratch_path(state, "disk"), *part = scratch_path(state, "disk.part");
        OWNED(partial_release) struct partial partial = PARTIAL_NONE;
        OWNED(fd_drop) int fd = FD_NONE;
        struct digest digest;

        begin(path);
        fd = open(part, O_WRONLY | O_CLOEXEC);
        assert_int_equal(fd_write_at(fd, part, 3 * BLOCK_BYTES + 9, "x", 1, NULL), INGOT_OK);
        assert_int_equal(partial_open(&partial, path, snapshot, 1, NULL), INGOT_OK);
        assert_false(partial_has(&partial, 3, &digest));
        assert_true(partial_has(&partial, 1, &digest));
        put(&partial, 3, 0); /* zeros over what was there are zeros */
        assert_int_equal(byte_at(part, 3 * BLOCK_BYTES + 9), 0);
}

static void a_journal_cut_anywhere_is_used_as_far_as_it_goes(void **state)
{
        const char *path = scratch_path(state, "disk");
        struct stat status;

        begin(path);
        assert_int_equal(stat(scratch_path(state, "disk.part.journal"), &status), 0);
        for (off_t size = status.st_size; size >= 0; size -= 11) {
                OWNED(partial_release) struct partial partial = PARTIAL_NONE;
                struct digest digest;

                assert_int_equal(truncate(scratch_path(state, "disk.part.journal"), size), 0);
                assert_int_equal(partial_open(&partial, scratch_path(state, "disk"), snapshot, 1, NULL),
                                 INGOT_OK);
                if (partial_has(&partial, 7, &digest))
                        assert_true(size == status.st_size && partial_has(&partial, 3, &digest));
        }
}

static void another_snapshots_partial_is_started_anew(void **state) /* rule 2 */
{
        static const struct {
                const char *name, *id;
                uint64_t gib;
        } rows[] = { { "another id", "snap-1", 1 }, { "another size", snapshot, 2 } };

        for (size_t i = 0; i < 2; i++) {
                OWNED(partial_release) struct partial partial = PARTIAL_NONE;
                const char *path = scratch_path(state, rows[i].name);
                struct digest digest;
                struct stat status;

                begin(path);
                assert_int_equal(partial_open(&partial, path, rows[i].id, rows[i].gib, NULL), INGOT_OK);
                assert_false(partial.is_resumed);
                assert_false(partial_has(&partial, 3, &digest));
                assert_int_equal(fstat(partial.draft.fd, &status), 0);
                assert_int_equal(status.st_blocks, 0);
                partial_discard(&partial);
        }
}

static void two_at_a_time_are_one_too_many(void **state)
{
        const char *path = scratch_path(state, "disk");
        OWNED(partial_release) struct partial first = PARTIAL_NONE, second = PARTIAL_NONE;

        assert_int_equal(partial_open(&first, path, snapshot, 1, NULL), INGOT_OK);
        assert_int_equal(partial_open(&second, path, snapshot, 1, NULL), INGOT_E_CONFLICT);
        put(&first, 1, 1);
        assert_int_equal(partial_publish(&first, NULL), INGOT_OK);
        assert_int_equal(partial_open(&second, path, snapshot, 1, NULL), INGOT_OK);
        assert_false(second.is_resumed);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_was_got_is_there_again, scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(bytes_that_are_others_are_not_there, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_journal_cut_anywhere_is_used_as_far_as_it_goes,
                                                scratch_setup, scratch_teardown),
                cmocka_unit_test_setup_teardown(another_snapshots_partial_is_started_anew, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(two_at_a_time_are_one_too_many, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
