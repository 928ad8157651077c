/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ARCHIVE_STREAM_H
#define CONTENT_ARCHIVE_STREAM_H

/* builder/content/archive_stream.h
 * archive_stream: gives an archive file to libarchive in large pieces whose place in the file is known.
 *
 * Rules    (1) What libarchive was given last is in the buffer until it asks again; a pointer into it tells
 *              where in the file the bytes stand (archive_stream_locate()).
 *          (2) A header of a cpio, its name and symlink target included, has at most
 *              ARCHIVE_CPIO_HEADER_MAX_BYTES: libarchive would hold as much as the header says.
 *          (3) An error of ours is kept here; libarchive only sees that there was one.
 * Tests    tests/unit/content/test_archive_reader.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/observer.h>

struct archive;

/* Large enough that calls do not count, small enough that libarchive and we find it in the L2 cache. */
enum { ARCHIVE_STREAM_BYTES = 256 * 1024, ARCHIVE_CPIO_HEADER_MAX_BYTES = 4 << 20 };

struct archive_stream {
        int fd; /* borrowed */
        const char *path;
        const struct ingot_observer *observer;
        const char *phase;      /* for the observer; NULL: "reading archive" */
        uint64_t size_bytes;    /* of the file */
        uint64_t position;      /* of the next read */
        uint64_t buffer_offset; /* of the buffer's bytes in the file */
        size_t buffer_bytes;
        uint8_t *buffer;        /* borrowed: ARCHIVE_STREAM_BYTES */
        bool is_cpio;           /* archive_stream_open() finds out */
        bool in_header;         /* the caller says */
        uint64_t header_offset; /* in_header: where the stream was when it began */
        enum ingot_code code;
        struct ingot_error err; /* with code */
};

/*
 * Opens a libarchive reader on the stream: rule 1 of archive_reader.h.
 *
 * ret_archive  owned by the caller: archive_read_free()
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_FORMAT  not an archive that is known
 *              and what reading fails with
 */
enum ingot_code archive_stream_open(struct archive_stream *stream, struct archive **ret_archive,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The same for a file that is compressed and no archive.
 */
enum ingot_code archive_stream_open_raw(struct archive_stream *stream, struct archive **ret_archive,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether bytes stand in the file as they are, and at which offset. */
bool archive_stream_locate(const struct archive_stream *stream, const void *bytes, size_t size_bytes,
                           uint64_t *ret_offset_bytes);

#endif
