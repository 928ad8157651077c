/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_SWAP_WRITER_H
#define FILESYSTEM_SWAP_WRITER_H

/* builder/filesystem/swap_writer.h
 * swap_writer: the first page of a Linux swap area.
 *
 * Unit     page = 4096 bytes.
 * Rules    (1) Version 1, little-endian, no bad pages; the last page is the last whole one.
 *          (2) Only the first page is laid out; the rest is left out.
 * Source   Linux, union swap_header: "SWAPSPACE2" in the last 10 bytes of the page; version, last page,
 *          count of bad pages, UUID and label from byte 1024.
 * Tests    tests/unit/filesystem/test_swap_writer.c
 */
#include <stdbool.h>

#include "base/guid.h"
#include "model/extent.h"

enum { SWAP_PAGE_BYTES = 4096, SWAP_LABEL_BYTES = 16, SWAP_MIN_BYTES = 10 * SWAP_PAGE_BYTES };

struct swap_image; /* owns the page */

/*
 * size_bytes   of the partition: at least ten pages, at most 2^32 pages
 * label        "" or NULL: none; at most 15 bytes
 * ret_image    owned by the caller: swap_image_free(); outlives every extent taken from it
 * Fails with   INGOT_E_LAYOUT  size or label is out of range
 *              INGOT_E_MEMORY
 */
enum ingot_code swap_image_new(uint64_t size_bytes, const struct guid *uuid, const char *label,
                               struct swap_image **ret_image, struct ingot_error *err) INGOT_MUST_CHECK;
void swap_image_free(struct swap_image *image);
void swap_image_drop(struct swap_image **image);

/*
 * Adds the extent of the page.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code swap_image_extents(const struct swap_image *image, struct extent_list *list,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Recognises a swap area by its first page.
 *
 * label        SWAP_LABEL_BYTES + 1
 * Returns false when it is none.
 */
bool swap_page_decode(const uint8_t page[SWAP_PAGE_BYTES], struct guid *ret_uuid, char *label,
                      uint64_t *ret_size_bytes);

#endif
