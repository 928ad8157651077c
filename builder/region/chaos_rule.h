/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_RULE_H
#define REGION_CHAOS_RULE_H

/* builder/region/chaos_rule.h
 * chaos_rule: one rule of a chaos file, from its keys.
 *
 * Rules    (1) Each deed has keys of its own; a key of another deed is a complaint that names its deeds.
 *          (2) Durations are whole numbers with a unit: 40ms, 10s, 5m, 3h.  Shares are decimals from 0 to 1, to six
 *              places.
 * Tests    tests/unit/region/test_chaos_plan.c
 */
#include "model/template_fields.h"
#include "region/chaos_plan.h"

/* Fills rule from the value at hand; number counts from 0.  Where something is wrong there are complaints. */
void chaos_rule_take(struct checker *checker, const struct node *value, size_t number,
                     struct chaos_rule *rule);
void chaos_rule_scale(struct chaos_rule *rule, uint64_t scale_ppm);
void chaos_rule_release(struct chaos_rule *rule);

/* For field.take; each fills a struct number_value. */
void chaos_take_size(struct checker *checker, const struct node *value, const struct field *field,
                     void *member); /* bytes, at least 1 */
void chaos_take_share(struct checker *checker, const struct node *value, const struct field *field,
                      void *member); /* millionths */
void chaos_take_duration(struct checker *checker, const struct node *value, const struct field *field,
                         void *member); /* nanoseconds */

/* A span scaled; UINT64_MAX stays. */
uint64_t chaos_scale_ns(uint64_t span_ns, uint64_t scale_ppm);

#endif
