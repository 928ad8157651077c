/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "region/block_store.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static const char id[] = "snap-1";

static struct block_store *open_store(void **state)
{
        struct block_store *store;

        assert_int_equal(block_store_new(scratch_path(state, "blocks"), &clock_of_system, &store, NULL),
                         INGOT_OK);
        return store;
}

static enum ingot_code put(struct block_store *store, const char *of, uint32_t index, uint8_t fill)
{
        static uint8_t block[BLOCK_BYTES];
        struct digest digest;
        enum ingot_code r;

        memset(block, fill, sizeof(block));
        assert_int_equal(digest_of(block, sizeof(block), &digest, NULL), INGOT_OK);
        assert_int_equal(block_store_lock(store, of, NULL), INGOT_OK);
        r = block_store_put(store, index, block, &digest, NULL);
        block_store_unlock(store);
        return r;
}

static uint64_t count_blocks(struct block_store *store, const char *of)
{
        struct digest linear;
        uint64_t count;

        assert_int_equal(block_store_lock(store, of, NULL), INGOT_OK);
        assert_int_equal(block_store_sum(store, &count, &linear, NULL), INGOT_OK);
        block_store_unlock(store);
        return count;
}

static uint64_t seal(struct block_store *store, const char *of, const char *parent)
{
        uint64_t shown;

        assert_int_equal(block_store_lock(store, of, NULL), INGOT_OK);
        assert_int_equal(block_store_seal(store, parent, &shown, NULL), INGOT_OK);
        block_store_unlock(store);
        assert_int_equal(block_store_flush(store, of, NULL), INGOT_OK);
        return shown;
}

static void cut(void **state, const char *name, long by)
{
        struct stat status;

        assert_int_equal(stat(scratch_path(state, name), &status), 0);
        assert_int_equal(truncate(scratch_path(state, name), status.st_size + by), 0);
}

static void block_reads_back_as_written(void **state)
{
        static uint8_t block[BLOCK_BYTES];
        struct block_store *store = open_store(state);
        struct block_list list = BLOCK_LIST_NONE;
        struct block_record record;
        bool end;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, 3, 0xA5), INGOT_OK);
        assert_int_equal(seal(store, id, NULL), 1);
        assert_int_equal(block_list_open(&list, store, id, NULL), INGOT_OK);
        assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
        assert_false(end);
        assert_int_equal(record.block_index, 3);
        assert_int_equal(block_store_read(store, id, 3, &record.digest, block, NULL), INGOT_OK);
        assert_int_equal(block[0], 0xA5);
        assert_int_equal(block[BLOCK_BYTES - 1], 0xA5);
        assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
        assert_true(end);
        block_list_release(&list);
        block_store_free(store);
}

static void block_of_zeros_takes_no_space(void **state)
{
        static uint8_t block[BLOCK_BYTES];
        struct block_store *store = open_store(state);
        struct digest zeros;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, 9, 0), INGOT_OK);
        assert_int_equal(count_blocks(store, id), 1);
        assert_int_not_equal(access(scratch_path(state, "blocks/snap-1/data.0"), F_OK), 0);
        assert_int_equal(digest_of(block, sizeof(block), &zeros, NULL), INGOT_OK);
        memset(block, 1, sizeof(block));
        assert_int_equal(block_store_read(store, id, 9, &zeros, block, NULL), INGOT_OK);
        assert_int_equal(block[1000], 0);
        block_store_free(store);
}

static void last_block_of_the_largest_volume_has_a_place(void **state)
{
        static uint8_t block[BLOCK_BYTES];
        const uint32_t last = 65536u * BLOCKS_PER_GIB - 1;
        struct block_store *store = open_store(state);
        struct digest digest;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, last, 0x5A), INGOT_OK);
        memset(block, 0x5A, sizeof(block));
        assert_int_equal(digest_of(block, sizeof(block), &digest, NULL), INGOT_OK);
        assert_int_equal(block_store_read(store, id, last, &digest, block, NULL), INGOT_OK);
        assert_int_equal(put(store, id, last + 1, 1), INGOT_E_USAGE);
        block_store_free(store);
}

