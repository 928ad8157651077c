/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_BLOCK_STORE_FILES_H
#define REGION_BLOCK_STORE_FILES_H

/* builder/region/block_store_files.h
 * block_store_files: what the block_*.c files share about names and bytes of the store.
 */
#include "region/block_store.h"
#include "region/block_table.h"

enum {
        DATA_FILE_BLOCKS = 1 << 24, /* 8 TiB */
        DATA_FILES = 8,             /* 64 TiB: the largest volume */
};

/*
 * Makes FOLDER/ID followed by tail ("", "/journal").
 *
 * ret_path     owned by the caller (free)
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code block_store_path(const struct block_store *store, const char *id, const char *tail,
                                 char **ret_path, struct ingot_error *err) INGOT_MUST_CHECK;

/* The id of the locked snapshot, and what was written to it.  Both borrowed until it is unlocked. */
const char *block_store_locked(const struct block_store *store, const struct block_table **ret_table);

/* The header of a list of blocks: as long as a record. */
void block_list_header_encode(uint8_t out[BLOCK_RECORD_BYTES], uint64_t record_count);

#endif
