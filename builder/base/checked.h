/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

/* builder/base/checked.h
 * checked: arithmetic on sizes that came from outside.
 *
 * Rules    (1) Every function returns false, and leaves *ret alone, when the result does not fit 64 bits.
 *          (2) align is a power of two.
 */
#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
        uint64_t sum;

        if (__builtin_add_overflow(a, b, &sum))
                return false;
        *ret = sum;
        return true;
}

static inline bool checked_mul_u64(uint64_t a, uint64_t b, uint64_t *ret)
{
        uint64_t product;

        if (__builtin_mul_overflow(a, b, &product))
                return false;
        *ret = product;
        return true;
}

static inline bool checked_align_up_u64(uint64_t value, uint64_t align, uint64_t *ret)
{
        uint64_t padded;

        if (!checked_add_u64(value, align - 1, &padded))
                return false;
        *ret = padded & ~(align - 1);
        return true;
}

/* For values that are known to be far below 2^64. */
static inline uint64_t align_up_u64(uint64_t value, uint64_t align)
{
        return (value + align - 1) & ~(align - 1);
}

static inline uint64_t div_up_u64(uint64_t value, uint64_t by)
{
        return value / by + (value % by != 0);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

#endif
