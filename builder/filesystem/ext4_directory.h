/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_DIRECTORY_H
#define FILESYSTEM_EXT4_DIRECTORY_H

/* builder/filesystem/ext4_directory.h
 * ext4_directory: the blocks of one directory, of any size, as the kernel would have it.
 *
 *   one block:  "." ".." and the entries, in the order given
 *   more:       root of the index | index nodes, when there are over 507 leaves | leaves in hash order
 *
 * Unit     block = 4096 bytes
 * Rules    (1) The hash is half-MD4 over signed characters with the file system's seed, on every machine.
 *          (2) Leaves are filled to four fifths, as e2fsck -D does, so that the first names added to an
 *              image do not split them all.
 *          (3) A leaf that starts with the hash that the one before it ends with has its index entry's
 *              lowest bit set: a search then goes on into it.
 *          (4) Time is that of sorting the names.
 * Source   Linux fs/ext4/namei.c; Documentation/filesystems/ext4/directory.rst
 * Tests    tests/unit/filesystem/test_ext4_directory.c
 */
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"

enum { EXT4_DIRECTORY_INDEX_LEAVES_MAX = 507 * 510 };

struct ext4_child {
        const char *name; /* borrowed; not terminated by its name_bytes */
        uint32_t inode_number, hash, minor_hash;
        uint8_t name_bytes, file_type; /* EXT2_FT_* */
};

struct ext4_directory {
        struct ext4_child *children; /* borrowed; in the order of the blocks once planned */
        size_t child_count;
        uint32_t block_count;
        uint32_t leaf_count, node_count; /* 0 and 0 when not indexed */
        uint32_t *
                leaf_starts; /* of leaf_count + 1 leaves, an index into children; owned; NULL if not indexed */
};

void ext4_directory_release(struct ext4_directory *directory); /* also for OWNED */

/*
 * Decides how many blocks the directory takes and what goes where.
 *
 * children     borrowed until the release; sorted by hash here when there must be an index
 * blocks_min   a directory without an index is filled up with empty blocks to that many: lost+found
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_LAYOUT  more names than an index of two levels can hold
 */
enum ingot_code ext4_directory_plan(struct ext4_child *children, size_t child_count,
                                    const struct guid *hash_seed, uint32_t blocks_min,
                                    struct ext4_directory *ret_directory,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Fills one of the directory's blocks; checksum_seed is the inode's (ext4_checksum_seed()). */
void ext4_directory_fill(const struct ext4_directory *directory, uint32_t index, uint32_t self_inode,
                         uint32_t parent_inode, uint32_t checksum_seed, uint8_t bytes[4096]);

#endif
