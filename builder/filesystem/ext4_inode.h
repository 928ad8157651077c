/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_INODE_H
#define FILESYSTEM_EXT4_INODE_H

/* builder/filesystem/ext4_inode.h
 * ext4_inode: the fields of an inode of 256 bytes.
 *
 * Rules    (1) Times have 34 bits of seconds and nanoseconds: 1901-12-13 to 2446-05-10; times beyond are
 *              brought to the nearer end.
 *          (2) All four times are mtime, so that a build of another date changes no inode; the generation is 0.
 * Source   Linux Documentation/filesystems/ext4/inodes.rst
 * Tests    tests/unit/filesystem/test_ext4_writer.c, test_ext4_stress.c
 */
#include <ext2fs/ext2_fs.h>

#include "filesystem/ext4_geometry.h"
#include "model/tree.h"

/* An inode with its spare bytes, where xattrs go. */
union ext4_inode {
        struct ext2_inode_large large;
        uint8_t bytes[EXT4_INODE_BYTES];
};

/*
 * Starts an inode: kind and permissions, owner, one link, times.
 */
void ext4_inode_init(union ext4_inode *inode, uint16_t mode, uint32_t uid, uint32_t gid,
                     const struct tree_time *mtime);
void ext4_inode_set_size(union ext4_inode *inode, uint64_t size_bytes);

/* Counts blocks of 4096 bytes in an inode. */
void ext4_inode_add_blocks(union ext4_inode *inode, uint64_t blocks);

#endif
