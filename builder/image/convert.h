/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_CONVERT_H
#define IMAGE_CONVERT_H

/* builder/image/convert.h
 * convert: an image's ranges as extents, and those assembled again in another format.
 *
 * Rules    (1) Converting to raw and to VMDK is assembling (assemble.h): same bytes, one pass, holes kept.
 *          (2) A raw disk whose size is not a multiple of 512 bytes becomes a VMDK padded with zeros.
 * Tests    tests/unit/image/test_convert.c
 */
#include "image/assemble.h"
#include "image/image_input.h"
#include "image/image_reader.h"

/*
 * Adds every range of reader's disk that may hold data.
 *
 * list         its extents borrow from reader
 * Fails with   INGOT_E_MEMORY; and as image_reader_next_range()
 */
enum ingot_code image_extents(struct image_reader *reader, struct extent_list *list,
                              struct ingot_error *err) INGOT_MUST_CHECK;

struct convert_request {
        const char *in_path, *out_path;
        struct image_input *input;    /* the disk of in_path, opened; NULL: image_reader opens it */
        enum image_format out_format; /* IMAGE_RAW or IMAGE_VMDK_STREAM */
        struct compression compression;
        unsigned threads;
        const struct ingot_observer *observer;
};

struct convert_result {
        enum image_format in_format; /* with input: raw, and in_file_bytes is the disk's size */
        uint64_t size_bytes, in_file_bytes, out_file_bytes;
        struct block_map map; /* owned by the caller: block_map_release() */
        struct digest image_digest;
};

/*
 * Converts one image into another, reads that back from the disk, and gives it its name.
 *
 * Fails with   INGOT_E_USAGE  out_format cannot be written, or in_path and out_path are the same file; and
 *              whatever reading, assembling, verifying and publishing fail with.  out_path is then as it was
 */
enum ingot_code convert(const struct convert_request *request, struct convert_result *ret_result,
                        struct ingot_error *err) INGOT_MUST_CHECK;

#endif
