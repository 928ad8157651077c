/* SPDX-License-Identifier: Apache-2.0 */
#include "region/chaos_draw.h"
#include "base/checked.h"

static uint64_t mix(uint64_t state)
{
        state += UINT64_C(0x9E3779B97F4A7C15);
        state = (state ^ state >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        state = (state ^ state >> 27) * UINT64_C(0x94D049BB133111EB);
        return state ^ state >> 31;
}

uint64_t chaos_draw(uint64_t seed, uint64_t rule, uint64_t subject, uint64_t number)
{
        return mix(mix(mix(mix(seed) ^ rule) ^ subject) ^ number);
}

uint64_t chaos_subject(const char *name)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (; *name; name++)
                hash = (hash ^ (uint8_t)*name) * UINT64_C(0x100000001b3);
        return hash;
}

bool chaos_falls(uint64_t draw, uint64_t ppm)
{
        return (draw >> 11) % CHAOS_MILLION < ppm;
}

static uint64_t interval_ns(const struct chaos_quota *quota)
{
        return 1000000000u / quota->rate_per_second;
}

bool chaos_take_token(const struct chaos_quota *quota, uint64_t now_ns, uint64_t *full_at_ns)
{
        uint64_t full_ns = max_u64(*full_at_ns, now_ns), interval;

        if (!quota->rate_per_second)
                return true;
        interval = interval_ns(quota);
        if (full_ns + interval - now_ns > quota->burst * interval)
                return false;
        *full_at_ns = full_ns + interval;
        return true;
}

void chaos_return_token(const struct chaos_quota *quota, uint64_t *full_at_ns)
{
        if (quota->rate_per_second)
                *full_at_ns -= interval_ns(quota);
}
