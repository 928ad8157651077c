/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_IMAGE_READER_H
#define IMAGE_IMAGE_READER_H

/* builder/image/image_reader.h
 * image_reader: the disk inside an image file: raw, a fixed VHD, or a VMDK of one file.
 *
 * Rules    (1) The format is told by the content, never by the name.  A file of a kind that ingot does not read
 *              (a dynamic VHD, VHDX, qcow2, VDI, a compressed file, an archive ...) is refused by name of its kind, not
 *              taken for a raw disk.
 *          (2) Ranges say where data may be; outside them the disk reads as zeros, and nobody need look.
 *          (3) Every offset, size and count of a VMDK is checked before it is used; memory is bounded: the
 *              directory's entries, one grain table, one grain.
 *          (4) One thread at a time.
 *          (5) Past the cache: what is read comes from the disk, not from memory that a write left behind, if
 *              the file was flushed before.
 * Tests    tests/unit/image/test_image_reader.c, tests/fuzz/fuzz_vmdk_reader.c
 */
#include <stdbool.h>
#include <stdint.h>

#include "image/image_file.h"
#include "image/image_kind.h"
#include "model/byte_source.h"

enum image_format { IMAGE_RAW, IMAGE_VMDK_STREAM, IMAGE_VMDK_SPARSE, IMAGE_VHD_FIXED };

/* How an image is read. */
enum image_access {
        IMAGE_CACHED,     /* as any file */
        IMAGE_PAST_CACHE, /* O_DIRECT where the file system takes it, else the cache is dropped first */
};

struct image_reader;

/*
 * Opens an image.
 *
 * path         copied
 * ret_reader   owned by the caller: image_reader_free()
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY
 *              INGOT_E_FORMAT  not a raw disk, or a VMDK that is damaged or of a kind that is not read
 *              INGOT_E_USAGE   neither a regular file nor a block device
 */
enum ingot_code image_reader_open(const char *path, enum image_access access,
                                  struct image_reader **ret_reader, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Opens an image that is open already, such as a draft that has no name yet.
 *
 * fd           borrowed, readable; outlives the reader
 * path         copied, for messages
 */
enum ingot_code image_reader_open_fd(int fd, const char *path, enum image_access access,
                                     struct image_reader **ret_reader,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* The same for what is known to be a raw disk, whatever its first bytes look like. */
enum ingot_code image_reader_open_raw(int fd, const char *path, enum image_access access,
                                      struct image_reader **ret_reader,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
void image_reader_free(struct image_reader *reader);
void image_reader_drop(struct image_reader **reader);

enum image_format image_reader_format(const struct image_reader *reader);
const char *image_format_name(enum image_format format); /* "raw", "streamOptimized VMDK" ... */
const char *image_reader_path(const struct image_reader *reader);
uint64_t image_reader_size_bytes(const struct image_reader *reader); /* of the disk inside */
uint64_t image_reader_file_bytes(const struct image_reader *reader); /* of the file itself */
/* Whether reads go around the page cache; false: the cache was dropped instead, or IMAGE_CACHED. */
bool image_reader_is_direct(const struct image_reader *reader);

/* The disk's bytes; borrowed from reader. */
const struct byte_source *image_reader_source(const struct image_reader *reader);

/*
 * Finds the next range at or after from_bytes that may hold data.
 *
 * ret_start_bytes, ret_end_bytes  multiples of 512 KiB, or the disk's end; equal when there is no more
 * Fails with                      INGOT_E_SYSTEM; INGOT_E_FORMAT  a grain table is damaged
 */
enum ingot_code image_reader_next_range(struct image_reader *reader, uint64_t from_bytes,
                                        uint64_t *ret_start_bytes, uint64_t *ret_end_bytes,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Tells what a file is (image_kind.h).
 *
 * tail         gets its last bytes, at most IMAGE_KIND_TAIL_BYTES
 * Fails with   INGOT_E_FORMAT  it is empty; INGOT_E_SYSTEM
 */
enum ingot_code image_file_kind(struct image_file *file, uint8_t tail[IMAGE_KIND_TAIL_BYTES],
                                enum image_kind *ret_kind, const char **ret_name,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
