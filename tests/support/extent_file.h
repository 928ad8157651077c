/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_EXTENT_FILE_H
#define SUPPORT_EXTENT_FILE_H

/* tests/support/extent_file.h
 * extent_file: what was laid out, written to a sparse file for an outside judge; and a file as a byte_source.
 */
#include "model/extent.h"

/* Writes list, settled here, to a new file of size_bytes; every sector that no extent covers and that is not
 * left sparse by fill < 0 is filled with the byte fill: what a judge sees where nothing was laid down.
 * Fails the test when it cannot. */
void extent_file_write(const char *path, struct extent_list *list, uint64_t size_bytes, int fill);

struct file_source {
        struct byte_source source;
        int fd;
};

/* Opens path for reading; fails the test when it cannot. */
void file_source_open(struct file_source *source, const char *path, uint64_t *ret_size_bytes);
void file_source_close(struct file_source *source);

#endif
