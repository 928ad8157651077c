/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_BLOCK_STORE_H
#define REGION_BLOCK_STORE_H

/* builder/region/block_store.h
 * block_store: the bytes of snapshots, on disk.
 *
 *   FOLDER/ID/data.N    sparse: the blocks of 8 TiB of the volume (ext4 ends files at 16 TiB), each at
 *                       its volume offset - N * 8 TiB
 *   FOLDER/ID/journal   a 40-byte record for each put, in the order they were acknowledged
 *   FOLDER/ID/blocks    of a sealed snapshot: header, then the records of every block it shows, ascending,
 *                       its parents' among them
 *
 * Rules    (1) A block counts as written once its record stands in the journal; its bytes stand in data
 *              before that.  Before the bytes of a written block are replaced by others, a record withdraws
 *              it: whenever we die, a record that counts tells the truth.
 *          (2) A journal is changed only under its flock, so several processes may put to one snapshot.  A
 *              last record that is cut short is dropped by the next writer and not seen by readers.
 *          (3) Nothing is flushed by a put; seal flushes.
 *          (4) A block of zeros costs no space: it is known by its digest and neither written nor read.
 *          (5) Ids are made by us and hold only letters, digits and '-'.
 * Unit     seconds since 1970, as the clock given says
 * Tests    tests/unit/region/test_block_store.c, tests/fault/test_region_fault.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/clock.h"
#include "region/block_record.h"

struct block_store; /* for one thread at a time */

/*
 * Opens the store in folder, which is made with mode 0700 when missing.
 *
 * clock        borrowed for the life of the store; it dates journals
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code block_store_new(const char *folder, const struct clock *clock, struct block_store **ret_store,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void block_store_free(struct block_store *store);
void block_store_drop(struct block_store **store);

/* Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY */
enum ingot_code block_store_create(struct block_store *store, const char *id,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes a snapshot's files, as many as are there. */
void block_store_remove(struct block_store *store, const char *id);

/*
 * Names every snapshot that has a folder, in no order.
 *
 * Fails with   what visit fails with; INGOT_E_SYSTEM
 */
enum ingot_code block_store_each(struct block_store *store,
                                 enum ingot_code (*visit)(void *context, const char *id,
                                                          struct ingot_error *err),
                                 void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Keeps everybody else from putting to the snapshot or sealing it, until unlocked.  The table of what was
 * written is up to date meanwhile.
 *
 * Fails with   INGOT_E_NOT_FOUND  no such snapshot
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code block_store_lock(struct block_store *store, const char *id,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
void block_store_unlock(struct block_store *store);

/*
 * Writes a block to the locked snapshot.
 *
 * bytes        BLOCK_BYTES of them; digest is theirs
 * Fails with   INGOT_E_SYSTEM  and the block counts as not written, or as it was
 *              INGOT_E_MEMORY
 */
enum ingot_code block_store_put(struct block_store *store, uint32_t block_index, const void *bytes,
                                const struct digest *digest, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Tells how many blocks the locked snapshot has and their LINEAR digest: SHA-256 over their digests'
 * bytes in ascending order.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code block_store_sum(struct block_store *store, uint64_t *ret_block_count,
                                struct digest *ret_linear, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes the locked snapshot's list of blocks, merged with its parent's, and flushes it; starts to flush
 * the data but does not wait for it.  May be done again.
 *
 * parent_id    a sealed snapshot; NULL without a parent
 * ret_shown    the number of blocks on the list
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_FORMAT  the parent's list is damaged
 */
enum ingot_code block_store_seal(struct block_store *store, const char *parent_id, uint64_t *ret_shown,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Waits until all of a sealed snapshot is on the disk itself.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_NOT_FOUND
 */
enum ingot_code block_store_flush(struct block_store *store, const char *id,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Tells when a snapshot was created or last put to.
 *
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM
 */
enum ingot_code block_store_last_activity(struct block_store *store, const char *id, int64_t *ret_seconds,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a block that lies in snapshot id itself and compares it with its digest.
 *
 * out          BLOCK_BYTES; undefined on failure
 * Fails with   INGOT_E_CHECKSUM   the block is damaged or missing
 *              INGOT_E_SYSTEM
 */
enum ingot_code block_store_read(struct block_store *store, const char *id, uint32_t block_index,
                                 const struct digest *digest, void *out,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* ---- the list of blocks a sealed snapshot shows, ascending ---- */

enum { BLOCK_LIST_AHEAD = 256 };

struct block_list {
        char *path;
        int fd;
        uint64_t record_count, next; /* next: number of the record that block_list_next() yields */
        uint64_t ahead_first, ahead_count;
        uint8_t ahead[BLOCK_LIST_AHEAD * BLOCK_RECORD_BYTES];
};

#define BLOCK_LIST_NONE                                                                                      \
        {                                                                                                    \
                .fd = -1                                                                                     \
        }

/*
 * Fails with   INGOT_E_NOT_FOUND  not sealed, or no such snapshot
 *              INGOT_E_FORMAT     damaged
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code block_list_open(struct block_list *list, const struct block_store *store, const char *id,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void block_list_release(struct block_list *list);

/*
 * Makes the first block whose index is at least block_index the next.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_FORMAT
 */
enum ingot_code block_list_seek(struct block_list *list, uint64_t block_index,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Yields the next block, or *ret_end.
 *
 * Fails with   INGOT_E_SYSTEM; INGOT_E_FORMAT  the file is damaged
 */
enum ingot_code block_list_next(struct block_list *list, struct block_record *ret_record, bool *ret_end,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
