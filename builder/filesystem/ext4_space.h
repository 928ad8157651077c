/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_SPACE_H
#define FILESYSTEM_EXT4_SPACE_H

/* builder/filesystem/ext4_space.h
 * ext4_space: which free blocks the next piece of content gets.
 *
 * All placement goes through here, so that another policy (one that keeps files where an earlier image had
 * them) is another implementation of these three functions.
 *
 * Rules    (1) Blocks are given in ascending order, each once, from the free ranges of the geometry.
 * Tests    tests/unit/filesystem/test_ext4_geometry.c
 */
#include <stdbool.h>
#include <stddef.h>

#include "filesystem/ext4_geometry.h"

struct ext4_space {
        struct ext4_range *ranges; /* owned; what is left of them */
        size_t count, at;
};

void ext4_space_init(struct ext4_space *space, struct ext4_range *ranges, size_t count); /* ranges: taken */
void ext4_space_release(struct ext4_space *space);                                       /* also for OWNED */

/* Takes at most blocks_wanted, which is not 0, in one run; false when nothing is left. */
bool ext4_space_take(struct ext4_space *space, uint32_t blocks_wanted, struct ext4_range *ret_range);

#endif
