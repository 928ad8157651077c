/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_BYTE_SOURCE_H
#define MODEL_BYTE_SOURCE_H

/* builder/model/byte_source.h
 * byte_source: bytes that can be read at any offset, wherever they are kept.
 *
 * It is how rooms that may not know each other meet: the archive reader says where a file's data lies,
 * the file systems say which sectors hold it, and the assembler reads it when it gets there.
 *
 * Rules    (1) read() delivers all size_bytes or fails; reading past the end is INGOT_E_FORMAT.
 *          (2) One thread at a time.
 *          (3) The context outlives every extent and tree run that names the source.
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

struct byte_source {
        void *context;
        enum ingot_code (*read)(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                struct ingot_error *err);
};

static inline enum ingot_code byte_source_read(const struct byte_source *source, uint64_t offset_bytes,
                                               void *bytes, size_t size_bytes, struct ingot_error *err)
{
        return source->read(source->context, offset_bytes, bytes, size_bytes, err);
}

#endif
