/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MEMORY_SOURCE_H
#define MODEL_MEMORY_SOURCE_H

/* builder/model/memory_source.h
 * memory_source: bytes in memory as a byte_source.
 *
 * Rules    (1) bytes are borrowed and outlive the source; the struct does not move while extents name it.
 * Tests    tests/unit/model/test_memory_source.c
 */
#include "model/byte_source.h"

struct memory_source {
        struct byte_source source;
        const uint8_t *bytes;
        size_t size_bytes;
};

/* Sets source up to read size_bytes at bytes; in place, as source.context points to it. */
void memory_source_init(struct memory_source *source, const void *bytes, size_t size_bytes);

#endif
