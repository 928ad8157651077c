/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_READER_H
#define FILESYSTEM_EXT4_READER_H

/* builder/filesystem/ext4_reader.h
 * ext4_reader: look into an ext4 file system (also ext2 and ext3) that lies in a byte source.
 *
 * Rules    (1) Nothing is ever written, and a journal that needs recovery is not replayed: it is told.
 *          (2) The image is hostile: whatever its bytes are, every call ends, with memory bounded by its
 *              ceilings, in a result or an error.
 *          (3) Paths are absolute inside the image; symlinks are followed as if its root were "/".
 * Tests    tests/unit/filesystem/test_ext4_reader.c, tests/fuzz/fuzz_ext4_reader.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/guid.h"
#include "model/extent.h"
#include "model/tree.h"

struct ext4_facts {
        struct guid uuid, hash_seed;
        char label[17];
        uint32_t block_bytes;
        uint64_t block_count, free_blocks, reserved_blocks;
        uint64_t inode_count, free_inodes;
        bool needs_recovery; /* its journal holds what its blocks do not */
        bool is_clean;       /* it was unmounted, or never mounted */
        char features[1280]; /* names with one space between, as dumpe2fs prints them */
};

struct ext4_node {
        uint32_t inode_number;
        enum tree_kind kind;
        uint16_t mode; /* the low 12 bits */
        uint32_t uid, gid, link_count;
        uint64_t size_bytes;
        uint64_t allocated_bytes;
        struct tree_time atime, mtime, ctime;
        uint32_t device_major, device_minor;
};

struct ext4_reader;

/*
 * Opens the file system that starts at the source's offset 0.
 *
 * source       borrowed; outlives the reader
 * ret_reader   owned by the caller: ext4_reader_free()
 * Fails with   INGOT_E_FORMAT  no ext2, 3 or 4, damaged, with features we do not know, or larger than
 *                              size_bytes
 *              INGOT_E_MEMORY, and whatever the source fails with
 */
enum ingot_code ext4_reader_open(const struct byte_source *source, uint64_t size_bytes,
                                 struct ext4_reader **ret_reader, struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_reader_free(struct ext4_reader *reader);
void ext4_reader_drop(struct ext4_reader **reader);

const struct ext4_facts *ext4_reader_facts(const struct ext4_reader *reader);

/*
 * Adds what is in use, metadata included, to list (not settled); the source is the reader's own.
 *
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY, and whatever the source fails with
 */
enum ingot_code ext4_reader_list_used(struct ext4_reader *reader, struct extent_list *list,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds what path leads to.
 *
 * Fails with   INGOT_E_NOT_FOUND  a part is missing, or is no directory
 *              INGOT_E_FORMAT     damaged; more than 40 symlinks are met
 */
enum ingot_code ext4_reader_find(struct ext4_reader *reader, const char *path, bool follow_last,
                                 struct ext4_node *ret_node, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads size_bytes of a file; holes read as zeros.
 *
 * Fails with   INGOT_E_FORMAT  past the end, no file, or damaged; and whatever the source fails with
 */
enum ingot_code ext4_reader_read(struct ext4_reader *reader, uint32_t inode_number, uint64_t offset_bytes,
                                 void *bytes, size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a whole small file, symlinks followed.
 *
 * ret_bytes    owned by the caller (free); a NUL that ret_size_bytes does not count follows
 * Fails with   as ext4_reader_find() and ext4_reader_read(); INGOT_E_MEMORY  larger than ceiling_bytes
 */
enum ingot_code ext4_reader_read_file(struct ext4_reader *reader, const char *path, size_t ceiling_bytes,
                                      char **ret_bytes, size_t *ret_size_bytes,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
