/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_BLOCK_CURSOR_H
#define PUBLISH_BLOCK_CURSOR_H

/* builder/publish/block_cursor.h
 * block_cursor: the blocks of a disk that are to be sent, in ascending order.
 *
 * Rules    (1) Without everything: the data blocks.  With it: every block of the disk, those that are zero or
 *              absent with the digest of zeros.
 *          (2) A step costs the same wherever the cursor stands: holes are not walked unless they are sent.
 * Tests    tests/unit/publish/test_block_cursor.c
 */
#include "model/block_map.h"

struct block_cursor {
        const struct block_map *map; /* borrowed */
        bool everything;
        size_t run;          /* the first run that does not end at or before next_index */
        uint64_t next_index; /* in that run, or in the hole before it */
};

struct block_to_send {
        uint64_t index;
        const struct digest *digest; /* borrowed from the map */
        bool is_zero;
};

void block_cursor_init(struct block_cursor *cursor, const struct block_map *map, bool everything);
/* False at the end. */
bool block_cursor_next(struct block_cursor *cursor, struct block_to_send *ret_block);
/* How many blocks a fresh cursor yields. */
uint64_t block_cursor_count(const struct block_map *map, bool everything);

#endif
