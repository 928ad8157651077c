/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_SPARSE_FILE_H
#define IMAGE_SPARSE_FILE_H

/* builder/image/sparse_file.h
 * sparse_file: write a file and leave holes where there would be zeros.
 *
 * Unit     a piece is 64 KiB, at multiples of 64 KiB of the file.
 * Rules    (1) A piece that is all zeros is not written.  What was there stays: the file is new, or holds the same.
 *          (2) A spool is bounded: by what it is told, and by what its file system has free, of which a reserve is
 *              left to others.  Both are told before the disk is full.
 * Tests    tests/unit/image/test_sparse_file.c
 */
#include <stdint.h>

#include "model/byte_sink.h"

enum { SPARSE_PIECE_BYTES = 65536 };

/*
 * Writes bytes at offset_bytes, but for zeros.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code sparse_write_at(int fd, const char *path, uint64_t offset_bytes, const void *bytes,
                                size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* A file that takes a stream; in place, as sink.context points to it. */
struct sparse_spool {
        struct byte_sink sink;
        int fd;           /* borrowed: readable and writable, empty */
        const char *name; /* of what is spooled, for messages; borrowed */
        uint64_t limit_bytes;
        uint64_t size_bytes;    /* what came so far */
        uint64_t written_bytes; /* of it, what is no hole */
        uint64_t checked_bytes; /* of written_bytes when free space was looked at last */
        uint8_t *piece;         /* being put together */
        uint64_t piece_bytes;
};

/*
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code sparse_spool_init(struct sparse_spool *spool, int fd, const char *name, uint64_t limit_bytes,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
void sparse_spool_release(struct sparse_spool *spool);

/*
 * Writes what is left and gives the file its size.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code sparse_spool_finish(struct sparse_spool *spool, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
