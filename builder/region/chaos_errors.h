/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_ERRORS_H
#define REGION_CHAOS_ERRORS_H

/* builder/region/chaos_errors.h
 * chaos_errors: refusals by a word that means the same in every service: "throttled".
 *
 * Source   facts/aws-api.md 2.5 and 3.2: ebs 2019-11-02, ec2 2016-11-15; STS by its common errors
 * Tests    tests/unit/region/test_chaos.c
 */
#include "region/fate.h"

/* The words; NULL past the last. */
const char *chaos_error_word(unsigned at);

/* Fills in status, code, reason and message as service has them; false when word is none, and nothing is filled in. */
bool chaos_error_find(const char *service, const char *word, struct fate_refusal *refusal);

#endif
