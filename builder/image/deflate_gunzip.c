/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/deflate_gunzip.h"

enum { STEP_BYTES = 256 * 1024, GZIP_WINDOW = 15 + 16 /* zlib: a gzip header, and the largest window */ };

struct gunzip {
        int fd;
        const char *path;
        uint64_t size_bytes, position; /* of the file */
        z_stream stream;
        bool is_ready; /* stream needs inflateEnd() */
        uint8_t in[STEP_BYTES], out[STEP_BYTES];
};

static void gunzip_drop(struct gunzip **gunzip)
{
        if (*gunzip && (*gunzip)->is_ready)
                (void)inflateEnd(&(*gunzip)->stream);
        free(*gunzip);
}

/* Reads on; at the file's end nothing is left in the stream. */
static enum ingot_code refill(struct gunzip *gunzip, const struct ingot_observer *observer, const char *phase,
                              struct ingot_error *err)
{
        size_t size_bytes = (size_t)min_u64(sizeof(gunzip->in), gunzip->size_bytes - gunzip->position);
        enum ingot_code r = ingot_observe(observer, phase, gunzip->position, gunzip->size_bytes, err);

        if (!r && size_bytes)
                r = fd_read_at(gunzip->fd, gunzip->path, gunzip->position, gunzip->in, size_bytes, err);
        if (r)
                return r;
        gunzip->position += size_bytes;
        gunzip->stream.next_in = gunzip->in;
        gunzip->stream.avail_in = (uInt)size_bytes;
        return INGOT_OK;
}

static bool is_at_end(const struct gunzip *gunzip)
{
        return !gunzip->stream.avail_in && gunzip->position == gunzip->size_bytes;
}

/* Unpacks one member. */
static enum ingot_code unpack_member(struct gunzip *gunzip, const struct ingot_observer *observer,
                                     const char *phase, const struct byte_sink *sink, struct ingot_error *err)
{
        int status = inflateReset(&gunzip->stream);

        while (status != Z_STREAM_END) {
                enum ingot_code r = INGOT_OK;
                size_t made_bytes;

                if (!gunzip->stream.avail_in)
                        r = refill(gunzip, observer, phase, err);
                if (r)
                        return r;
                gunzip->stream.next_out = gunzip->out;
                gunzip->stream.avail_out = sizeof(gunzip->out);
                status = inflate(&gunzip->stream, Z_NO_FLUSH);
                if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "it is damaged at or before byte %" PRIu64 ": %s",
                                          gunzip->position - gunzip->stream.avail_in,
                                          gunzip->stream.msg ? gunzip->stream.msg : zError(status));
                made_bytes = sizeof(gunzip->out) - gunzip->stream.avail_out;
                if (!made_bytes && status != Z_STREAM_END && is_at_end(gunzip))
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "it is cut short: after its %" PRIu64 " bytes more are to come",
                                          gunzip->size_bytes);
                if (made_bytes)
                        r = byte_sink_write(sink, gunzip->out, made_bytes, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

/* Passes zeros over; *ret_more tells whether another member follows. */
static enum ingot_code look_behind(struct gunzip *gunzip, const struct ingot_observer *observer,
                                   const char *phase, bool *ret_more, struct ingot_error *err)
{
        bool has_padding = false;

        while (!is_at_end(gunzip)) {
                enum ingot_code r = INGOT_OK;

                if (!gunzip->stream.avail_in)
                        r = refill(gunzip, observer, phase, err);
                if (r)
                        return r;
                if (*gunzip->stream.next_in) {
                        if (has_padding || *gunzip->stream.next_in != 0x1f)
                                return ingot_fail(err, INGOT_E_FORMAT,
                                                  "at byte %" PRIu64 ", behind its end, is something else",
                                                  gunzip->position - gunzip->stream.avail_in);
                        *ret_more = true;
                        return INGOT_OK;
                }
                has_padding = true;
                gunzip->stream.next_in++;
                gunzip->stream.avail_in--;
        }
        *ret_more = false;
        return INGOT_OK;
}

enum ingot_code deflate_gunzip(int fd, const char *path, const struct ingot_observer *observer,
                               const char *phase, const struct byte_sink *sink, struct ingot_error *err)
{
        OWNED(gunzip_drop) struct gunzip *gunzip = calloc(1, sizeof(*gunzip));
        bool more = true;
        enum ingot_code r;

        if (!gunzip || inflateInit2(&gunzip->stream, GZIP_WINDOW) != Z_OK)
                return ingot_fail_memory(err, sizeof(*gunzip));
        gunzip->is_ready = true;
        gunzip->fd = fd;
        gunzip->path = path;
        r = fd_size(fd, path, &gunzip->size_bytes, err);
        while (!r && more) {
                r = unpack_member(gunzip, observer, phase, sink, err);
                if (!r)
                        r = look_behind(gunzip, observer, phase, &more, err);
        }
        return ingot_while(err, r, "unpacking '%s'", path);
}
