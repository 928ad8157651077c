/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_VOLUME_H
#define FILESYSTEM_EXT4_VOLUME_H

/* builder/filesystem/ext4_volume.h
 * ext4_volume: an ext4 file system being filled, by libext2fs, in a spool.
 *
 * Rules    (1) Every field of the superblock that a version of libext2fs, its environment or the clock could
 *              choose is set here; its allocators are not used.
 *          (2) The library writes superblocks, descriptors, bitmaps and inodes, with their checksums; blocks
 *              of directories, extent trees and xattrs come with theirs.
 *          (3) Blocks are those of the placement; the copies of superblock and descriptors tell of the file system as
 *              it was when it was empty, and change only when it grows: whoever uses them counts anew, as after
 *              any use of a file system by the kernel, which does not write them either.
 *          (4) What inode tables hold before the last inode that is used, and is not one, is zeros.
 * Source   Linux Documentation/filesystems/ext4; e2fsprogs 1.47 misc/mke2fs.c, lib/ext2fs/res_gdt.c
 * Tests    tests/unit/filesystem/test_ext4_writer.c
 */
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "filesystem/ext4_channel.h"
#include "filesystem/ext4_extent_tree.h"
#include "filesystem/ext4_geometry.h"
#include "filesystem/ext4_inode.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_spool.h"
#include "filesystem/ext4_writer.h"

struct ext4_volume {
        struct ext4_geometry geometry;
        const struct ext4_placement *placement; /* borrowed */
        struct ext4_channel channel;
        struct ext4_spool *spool; /* borrowed */
        ext2_filsys fs;           /* owned */
        int64_t epoch_seconds, made_seconds;
        struct tree_time own_time;                              /* of inodes that no file has */
        uint32_t *used_blocks, *used_directories, *used_inodes; /* by group; owned */
        uint32_t *last_inodes; /* by group: how many until the last one that is used; owned */
        uint32_t free_blocks, free_inodes;
};

/*
 * Makes the file system: superblock, tables, resize inode and journal.
 *
 * placement    borrowed, outlives the volume
 * spool        empty; borrowed, outlives the volume
 * ret_volume   owned by the caller: ext4_volume_free()
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_BUG  libext2fs sees the geometry differently
 */
enum ingot_code ext4_volume_new(const struct ext4_request *request, const struct ext4_placement *placement,
                                struct ext4_spool *spool, struct ext4_volume **ret_volume,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_volume_free(struct ext4_volume *volume);
void ext4_volume_drop(struct ext4_volume **volume); /* for OWNED */

/* Fails with INGOT_E_SYSTEM, INGOT_E_MEMORY.  Of ext4_extent_tree_build()'s type: the context is the volume. */
enum ingot_code ext4_volume_write_block(void *context, uint32_t block, const uint8_t bytes[4096],
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* What checksums of an inode's directory and extent blocks start from. */
uint32_t ext4_volume_inode_seed(const struct ext4_volume *volume, uint32_t number);

/*
 * Puts pieces into the inode as an extent tree and counts all blocks in it.
 *
 * nodes        the tree's blocks, each a range of its own
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_set_pieces(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                       const struct ext4_pieces *pieces, const struct ext4_range *nodes,
                                       size_t node_count, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes an inode, with its checksum.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_write_inode(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes bitmaps, descriptors and the superblock.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_finish(struct ext4_volume *volume, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds what must read as zeros without ever being written: the rest of inode tables, the journal's body.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_volume_list_zeros(const struct ext4_volume *volume, struct extent_list *list,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

#endif
