/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_NUMBERS_H
#define FILESYSTEM_EXT4_NUMBERS_H

/* builder/filesystem/ext4_numbers.h
 * ext4_numbers: the inventory's first half: in which order inodes come, and their numbers.
 *
 * Rules    ext4_inventory.h, 1 and 2.
 * Tests    tests/unit/filesystem/test_ext4_writer.c, test_ext4_lock.c
 */
#include "filesystem/ext4_inventory.h"

/*
 * Lists the tree's inodes: order, units, count, makes_lost.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_LAYOUT  too many for ext4
 */
enum ingot_code ext4_inventory_order(struct ext4_inventory *inventory,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Gives them numbers, in their marks: locked, last_inode, used_inodes.
 *
 * lock         NULL for none
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_inventory_number(struct ext4_inventory *inventory, const struct lock_partition *lock,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

void ext4_inventory_clear_marks(const struct tree *tree);

/* Whether the lock tells of the same content, as far as it can. */
bool ext4_inventory_looks_same(const struct tree_inode *inode, const struct lock_inode *locked);

#endif
