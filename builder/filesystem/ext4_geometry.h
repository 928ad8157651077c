/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_GEOMETRY_H
#define FILESYSTEM_EXT4_GEOMETRY_H

/* builder/filesystem/ext4_geometry.h
 * ext4_geometry: where an ext4 file system of a given size keeps its own tables, and what is left free.
 *
 *   group 0:  superblock | descriptors | reserved descriptors | bitmaps and inode tables of groups 0..15
 *   groups 1, 3^n, 5^n, 7^n:  backups of the first three
 *   group 16, 32, ...:  bitmaps and inode tables of the 16 groups from there
 *
 * Unit     block = 4096 bytes; group = 32768 blocks = 128 MiB; flex group = 16 groups.
 * Rules    (1) Only arithmetic: no library, no input or output.
 *          (2) Block numbers fit 32 bits: a file system ends below 16 TiB.
 *          (3) A last group too small for its tables and 50 blocks more is left out, as libext2fs does.
 *          (4) A file system that grew keeps every table where it was: the groups that were added at once have
 *              theirs together at the start of the first of them, as a file system of their own would.
 * Tests    tests/unit/filesystem/test_ext4_geometry.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum {
        EXT4_GROUP_BLOCKS = 32768,
        EXT4_FLEX_GROUPS = 16,
        EXT4_INODE_BYTES = 256,
        EXT4_INODES_PER_BLOCK = 16,
        EXT4_DESCRIPTORS_PER_BLOCK = 64,
        EXT4_RESERVED_INODES = 10,
        EXT4_JOURNAL_BLOCKS_MIN = 1024,
        EXT4_JOURNAL_BLOCKS_MAX = 32768,
        EXT4_GROWTHS_MAX = 64,
};

/* A run of blocks, half-open. */
struct ext4_range {
        uint32_t start, end;
};

struct ext4_geometry {
        uint32_t block_count, group_count;
        uint32_t inodes_per_group, table_blocks; /* of one inode table */
        uint32_t inode_count;
        uint32_t descriptor_blocks, reserved_descriptor_blocks;
        uint32_t journal_blocks; /* 0: no journal */
        uint32_t root_blocks;    /* reserved for root: 5 % */
        uint32_t backup_count;   /* groups but the first that hold copies of superblock and descriptors */
        uint32_t own_blocks;     /* used before the first file: tables, copies, resize inode, journal */
        uint32_t growths[EXT4_GROWTHS_MAX]; /* how many groups there were each time it grew; ascending */
        uint32_t growth_count;
};

/*
 * Plans a file system of at most size_bytes with room for inodes_needed.
 *
 * journal_blocks_max  0 for none
 * Fails with   INGOT_E_LAYOUT  too small for its own tables or for the inodes, or 16 TiB and more
 */
enum ingot_code ext4_geometry_plan(uint64_t size_bytes, uint64_t inodes_needed, uint32_t journal_blocks_max,
                                   struct ext4_geometry *ret_geometry,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Plans a file system that is an earlier one, kept or grown.
 *
 * was          block_count, inodes_per_group, journal_blocks, descriptor blocks and growths are looked at
 * Fails with   INGOT_E_LAYOUT  size_bytes is smaller than it was, or it grew too often, or was never planned here
 */
enum ingot_code ext4_geometry_regrow(uint64_t size_bytes, const struct ext4_geometry *was,
                                     struct ext4_geometry *ret_geometry,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether group holds a superblock and the descriptors: 0, 1 and the powers of 3, 5 and 7. */
bool ext4_geometry_has_backup(uint32_t group);

/* Blocks that superblock, descriptors and their reserve take at the start of group. */
uint32_t ext4_geometry_head_blocks(const struct ext4_geometry *geometry, uint32_t group);

struct ext4_tables {
        uint32_t block_bitmap, inode_bitmap, inode_table;
};

/*
 * Tells where every group's tables stand and which ranges are free, in ascending order.
 *
 * ret_tables   one for each group; owned by the caller (free)
 * ret_free     owned by the caller (free)
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_geometry_place(const struct ext4_geometry *geometry, struct ext4_tables **ret_tables,
                                    struct ext4_range **ret_free, size_t *ret_free_count,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* How many free ranges ext4_geometry_place() can give at most: a bound on how often data is interrupted. */
uint32_t ext4_geometry_gaps(const struct ext4_geometry *geometry);

#endif
