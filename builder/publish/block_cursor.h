/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_BLOCK_CURSOR_H
#define PUBLISH_BLOCK_CURSOR_H

/* builder/publish/block_cursor.h
 * block_cursor: the blocks of a disk that are to be sent, in ascending order, and why each is or is not.
 *
 * Rules    (1) Without a parent a data block is sent; one that is zero or absent is left out, unless what is absent
 *              from the snapshot reads as noise (it is encrypted): then its zeros are sent.
 *          (2) With a parent a data block is left out when the parent's is the same.  A block that is zero or absent
 *              is sent as zeros where the parent holds data, beyond the disk's end too; and where nobody knows what
 *              the parent holds: absent from an encrypted one.
 *          (3) A step costs the same wherever the cursor stands: holes are not walked unless they are sent.
 * Tests    tests/unit/publish/test_block_cursor.c
 */
#include "model/block_map.h"

enum block_reason {
        BLOCK_SENT_DATA,
        BLOCK_SENT_ZERO_ENCRYPTED,   /* zeros: what is absent would read as noise */
        BLOCK_SENT_ZERO_OVER_PARENT, /* zeros: the parent's data would show through */
        BLOCK_LEFT_ABSENT,           /* never written */
        BLOCK_LEFT_ZERO,             /* zero on purpose */
        BLOCK_LEFT_SAME,             /* the parent's is the same */
        BLOCK_REASON_COUNT
};

/* What decides; all borrowed. */
struct block_rules {
        const struct block_map *map;
        const struct block_map *parent; /* NULL: none */
        bool is_encrypted;              /* the snapshot, and so its parent */
        bool parent_is_whole;           /* what parent does not name within its size was sent as zeros */
};

struct block_cursor {
        struct block_rules rules;
        size_t run, parent_run; /* the first runs that do not end at or before next_index */
        uint64_t next_index, end_index;
        uint64_t *counts; /* for the tally */
};

struct block_to_send {
        uint64_t index;
        const struct digest *digest; /* borrowed from the map */
        enum block_reason reason;    /* one of BLOCK_SENT_ */
};

void block_cursor_init(struct block_cursor *cursor, const struct block_rules *rules);
/* False at the end. */
bool block_cursor_next(struct block_cursor *cursor, struct block_to_send *ret_block);
/* How many blocks of the disk (or beyond its end, over a parent's data) have which reason. */
void block_cursor_tally(const struct block_rules *rules, uint64_t ret_counts[BLOCK_REASON_COUNT]);
/* Of a tally: the blocks to send. */
uint64_t block_tally_sent(const uint64_t counts[BLOCK_REASON_COUNT]);

#endif
