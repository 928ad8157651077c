/* SPDX-License-Identifier: Apache-2.0 */
#include "lifecycle/release_estimate.h"

enum { PUT_MICRO_USD = 6, GIB_MONTH_MICRO_USD = 50000, BLOCKS_PER_GIB = 2048, CALLS_PER_VOLUME = 2 };

/* value * times / by, rounded up. */
static uint64_t scale(uint64_t value, uint64_t times, uint64_t by)
{
        __extension__ unsigned __int128 product = (unsigned __int128)value * times;

        product = (product + by - 1) / by;
        return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

uint64_t estimate_ms(uint64_t blocks, uint64_t blocks_per_second)
{
        return blocks_per_second ? scale(blocks, 1000, blocks_per_second) : 0;
}

uint64_t estimate_measured_ms(uint64_t blocks, uint64_t measured_blocks, uint64_t measured_ms)
{
        return measured_blocks ? scale(blocks, measured_ms, measured_blocks) : 0;
}

uint64_t estimate_sending_micro_usd(uint64_t blocks)
{
        return scale(blocks, PUT_MICRO_USD, 1);
}

uint64_t estimate_storing_micro_usd(uint64_t blocks)
{
        return scale(blocks, GIB_MONTH_MICRO_USD, BLOCKS_PER_GIB);
}

uint64_t estimate_requests(uint64_t blocks, uint64_t volumes_to_send, uint64_t other_calls)
{
        uint64_t sum = 0;

        if (__builtin_mul_overflow(volumes_to_send, CALLS_PER_VOLUME, &sum) ||
            __builtin_add_overflow(sum, blocks, &sum) || __builtin_add_overflow(sum, other_calls, &sum))
                return UINT64_MAX;
        return sum;
}
