/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/own.h"
#include "filesystem/ext4_given.h"

enum { BLOCK = 4096 };

static const struct ext4_range ranges[] = { { 10, 12 }, { 20, 21 }, { 40, 45 } };

static struct ext4_given given_all(void)
{
        return (struct ext4_given){ .ranges = ranges, .count = 3 };
}

/* Rule 1 */
static void blocks_are_used_once_and_in_order(void **state)
{
        static const struct {
                uint32_t wanted, start, end;
        } steps[] = {
                { 1, 10, 11 }, { 9, 11, 12 }, { 1, 20, 21 }, { 2, 40, 42 }, { 2, 42, 44 }, { 2, 44, 45 }
        };
        struct ext4_given given = given_all();
        struct ext4_range range;

        (void)state;
        assert_false(ext4_given_take(&given, 0, &range));
        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
                assert_true(ext4_given_take(&given, steps[i].wanted, &range));
                assert_int_equal(range.start, steps[i].start);
                assert_int_equal(range.end, steps[i].end);
        }
        assert_false(ext4_given_take(&given, 1, &range));
}

static void holes_of_a_file_take_no_blocks(void **state)
{
        struct tree_run runs[] = { { .file_offset_bytes = 0, .size_bytes = 3 * BLOCK - 1 },
                                   { .file_offset_bytes = (uint64_t)100 * BLOCK, .size_bytes = 1 } };
        struct tree_inode file = { .kind = TREE_FILE, .runs = runs, .run_count = 2 };
        OWNED(ext4_pieces_release) struct ext4_pieces pieces = { .pieces = NULL };

        (void)state;
        assert_int_equal(ext4_given_pieces(&file, 4, given_all(), &pieces, NULL), INGOT_OK);
        assert_int_equal(pieces.count, 3);
        assert_int_equal(pieces.pieces[1].file_block, 2);
        assert_int_equal(pieces.pieces[1].block, 20);
        assert_int_equal(pieces.pieces[2].file_block, 100);
        assert_int_equal(pieces.pieces[2].block, 40);
        assert_int_equal(pieces.pieces[2].count, 1);
}

static void too_few_blocks_are_a_bug(void **state)
{
        OWNED(ext4_pieces_release) struct ext4_pieces pieces = { .pieces = NULL };

        (void)state;
        assert_int_equal(ext4_given_pieces(NULL, 8, given_all(), &pieces, NULL), INGOT_OK);
        assert_int_equal(ext4_given_pieces(NULL, 9, given_all(), &pieces, NULL), INGOT_E_BUG);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(blocks_are_used_once_and_in_order),
                cmocka_unit_test(holes_of_a_file_take_no_blocks),
                cmocka_unit_test(too_few_blocks_are_a_bug),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
