/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_EXTENT_TREE_H
#define FILESYSTEM_EXT4_EXTENT_TREE_H

/* builder/filesystem/ext4_extent_tree.h
 * ext4_extent_tree: which blocks of a file stand where, as ext4 keeps it.
 *
 *   up to 4 pieces:  in the inode
 *   more:            leaves of 340 pieces, index blocks of 340 over them, until 4 are left for the inode
 *
 * Unit     block = 4096 bytes; a piece is at most 32768 blocks.
 * Rules    (1) Pieces ascend in the file.  Leaves come first, then the index blocks over them.
 * Tests    tests/unit/filesystem/test_ext4_extent_tree.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { EXT4_PIECE_BLOCKS_MAX = 32768, EXT4_EXTENT_ROOT_BYTES = 60 };

struct ext4_piece {
        uint32_t file_block, count, block;
};

struct ext4_pieces {
        struct ext4_piece *pieces;
        size_t count, capacity;
};

void ext4_pieces_release(struct ext4_pieces *pieces); /* also for OWNED */

/*
 * Adds blocks at the end; joined to the last piece where they continue it.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_pieces_add(struct ext4_pieces *pieces, uint32_t file_block, uint32_t count,
                                uint32_t block, struct ingot_error *err) INGOT_MUST_CHECK;

/* How many blocks of its own a tree of piece_count pieces takes. */
uint64_t ext4_extent_tree_blocks(uint64_t piece_count);

/*
 * Builds the tree: the root for the inode, and every other block, given to emit as it is done.
 *
 * blocks         where they go: ext4_extent_tree_blocks() of them
 * checksum_seed  the inode's
 * Fails with     what emit fails with
 */
enum ingot_code ext4_extent_tree_build(const struct ext4_pieces *pieces, const uint32_t *blocks,
                                       uint32_t checksum_seed, uint8_t root[EXT4_EXTENT_ROOT_BYTES],
                                       enum ingot_code (*emit)(void *context, uint32_t block,
                                                               const uint8_t bytes[4096],
                                                               struct ingot_error *err),
                                       void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
