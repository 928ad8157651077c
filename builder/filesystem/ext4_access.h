/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_ACCESS_H
#define FILESYSTEM_EXT4_ACCESS_H

/* builder/filesystem/ext4_access.h
 * ext4_access: one inode of an opened ext4 file system: what it is, its link, its xattrs, its names.
 *
 * Rules    (1) Every inode that the library is let loose on was loaded here first: inode numbers out of
 *              range, deleted inodes and data kept inside inodes are refused.
 *          (2) Every load belongs to a public call that has refilled the channel's budget.
 * Tests    tests/unit/filesystem/test_ext4_reader.c
 */
#include "filesystem/ext4_channel.h"
#include "filesystem/ext4_reader.h"
#include "filesystem/ext4_xattr.h"

struct ext4_reader {
        const struct byte_source *source; /* borrowed */
        struct ext4_channel channel;
        ext2_filsys fs; /* owned */
        struct ext4_facts facts;
        struct ext2_inode_large *loaded; /* of the inode last loaded, all its bytes; owned */
};

/* One name of a directory. */
struct ext4_name {
        char *name; /* owned */
        size_t name_bytes;
        uint32_t inode_number;
};

struct ext4_names {
        struct ext4_name *names;
        size_t count, capacity;
};

void ext4_names_release(struct ext4_names *names); /* also for OWNED */

/* Allows for what one call may read at most: a few times the image, and its inodes one by one. */
void ext4_access_refill(struct ext4_reader *reader);

/* Explains a call of the library that ended in status: INGOT_E_FORMAT unless something else is to blame. */
enum ingot_code ext4_access_fail(struct ext4_reader *reader, errcode_t status, const char *doing,
                                 struct ingot_error *err);

/*
 * Loads an inode; its bytes stay in reader->loaded until the next load.
 *
 * Fails with   INGOT_E_FORMAT (rule 1), and whatever the source fails with
 */
enum ingot_code ext4_access_load(struct ext4_reader *reader, uint32_t number, struct ext4_node *ret_node,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads bytes of the inode last loaded, which must be number; holes are zeros.
 *
 * Fails with   INGOT_E_FORMAT, and whatever the source fails with
 */
enum ingot_code ext4_access_read(struct ext4_reader *reader, uint32_t number, uint64_t offset_bytes,
                                 void *bytes, size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads the target of the symlink last loaded.
 *
 * Fails with   INGOT_E_FORMAT  empty, over 4095 bytes, or damaged
 */
enum ingot_code ext4_access_target(struct ext4_reader *reader, const struct ext4_node *node,
                                   char ret_target[TREE_TARGET_MAX_BYTES + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds the xattrs of the inode last loaded, sorted by name.
 *
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code ext4_access_xattrs(struct ext4_reader *reader, const struct ext4_node *node,
                                   struct ext4_xattr_list *list, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lists the names in the directory last loaded but "." and "..", in bytewise order.
 *
 * names        empty; filled, also on failure
 * Fails with   INGOT_E_FORMAT  damaged, a name with '/', more than count_max names; INGOT_E_MEMORY
 */
enum ingot_code ext4_access_names(struct ext4_reader *reader, const struct ext4_node *node,
                                  uint64_t count_max, struct ext4_names *names,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* How many names the image has room for: more are read twice. */
uint64_t ext4_access_names_max(const struct ext4_reader *reader);

#endif
