/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_FILTER_H
#define REGION_EC2_FILTER_H

/* builder/region/ec2_filter.h
 * ec2_filter: Filter.N of a describe call, matched against the facts of one resource after another.
 *
 * Rules    (1) A resource passes when every filter has a fact of its name that matches one of its values.
 *          (2) In a value '*' stands for any characters, '?' for one, and '\' takes the next literally.
 *          (3) tag:KEY and tag-key are known to every resource; other names only if they are in the
 *              resource's list.
 * Tests    tests/unit/region/test_ec2_filter.c
 */
#include "region/ec2_call.h"

enum { FILTERS_MAX = 50, FILTER_VALUES_MAX = 200 };

struct ec2_filter {
        const char *name;
        const char *values[FILTER_VALUES_MAX]; /* borrowed from the form */
        size_t value_count;
        bool is_met;
};

struct ec2_filters {
        size_t count;
        struct ec2_filter filters[FILTERS_MAX];
};

/* Reads Filter.N; refuses a name that is not in known, which NULL ends. */
void ec2_filters_read(struct ec2_call *ec2, const char *const *known, struct ec2_filters *ret_filters);

/* Judge one resource: begin, state each of its facts, then ask. */
void ec2_filters_begin(struct ec2_filters *filters);
void ec2_filters_fact(struct ec2_filters *filters, const char *name, const char *value);
void ec2_filters_fact_bool(struct ec2_filters *filters, const char *name, bool value);
void ec2_filters_fact_number(struct ec2_filters *filters, const char *name, uint64_t value);
/* States the resource's tags, when a filter asks for them. */
enum ingot_code ec2_filters_fact_tags(struct ec2_filters *filters, struct ec2_call *ec2,
                                      const char *resource_id, struct ingot_error *err) INGOT_MUST_CHECK;
bool ec2_filters_pass(const struct ec2_filters *filters);

/* Rule 2. */
bool ec2_wildcard_matches(const char *pattern, const char *text);

#endif
