/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_TAR_MAKER_H
#define SUPPORT_TAR_MAKER_H

/* tests/support/tar_maker.h
 * tar_maker: tar archives byte by byte, also ones that no tool would make.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct tar_member {
        const char *name;
        char type; /* '0' file, '1' hard link, '2' symlink, '3' character, '4' block, '5' directory, '6' fifo */
        const char *link;
        unsigned mode, uid, gid, major, minor;
        long long mtime;
        const void *data;
        size_t size;
        const char *size_field; /* 12 bytes put in place of size; NULL: none */
        const char *pax;        /* "key=value" records, one a line, of a pax header before the member */
};

void tar_add(struct buffer *tar, const struct tar_member *member);
void tar_end(struct buffer *tar); /* two records of zeros */

/* Writes the archive to path; ends the test when that fails. */
void tar_save(const struct buffer *tar, const char *path);

#endif
