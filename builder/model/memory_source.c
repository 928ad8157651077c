/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "model/memory_source.h"

static enum ingot_code read_memory(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        const struct memory_source *source = context;

        if (offset_bytes > source->size_bytes || size_bytes > source->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "%zu bytes at %" PRIu64 " are past the end, %zu",
                                  size_bytes, offset_bytes, source->size_bytes);
        if (size_bytes > 0)
                memcpy(bytes, source->bytes + offset_bytes, size_bytes);
        return INGOT_OK;
}

void memory_source_init(struct memory_source *source, const void *bytes, size_t size_bytes)
{
        *source = (struct memory_source){
                .source = { .context = source, .read = read_memory },
                .bytes = bytes,
                .size_bytes = size_bytes,
        };
}
