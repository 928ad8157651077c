/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_PARTIAL_H
#define LIFECYCLE_PARTIAL_H

/* builder/lifecycle/partial.h
 * partial: the raw disk of a snapshot while it is being downloaded, and what of it is there.
 *
 *   PATH.part            the disk, sparse, of its full size
 *   PATH.part.journal    "ingot download 1 SNAPSHOT GIB\n", then for each block that came, in any order:
 *                        be64(index) digest be32(CRC-32 of both)
 *
 * Rules    (1) The journal is believed of nothing: a block counts as there when its bytes in PATH.part have the digest
 *              that the journal says.  So neither needs flushing before the end, whatever stops us.
 *          (2) A partial of another snapshot, or one without its journal, is started anew.
 *          (3) A block that was not there is written over a hole: what a run that died had begun of it is gone.
 *          (4) Both files stay until partial_publish() or partial_discard(); the disk then is under PATH, or nowhere.
 * Tests    tests/unit/lifecycle/test_partial.c, tests/cli/download.sh
 */
#include <stdbool.h>

#include "base/digest.h"
#include "base/fd.h"

struct partial_block {
        uint64_t index;
        struct digest digest;
};

struct partial {
        struct draft draft;
        int journal_fd;
        char *journal_path;
        struct partial_block *blocks; /* that an earlier run had got, by its journal, ascending */
        size_t block_count;
        bool is_resumed; /* PATH.part was there, with a journal that fits */
        uint8_t *bytes;  /* of a block that is looked at */
};

#define PARTIAL_NONE                                                                                         \
        {                                                                                                    \
                .draft = DRAFT_NONE, .journal_fd = FD_NONE                                                   \
        }

/*
 * Opens PATH.part and its journal, new or as they were left.
 *
 * Fails with   INGOT_E_CONFLICT  another process has them
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code partial_open(struct partial *partial, const char *path, const char *snapshot_id,
                             uint64_t volume_size_gib, struct ingot_error *err) INGOT_MUST_CHECK;
void partial_release(struct partial *partial); /* also for OWNED: rule 4 */

/* Rule 1: whether block index is there; *ret_digest then is its digest. */
bool partial_has(struct partial *partial, uint64_t index, struct digest *ret_digest);

/*
 * Writes a block, with holes where it is zero, and notes it.
 *
 * bytes        524288
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code partial_put(struct partial *partial, uint64_t index, const void *bytes,
                            const struct digest *digest, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Flushes the disk, puts it under PATH and removes the journal.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code partial_publish(struct partial *partial, struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes both. */
void partial_discard(struct partial *partial);

#endif