static void acknowledged_puts_outlive_the_store_that_took_them(void **state)
{
        struct block_store *store = open_store(state);

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, 1, 1), INGOT_OK);
        assert_int_equal(put(store, id, 2, 2), INGOT_OK);
        block_store_free(store);
        store = open_store(state);
        assert_int_equal(count_blocks(store, id), 2);
        block_store_free(store);
}

/* Rule 2: what a death in the middle of an append leaves behind. */
static void record_cut_short_is_not_seen_and_goes(void **state)
{
        for (long rest = 1; rest < BLOCK_RECORD_BYTES; rest += 13) {
                struct block_store *store = open_store(state);

                assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
                assert_int_equal(put(store, id, 1, 1), INGOT_OK);
                assert_int_equal(put(store, id, 2, 2), INGOT_OK);
                cut(state, "blocks/snap-1/journal", -rest);
                block_store_free(store);
                store = open_store(state);
                assert_int_equal(count_blocks(store, id), 1);
                assert_int_equal(put(store, id, 5, 5), INGOT_OK);
                assert_int_equal(put(store, id, 6, 6), INGOT_OK);
                block_store_free(store);
                store = open_store(state);
                assert_int_equal(count_blocks(store, id), 3);
                block_store_remove(store, id);
                block_store_free(store);
        }
}

/* Rule 1: killed between withdrawing a block and its new record. */
static void block_that_was_being_replaced_counts_as_not_written(void **state)
{
        struct block_store *store = open_store(state);

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, 1, 1), INGOT_OK);
        assert_int_equal(put(store, id, 1, 2), INGOT_OK);
        cut(state, "blocks/snap-1/journal", -BLOCK_RECORD_BYTES);
        block_store_free(store);
        store = open_store(state);
        assert_int_equal(count_blocks(store, id), 0);
        block_store_free(store);
}

static void two_stores_put_to_one_snapshot(void **state)
{
        struct block_store *a = open_store(state), *b = open_store(state);

        assert_int_equal(block_store_create(a, id, NULL), INGOT_OK);
        for (uint32_t i = 0; i < 6; i++)
                assert_int_equal(put(i % 2 ? a : b, id, i / 2, (uint8_t)(i + 1)), INGOT_OK);
        assert_int_equal(count_blocks(a, id), 3);
        assert_int_equal(count_blocks(b, id), 3);
        block_store_free(a);
        block_store_free(b);
}

static void child_shows_its_parents_blocks_under_its_own(void **state)
{
        struct block_store *store = open_store(state);
        struct block_list list = BLOCK_LIST_NONE;
        const struct {
                uint32_t index, generation;
        } wanted[] = { { 1, 2 }, { 2, 0 }, { 3, 1 }, { 7, 2 }, { 9, 0 } };
        bool end = false;

        for (unsigned i = 0; i < 3; i++) {
                const char *names[] = { "snap-a", "snap-b", "snap-c" };
                const uint32_t indices[3][4] = { { 1, 2, 3, 7 }, { 2, 3 }, { 2, 9 } };

                assert_int_equal(block_store_create(store, names[i], NULL), INGOT_OK);
                for (unsigned j = 0; j < 4 && indices[i][j]; j++)
                        assert_int_equal(put(store, names[i], indices[i][j], (uint8_t)(10 * i + j + 1)),
                                         INGOT_OK);
                assert_int_equal(seal(store, names[i], i ? names[i - 1] : NULL), i < 2 ? 4 : 5);
        }
        assert_int_equal(block_list_open(&list, store, "snap-c", NULL), INGOT_OK);
        for (size_t i = 0; i < 5; i++) {
                struct block_record record;

                assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
                assert_false(end);
                assert_int_equal(record.block_index, wanted[i].index);
                assert_int_equal(record.generation, wanted[i].generation);
        }
        block_list_release(&list);
        block_store_free(store);
}

