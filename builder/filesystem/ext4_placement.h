/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_PLACEMENT_H
#define FILESYSTEM_EXT4_PLACEMENT_H

/* builder/filesystem/ext4_placement.h
 * ext4_placement: which blocks everything of an ext4 file system gets, so that the next build changes little.
 *
 *   superblock, descriptors | bitmaps, inode tables | resize inode, journal | area | files
 *
 * Unit     block = 4096 bytes; chunk = 128 blocks = 512 KiB of the disk: what a snapshot is sent in.
 * Rules    (1) The area holds directories, long symlinks, xattr blocks and extent trees, and room for a quarter
 *              more, so that what a change of names costs is a chunk or two.  Where either is full, the other
 *              is used.
 *          (2) Files of one package stand together (tree_inode's package); files of none, with those of their
 *              directory.  Each such unit goes where it touches the fewest chunks: a small one into one.
 *              Without a lock each has free blocks left after it to grow into: a twelfth of its own, or less where
 *              all of that would be more than half of what is free.
 *          (3) With a lock, what is still there keeps its blocks, also when its bytes changed: the old place is
 *              sent anyway, with zeros if with nothing else.  A file that grew keeps what it has and gets the
 *              rest elsewhere; one in four pieces already, that grows again, is placed anew as a whole.  A
 *              file that shrank loses its end.
 *          (4) What is new first fills free blocks of chunks that change anyway, the largest first, tightest
 *              place first; the rest, all of it or else unit by unit, goes where it touches the fewest other chunks.
 *          (5) What seems not to have changed (kind, size and time are the lock's) decides only which chunks
 *              count as dirty, never what is written.
 *          (6) Rules 2 and 4 look at no more than PLACEMENT_EFFORT_MAX free ranges in all; then, and where
 *              space is too short for rule 2, blocks are given in ascending order.
 *          (7) Resize inode and journal get the lowest free blocks of the geometry, whatever the lock says.
 *          (8) The same inventory, geometry and lock give the same placement.
 * Tests    tests/unit/filesystem/test_ext4_placement.c, test_ext4_lock.c
 */
#include "filesystem/ext4_extent_tree.h"
#include "filesystem/ext4_inventory.h"

/* Where one inode's blocks are. */
struct ext4_site {
        size_t data_first, data_count; /* in the placement's data */
        size_t node_first, node_count;
        uint32_t xattr_block; /* 0: none */
};

struct ext4_placement {
        struct ext4_geometry geometry;
        struct ext4_tables *tables; /* of each group; owned */
        uint32_t resize_block;
        struct ext4_pieces journal;
        struct ext4_range *journal_nodes; /* owned; of one block each, as all nodes */
        size_t journal_node_count;
        struct ext4_site *sites; /* as the inventory's order, and one for a lost+found that is made; owned */
        size_t site_count;
        struct ext4_range *data, *nodes; /* owned */
        size_t data_count, node_count;
        struct ext4_range area; /* rule 1 */
};

/*
 * Places.
 *
 * lock         NULL for none; what the inventory was made with
 * is_dense     without rule 2: what fits by ext4_inventory_bound() is certain to fit
 * ret_placement owned by the caller: ext4_placement_free()
 * Fails with   INGOT_E_LAYOUT  it does not fit
 *              INGOT_E_FORMAT  the lock gives blocks twice, or the file system's own
 *              INGOT_E_MEMORY
 */
enum ingot_code ext4_placement_new(const struct ext4_inventory *inventory,
                                   const struct ext4_geometry *geometry, const struct lock_partition *lock,
                                   bool is_dense, struct ext4_placement **ret_placement,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_placement_free(struct ext4_placement *placement);
void ext4_placement_drop(struct ext4_placement **placement); /* for OWNED */

#endif
