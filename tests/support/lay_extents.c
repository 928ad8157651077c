/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/lay_extents.h"

enum { PIECE_BYTES = 1 << 20, POISON = 0xA5 };

static int put(int fd, const void *bytes, size_t size_bytes, uint64_t offset_bytes)
{
        return pwrite(fd, bytes, size_bytes, (off_t)offset_bytes) == (ssize_t)size_bytes ? 0 : -1;
}

static int poison(int fd, uint64_t size_bytes, uint8_t *piece)
{
        memset(piece, POISON, PIECE_BYTES);
        for (uint64_t at = 0; at < size_bytes; at += PIECE_BYTES)
                if (put(fd, piece, size_bytes - at < PIECE_BYTES ? (size_t)(size_bytes - at) : PIECE_BYTES,
                        at))
                        return -1;
        return 0;
}

static int lay_one(int fd, const struct extent *extent, bool is_poisoned, uint8_t *piece)
{
        uint64_t start_bytes = extent->start_lba * SECTOR_BYTES;
        uint64_t total_bytes = (extent->end_lba - extent->start_lba) * SECTOR_BYTES;

        for (uint64_t done = 0; done < total_bytes; done += PIECE_BYTES) {
                size_t part = total_bytes - done < PIECE_BYTES ? (size_t)(total_bytes - done) : PIECE_BYTES;
                size_t from_source = 0;

                if (extent->size_bytes > done)
                        from_source =
                                extent->size_bytes - done < part ? (size_t)(extent->size_bytes - done) : part;
                if (!from_source && !is_poisoned)
                        return 0; /* a hole reads as zeros */
                memset(piece, 0, part);
                if (from_source && byte_source_read(extent->source, extent->source_offset_bytes + done, piece,
                                                    from_source, NULL))
                        return -1;
                if (put(fd, piece, part, start_bytes + done))
                        return -1;
        }
        return 0;
}

int lay_extents(const char *path, const struct extent_list *list, uint64_t size_bytes, bool is_poisoned)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *piece = malloc(PIECE_BYTES);
        int r = fd < 0 || !piece || ftruncate(fd, (off_t)size_bytes) ? -1 : 0;

        if (!r && is_poisoned)
                r = poison(fd, size_bytes, piece);
        for (size_t i = 0; !r && i < list->count; i++)
                r = lay_one(fd, &list->extents[i], is_poisoned, piece);
        free(piece);
        if (fd >= 0 && close(fd))
                r = -1;
        return r;
}

void pattern_fill(uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
        uint8_t *out = bytes;

        for (size_t i = 0; i < size_bytes; i++)
                out[i] = (uint8_t)((offset_bytes + i) * 31 % 251 + 1);
}

static enum ingot_code pattern_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                    struct ingot_error *err)
{
        (void)context;
        (void)err;
        pattern_fill(offset_bytes, bytes, size_bytes);
        return INGOT_OK;
}

const struct byte_source *pattern_source(void)
{
        static const struct byte_source source = { .read = pattern_read };

        return &source;
}
