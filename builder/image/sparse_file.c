/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/byte_size.h"
#include "base/checked.h"
#include "base/fd.h"
#include "image/sparse_file.h"

enum { CHECK_EVERY_BYTES = 64 << 20, RESERVE_BYTES = 128 << 20 };

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
        return !size_bytes || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0);
}

enum ingot_code sparse_write_at(int fd, const char *path, uint64_t offset_bytes, const void *bytes,
                                size_t size_bytes, struct ingot_error *err)
{
        const uint8_t *at = bytes, *end = at + size_bytes;

        while (at < end) {
                const uint8_t *start = at;
                uint64_t start_bytes = offset_bytes;
                enum ingot_code r;

                while (at < end) { /* up to the next piece of zeros */
                        size_t piece_bytes = (size_t)min_u64(
                                SPARSE_PIECE_BYTES - offset_bytes % SPARSE_PIECE_BYTES, (uint64_t)(end - at));

                        if (is_zero(at, piece_bytes))
                                break;
                        at += piece_bytes;
                        offset_bytes += piece_bytes;
                }
                if (at > start) {
                        r = fd_write_at(fd, path, start_bytes, start, (size_t)(at - start), err);
                        if (r)
                                return r;
                }
                if (at < end) {
                        size_t piece_bytes = (size_t)min_u64(
                                SPARSE_PIECE_BYTES - offset_bytes % SPARSE_PIECE_BYTES, (uint64_t)(end - at));

                        at += piece_bytes;
                        offset_bytes += piece_bytes;
                }
        }
        return INGOT_OK;
}

/* ---- spool ---- */

/* Rule 2: that there is room for what is written until the next look. */
static enum ingot_code check_room(struct sparse_spool *spool, struct ingot_error *err)
{
        struct statvfs status;
        char free_text[BYTE_SIZE_TEXT_CHARS + 1], written_text[BYTE_SIZE_TEXT_CHARS + 1];
        uint64_t free_bytes;

        if (spool->written_bytes < spool->checked_bytes + CHECK_EVERY_BYTES && spool->checked_bytes)
                return INGOT_OK;
        spool->checked_bytes = max_u64(spool->written_bytes, 1);
        if (fstatvfs(spool->fd, &status))
                return INGOT_OK; /* then writing tells */
        free_bytes = (uint64_t)status.f_bavail * status.f_frsize;
        if (free_bytes >= (uint64_t)CHECK_EVERY_BYTES + RESERVE_BYTES)
                return INGOT_OK;
        byte_size_print(free_bytes, free_text);
        byte_size_print(spool->written_bytes, written_text);
        errno = ENOSPC;
        return ingot_fail_errno(err,
                                "the folder for temporary files has %s left after %s of '%s'; name another "
                                "with --temp-dir",
                                free_text, written_text, spool->name);
}

static enum ingot_code write_piece(struct sparse_spool *spool, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        if (!is_zero(spool->piece, (size_t)spool->piece_bytes)) {
                r = check_room(spool, err);
                if (!r)
                        r = fd_write_at(spool->fd, "temporary file", spool->size_bytes - spool->piece_bytes,
                                        spool->piece, (size_t)spool->piece_bytes, err);
                spool->written_bytes += spool->piece_bytes;
        }
        spool->piece_bytes = 0;
        return r;
}

static enum ingot_code take(void *context, const void *bytes, size_t size_bytes, struct ingot_error *err)
{
        struct sparse_spool *spool = context;
        const uint8_t *at = bytes;
        char limit[BYTE_SIZE_TEXT_CHARS + 1];

        if (size_bytes > spool->limit_bytes - spool->size_bytes) {
                byte_size_print_exact(spool->limit_bytes, limit);
                return ingot_fail(err, INGOT_E_USAGE, "'%s' holds more than %s, the size of the volume",
                                  spool->name, limit);
        }
        while (size_bytes) {
                size_t step_bytes = (size_t)min_u64(size_bytes, SPARSE_PIECE_BYTES - spool->piece_bytes);
                enum ingot_code r = INGOT_OK;

                memcpy(spool->piece + spool->piece_bytes, at, step_bytes);
                spool->piece_bytes += step_bytes;
                spool->size_bytes += step_bytes;
                at += step_bytes;
                size_bytes -= step_bytes;
                if (spool->piece_bytes == SPARSE_PIECE_BYTES)
                        r = write_piece(spool, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code sparse_spool_init(struct sparse_spool *spool, int fd, const char *name, uint64_t limit_bytes,
                                  struct ingot_error *err)
{
        *spool = (struct sparse_spool){ .sink = { .context = spool, .write = take },
                                        .fd = fd,
                                        .name = name,
                                        .limit_bytes = limit_bytes,
                                        .piece = malloc(SPARSE_PIECE_BYTES) };
        return spool->piece ? INGOT_OK : ingot_fail_memory(err, SPARSE_PIECE_BYTES);
}

void sparse_spool_release(struct sparse_spool *spool)
{
        free(spool->piece);
        spool->piece = NULL;
}

enum ingot_code sparse_spool_finish(struct sparse_spool *spool, struct ingot_error *err)
{
        enum ingot_code r = write_piece(spool, err);

        if (!r && ftruncate(spool->fd, (off_t)spool->size_bytes))
                r = ingot_fail_errno(err, "giving the temporary file its size of %" PRIu64 " bytes",
                                     spool->size_bytes);
        return r;
}
