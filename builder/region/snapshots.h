/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_SNAPSHOTS_H
#define REGION_SNAPSHOTS_H

/* builder/region/snapshots.h
 * snapshots: the life of a snapshot, in catalogue and block store together.
 *
 * Rules    (1) Whoever looks at a snapshot settles it first: a pending one past its timeout, or of an earlier
 *              run of the machine, becomes an error; a completing one is flushed and becomes completed.
 *              RegisterImage does not look: a client that does not wait for completion is refused.
 *          (2) A deleted snapshot is not found.  Its blocks stay while a snapshot builds on it.
 * Tests    tests/unit/region/test_snapshots.c, tests/fault/test_region_fault.c
 */
#include "region/catalogue_snapshots.h"
#include "region/catalogue_tags.h"
#include "region/store.h"

/* "none"; "sse-ebs" under the key that AWS manages, "sse-kms" under another. */
const char *snapshots_sse_type(const struct snapshot_record *record);

/* Finds a snapshot as it is recorded, without settling it. Fails with INGOT_E_NOT_FOUND. */
enum ingot_code snapshots_find(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err) INGOT_MUST_CHECK;

/* Settles a snapshot and finds it. Fails with INGOT_E_NOT_FOUND. */
enum ingot_code snapshots_look(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err) INGOT_MUST_CHECK;

/* Settles all snapshots of a region. */
enum ingot_code snapshots_settle(struct region_store *store, const char *region,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* How many snapshots may be pending in a region. */
uint64_t snapshots_pending_max(const struct region_store *store);

/*
 * Finds a snapshot and keeps others from changing it until block_store_unlock(), which is due also when it
 * is not pending.
 *
 * Fails with   INGOT_E_NOT_FOUND  and nothing is locked
 */
enum ingot_code snapshots_lock(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err) INGOT_MUST_CHECK;

/* Makes the snapshot that record describes, with its tags, pending. Fails with INGOT_E_CONFLICT: token taken. */
enum ingot_code snapshots_start(struct region_store *store, const struct snapshot_record *record,
                                const struct tag *tags, uint32_t tag_count,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* Seals the locked, pending snapshot: it becomes completing. block_count and linear_digest are recorded. */
enum ingot_code snapshots_seal(struct region_store *store, struct snapshot_record *record,
                               uint64_t block_count, const struct digest *linear,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Deletes a snapshot, and those deleted before it that nothing builds on any more.
 *
 * ret_user     an AMI whose mapping refers to it; "" with INGOT_OK
 * Fails with   INGOT_E_CONFLICT  an AMI uses it
 */
enum ingot_code snapshots_delete(struct region_store *store, const struct snapshot_record *record,
                                 char ret_user[RESOURCE_ID_CHARS + 1],
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Removes what processes that died left half made or half removed: folders an hour old or more that no
 * snapshot owns, and deleted snapshots that nothing builds on.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code snapshots_tidy(struct region_store *store, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a block that a completed snapshot shows.
 *
 * Fails with   INGOT_E_NOT_FOUND  the snapshot shows no block there
 *              INGOT_E_CHECKSUM   it is damaged
 */
enum ingot_code snapshots_read_block(struct region_store *store, const struct snapshot_record *record,
                                     uint64_t block_index, void *out, struct digest *ret_digest,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether the two have an ancestor in common, or one is the other's. */
enum ingot_code snapshots_are_related(struct region_store *store, const char *first_id, const char *second_id,
                                      bool *ret_are, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