static void list_is_sought_by_index(void **state)
{
        struct block_store *store = open_store(state);
        struct block_list list = BLOCK_LIST_NONE;
        struct block_record record;
        bool end;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        for (uint32_t i = 0; i < 700; i++)
                assert_int_equal(put(store, id, 2 * i, 0), INGOT_OK);
        assert_int_equal(seal(store, id, NULL), 700);
        assert_int_equal(block_list_open(&list, store, id, NULL), INGOT_OK);
        for (uint32_t i = 0; i < 1399; i += 99) {
                assert_int_equal(block_list_seek(&list, i, NULL), INGOT_OK);
                assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
                assert_int_equal(record.block_index, (i + 1) / 2 * 2);
        }
        assert_int_equal(block_list_seek(&list, 1399, NULL), INGOT_OK);
        assert_int_equal(block_list_next(&list, &record, &end, NULL), INGOT_OK);
        assert_true(end);
        block_list_release(&list);
        block_store_free(store);
}

static void damaged_block_is_noticed(void **state)
{
        static uint8_t block[BLOCK_BYTES];
        struct block_store *store = open_store(state);
        struct digest digest;
        int fd;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(put(store, id, 0, 7), INGOT_OK);
        memset(block, 7, sizeof(block));
        assert_int_equal(digest_of(block, sizeof(block), &digest, NULL), INGOT_OK);
        fd = open(scratch_path(state, "blocks/snap-1/data.0"), O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(fd, "x", 1, 4711), 1);
        (void)close(fd);
        assert_int_equal(block_store_read(store, id, 0, &digest, block, NULL), INGOT_E_CHECKSUM);
        assert_int_equal(truncate(scratch_path(state, "blocks/snap-1/data.0"), 1000), 0);
        assert_int_equal(block_store_read(store, id, 0, &digest, block, NULL), INGOT_E_CHECKSUM);
        assert_int_equal(block_store_read(store, "snap-none", 0, &digest, block, NULL), INGOT_E_CHECKSUM);
        block_store_free(store);
}

static void damaged_list_is_noticed(void **state)
{
        struct block_store *store = open_store(state);
        struct block_list list = BLOCK_LIST_NONE;

        assert_int_equal(block_store_create(store, id, NULL), INGOT_OK);
        assert_int_equal(block_list_open(&list, store, id, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(put(store, id, 0, 7), INGOT_OK);
        assert_int_equal(seal(store, id, NULL), 1);
        cut(state, "blocks/snap-1/blocks", -1);
        assert_int_equal(block_list_open(&list, store, id, NULL), INGOT_E_FORMAT);
        block_store_free(store);
}

static void unknown_snapshot_is_not_found(void **state)
{
        struct block_store *store = open_store(state);
        int64_t seconds;

        assert_int_equal(block_store_lock(store, "snap-none", NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(block_store_last_activity(store, "snap-none", &seconds, NULL), INGOT_E_NOT_FOUND);
        block_store_unlock(store);
        block_store_free(store);
}

/* More snapshots at once than are kept open. */
static void many_snapshots_are_put_to_in_turn(void **state)
{
        struct block_store *store = open_store(state);
        char name[16];

        for (unsigned i = 0; i < 40; i++) {
                (void)snprintf(name, sizeof(name), "snap-%u", i);
                assert_int_equal(block_store_create(store, name, NULL), INGOT_OK);
        }
        for (uint32_t round = 0; round < 2; round++) {
                for (unsigned i = 0; i < 40; i++) {
                        (void)snprintf(name, sizeof(name), "snap-%u", i);
                        assert_int_equal(put(store, name, round, 0), INGOT_OK);
                        assert_int_equal(count_blocks(store, name), round + 1);
                }
        }
        block_store_free(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(block_reads_back_as_written),
                TEST(block_of_zeros_takes_no_space),
                TEST(last_block_of_the_largest_volume_has_a_place),
                TEST(acknowledged_puts_outlive_the_store_that_took_them),
                TEST(record_cut_short_is_not_seen_and_goes),
                TEST(block_that_was_being_replaced_counts_as_not_written),
                TEST(two_stores_put_to_one_snapshot),
                TEST(child_shows_its_parents_blocks_under_its_own),
                TEST(list_is_sought_by_index),
                TEST(damaged_block_is_noticed),
                TEST(damaged_list_is_noticed),
                TEST(unknown_snapshot_is_not_found),
                TEST(many_snapshots_are_put_to_in_turn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
