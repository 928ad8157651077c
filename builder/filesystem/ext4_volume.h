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
 *          (3) Inodes are numbered without gaps, so the tables of later groups are never touched.
 * Source   Linux Documentation/filesystems/ext4; e2fsprogs 1.47 misc/mke2fs.c, lib/ext2fs/res_gdt.c
 * Tests    tests/unit/filesystem/test_ext4_writer.c
 */
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "filesystem/ext4_channel.h"
#include "filesystem/ext4_extent_tree.h"
#include "filesystem/ext4_geometry.h"
#include "filesystem/ext4_inode.h"
#include "filesystem/ext4_space.h"
#include "filesystem/ext4_spool.h"
#include "filesystem/ext4_writer.h"

struct ext4_volume {
        struct ext4_geometry geometry;
        struct ext4_tables *tables; /* owned */
        struct ext4_space space;
        struct ext4_channel channel;
        struct ext4_spool *spool; /* borrowed */
        ext2_filsys fs;           /* owned */
        int64_t epoch_seconds;
        uint32_t *used_blocks, *used_directories; /* by group; owned */
        uint32_t free_blocks;
        struct ext4_pieces journal;
};

/*
 * Makes the file system: superblock, tables, resize inode and journal.
 *
 * geometry     fits the request's size
 * spool        empty; borrowed, outlives the volume
 * ret_volume   owned by the caller: ext4_volume_free()
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_BUG  libext2fs sees the geometry differently
 */
enum ingot_code ext4_volume_new(const struct ext4_request *request, const struct ext4_geometry *geometry,
                                struct ext4_spool *spool, struct ext4_volume **ret_volume,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_volume_free(struct ext4_volume *volume);
void ext4_volume_drop(struct ext4_volume **volume); /* for OWNED */

/*
 * Takes at most blocks_wanted free blocks, in one run.
 *
 * Fails with   INGOT_E_BUG  nothing is left: the inventory's bound was wrong
 */
enum ingot_code ext4_volume_take(struct ext4_volume *volume, uint32_t blocks_wanted,
                                 struct ext4_range *ret_range, struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with INGOT_E_SYSTEM, INGOT_E_MEMORY.  Of ext4_extent_tree_build()'s type: the context is the volume. */
enum ingot_code ext4_volume_write_block(void *context, uint32_t block, const uint8_t bytes[4096],
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* What checksums of an inode's directory and extent blocks start from. */
uint32_t ext4_volume_inode_seed(const struct ext4_volume *volume, uint32_t number);

/*
 * Puts pieces into the inode as an extent tree and counts all blocks, extra_blocks too, in it.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_set_pieces(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                       const struct ext4_pieces *pieces,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes an inode, with its checksum.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_write_inode(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes bitmaps, descriptors and superblocks; inodes 1 to last_inode are in use.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_volume_finish(struct ext4_volume *volume, uint32_t last_inode,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds what must read as zeros without ever being written: the rest of inode tables, the journal's body.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_volume_list_zeros(const struct ext4_volume *volume, uint32_t last_inode,
                                       struct extent_list *list, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
