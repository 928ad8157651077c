/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_BLOCK_RECORD_H
#define REGION_BLOCK_RECORD_H

/* builder/region/block_record.h
 * block_record: what is known about one block of one snapshot, in memory and as 40 bytes of a file.
 *
 * Unit     block = 524288 bytes.  block_index = volume offset / 524288.  generation = how many parents up
 *          the block's bytes lie: 0 in the snapshot itself, 1 in its parent.
 * Rules    (1) The bytes, little-endian: block_index u32 | generation u32 | digest 32.
 *          (2) In a journal the generation is 0, or all ones for a block whose bytes are about to be
 *              replaced: it counts as not written until its next record.
 * Tests    tests/unit/region/test_block_store.c
 */
#include <string.h>

#include "base/digest.h"
#include "base/endian.h"

enum { BLOCK_BYTES = 524288, BLOCKS_PER_GIB = 2048, BLOCK_RECORD_BYTES = 40 };

#define BLOCK_GENERATION_WITHDRAWN UINT32_MAX

struct block_record {
        uint32_t block_index, generation;
        struct digest digest;
};

_Static_assert(4 + 4 + DIGEST_BYTES == BLOCK_RECORD_BYTES, "a record is 40 bytes");

static inline void block_record_encode(uint8_t out[BLOCK_RECORD_BYTES], const struct block_record *record)
{
        put_le32(out, record->block_index);
        put_le32(out + 4, record->generation);
        memcpy(out + 8, record->digest.bytes, DIGEST_BYTES);
}

static inline void block_record_decode(const uint8_t in[BLOCK_RECORD_BYTES], struct block_record *ret_record)
{
        ret_record->block_index = get_le32(in);
        ret_record->generation = get_le32(in + 4);
        memcpy(ret_record->digest.bytes, in + 8, DIGEST_BYTES);
}

#endif
