/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_GIVEN_H
#define FILESYSTEM_EXT4_GIVEN_H

/* builder/filesystem/ext4_given.h
 * ext4_given: blocks that an inode was given, while they are being used in their order.
 *
 * Rules    (1) They are used once, from the first on; a run never crosses from one range to the next.
 * Tests    tests/unit/filesystem/test_ext4_given.c
 */
#include "filesystem/ext4_extent_tree.h"
#include "filesystem/ext4_geometry.h"
#include "model/tree.h"

struct ext4_given {
        const struct ext4_range *ranges; /* borrowed */
        size_t count;
        uint32_t used; /* blocks of the first range */
};

/* The next at most blocks_wanted blocks, in one run; false when there are none. */
bool ext4_given_take(struct ext4_given *given, uint32_t blocks_wanted, struct ext4_range *ret_range);

/*
 * Tells which blocks of a file, or of a directory, stand where.
 *
 * inode        NULL: a directory that no tree has
 * pieces       emptied, then filled
 * Fails with   INGOT_E_MEMORY; INGOT_E_BUG  there are too few
 */
enum ingot_code ext4_given_pieces(const struct tree_inode *inode, uint32_t data_blocks,
                                  struct ext4_given given, struct ext4_pieces *pieces,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
