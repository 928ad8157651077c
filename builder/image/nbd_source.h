/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_NBD_SOURCE_H
#define IMAGE_NBD_SOURCE_H

/* builder/image/nbd_source.h
 * nbd_source: the disk behind an NBD server's socket, as bytes and as extents.
 *
 * Rules    (1) A disk that is read front to back is read ahead: several requests are under way at a time.  What is
 *              read out of order is read as asked.
 *          (2) A server that says what is a hole is believed: holes are in no extent, zeros in one without a
 *              source.  One that does not is read whole.
 *          (3) A server that does not answer for NBD_PATIENCE_MS is given up, for good.
 * Source   NBD protocol, base:allocation; libnbd 1.14.
 * Tests    tests/unit/image/test_image_input.c
 */
#include "model/extent.h"

struct nbd_source;

enum { NBD_PATIENCE_MS = 60000 };

/*
 * Connects.
 *
 * socket_path  of a Unix socket
 * name         of what is read, for messages; copied
 * Fails with   INGOT_E_SYSTEM  nobody listens there, or it is no NBD server; INGOT_E_MEMORY
 *              INGOT_E_FORMAT  the disk's size is none
 */
enum ingot_code nbd_source_open(const char *socket_path, const char *name, struct nbd_source **ret_source,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void nbd_source_free(struct nbd_source *source);
void nbd_source_drop(struct nbd_source **source);

uint64_t nbd_source_size_bytes(const struct nbd_source *source);
const struct byte_source *nbd_source_bytes(const struct nbd_source *source);

/*
 * Adds what is data, and what is zero on purpose.
 *
 * Fails with   INGOT_E_FORMAT  the server could not read the image; INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code nbd_source_extents(struct nbd_source *source, struct extent_list *list,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
