/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/pace.h"
#include "base/checked.h"

bool pace_take(struct pace *pace, uint64_t now_ns, uint32_t *ret_wait_ms)
{
        uint64_t step_ns, depth_ns;

        *ret_wait_ms = 0;
        if (!pace->per_second)
                return true;
        step_ns = UINT64_C(1000000000) / pace->per_second;
        depth_ns = max_u64(UINT64_C(100000000), step_ns);
        /* next_ns runs at most depth_ns ahead of the clock, and never behind it. */
        if (pace->next_ns < now_ns)
                pace->next_ns = now_ns;
        if (pace->next_ns + step_ns > now_ns + depth_ns) {
                *ret_wait_ms = (uint32_t)((pace->next_ns + step_ns - now_ns - depth_ns) / 1000000 + 1);
                return false;
        }
        pace->next_ns += step_ns;
        return true;
}
