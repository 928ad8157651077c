/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

/* builder/image/verify.h
 * verify: make the block map of an image by reading it, and tell whether it is the map it should be.
 *
 * Rules    (1) Only ranges that may hold data are read; holes cost nothing.
 *          (2) A block whose bytes are all zero counts as absent, in either map.
 *          (3) A difference is counted for every block; the first is named by index and offset.
 * Tests    tests/unit/image/test_verify.c
 */
#include <ingot/observer.h>

#include "image/image_input.h"
#include "image/image_reader.h"
#include "model/block_map.h"

/*
 * Reads an image and makes its block map: what is all zero is absent.
 *
 * threads      that hash; 0: all in the caller's
 * phase        for the observer: "reading 'disk.vmdk'"
 * ret_map      owned by the caller: block_map_release()
 * Fails with   INGOT_E_MEMORY, INGOT_E_CANCELLED; and whatever reading fails with
 */
enum ingot_code image_scan(struct image_reader *reader, unsigned threads,
                           const struct ingot_observer *observer, const char *phase,
                           struct block_map *ret_map, struct ingot_error *err) INGOT_MUST_CHECK;

/* The same of what is opened as any kind of image. */
enum ingot_code image_scan_input(struct image_input *input, unsigned threads,
                                 const struct ingot_observer *observer, const char *phase,
                                 struct block_map *ret_map, struct ingot_error *err) INGOT_MUST_CHECK;

struct verify_result {
        bool direct;              /* read around the page cache; else the cache was dropped first */
        uint64_t blocks_read;     /* that may have held data */
        uint64_t bad_blocks;      /* that are not what the map says */
        uint64_t first_bad_index; /* with bad_blocks */
};

/*
 * Reads an image back and compares every block with map.
 *
 * reader       opened IMAGE_PAST_CACHE where the disk is to be trusted rather than memory
 * ret_result   may be NULL; filled in on INGOT_OK and on INGOT_E_CHECKSUM
 * Fails with   INGOT_E_CHECKSUM  the size, or a block, is not what the map says
 *              and as image_scan()
 */
enum ingot_code verify_image(struct image_reader *reader, const struct block_map *map, unsigned threads,
                             const struct ingot_observer *observer, const char *phase,
                             struct verify_result *ret_result, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Takes the plain SHA-256 of a whole file, holes included: for files that are small or have no holes.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code file_digest(int fd, const char *path, const struct ingot_observer *observer,
                            const char *phase, struct digest *ret_digest,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
