/* SPDX-License-Identifier: Apache-2.0 */
#include "model/extent.h"
#include "support/cmocka_all.h"
#include "support/sample.h"

static struct extent data(uint64_t start_lba, uint64_t end_lba, uint64_t source_offset_bytes)
{
        return (struct extent){ .start_lba = start_lba,
                                .end_lba = end_lba,
                                .source = &sample_source,
                                .source_offset_bytes = source_offset_bytes,
                                .size_bytes = (end_lba - start_lba) * SECTOR_BYTES };
}

static void add(struct extent_list *list, struct extent extent)
{
        assert_int_equal(extent_list_add(list, &extent, NULL), INGOT_OK);
}

static void neighbours_on_disk_and_in_source_are_joined(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY;

        (void)state;
        add(&list, data(0, 8, 0));
        add(&list, data(8, 16, 8 * SECTOR_BYTES));
        assert_int_equal(list.count, 1);
        assert_int_equal(list.extents[0].size_bytes, 16 * SECTOR_BYTES);
        add(&list, data(16, 24, 0)); /* elsewhere in its source */
        assert_int_equal(list.count, 2);
        add(&list, (struct extent){ .start_lba = 24, .end_lba = 32 });
        add(&list, (struct extent){ .start_lba = 32, .end_lba = 40 });
        assert_int_equal(list.count, 3);
        assert_int_equal(extent_list_data_sectors(&list), 24);
        extent_list_release(&list);
}

static void one_that_ends_early_is_not_joined(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY;
        struct extent early = data(0, 8, 0);

        (void)state;
        early.size_bytes -= 1;
        add(&list, early);
        add(&list, data(8, 16, early.size_bytes));
        assert_int_equal(list.count, 2);
        extent_list_release(&list);
}

static void empty_or_overfull_extents_are_bugs(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY;
        struct extent bad[] = { data(8, 8, 0),
                                data(8, 16, 0),
                                { .start_lba = 0, .end_lba = 1, .size_bytes = 1 } };

        (void)state;
        bad[1].size_bytes += 1;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(extent_list_add(&list, &bad[i], NULL), INGOT_E_BUG);
        extent_list_release(&list);
}

static void settling_sorts(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY;

        (void)state;
        add(&list, data(80, 90, 0));
        add(&list, data(0, 10, 0));
        add(&list, data(10, 20, 0));
        assert_int_equal(extent_list_settle(&list, 90, NULL), INGOT_OK);
        assert_int_equal(list.extents[0].start_lba, 0);
        assert_int_equal(list.extents[2].start_lba, 80);
        extent_list_release(&list);
}

static void overlap_and_overrun_are_named(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY;
        struct ingot_error err;

        (void)state;
        add(&list, data(0, 11, 0));
        add(&list, data(10, 20, 0));
        assert_int_equal(extent_list_settle(&list, 90, &err), INGOT_E_BUG);
        assert_string_equal(ingot_error_frame(&err, 0), "extents of sectors 0 to 11 and 10 to 20 overlap");
        list.extents[0].end_lba = 10;
        assert_int_equal(extent_list_settle(&list, 19, &err), INGOT_E_BUG);
        assert_string_equal(ingot_error_frame(&err, 0),
                            "extent of sectors 10 to 20 ends past the disk's 19 sectors");
        extent_list_release(&list);
}

static void a_part_is_moved(void **state)
{
        struct extent_list list = EXTENT_LIST_EMPTY, part = EXTENT_LIST_EMPTY;

        (void)state;
        add(&part, data(0, 8, 0));
        assert_int_equal(extent_list_add_all(&list, &part, 2048, NULL), INGOT_OK);
        assert_int_equal(list.extents[0].start_lba, 2048);
        assert_int_equal(list.extents[0].end_lba, 2056);
        assert_int_equal(extent_list_add_all(&list, &part, UINT64_MAX - 4, NULL), INGOT_E_BUG);
        extent_list_release(&list);
        extent_list_release(&part);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(neighbours_on_disk_and_in_source_are_joined),
                cmocka_unit_test(one_that_ends_early_is_not_joined),
                cmocka_unit_test(empty_or_overfull_extents_are_bugs),
                cmocka_unit_test(settling_sorts),
                cmocka_unit_test(overlap_and_overrun_are_named),
                cmocka_unit_test(a_part_is_moved),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
