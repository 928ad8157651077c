/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "filesystem/ext4_geometry.h"

static const uint64_t MIB = 1 << 20;

static struct ext4_geometry plan(uint64_t size_bytes, uint64_t inodes_needed)
{
        struct ext4_geometry geometry = { .block_count = 0 };

        assert_int_equal(
                ext4_geometry_plan(size_bytes, inodes_needed, EXT4_JOURNAL_BLOCKS_MAX, &geometry, NULL),
                INGOT_OK);
        return geometry;
}

static void backups_stand_in_powers_of_3_5_and_7(void **state)
{
        static const uint32_t expected[] = { 0, 1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343 };
        size_t next = 0;

        (void)state;
        for (uint32_t group = 0; group < 400; group++)
                if (ext4_geometry_has_backup(group))
                        assert_int_equal(group, expected[next++]);
        assert_int_equal(next, sizeof(expected) / sizeof(expected[0]));
}

/* Marks what the geometry uses and what it says is free: every block must be one of them, once. */
static void check_cover(const struct ext4_geometry *geometry)
{
        OWNED(heap_drop) uint8_t *met = calloc(geometry->block_count, 1);
        OWNED(heap_drop) struct ext4_tables *tables = NULL;
        OWNED(heap_drop) struct ext4_range *ranges = NULL;
        size_t range_count = 0;

        assert_non_null(met);
        assert_int_equal(ext4_geometry_place(geometry, &tables, &ranges, &range_count, NULL), INGOT_OK);
        assert_true(range_count <= ext4_geometry_gaps(geometry));
        for (uint32_t group = 0; group < geometry->group_count; group++) {
                for (uint32_t i = 0; i < ext4_geometry_head_blocks(geometry, group); i++)
                        met[group * EXT4_GROUP_BLOCKS + i]++;
                met[tables[group].block_bitmap]++;
                met[tables[group].inode_bitmap]++;
                for (uint32_t i = 0; i < geometry->table_blocks; i++)
                        met[tables[group].inode_table + i]++;
        }
        for (size_t i = 0; i < range_count; i++) {
                assert_true(!i || ranges[i].start > ranges[i - 1].end);
                for (uint32_t block = ranges[i].start; block < ranges[i].end; block++)
                        met[block]++;
        }
        for (uint32_t block = 0; block < geometry->block_count; block++)
                if (met[block] != 1)
                        fail_msg("block %u of %u is met %u times", block, geometry->block_count, met[block]);
}

static void every_block_is_used_or_free(void **state)
{
        static const uint64_t sizes_mib[] = { 1,    5,    100,  127,  128,  129,  260,
                                              1000, 2047, 2049, 2600, 7000, 20000 };

        (void)state;
        for (size_t i = 0; i < sizeof(sizes_mib) / sizeof(sizes_mib[0]); i++) {
                struct ext4_geometry few = plan(sizes_mib[i] * MIB, 20);

                check_cover(&few);
        }
        for (uint64_t inodes = 1000; inodes < 4000000; inodes *= 3) {
                struct ext4_geometry many = plan(20000 * MIB, inodes); /* tables as large as groups */

                assert_true(many.inode_count >= inodes + inodes / 4);
                check_cover(&many);
        }
}

static void there_is_an_inode_for_every_16_kib(void **state)
{
        (void)state;
        assert_int_equal(plan(1024 * MIB, 100).inode_count, 65536);
        assert_int_equal(plan(1024 * MIB, 100000).inode_count, 125056); /* five for four, whole blocks */
}

static void the_journal_follows_a_rule_with_an_end(void **state)
{
        static const struct {
                uint64_t size_mib;
                uint32_t journal_mib;
        } rule[] = { { 7, 0 },     { 8, 4 },     { 127, 4 },    { 128, 16 },    { 1023, 16 },
                     { 1024, 32 }, { 2048, 64 }, { 16383, 64 }, { 16384, 128 }, { 1048576, 128 } };

        (void)state;
        for (size_t i = 0; i < sizeof(rule) / sizeof(rule[0]); i++)
                assert_int_equal(plan(rule[i].size_mib * MIB, 11).journal_blocks, rule[i].journal_mib * 256);
}

