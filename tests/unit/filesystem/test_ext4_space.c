/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "filesystem/ext4_space.h"

enum { BLOCKS = 4096 };

static void start(struct ext4_space *space, const struct ext4_range *ranges, size_t count)
{
        struct ext4_range *copy = calloc(count, sizeof(*copy));

        assert_non_null(copy);
        for (size_t i = 0; i < count; i++)
                copy[i] = ranges[i];
        assert_int_equal(ext4_space_init(space, copy, count, BLOCKS, NULL), INGOT_OK);
}

static void lowest_blocks_are_given_in_order_and_once(void **state)
{
        static const struct ext4_range ranges[] = { { 10, 15 }, { 20, 21 }, { 30, 40 } };
        OWNED(ext4_space_release) struct ext4_space space;
        struct ext4_range got;

        (void)state;
        start(&space, ranges, 3);
        assert_true(ext4_space_take_lowest(&space, 3, &got) && got.start == 10 && got.end == 13);
        assert_true(ext4_space_take_lowest(&space, 3, &got) && got.start == 13 && got.end == 15);
        assert_true(ext4_space_take_lowest(&space, 3, &got) && got.start == 20 && got.end == 21);
        assert_true(ext4_space_take_lowest(&space, 10, &got) && got.start == 30 && got.end == 40);
        assert_false(ext4_space_take_lowest(&space, 1, &got));
        assert_int_equal(ext4_space_free_blocks(&space), 0);
}

/* rule 2 */
static void best_place_makes_the_fewest_chunks_dirty(void **state)
{
        static const struct ext4_range ranges[] = {
                { 120, 150 }, { 300, 310 }, { 500, 506 }, { 1024, 2048 }
        };
        OWNED(ext4_space_release) struct ext4_space space;
        struct ext4_range got;

        (void)state;
        start(&space, ranges, 4);
        assert_true(ext4_space_find(&space, 5, 0, 1, &got) &&
                    got.start == 500); /* the tightest in one chunk */
        assert_false(ext4_space_find(&space, 5, 0, 0, &got));
        ext4_space_soil(&space, 300, 301);
        assert_true(ext4_space_find(&space, 5, 0, 0, &got) && got.start == 300);
        assert_true(ext4_space_find(&space, 5, 305, 0, &got) && got.end == 310);
        assert_true(ext4_space_find(&space, 20, 0, 1, &got) && got.start == 130);
        assert_true(ext4_space_find(&space, 256, 0, 2, &got) && got.start == 1024);
        assert_false(ext4_space_find(&space, 1025, 0, 99, &got));
        assert_true(ext4_space_find_largest(&space, 4000, &got) && got.start == 1024 && got.end == 2048);
}

static void what_is_taken_is_dirty_and_gone(void **state)
{
        static const struct ext4_range ranges[] = { { 0, 1000 } };
        OWNED(ext4_space_release) struct ext4_space space;
        OWNED(ext4_space_release) struct ext4_space part = { .ranges = NULL };

        (void)state;
        start(&space, ranges, 1);
        assert_int_equal(ext4_space_take(&space, (struct ext4_range){ 100, 200 }, NULL), INGOT_OK);
        assert_int_equal(ext4_space_take(&space, (struct ext4_range){ 199, 201 }, NULL), INGOT_E_BUG);
        assert_int_equal(ext4_space_clean_chunks(&space, 0, 300), 1);
        assert_int_equal(ext4_space_free_blocks(&space), 900);
        assert_int_equal(ext4_space_split(&space, (struct ext4_range){ 50, 250 }, &part, NULL), INGOT_OK);
        assert_int_equal(ext4_space_free_blocks(&part), 100);
        assert_int_equal(ext4_space_free_blocks(&space), 800);
        assert_int_equal(ext4_space_clean_chunks(&part, 0, 300), 1);
}

static void what_is_not_free_is_not_removed(void **state)
{
        static const struct ext4_range ranges[] = { { 10, 20 }, { 30, 40 } };
        static const struct ext4_range good[] = { { 10, 12 }, { 15, 20 }, { 39, 40 } };
        static const struct ext4_range bad[][2] = {
                { { 9, 11 }, { 30, 31 } },
                { { 19, 21 }, { 30, 31 } },
                { { 10, 15 }, { 14, 16 } },
                { { 10, 11 }, { 40, 41 } },
        };
        OWNED(ext4_space_release) struct ext4_space space;

        (void)state;
        start(&space, ranges, 2);
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(ext4_space_remove(&space, bad[i], 2, NULL), INGOT_E_FORMAT);
        assert_int_equal(ext4_space_remove(&space, good, 3, NULL), INGOT_OK);
        assert_int_equal(ext4_space_free_blocks(&space), 12);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lowest_blocks_are_given_in_order_and_once),
                cmocka_unit_test(best_place_makes_the_fewest_chunks_dirty),
                cmocka_unit_test(what_is_taken_is_dirty_and_gone),
                cmocka_unit_test(what_is_not_free_is_not_removed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
