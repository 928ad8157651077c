/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "content/run_writer.h"

enum { SIZE = 200000 };

static uint8_t content[SIZE];

static enum ingot_code read_shifted(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                    struct ingot_error *err)
{
        (void)context;
        (void)err;
        memcpy(bytes, content + (offset_bytes - 77), size_bytes); /* as if the file stood at 77 of another */
        return INGOT_OK;
}

static const struct byte_source elsewhere = { .read = read_shifted };

static unsigned next_dice(unsigned *dice)
{
        *dice = *dice * 1664525u + 1013904223u;
        return *dice >> 8;
}

/* Zeros and data in stretches of odd lengths. */
static void fill_content(unsigned *dice)
{
        for (size_t at = 0; at < SIZE;) {
                size_t stretch = next_dice(dice) % 15000 + 1, end = at + stretch < SIZE ? at + stretch : SIZE;

                memset(content + at, next_dice(dice) & 1 ? (int)(next_dice(dice) % 255 + 1) : 0, end - at);
                at = end;
        }
}

static bool stretch_is_zero(size_t from, size_t to)
{
        for (size_t i = from; i < to; i++)
                if (content[i])
                        return false;
        return true;
}

static void check_rule_4(const struct tree_inode *inode, uint64_t size)
{
        uint64_t end = 0;

        for (size_t i = 0; i < inode->run_count; i++) {
                const struct tree_run *run = &inode->runs[i];

                assert_int_equal(run->file_offset_bytes % TREE_HOLE_BYTES, 0);
                assert_true(run->file_offset_bytes >= end);
                end = run->file_offset_bytes + run->size_bytes;
                assert_true(end % TREE_HOLE_BYTES == 0 || end == size);
                for (uint64_t at = run->file_offset_bytes; at < end; at += TREE_HOLE_BYTES)
                        assert_false(
                                stretch_is_zero(at, at + TREE_HOLE_BYTES < end ? at + TREE_HOLE_BYTES : end));
        }
}

static void any_pieces_of_a_file_give_its_bytes_and_no_zero_block(void **state) /* rules 1 to 3 */
{
        static uint8_t is[SIZE];
        struct content_store *store;
        unsigned dice = 7;

        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
        for (unsigned round = 0; round < 200; round++) {
                struct tree_inode *inode = tree_inode_new(TREE_FILE);
                struct run_writer writer;
                size_t size = next_dice(&dice) % SIZE + 1;

                fill_content(&dice);
                run_writer_init(&writer, inode, store, 0);
                for (size_t at = 0; at < size;) {
                        size_t piece = next_dice(&dice) % (round % 2 ? 9000 : 40000) + 1;
                        bool in_place = next_dice(&dice) % 3 > 0;

                        piece = at + piece < size ? piece : size - at;
                        if (!stretch_is_zero(at, at + piece) || next_dice(&dice) % 2)
                                assert_int_equal(
                                        run_writer_put(&writer,
                                                       &(struct run_piece){ at, content + at, piece,
                                                                            in_place ? &elsewhere : NULL,
                                                                            in_place ? at + 77 : 0 },
                                                       NULL),
                                        INGOT_OK);
                        at += piece;
                }
                assert_int_equal(run_writer_finish(&writer, size, NULL), INGOT_OK);
                assert_int_equal(tree_inode_read(inode, 0, is, size, NULL), INGOT_OK);
                assert_memory_equal(is, content, size);
                check_rule_4(inode, size);
                tree_inode_free(inode);
        }
        store_free(store);
}

static void what_is_in_place_is_not_copied(void **state) /* rule 3 */
{
        struct content_store *store;
        struct tree_inode *inode = tree_inode_new(TREE_FILE);
        struct run_writer writer;

        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
        memset(content, 'x', sizeof(content));
        run_writer_init(&writer, inode, store, 0);
        for (size_t at = 0; at < SIZE; at += 1000)
                assert_int_equal(
                        run_writer_put(&writer,
                                       &(struct run_piece){ at, content + at, 1000, &elsewhere, at + 77 },
                                       NULL),
                        INGOT_OK);
        assert_int_equal(run_writer_finish(&writer, SIZE, NULL), INGOT_OK);
        assert_int_equal(inode->run_count, 1);
        assert_int_equal(store_spool_bytes(store), 0);
        tree_inode_free(inode);
        store_free(store);
}

static void pieces_out_of_order_are_refused(void **state) /* rule 1 */
{
        struct content_store *store;
        struct tree_inode *inode = tree_inode_new(TREE_FILE);
        struct run_writer writer;

        assert_int_equal(store_new(*state, &store, NULL), INGOT_OK);
        run_writer_init(&writer, inode, store, 0);
        assert_int_equal(run_writer_put(&writer, &(struct run_piece){ 100, content, 10, NULL, 0 }, NULL),
                         INGOT_OK);
        assert_int_equal(run_writer_put(&writer, &(struct run_piece){ 109, content, 10, NULL, 0 }, NULL),
                         INGOT_E_FORMAT);
        assert_int_equal(
                run_writer_put(&writer, &(struct run_piece){ UINT64_MAX, content, 10, NULL, 0 }, NULL),
                INGOT_E_FORMAT);
        assert_int_equal(run_writer_finish(&writer, 109, NULL), INGOT_E_FORMAT);
        tree_inode_free(inode);
        store_free(store);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(any_pieces_of_a_file_give_its_bytes_and_no_zero_block),
                TEST(what_is_in_place_is_not_copied),
                TEST(pieces_out_of_order_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
