/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_SPACE_H
#define FILESYSTEM_EXT4_SPACE_H

/* builder/filesystem/ext4_space.h
 * ext4_space: which blocks are free, and which of them cost least to use.
 *
 * Unit     chunk = 128 blocks = 512 KiB, counted from the start of the file system, which stands at a multiple of
 *          it on the disk: what a snapshot is sent in.
 * Rules    (1) A chunk is dirty when something in it is known to change anyway: it has to be sent, whatever else
 *              is put into it.
 *          (2) The best place is the one that makes the fewest chunks dirty; of equal ones that which goes on where
 *              it was hoped for, then that which lies in fewer chunks, then the tightest, then the lowest.
 *          (3) A block is given once.
 * Tests    tests/unit/filesystem/test_ext4_space.c
 */
#include <stdbool.h>
#include <stddef.h>

#include "filesystem/ext4_geometry.h"

enum { EXT4_CHUNK_BLOCKS = 128 };

struct ext4_space {
        struct ext4_range *ranges; /* owned; ascending; empty ones are left over */
        size_t count, capacity;
        uint8_t *dirty; /* a bit for each chunk; owned */
        uint32_t block_count;
        size_t at; /* ranges before it are empty */
};

/*
 * ranges       taken, also on failure
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_space_init(struct ext4_space *space, struct ext4_range *ranges, size_t count,
                                uint32_t block_count, struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_space_release(struct ext4_space *space); /* also for OWNED */

/*
 * Takes away ranges, which ascend and do not overlap.
 *
 * Fails with   INGOT_E_FORMAT  one of them is not free: it is told; INGOT_E_MEMORY
 */
enum ingot_code ext4_space_remove(struct ext4_space *space, const struct ext4_range *ranges, size_t count,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Moves what is free within window to another space, which is released before.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_space_split(struct ext4_space *space, struct ext4_range window,
                                 struct ext4_space *ret_part, struct ingot_error *err) INGOT_MUST_CHECK;

void ext4_space_soil(struct ext4_space *space, uint32_t start, uint32_t end);

/* How many chunks of a range are not dirty. */
uint32_t ext4_space_clean_chunks(const struct ext4_space *space, uint32_t start, uint32_t end);

/*
 * Finds the best place for one run of blocks_wanted (rule 2), with at most cost_max chunks made dirty.
 *
 * after        a block that the run would best start with; 0: none
 * Returns      false when there is no such run
 */
bool ext4_space_find(const struct ext4_space *space, uint32_t blocks_wanted, uint32_t after,
                     uint32_t cost_max, struct ext4_range *ret_range);

/* The start of the longest free range, at most blocks_wanted of it; false when nothing is left. */
bool ext4_space_find_largest(const struct ext4_space *space, uint32_t blocks_wanted,
                             struct ext4_range *ret_range);

/*
 * Takes a range that is free, and makes it dirty.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_BUG  it is not free
 */
enum ingot_code ext4_space_take(struct ext4_space *space, struct ext4_range range,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* Takes at most blocks_wanted, which is not 0, from the lowest free blocks; false when nothing is left. */
bool ext4_space_take_lowest(struct ext4_space *space, uint32_t blocks_wanted, struct ext4_range *ret_range);

uint64_t ext4_space_free_blocks(const struct ext4_space *space);

/* How many ranges there are: what ext4_space_find() takes time for. */
size_t ext4_space_range_count(const struct ext4_space *space);

#endif
