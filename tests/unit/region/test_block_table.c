/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "region/block_table.h"
#include "support/cmocka_all.h"

static void apply(struct block_table *table, uint32_t index, uint32_t generation, uint8_t fill)
{
        struct block_record record = { .block_index = index, .generation = generation };

        record.digest.bytes[0] = fill;
        assert_int_equal(block_table_apply(table, &record, NULL), INGOT_OK);
}

static void block_is_found_by_its_index(void **state)
{
        struct block_table table = { 0 };

        (void)state;
        assert_null(block_table_find(&table, 7));
        apply(&table, 7, 0, 1);
        apply(&table, UINT32_MAX, 0, 2);
        apply(&table, 7, 0, 3);
        assert_int_equal(block_table_find(&table, 7)->bytes[0], 3);
        assert_int_equal(block_table_find(&table, UINT32_MAX)->bytes[0], 2);
        assert_null(block_table_find(&table, 8));
        assert_int_equal(table.block_count, 2);
        block_table_release(&table);
}

static void withdrawn_block_counts_again_when_written_again(void **state)
{
        struct block_table table = { 0 };

        (void)state;
        apply(&table, 5, BLOCK_GENERATION_WITHDRAWN, 0);
        apply(&table, 7, 0, 1);
        apply(&table, 7, BLOCK_GENERATION_WITHDRAWN, 0);
        assert_null(block_table_find(&table, 7));
        assert_int_equal(table.block_count, 0);
        apply(&table, 7, 0, 2);
        assert_int_equal(table.block_count, 1);
        block_table_release(&table);
}

static void blocks_are_sorted_however_they_came(void **state)
{
        enum { COUNT = 5000 };
        struct block_table table = { 0 };
        struct block_record *records;
        size_t count;

        (void)state;
        assert_int_equal(block_table_sort(&table, &records, &count, NULL), INGOT_OK);
        assert_int_equal(count, 0);
        for (uint32_t i = 0; i < COUNT; i++)
                apply(&table, (uint32_t)((i * UINT64_C(2654435761)) % 1000003), 0, (uint8_t)i);
        apply(&table, 0, BLOCK_GENERATION_WITHDRAWN, 0);
        assert_int_equal(block_table_sort(&table, &records, &count, NULL), INGOT_OK);
        assert_int_equal(count, COUNT - 1);
        for (size_t i = 1; i < count; i++)
                assert_true(records[i - 1].block_index < records[i].block_index);
        free(records);
        block_table_release(&table);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(block_is_found_by_its_index),
                cmocka_unit_test(withdrawn_block_counts_again_when_written_again),
                cmocka_unit_test(blocks_are_sorted_however_they_came),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
