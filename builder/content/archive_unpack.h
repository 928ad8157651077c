/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ARCHIVE_UNPACK_H
#define CONTENT_ARCHIVE_UNPACK_H

/* builder/content/archive_unpack.h
 * archive_unpack: the bytes inside a file that xz, zstd, bzip2 or lz4 made.
 *
 * Rules    (1) A file that is cut short or damaged is INGOT_E_FORMAT, also when that shows only at its end: who takes
 *              the bytes keeps them to himself until the call has succeeded.
 *          (2) gzip is not for here: libarchive 3.6 does not look at its CRC (image/deflate_gunzip.h does).
 *          (3) No program is started, whatever the file is.
 * Tests    tests/unit/content/test_archive_unpack.c
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
enum ingot_code archive_unpack(int fd, const char *path, const struct ingot_observer *observer,
                               const char *phase, const struct byte_sink *sink,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
