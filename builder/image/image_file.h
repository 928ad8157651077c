/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_IMAGE_FILE_H
#define IMAGE_IMAGE_FILE_H

/* builder/image/image_file.h
 * image_file: an image's bytes as they lie on the disk, read through a window or around the page cache.
 *
 * Rules    (1) Past the cache: O_DIRECT, with a buffer that is aligned for it, where the file system takes it;
 *              else the file's clean pages are dropped once, at the start.
 *          (2) Reads that follow one another cost one system call for each window.
 *          (3) Reading past the end is INGOT_E_FORMAT.
 * Tests    tests/unit/image/test_image_reader.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

struct image_file {
        int fd; /* owned */
        char *path;
        uint64_t size_bytes;
        bool direct;
        uint8_t *window; /* aligned */
        uint64_t window_start_bytes;
        size_t window_bytes; /* how much of it is filled */
};

/*
 * Opens the file behind fd once more, for reading.
 *
 * fd           borrowed for this call; it need not have a name
 * path         copied, for messages
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_USAGE  neither a regular file nor a block device
 */
enum ingot_code image_file_init(struct image_file *file, int fd, const char *path, bool past_cache,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void image_file_release(struct image_file *file);

/*
 * Fails with   INGOT_E_SYSTEM; INGOT_E_FORMAT  the file ends before offset_bytes + size_bytes
 */
enum ingot_code image_file_read(struct image_file *file, uint64_t offset_bytes, void *bytes,
                                size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the next bytes that are not a hole, at or after from_bytes; without holes, all of them.
 *
 * ret_start_bytes  the file's size when there are none
 * Fails with       INGOT_E_SYSTEM
 */
enum ingot_code image_file_next_data(struct image_file *file, uint64_t from_bytes, uint64_t *ret_start_bytes,
                                     uint64_t *ret_end_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
