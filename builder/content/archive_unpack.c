/* SPDX-License-Identifier: Apache-2.0 */
#include <archive.h>
#include <archive_entry.h>
#include <inttypes.h>

#include "base/fd.h"
#include "base/own.h"
#include "content/archive_stream.h"
#include "content/archive_unpack.h"

static void archive_close(struct archive **archive)
{
        (void)archive_read_free(*archive); /* NULL is fine */
}

/* What libarchive says, or what we said to it. */
static enum ingot_code fail_archive(struct archive *archive, const struct archive_stream *stream,
                                    struct ingot_error *err)
{
        const char *text = archive_error_string(archive);

        if (stream->code) {
                if (err)
                        *err = stream->err;
                return stream->code;
        }
        return ingot_fail(err, INGOT_E_FORMAT, "it is damaged or cut short: %s",
                          text ? text : "no reason given");
}

static enum ingot_code pass_on(struct archive *archive, const struct archive_stream *stream,
                               const struct byte_sink *sink, struct ingot_error *err)
{
        uint64_t done_bytes = 0;

        for (;;) {
                const void *bytes;
                size_t size_bytes;
                la_int64_t offset_bytes;
                enum ingot_code r;
                int status = archive_read_data_block(archive, &bytes, &size_bytes, &offset_bytes);

                if (status == ARCHIVE_EOF)
                        return INGOT_OK;
                if (status != ARCHIVE_OK) /* a warning is no success here: it would be other bytes */
                        return fail_archive(archive, stream, err);
                if (offset_bytes < 0 || (uint64_t)offset_bytes != done_bytes)
                        return ingot_fail(err, INGOT_E_BUG, "bytes from %" PRId64 " on come after %" PRIu64,
                                          (int64_t)offset_bytes, done_bytes);
                done_bytes += size_bytes;
                r = byte_sink_write(sink, bytes, size_bytes, err);
                if (r)
                        return r;
        }
}

enum ingot_code archive_unpack(int fd, const char *path, const struct ingot_observer *observer,
                               const char *phase, const struct byte_sink *sink, struct ingot_error *err)
{
        OWNED(archive_close) struct archive *archive = NULL;
        OWNED(heap_drop) uint8_t *buffer = malloc(ARCHIVE_STREAM_BYTES);
        struct archive_stream stream = {
                .fd = fd, .path = path, .observer = observer, .phase = phase, .buffer = buffer
        };
        struct archive_entry *entry;
        enum ingot_code r;

        if (!buffer)
                return ingot_fail_memory(err, ARCHIVE_STREAM_BYTES);
        r = fd_size(fd, path, &stream.size_bytes, err);
        if (!r)
                r = archive_stream_open_raw(&stream, &archive, err);
        if (!r) {
                int status = archive_read_next_header(archive, &entry);

                if (status == ARCHIVE_OK)
                        r = pass_on(archive, &stream, sink, err);
                else if (status != ARCHIVE_EOF) /* nothing at all inside is fine here */
                        r = fail_archive(archive, &stream, err);
        }
        return ingot_while(err, r, "unpacking '%s'", path);
}
