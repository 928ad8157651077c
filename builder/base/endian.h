/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ENDIAN_H
#define BASE_ENDIAN_H

/* builder/base/endian.h
 * endian: numbers to and from bytes, one at a time, whatever the alignment.
 */
#include <stdint.h>

static inline void put_le16(uint8_t *out, uint16_t value)
{
        for (unsigned i = 0; i < 2; i++)
                out[i] = (uint8_t)(value >> (8 * i));
}

static inline uint16_t get_le16(const uint8_t *in)
{
        uint16_t value = 0;

        for (unsigned i = 0; i < 2; i++)
                value = (uint16_t)((uint16_t)(value << 8) | in[2 - 1 - i]);
        return value;
}

static inline void put_le32(uint8_t *out, uint32_t value)
{
        for (unsigned i = 0; i < 4; i++)
                out[i] = (uint8_t)(value >> (8 * i));
}

static inline uint32_t get_le32(const uint8_t *in)
{
        uint32_t value = 0;

        for (unsigned i = 0; i < 4; i++)
                value = (uint32_t)((uint32_t)(value << 8) | in[4 - 1 - i]);
        return value;
}

static inline void put_le64(uint8_t *out, uint64_t value)
{
        for (unsigned i = 0; i < 8; i++)
                out[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t get_le64(const uint8_t *in)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < 8; i++)
                value = (uint64_t)((uint64_t)(value << 8) | in[8 - 1 - i]);
        return value;
}

static inline void put_be16(uint8_t *out, uint16_t value)
{
        for (unsigned i = 0; i < 2; i++)
                out[i] = (uint8_t)(value >> (8 * (2 - 1 - i)));
}

static inline uint16_t get_be16(const uint8_t *in)
{
        uint16_t value = 0;

        for (unsigned i = 0; i < 2; i++)
                value = (uint16_t)((uint16_t)(value << 8) | in[i]);
        return value;
}

static inline void put_be32(uint8_t *out, uint32_t value)
{
        for (unsigned i = 0; i < 4; i++)
                out[i] = (uint8_t)(value >> (8 * (4 - 1 - i)));
}

static inline uint32_t get_be32(const uint8_t *in)
{
        uint32_t value = 0;

        for (unsigned i = 0; i < 4; i++)
                value = (uint32_t)((uint32_t)(value << 8) | in[i]);
        return value;
}

static inline void put_be64(uint8_t *out, uint64_t value)
{
        for (unsigned i = 0; i < 8; i++)
                out[i] = (uint8_t)(value >> (8 * (8 - 1 - i)));
}

static inline uint64_t get_be64(const uint8_t *in)
{
        uint64_t value = 0;

        for (unsigned i = 0; i < 8; i++)
                value = (uint64_t)((uint64_t)(value << 8) | in[i]);
        return value;
}

#endif
