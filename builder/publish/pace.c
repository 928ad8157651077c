/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/pace.h"
#include "base/checked.h"

static uint64_t step_ns_of(const struct pace *pace)
{
        return UINT64_C(1000000000) / pace->per_second;
}

void pace_init(struct pace *pace, uint32_t per_second)
{
        pace->per_second = per_second;
        atomic_init(&pace->next_ns, 0);
}

bool pace_take(struct pace *pace, uint64_t now_ns, uint32_t *ret_wait_ms)
{
        uint64_t step_ns, depth_ns, was_ns, from_ns;

        *ret_wait_ms = 0;
        if (!pace->per_second)
                return true;
        step_ns = step_ns_of(pace);
        depth_ns = max_u64(UINT64_C(100000000), step_ns);
        was_ns = atomic_load(&pace->next_ns);
        do {
                /* next_ns runs at most depth_ns ahead of the clock, and never behind it. */
                from_ns = max_u64(was_ns, now_ns);
                if (from_ns + step_ns > now_ns + depth_ns) {
                        *ret_wait_ms = (uint32_t)((from_ns + step_ns - now_ns - depth_ns) / 1000000 + 1);
                        return false;
                }
        } while (!atomic_compare_exchange_weak(&pace->next_ns, &was_ns, from_ns + step_ns));
        return true;
}

void pace_return(struct pace *pace)
{
        if (pace->per_second)
                (void)atomic_fetch_sub(&pace->next_ns, step_ns_of(pace));
}
