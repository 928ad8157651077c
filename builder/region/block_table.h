/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_BLOCK_TABLE_H
#define REGION_BLOCK_TABLE_H

/* builder/region/block_table.h
 * block_table: the digests of the blocks written to a pending snapshot, found by block index.
 *
 * Rules    (1) Memory grows with the blocks written, not with the volume: at most 80 bytes a block.
 * Tests    tests/unit/region/test_block_table.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

#include "region/block_record.h"

struct block_table {
        struct block_record
                *slots;     /* open addressing; generation 0 where a block is, 1 where none was ever */
        size_t slot_count;  /* 0 or a power of two */
        size_t used_count;  /* slots that were ever taken */
        size_t block_count; /* blocks that are there */
};

void block_table_release(struct block_table *table);

/* The digest of that block; NULL when it was not written. */
const struct digest *block_table_find(const struct block_table *table, uint32_t block_index);

/*
 * Takes a journal record in: sets the block's digest, or withdraws it.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code block_table_apply(struct block_table *table, const struct block_record *record,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lists the blocks in ascending order of their index.
 *
 * ret_records  owned by the caller (free); NULL when there is none
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code block_table_sort(const struct block_table *table, struct block_record **ret_records,
                                 size_t *ret_count, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
