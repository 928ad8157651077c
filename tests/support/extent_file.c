/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"

#include "base/fd.h"
#include "support/extent_file.h"

enum { PIECE_BYTES = 65536 };

static void write_piece(int fd, uint64_t offset_bytes, const void *bytes, size_t size_bytes)
{
        assert_int_equal(pwrite(fd, bytes, size_bytes, (off_t)offset_bytes), (ssize_t)size_bytes);
}

static void write_extent(int fd, const struct extent *extent)
{
        uint64_t size_bytes = (extent->end_lba - extent->start_lba) * SECTOR_BYTES;
        uint8_t *piece = malloc(PIECE_BYTES);

        assert_non_null(piece);
        for (uint64_t at = 0; at < size_bytes;) {
                size_t now = size_bytes - at < PIECE_BYTES ? (size_t)(size_bytes - at) : PIECE_BYTES;
                size_t data = at >= extent->size_bytes        ? 0
                              : extent->size_bytes - at < now ? (size_t)(extent->size_bytes - at)
                                                              : now;

                memset(piece, 0, now);
                if (extent->source && data)
                        assert_int_equal(byte_source_read(extent->source, extent->source_offset_bytes + at,
                                                          piece, data, NULL),
                                         INGOT_OK);
                write_piece(fd, extent->start_lba * SECTOR_BYTES + at, piece, now);
                at += now;
        }
        free(piece);
}

static void fill_file(int fd, uint64_t size_bytes, int fill)
{
        uint8_t *piece = malloc(PIECE_BYTES);

        assert_non_null(piece);
        memset(piece, fill, PIECE_BYTES);
        for (uint64_t at = 0; at < size_bytes; at += PIECE_BYTES)
                write_piece(fd, at, piece,
                            size_bytes - at < PIECE_BYTES ? (size_t)(size_bytes - at) : PIECE_BYTES);
        free(piece);
}

void extent_file_write(const char *path, struct extent_list *list, uint64_t size_bytes, int fill)
{
        struct ingot_error err = { .code = INGOT_OK };
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
        if (extent_list_settle(list, size_bytes / SECTOR_BYTES, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        if (fill >= 0)
                fill_file(fd, size_bytes, fill);
        for (size_t i = 0; i < list->count; i++)
                write_extent(fd, &list->extents[i]);
        assert_int_equal(close(fd), 0);
}

static enum ingot_code read_file(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        const struct file_source *source = context;

        return fd_read_at(source->fd, "test file", offset_bytes, bytes, size_bytes, err);
}

void file_source_open(struct file_source *source, const char *path, uint64_t *ret_size_bytes)
{
        *source = (struct file_source){ .source = { .context = source, .read = read_file } };
        assert_int_equal(fd_open_read(path, &source->fd, NULL), INGOT_OK);
        assert_int_equal(fd_size(source->fd, path, ret_size_bytes, NULL), INGOT_OK);
}

void file_source_close(struct file_source *source)
{
        fd_drop(&source->fd);
}
