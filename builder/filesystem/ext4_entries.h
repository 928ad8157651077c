/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_ENTRIES_H
#define FILESYSTEM_EXT4_ENTRIES_H

/* builder/filesystem/ext4_entries.h
 * ext4_entries: what an ext4 file system says of each entry of a tree: its inode, directory blocks, xattrs, extents.
 *
 * Rules    (1) Everything comes to where the placement has it; a place that is missing is a bug.
 *          (2) No file data is read: extents tell where it lies.
 * Tests    tests/unit/filesystem/test_ext4_writer.c, test_ext4_directory.c
 */
#include "filesystem/ext4_given.h"
#include "filesystem/ext4_inventory.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_volume.h"
#include "model/extent.h"

struct ext4_entries {
        const struct guid *hash_seed;           /* borrowed, as all of these */
        struct ext4_inventory *inventory;       /* its list of children is used */
        const struct ext4_placement *placement; /* of the inventory */
        struct ext4_volume *volume;             /* inodes and blocks are written to it */
        struct extent_list *extents;            /* data of files is added */
        const struct ext4_site *site;           /* of the entry being written, as the next two */
        struct ext4_given given;                /* blocks of its data that are not used yet */
        struct ext4_pieces pieces;              /* owned */
        uint64_t content_blocks;                /* of data and directories, written so far */
};

void ext4_entries_release(struct ext4_entries *entries); /* also for OWNED */

/*
 * Writes all entries of the inventory, and a lost+found that the tree has not.
 *
 * Fails with   INGOT_E_LAYOUT  something that ext4 cannot hold, with its path: xattrs beyond a block, a target
 *                              of a symlink beyond 4095 bytes, a device number, hard links
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ext4_entries_write(struct ext4_entries *entries, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
