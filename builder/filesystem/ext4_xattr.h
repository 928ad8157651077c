/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_XATTR_H
#define FILESYSTEM_EXT4_XATTR_H

/* builder/filesystem/ext4_xattr.h
 * ext4_xattr: extended attributes as ext4 keeps them: in the inode first, then in one block.
 *
 * Unit     block = 4096 bytes; 96 bytes of a 256-byte inode are left for xattrs.
 * Rules    (1) Entries stand in the kernel's order: by name index, length of the name, name.
 *          (2) POSIX ACLs are Linux xattr values (version 2) outside and ext4's shorter form inside.
 *          (3) Namespaces are user., trusted., security. and the two ACLs of system.; nothing else.
 *          (4) Decoding is of hostile bytes: every offset is checked.
 * Source   Linux fs/ext4/xattr.c, acl.c; e2fsprogs 1.47 lib/ext2fs/ext_attr.c (hash of block entries).
 * Tests    tests/unit/filesystem/test_ext4_xattr.c
 */
#include <stdbool.h>

#include "model/tree.h"

enum { EXT4_XATTR_INODE_BYTES = 96 };

/* What does not fit the inode goes to the block; the block's checksum is left to who knows its number. */
struct ext4_xattr_image {
        uint8_t inode_bytes[EXT4_XATTR_INODE_BYTES]; /* all zero when nothing is kept there */
        uint8_t *block_bytes;                        /* 4096, owned (free); NULL when none is needed */
};

/*
 * Encodes the xattrs of one inode.
 *
 * ret_image    block_bytes is owned by the caller
 * Fails with   INGOT_E_LAYOUT  they need more than the inode and one block, or a namespace is unknown
 *              INGOT_E_FORMAT  an ACL is none
 *              INGOT_E_MEMORY
 */
enum ingot_code ext4_xattr_encode(const struct tree_xattr *xattrs, size_t count,
                                  struct ext4_xattr_image *ret_image,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether encoding will need a block; false also when it will fail. */
bool ext4_xattr_needs_block(const struct tree_xattr *xattrs, size_t count);

/* Xattrs that were decoded. */
struct ext4_xattr_list {
        struct tree_xattr *xattrs; /* names and values are owned */
        size_t count, capacity;
};

void ext4_xattr_list_release(struct ext4_xattr_list *list); /* also for OWNED */

/*
 * Adds the xattrs of an inode's spare bytes, or of a block, to list; values kept in inodes of their own and
 * namespaces we do not know are left out.
 *
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code ext4_xattr_decode_inode(const uint8_t *bytes, size_t size_bytes, struct ext4_xattr_list *list,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ext4_xattr_decode_block(const uint8_t *bytes, size_t size_bytes, struct ext4_xattr_list *list,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Sorts by name, bytewise: a tree's order. */
void ext4_xattr_list_sort(struct ext4_xattr_list *list);

#endif
