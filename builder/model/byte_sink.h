/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_BYTE_SINK_H
#define MODEL_BYTE_SINK_H

/* builder/model/byte_sink.h
 * byte_sink: where bytes go that come front to back.
 *
 * It is how rooms that may not know each other meet: what unpacks a stream says what the bytes are, and what keeps
 * them decides where.
 *
 * Rules    (1) write() takes all size_bytes or fails; what it fails with ends the stream.
 */
#include <stddef.h>

#include <ingot/error.h>

struct byte_sink {
        void *context;
        enum ingot_code (*write)(void *context, const void *bytes, size_t size_bytes,
                                 struct ingot_error *err);
};

static inline enum ingot_code byte_sink_write(const struct byte_sink *sink, const void *bytes,
                                              size_t size_bytes, struct ingot_error *err)
{
        return sink->write(sink->context, bytes, size_bytes, err);
}

#endif
