/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_PACE_H
#define PUBLISH_PACE_H

/* builder/publish/pace.h
 * pace: a token bucket, so that we ask no faster than the quota.
 *
 * Rules    (1) per_second == 0 does not pace.
 *          (2) The bucket holds a tenth of a second's tokens, at least one: a burst cannot pass the quota by more.
 *          (3) One pace may be shared by threads: an account's quota by everything that one process sends at once.
 * Tests    tests/unit/publish/test_pace.c
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pace {
        uint32_t per_second;
        _Atomic uint64_t next_ns; /* when the bucket was, or will be, empty */
};

/* A full bucket. */
void pace_init(struct pace *pace, uint32_t per_second);

/* Takes a token if there is one at now_ns; else says how long to wait for it. */
bool pace_take(struct pace *pace, uint64_t now_ns, uint32_t *ret_wait_ms);

/* Puts back a token that was taken and not used. */
void pace_return(struct pace *pace);

#endif
