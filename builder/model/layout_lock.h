/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_LAYOUT_LOCK_H
#define MODEL_LAYOUT_LOCK_H

/* builder/model/layout_lock.h
 * layout_lock: where an earlier build put everything of one volume, so that the next one can leave it there.
 *
 *   ingot-layout-lock 1
 *   volume /dev/xvda gpt DISK-GUID
 *   partition 3 UNIQUE-GUID START-LBA END-LBA ext4 UUID HASH-SEED
 *   ext4 BLOCKS INODES-PER-GROUP JOURNAL-BLOCKS DESCRIPTOR-BLOCKS MADE AREA GROWN
 *   i KIND NUMBER MTIME.NANOSECONDS SIZE DATA NODES XATTR PATH
 *   end COUNT
 *
 * Unit     block = 4096 bytes from the start of the file system; ranges are half-open, written START+LENGTH and
 *          joined by commas; "-" where there is nothing.
 * Rules    (1) The text is the same bytes for the same lock.  Partitions stand in the order of the disk, inodes
 *              in bytewise order of their paths, each once, under the first of its names; COUNT inodes in all.
 *          (2) In a path what is not a visible ASCII character, and "%", is %XX.  KIND is f, d, l or o:
 *              file, directory, symlink, other.
 *          (3) DATA is where the blocks of data stand, in the order of the file and without its holes; NODES
 *              the blocks of its extent tree; XATTR the block of its xattrs, or 0.
 *          (4) A lock that was read is not trusted: numbers are bounded, inodes and blocks within the file
 *              system, no inode or path is there twice.  That blocks are not given twice, nor to the file
 *              system's own tables, is checked by who places by it.
 *          (5) Nothing of a lock is content: times and sizes only tell what seems to have changed.
 * Source   docs/layout-lock.md
 * Tests    tests/unit/model/test_layout_lock.c, tests/fuzz/fuzz_layout_lock.c
 */
#include <stdbool.h>

#include "base/buffer.h"
#include "model/layout.h"
#include "model/tree_inode.h"

enum {
        LAYOUT_LOCK_MAX_BYTES = 1 << 30,
        LAYOUT_LOCK_BLOCK_BYTES = 4096,
        LAYOUT_LOCK_GROWTHS_MAX = 64,
};

struct lock_range {
        uint32_t start, end;
};

struct lock_inode {
        const char *path; /* "/" for the root; borrowed from the lock's text, or from who made the lock */
        char kind;        /* rule 2 */
        uint32_t number, xattr_block;
        struct tree_time mtime;
        uint64_t size_bytes;
        size_t data_first, data_count, node_first, node_count; /* in the file system's ranges */
};

/* What is said of an ext4 file system as a whole. */
struct lock_ext4 {
        uint32_t block_count, inodes_per_group, journal_blocks;
        uint32_t descriptor_blocks; /* with those in reserve */
        int64_t made_seconds;       /* the epoch of the build that made it first */
        struct lock_range area;     /* where directories and other metadata of files is kept together */
        uint32_t growths[LAYOUT_LOCK_GROWTHS_MAX]; /* how many groups it had each time it grew */
        size_t growth_count;
};

struct lock_partition {
        uint32_t number; /* 0 without a partition table */
        struct guid unique_guid;
        uint64_t start_lba, end_lba;
        enum file_system file_system;
        struct guid uuid, hash_seed;
        uint32_t vfat_serial;
        struct lock_ext4 ext4; /* and below: of ext4 only */
        struct lock_inode *inodes;
        size_t inode_count, inode_capacity;
        struct lock_range *ranges;
        size_t range_count, range_capacity;
};

struct layout_lock {
        char *device_name;
        enum partition_table table;
        struct guid disk_guid;
        struct lock_partition *partitions;
        size_t partition_count;
        char *text; /* what paths point into; NULL in a lock that was made */
};

void layout_lock_free(struct layout_lock *lock);
void layout_lock_drop(struct layout_lock **lock); /* for OWNED */
void lock_partition_release(struct lock_partition *partition);

/*
 * Adds an inode, with room for its ranges: they are appended by lock_partition_add_range() before the next.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code lock_partition_add_inode(struct lock_partition *partition, const struct lock_inode *inode,
                                         struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code lock_partition_add_range(struct lock_partition *partition, struct lock_range range,
                                         struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Starts a lock from a layout that is placed: identifiers and partitions, without what is in them.
 *
 * ret_lock     owned by the caller: layout_lock_free()
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code layout_lock_new(const struct layout *layout, struct layout_lock **ret_lock,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* The partition of that number and kind of file system; NULL when there is none. */
const struct lock_partition *layout_lock_find(const struct layout_lock *lock, uint32_t number,
                                              enum file_system file_system);

/* The inode at path; NULL when there is none. */
const struct lock_inode *lock_partition_find(const struct lock_partition *partition, const char *path);

/* Gives layout the lock's identifiers wherever a partition is still there with its kind of file system; a UUID that
 * the template gives stays. */
void layout_lock_pin(const struct layout_lock *lock, struct layout *layout);

/*
 * Appends the lock as text.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code layout_lock_print(const struct layout_lock *lock, struct buffer *out,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a lock.
 *
 * name         what messages call it: its path
 * ret_lock     owned by the caller: layout_lock_free()
 * Fails with   INGOT_E_FORMAT  it breaks a rule: the line is told; INGOT_E_MEMORY
 */
enum ingot_code layout_lock_parse(const char *bytes, size_t size_bytes, const char *name,
                                  struct layout_lock **ret_lock, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
