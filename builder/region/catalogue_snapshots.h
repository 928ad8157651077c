/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_SNAPSHOTS_H
#define REGION_CATALOGUE_SNAPSHOTS_H

/* builder/region/catalogue_snapshots.h
 * catalogue_snapshots: the records of snapshots.
 *
 *   PENDING --CompleteSnapshot--> COMPLETING --flushed--> COMPLETED --DeleteSnapshot--> DELETED --> gone
 *      |                              |                                                    (once no snapshot
 *      +--timeout, or machine down----+--> ERROR                                            builds on it)
 *
 * Unit     seconds since 1970
 * Rules    (1) Clients see COMPLETING as pending and DELETED not at all.
 * Tests    tests/unit/region/test_catalogue.c
 */
#include <stdint.h>

#include "base/digest.h"
#include "region/catalogue.h"

enum snapshot_state {
        SNAPSHOT_PENDING,    /* takes puts */
        SNAPSHOT_COMPLETING, /* sealed; its blocks may not all be on the disk itself */
        SNAPSHOT_COMPLETED,
        SNAPSHOT_ERROR,
        SNAPSHOT_DELETED,
        SNAPSHOT_STATES
};

enum { KMS_KEY_ARN_CHARS = 2048, CLIENT_TOKEN_CHARS = 255, BOOT_ID_CHARS = 36 };

struct snapshot_record {
        int64_t number; /* ascending with age */
        char region[REGION_NAME_CHARS + 1], id[RESOURCE_ID_CHARS + 1];
        enum snapshot_state state;
        char state_message[256];
        uint32_t volume_gib;
        char parent_id[RESOURCE_ID_CHARS + 1]; /* "" : none */
        char description[DESCRIPTION_BYTES + 1];
        bool is_encrypted;
        char kms_key_arn[KMS_KEY_ARN_CHARS + 1];
        char client_token[CLIENT_TOKEN_CHARS + 1];
        char request_digest[DIGEST_HEX_CHARS + 1]; /* of what the client token was used for */
        uint32_t timeout_minutes;
        int64_t start_seconds, completion_seconds; /* completion 0 until completed */
        char boot_id[BOOT_ID_CHARS + 1];           /* of the machine's run in which it was started */
        uint64_t block_count;                      /* written to it; from COMPLETING on */
        uint64_t shown_block_count;                /* those that its parents wrote among them */
        char linear_digest[DIGEST_HEX_CHARS + 1];
        /* Of a copy, which is completing until ready_seconds, and then completed, or in error when late_failure says
         * why.  Its blocks are its source's: that is its parent. */
        char copied_from[RESOURCE_ID_CHARS + 1]; /* "" : no copy */
        int64_t ready_seconds;
        char late_failure[128];
};

/* Makes a record; number is set by the catalogue. Fails with INGOT_E_CONFLICT when the id or token is taken. */
enum ingot_code catalogue_add_snapshot(struct catalogue *catalogue, const struct snapshot_record *record,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_NOT_FOUND  no snapshot of that id in that region (a deleted one is found) */
enum ingot_code catalogue_find_snapshot(struct catalogue *catalogue, const char *region, const char *id,
                                        struct snapshot_record *ret_record,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
/* The same, in whatever region it is. */
enum ingot_code catalogue_find_snapshot_anywhere(struct catalogue *catalogue, const char *id,
                                                 struct snapshot_record *ret_record,
                                                 struct ingot_error *err) INGOT_MUST_CHECK;
/* Counts the copies into a region that are under way. */
enum ingot_code catalogue_count_copies(struct catalogue *catalogue, const char *region, uint64_t *ret_count,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_find_snapshot_by_token(struct catalogue *catalogue, const char *region,
                                                 const char *client_token, struct snapshot_record *ret_record,
                                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Writes state, state_message, completion_seconds, the block counts and linear_digest of a record. */
enum ingot_code catalogue_update_snapshot(struct catalogue *catalogue, const struct snapshot_record *record,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/* Forgets the record and the snapshot's tags. Fails with INGOT_E_CONFLICT while something refers to it. */
enum ingot_code catalogue_forget_snapshot(struct catalogue *catalogue, const char *id,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code catalogue_count_snapshots(struct catalogue *catalogue, const char *region,
                                          enum snapshot_state state, uint64_t *ret_count,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/* Tells whether any region has, or had and still needs, a snapshot of that id. */
enum ingot_code catalogue_knows_snapshot(struct catalogue *catalogue, const char *id, bool *ret_knows,
                                         struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds a deleted snapshot that no other has as its parent.
 *
 * Fails with   INGOT_E_NOT_FOUND  there is none
 */
enum ingot_code catalogue_find_unneeded(struct catalogue *catalogue, struct snapshot_record *ret_record,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Tells whether another snapshot, deleted or not, has this one as its parent. */
enum ingot_code catalogue_has_children(struct catalogue *catalogue, const char *id, bool *ret_has,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the snapshot that is generation parents up from id; id itself for 0.
 *
 * Fails with   INGOT_E_NOT_FOUND  the line of parents is shorter than that
 */
enum ingot_code catalogue_find_ancestor(struct catalogue *catalogue, const char *id, uint32_t generation,
                                        char ret_id[RESOURCE_ID_CHARS + 1],
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Finds the ancestor that has no parent; id itself when it has none. Fails with INGOT_E_NOT_FOUND. */
enum ingot_code catalogue_find_oldest_ancestor(struct catalogue *catalogue, const char *id,
                                               char ret_id[RESOURCE_ID_CHARS + 1],
                                               struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Walks the snapshots of a region (NULL: of all) with number above after, in the order they were started.
 * Stops early when visit sets *ret_stop; the record is visit's for the call.
 *
 * Fails with   what visit fails with, too
 */
enum ingot_code catalogue_each_snapshot(struct catalogue *catalogue, const char *region, int64_t after,
                                        enum ingot_code (*visit)(void *context,
                                                                 const struct snapshot_record *record,
                                                                 bool *ret_stop, struct ingot_error *err),
                                        void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the snapshot with the lowest number above after that is pending or completing.
 *
 * Fails with   INGOT_E_NOT_FOUND  none is
 */
enum ingot_code catalogue_next_unsettled(struct catalogue *catalogue, const char *region, int64_t after,
                                         struct snapshot_record *ret_record,
                                         struct ingot_error *err) INGOT_MUST_CHECK;

#endif
