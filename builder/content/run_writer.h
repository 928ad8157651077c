/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_RUN_WRITER_H
#define CONTENT_RUN_WRITER_H

/* builder/content/run_writer.h
 * run_writer: a file's bytes, as they come, into the runs of its inode.
 *
 * Rules    (1) Pieces ascend and do not overlap; gaps between them are zeros.  Pieces need no alignment.
 *          (2) Aligned blocks of TREE_HOLE_BYTES zeros are left out, so is a last short one.
 *          (3) A piece that is at hand elsewhere (in place) is pointed to; only the blocks that are put
 *              together from several places are copied to the spool.
 * Tests    tests/unit/content/test_run_writer.c
 */
#include "content/store.h"
#include "model/tree.h"

struct run_writer {
        struct tree_inode *inode;
        struct content_store *store;
        uint64_t next_offset_bytes;       /* where the next piece may begin */
        size_t held_bytes;                /* of a block that is not yet complete */
        const struct byte_source *source; /* of what is held; NULL: from several places */
        uint64_t source_offset_bytes;
        uint8_t held[TREE_HOLE_BYTES];
};

/* Pieces of one file: where they also are (source NULL: nowhere). */
struct run_piece {
        uint64_t file_offset_bytes;
        const void *bytes;
        size_t size_bytes;
        const struct byte_source *source;
        uint64_t source_offset_bytes;
};

/*
 * Starts at an offset that is a multiple of TREE_HOLE_BYTES, after whatever runs the inode has.
 *
 * inode, store  borrowed until run_writer_finish()
 */
void run_writer_init(struct run_writer *writer, struct tree_inode *inode, struct content_store *store,
                     uint64_t start_offset_bytes);

/*
 * Fails with   INGOT_E_FORMAT  rule 1 is broken, or an offset overflows
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code run_writer_put(struct run_writer *writer, const struct run_piece *given,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Completes the runs and sets the inode's size.
 *
 * Fails with   as run_writer_put(); INGOT_E_FORMAT  there was data past size_bytes
 */
enum ingot_code run_writer_finish(struct run_writer *writer, uint64_t size_bytes,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
