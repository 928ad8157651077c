/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/fd.h"
#include "content/archive_stream.h"

static ssize_t keep_error(struct archive *archive, struct archive_stream *stream, enum ingot_code code)
{
        stream->code = code;
        archive_set_error(archive, EIO, "reading the file");
        return ARCHIVE_FATAL;
}

static ssize_t read_next(struct archive *archive, void *context, const void **ret_bytes)
{
        struct archive_stream *stream = context;
        size_t size_bytes;
        enum ingot_code r;

        if (stream->is_cpio && stream->in_header &&
            stream->position - stream->header_offset > ARCHIVE_CPIO_HEADER_MAX_BYTES)
                return keep_error(archive, stream,
                                  ingot_fail(&stream->err, INGOT_E_FORMAT,
                                             "the header of an entry has more than %d bytes",
                                             ARCHIVE_CPIO_HEADER_MAX_BYTES));
        size_bytes = (size_t)min_u64(ARCHIVE_STREAM_BYTES, stream->size_bytes - stream->position);
        r = ingot_observe(stream->observer, stream->phase ? stream->phase : "reading archive",
                          stream->position, stream->size_bytes, &stream->err);
        if (!r)
                r = fd_read_at(stream->fd, stream->path, stream->position, stream->buffer, size_bytes,
                               &stream->err);
        if (r)
                return keep_error(archive, stream, r);
        stream->buffer_offset = stream->position;
        stream->buffer_bytes = size_bytes;
        stream->position += size_bytes;
        *ret_bytes = stream->buffer;
        return (ssize_t)size_bytes;
}

/* zip keeps its directory at the end. */
static la_int64_t seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
        struct archive_stream *stream = context;
        int64_t from = whence == SEEK_SET   ? 0
                       : whence == SEEK_CUR ? (int64_t)stream->position
                                            : (int64_t)stream->size_bytes;
        int64_t to;

        if (__builtin_add_overflow(from, offset, &to) || to < 0 || (uint64_t)to > stream->size_bytes) {
                archive_set_error(archive, EIO, "offset %" PRId64 " is outside the file", (int64_t)offset);
                return ARCHIVE_FATAL;
        }
        stream->position = (uint64_t)to;
        return to;
}

/* Whether the file is a cpio as it stands, not one that a filter has to unpack. */
static bool begins_as_cpio(const struct archive_stream *stream)
{
        static const char *const magics[] = { "070701", "070702", "070707", "070727", "\307q", "q\307" };
        char bytes[7] = "";

        if (stream->size_bytes < sizeof(bytes) - 1 ||
            fd_read_at(stream->fd, stream->path, 0, bytes, sizeof(bytes) - 1, NULL))
                return false; /* whoever reads it next has the error to tell */
        for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
                if (memcmp(bytes, magics[i], strlen(magics[i])) == 0)
                        return true;
        return false;
}

/* Each one by its own name: support_*_all() would add formats that start programs or open other files. */
static bool enable_filters(struct archive *archive)
{
        /* Without its library a filter would run a program: leave it out then. */
        return archive_read_support_filter_compress(archive) == ARCHIVE_OK &&
               (!archive_zlib_version() || archive_read_support_filter_gzip(archive) == ARCHIVE_OK) &&
               (!archive_bzlib_version() || archive_read_support_filter_bzip2(archive) == ARCHIVE_OK) &&
               (!archive_liblzma_version() || (archive_read_support_filter_xz(archive) == ARCHIVE_OK &&
                                               archive_read_support_filter_lzma(archive) == ARCHIVE_OK &&
                                               archive_read_support_filter_lzip(archive) == ARCHIVE_OK)) &&
               (!archive_liblz4_version() || archive_read_support_filter_lz4(archive) == ARCHIVE_OK) &&
               (!archive_libzstd_version() || archive_read_support_filter_zstd(archive) == ARCHIVE_OK);
}

static bool enable_formats(struct archive *archive, const struct archive_stream *stream)
{
        return archive_read_support_format_tar(archive) == ARCHIVE_OK &&
               (!stream->is_cpio || archive_read_support_format_cpio(archive) == ARCHIVE_OK) &&
               archive_read_support_format_zip(archive) == ARCHIVE_OK;
}

static bool enable_raw(struct archive *archive, const struct archive_stream *stream)
{
        (void)stream;
        return archive_read_support_format_raw(archive) == ARCHIVE_OK;
}

static enum ingot_code open_stream(struct archive_stream *stream,
                                   bool (*enable)(struct archive *archive,
                                                  const struct archive_stream *stream),
                                   struct archive **ret_archive, struct ingot_error *err)
{
        struct archive *archive = archive_read_new();
        enum ingot_code r = INGOT_OK;

        if (!archive || !enable_filters(archive) || !enable(archive, stream) ||
            archive_read_set_read_callback(archive, read_next) != ARCHIVE_OK ||
            archive_read_set_seek_callback(archive, seek) != ARCHIVE_OK ||
            archive_read_set_callback_data(archive, stream) != ARCHIVE_OK) {
                r = ingot_fail_memory(err, ARCHIVE_STREAM_BYTES);
        } else if (archive_read_open1(archive) != ARCHIVE_OK) {
                if (stream->code && err)
                        *err = stream->err;
                r = stream->code ? stream->code
                                 : ingot_fail(err, INGOT_E_FORMAT, "%s%s", archive_error_string(archive),
                                              archive_filter_count(archive) > 1
                                                      ? " once unpacked; a cpio has to be unpacked first"
                                                      : "");
        }
        if (r) {
                (void)archive_read_free(archive); /* NULL is fine */
                return r;
        }
        *ret_archive = archive;
        return INGOT_OK;
}

enum ingot_code archive_stream_open(struct archive_stream *stream, struct archive **ret_archive,
                                    struct ingot_error *err)
{
        stream->is_cpio = begins_as_cpio(stream);
        return open_stream(stream, enable_formats, ret_archive, err);
}

enum ingot_code archive_stream_open_raw(struct archive_stream *stream, struct archive **ret_archive,
                                        struct ingot_error *err)
{
        return open_stream(stream, enable_raw, ret_archive, err);
}

bool archive_stream_locate(const struct archive_stream *stream, const void *bytes, size_t size_bytes,
                           uint64_t *ret_offset_bytes)
{
        uintptr_t at = (uintptr_t)bytes, start = (uintptr_t)stream->buffer;

        if (at < start || at - start > stream->buffer_bytes ||
            size_bytes > stream->buffer_bytes - (size_t)(at - start))
                return false;
        *ret_offset_bytes = stream->buffer_offset + (at - start);
        return true;
}
