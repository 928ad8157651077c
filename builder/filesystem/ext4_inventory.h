/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_INVENTORY_H
#define FILESYSTEM_EXT4_INVENTORY_H

/* builder/filesystem/ext4_inventory.h
 * ext4_inventory: which inode of a tree gets which number, and how many blocks all of it takes.
 *
 * Rules    (1) The order is ext4_writer's rule 8, and numbers follow it, but that before directories one in 32 is
 *              left for what is added later; the root is 2, lost+found 11.  With a
 *              lock, what has a number there keeps it; what is new gets ones that became free among inodes
 *              that change anyway, then ones after the last, then any.
 *          (2) The number is kept in the tree inode's mark until the release clears it.
 *          (3) lost+found is made, with 16 KiB, unless the tree has something of that name.
 *          (4) content_blocks is exact where no piece of a file is interrupted by the file system's own
 *              tables; each interruption costs at most four more (ext4_inventory_bound()).
 * Tests    tests/unit/filesystem/test_ext4_writer.c
 */
#include <stdbool.h>

#include "base/guid.h"
#include "filesystem/ext4_directory.h"
#include "filesystem/ext4_geometry.h"
#include "model/layout_lock.h"
#include "model/tree.h"

enum {
        EXT4_ROOT_INODE = 2,
        EXT4_LOST_INODE = 11,
        EXT4_LOST_BLOCKS = 4,
        EXT4_FAST_LINK_BYTES = 59, /* a symlink's target this short is kept in the inode */
};

/* How many blocks an inode needs, but for its extent tree. */
struct ext4_need {
        uint32_t data_blocks;
        bool is_metadata; /* they are no file's */
        bool has_xattr_block;
};

struct ext4_inventory {
        const struct tree *tree;         /* borrowed */
        const struct tree_entry **order; /* one entry for each inode, in the order of the blocks; owned */
        uint32_t *units; /* which of them belong together: of one package or directory; owned */
        const struct lock_inode **locked; /* what the lock has of each, or NULL; owned */
        const struct lock_inode *locked_lost;
        struct ext4_need
                *needs; /* one more than count: the last is that of a lost+found that is made; owned */
        size_t count;
        uint32_t last_inode;  /* the highest number given */
        uint32_t used_inodes; /* those the file system keeps for itself, too */
        bool makes_lost;      /* rule 3 */
        uint64_t content_blocks;
        struct ext4_child *children; /* of the directory last listed; owned */
        size_t child_capacity;
};

/*
 * Numbers the tree's inodes and counts blocks.
 *
 * tree         borrowed; outlives the inventory
 * lock         NULL for none; borrowed; outlives the inventory
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_LAYOUT  a directory or the number of inodes is beyond ext4
 *              INGOT_E_BUG     the runs of a file break the tree's rule 4
 */
enum ingot_code ext4_inventory_new(const struct tree *tree, const struct guid *hash_seed,
                                   const struct lock_partition *lock, struct ext4_inventory **ret_inventory,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_inventory_free(struct ext4_inventory *inventory);
void ext4_inventory_drop(struct ext4_inventory **inventory); /* for OWNED */

/*
 * Lists and plans a directory; the children it points to are overwritten by the next call.
 *
 * ret_directory  ext4_directory_release()
 * Fails with     INGOT_E_MEMORY, INGOT_E_LAYOUT
 */
enum ingot_code ext4_inventory_plan_directory(struct ext4_inventory *inventory,
                                              const struct tree_entry *entry, const struct guid *hash_seed,
                                              struct ext4_directory *ret_directory,
                                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Blocks that the tree takes at most in a file system of that geometry, its own tables included. */
uint64_t ext4_inventory_bound(const struct ext4_inventory *inventory, const struct ext4_geometry *geometry);

#endif
