/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_TARGET_H
#define LIFECYCLE_TARGET_H

/* builder/lifecycle/target.h
 * target: what the words after --to mean.
 *
 * Rules    (1) local[:REGION], aws:REGION[,REGION...] or "aws:"; a region named twice is an error.
 *          (2) A plain value.
 * Tests    tests/unit/lifecycle/test_target.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

#include "publish/endpoint.h"

enum { TARGET_REGIONS_MAX = 64 };

enum target_kind { TARGET_LOCAL, TARGET_AWS };

struct target {
        enum target_kind kind;
        size_t region_count; /* 0: "aws:", the region is told by the environment or the profile */
        char regions[TARGET_REGIONS_MAX][ENDPOINT_WORD_CHARS + 1];
};

/*
 * Reads a target; "local" is local-1.
 *
 * Fails with   INGOT_E_USAGE  it is none
 */
enum ingot_code target_parse(const char *to, struct target *ret_target,
                             struct ingot_error *err) INGOT_MUST_CHECK;

#endif