static void there_is_room_to_grow(void **state)
{
        (void)state;
        for (uint64_t mib = 256; mib < (UINT64_C(1) << 24); mib *= 2) {
                struct ext4_geometry geometry = plan(mib * MIB, 11);
                uint64_t blocks =
                        (uint64_t)(geometry.descriptor_blocks + geometry.reserved_descriptor_blocks) *
                        EXT4_DESCRIPTORS_PER_BLOCK * EXT4_GROUP_BLOCKS;

                assert_true(blocks >= (UINT64_C(2) << 40) / 4096);
        }
}

static void sizes_without_sense_are_refused(void **state)
{
        struct ext4_geometry geometry;

        (void)state;
        assert_int_equal(ext4_geometry_plan(0, 11, 0, &geometry, NULL), INGOT_E_LAYOUT);
        assert_int_equal(ext4_geometry_plan(4096, 11, 0, &geometry, NULL), INGOT_E_LAYOUT);
        assert_int_equal(ext4_geometry_plan(100 * MIB, 40000, 0, &geometry, NULL), INGOT_E_LAYOUT);
        assert_int_equal(ext4_geometry_plan(UINT64_C(1) << 44, 11, 0, &geometry, NULL), INGOT_E_LAYOUT);
        assert_int_equal(ext4_geometry_plan(UINT64_MAX, UINT64_MAX, 0, &geometry, NULL), INGOT_E_LAYOUT);
        assert_int_equal(ext4_geometry_plan((UINT64_C(1) << 44) - MIB, 11, 0, &geometry, NULL), INGOT_OK);
}

/* What was there stays; what is added has its tables in its own first group. */
static void what_grows_keeps_its_tables(void **state)
{
        static const uint64_t sizes_mib[] = { 5, 70, 127, 200, 300, 900, 2047, 5000 };

        (void)state;
        for (size_t i = 0; i + 1 < sizeof(sizes_mib) / sizeof(sizes_mib[0]); i++) {
                struct ext4_geometry was = plan(sizes_mib[i] * MIB, 20), grown = { .block_count = 0 };

                for (size_t j = i; j < sizeof(sizes_mib) / sizeof(sizes_mib[0]); j++) {
                        OWNED(heap_drop) struct ext4_tables *before = NULL, *after = NULL;
                        OWNED(heap_drop) struct ext4_range *ranges = NULL, *more_ranges = NULL;
                        size_t range_count = 0;
                        enum ingot_code r = ext4_geometry_regrow(sizes_mib[j] * MIB, &was, &grown, NULL);

                        if (r) { /* copies and descriptors of a tiny one were not made for that many groups */
                                assert_true(sizes_mib[i] < 256);
                                continue;
                        }
                        check_cover(&grown);
                        assert_int_equal(ext4_geometry_place(&was, &before, &ranges, &range_count, NULL),
                                         INGOT_OK);
                        assert_int_equal(
                                ext4_geometry_place(&grown, &after, &more_ranges, &range_count, NULL),
                                INGOT_OK);
                        assert_memory_equal(before, after, was.group_count * sizeof(*before));
                        was = grown;
                }
                assert_int_equal(ext4_geometry_regrow(MIB, &was, &grown, NULL), INGOT_E_LAYOUT);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(backups_stand_in_powers_of_3_5_and_7),
                cmocka_unit_test(every_block_is_used_or_free),
                cmocka_unit_test(there_is_an_inode_for_every_16_kib),
                cmocka_unit_test(the_journal_follows_a_rule_with_an_end),
                cmocka_unit_test(there_is_room_to_grow),
                cmocka_unit_test(sizes_without_sense_are_refused),
                cmocka_unit_test(what_grows_keeps_its_tables),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
