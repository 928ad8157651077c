/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"

#include "base/own.h"
#include "filesystem/ext4_fit.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_space.h"

static const uint64_t MIB = 1 << 20;
static const struct guid seed = { { 1, 2, 3 } };

enum { PACKAGES = 4, FILES = 25 };

/* Four packages with files of 1 to 25 blocks, one after the other by name. */
static struct tree *packages_tree(void)
{
        struct tree *tree = NULL;

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        for (unsigned i = 0; i < PACKAGES * FILES; i++) {
                struct tree_inode *inode = fixture_file(4096 * (1 + (uint64_t)i % FILES), i);
                char name[16];

                inode->package = 1 + i % PACKAGES;
                (void)snprintf(name, sizeof(name), "f%03u", i);
                (void)fixture_put(tree, NULL, name, inode);
        }
        assert_int_equal(tree_seal(tree, FIXTURE_EPOCH, NULL), INGOT_OK);
        return tree;
}

static struct ext4_inventory *inventory_of(const struct tree *tree)
{
        struct ext4_inventory *inventory = NULL;

        assert_int_equal(ext4_inventory_new(tree, &seed, NULL, &inventory, NULL), INGOT_OK);
        return inventory;
}

static struct ext4_placement *place(const struct ext4_inventory *inventory, uint64_t size_bytes,
                                    bool is_dense)
{
        struct ext4_placement *placement = NULL;
        struct ext4_geometry geometry;

        assert_int_equal(ext4_fit_geometry(inventory, size_bytes, &geometry, NULL), INGOT_OK);
        assert_int_equal(ext4_placement_new(inventory, &geometry, NULL, is_dense, &placement, NULL),
                         INGOT_OK);
        return placement;
}

static uint32_t chunks_of(uint32_t start, uint32_t end)
{
        return (end + EXT4_CHUNK_BLOCKS - 1) / EXT4_CHUNK_BLOCKS - start / EXT4_CHUNK_BLOCKS;
}

/* Rule 2: with a twelfth to grow into they touch no more chunks than they must. */
static void files_of_a_package_are_one_run(void **state)
{
        OWNED(tree_drop) struct tree *tree = packages_tree();
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = inventory_of(tree);
        OWNED(ext4_placement_drop) struct ext4_placement *placement = place(inventory, 64 * MIB, false);
        uint32_t start[PACKAGES + 1] = { 0 }, end[PACKAGES + 1] = { 0 }, blocks[PACKAGES + 1] = { 0 };

        (void)state;
        for (size_t i = 0; i < inventory->count; i++) {
                const struct tree_inode *inode = inventory->order[i]->inode;
                const struct ext4_site *site = &placement->sites[i];

                if (inode->kind != TREE_FILE)
                        continue;
                assert_int_equal(site->data_count, 1);
                for (size_t j = 0; j < site->data_count; j++) {
                        const struct ext4_range *range = &placement->data[site->data_first + j];

                        if (!end[inode->package] || range->start < start[inode->package])
                                start[inode->package] = range->start;
                        if (range->end > end[inode->package])
                                end[inode->package] = range->end;
                        blocks[inode->package] += range->end - range->start;
                }
        }
        for (unsigned package = 1; package <= PACKAGES; package++) {
                assert_int_equal(end[package] - start[package], blocks[package]);
                assert_true(chunks_of(start[package], end[package]) <=
                            chunks_of(0, blocks[package] + blocks[package] / 12 + 1));
        }
}

/* Rule 1 */
static void directories_stand_in_the_area(void **state)
{
        OWNED(tree_drop) struct tree *tree = packages_tree();
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = inventory_of(tree);
        OWNED(ext4_placement_drop) struct ext4_placement *placement = place(inventory, 64 * MIB, false);

        (void)state;
        for (size_t i = 0; i < placement->site_count; i++)
                for (size_t j = 0; j < placement->sites[i].data_count; j++) {
                        const struct ext4_range *range = &placement->data[placement->sites[i].data_first + j];

                        assert_int_equal(inventory->needs[i].is_metadata,
                                         range->start >= placement->area.start &&
                                                 range->end <= placement->area.end);
                }
}

static void what_fits_fits_densely(void **state)
{
        OWNED(tree_drop) struct tree *tree = packages_tree();
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = inventory_of(tree);
        uint64_t fit_bytes = 0;

        (void)state;
        assert_int_equal(ext4_fit_measure(inventory, &fit_bytes, NULL), INGOT_OK);
        ext4_placement_free(place(inventory, fit_bytes, true));
        for (size_t i = 0; i < 2; i++) {
                struct ext4_geometry geometry;
                enum ingot_code r = ext4_fit_geometry(inventory, fit_bytes - i * 4 * MIB, &geometry, NULL);

                assert_int_equal(r, i ? INGOT_E_LAYOUT : INGOT_OK);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(files_of_a_package_are_one_run),
                cmocka_unit_test(directories_stand_in_the_area),
                cmocka_unit_test(what_fits_fits_densely),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
