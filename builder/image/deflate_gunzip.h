/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_DEFLATE_GUNZIP_H
#define IMAGE_DEFLATE_GUNZIP_H

/* builder/image/deflate_gunzip.h
 * deflate_gunzip: the bytes inside a gzip file, with its checksums looked at.
 *
 * Rules    (1) Several members are one after another what is inside; CRC and length of each are checked.
 *          (2) Zeros behind the last member are passed over (tapes and dd pad with them); anything else there is
 *              INGOT_E_FORMAT, and so is a file that is cut short.
 * Source   RFC 1952.
 * Tests    tests/unit/image/test_deflate_gunzip.c
 */
#include <ingot/observer.h>

#include "model/byte_sink.h"

/*
 * Unpacks a whole file.
 *
 * fd           borrowed: a regular file or block device, read from its start
 * path         for messages
 * phase        for the observer, who is told packed bytes
 * Fails with   INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED, and what the sink fails with
 */
enum ingot_code deflate_gunzip(int fd, const char *path, const struct ingot_observer *observer,
                               const char *phase, const struct byte_sink *sink,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
