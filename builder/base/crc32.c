/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc32.h"

/* Bit by bit: a partition table is 16 KiB, and a table of 256 words would save microseconds. */
uint32_t crc32_of(const void *bytes, size_t size_bytes)
{
        const uint8_t *in = bytes;
        uint32_t crc = UINT32_MAX;

        for (size_t i = 0; i < size_bytes; i++) {
                crc ^= in[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = (crc >> 1) ^ (UINT32_C(0xEDB88320) & (0 - (crc & 1)));
        }
        return ~crc;
}
