/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_DRAW_H
#define REGION_CHAOS_DRAW_H

/* builder/region/chaos_draw.h
 * chaos_draw: random numbers that depend on nothing but what they are drawn for; and a token bucket.
 *
 * Tests    tests/unit/region/test_chaos.c
 */
#include <stdbool.h>
#include <stdint.h>

#include "region/chaos_plan.h"

/* splitmix64's finisher over all of them. */
uint64_t chaos_draw(uint64_t seed, uint64_t rule, uint64_t subject, uint64_t number);
/* Of a name: FNV-1a. */
uint64_t chaos_subject(const char *name);

/* Whether a draw falls within so many millionths. */
bool chaos_falls(uint64_t draw, uint64_t ppm);

/*
 * Takes a token out of a bucket that was full at first; false when there is none.
 *
 * full_at_ns   the bucket's state: when it will be full again; 0 at first
 */
bool chaos_take_token(const struct chaos_quota *quota, uint64_t now_ns, uint64_t *full_at_ns);
/* Puts a token back that was taken at the same moment. */
void chaos_return_token(const struct chaos_quota *quota, uint64_t *full_at_ns);

#endif
