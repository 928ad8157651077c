/* SPDX-License-Identifier: Apache-2.0 */
#include "support/sample.h"

static uint8_t sample_byte(uint64_t offset_bytes)
{
        uint64_t x = offset_bytes >> 3;

        if (offset_bytes >= SAMPLE_ZERO_FROM && offset_bytes < 2 * (uint64_t)SAMPLE_ZERO_FROM)
                return 0;
        if (offset_bytes & 4096)
                return (uint8_t)("ingot casts golden images "[offset_bytes % 26]);
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U; /* splitmix64 */
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return (uint8_t)((x ^ (x >> 31)) >> (8 * (offset_bytes & 7)));
}

void sample_fill(uint64_t offset_bytes, void *bytes, size_t size_bytes)
{
        for (size_t i = 0; i < size_bytes; i++)
                ((uint8_t *)bytes)[i] = sample_byte(offset_bytes + i);
}

static enum ingot_code sample_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        (void)context;
        (void)err;
        sample_fill(offset_bytes, bytes, size_bytes);
        return INGOT_OK;
}

const struct byte_source sample_source = { .context = NULL, .read = sample_read };
