/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"

enum { NAMES_MAX = 100 };

/* The regions that every account has without asking (partition aws). */
static const char *const region_names[] = {
        "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1",
        "ap-southeast-2", "ca-central-1",   "eu-central-1",   "eu-north-1", "eu-west-1",
        "eu-west-2",      "eu-west-3",      "sa-east-1",      "us-east-1",  "us-east-2",
        "us-west-1",      "us-west-2",
};
enum { REGION_COUNT = sizeof(region_names) / sizeof(region_names[0]) };

struct region_query {
        struct ec2_filters filters;
        const char *names[NAMES_MAX]; /* borrowed from the form */
        size_t name_count;
};

static bool is_asked(const struct region_query *query, const char *name)
{
        for (size_t i = 0; i < query->name_count; i++) {
                if (strcmp(query->names[i], name) == 0)
                        return true;
        }
        return query->name_count == 0;
}

static bool is_known(const struct ec2_call *ec2, const char *name)
{
        for (size_t i = 0; i < REGION_COUNT; i++) {
                if (strcmp(region_names[i], name) == 0)
                        return true;
        }
        return strcmp(ec2->call->region_name, name) == 0;
}

static void read_names(struct ec2_call *ec2, struct region_query *query)
{
        for (unsigned i = 1; form_has(&ec2->form, "RegionName.%u", i); i++) {
                const char *name = form_find(&ec2->form, "RegionName.%u", i);

                if (!name || query->name_count == NAMES_MAX || !is_known(ec2, name)) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue", "Invalid region: %.64s",
                                               name ? name : "");
                        return;
                }
                query->names[query->name_count++] = name;
        }
}

static void write_region(struct ec2_call *ec2, struct region_query *query, const char *name)
{
        char endpoint[128];

        (void)snprintf(endpoint, sizeof(endpoint), "ec2.%s.amazonaws.com", name);
        ec2_filters_begin(&query->filters);
        ec2_filters_fact(&query->filters, "region-name", name);
        ec2_filters_fact(&query->filters, "endpoint", endpoint);
        ec2_filters_fact(&query->filters, "opt-in-status", "opt-in-not-required");
        if (!is_asked(query, name) || !ec2_filters_pass(&query->filters))
                return;
        element_open(ec2->out, "item");
        element_text(ec2->out, "regionName", name);
        element_text(ec2->out, "regionEndpoint", endpoint);
        element_text(ec2->out, "optInStatus", "opt-in-not-required");
        element_close(ec2->out, "item");
}

enum ingot_code serve_describe_regions(struct ec2_call *ec2, struct ingot_error *err)
{
        static const char *const known[] = { "region-name", "endpoint", "opt-in-status", NULL };
        OWNED(heap_drop) struct region_query *query = calloc(1, sizeof(*query));
        bool has_own = false, all;

        if (!query)
                return ingot_fail_memory(err, sizeof(*query));
        ec2_filters_read(ec2, known, &query->filters);
        read_names(ec2, query);
        (void)ec2_read_bool(ec2, "AllRegions", &all);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        ec2_begin(ec2);
        element_open(ec2->out, "regionInfo");
        for (size_t i = 0; i < REGION_COUNT; i++) {
                write_region(ec2, query, region_names[i]);
                has_own |= strcmp(region_names[i], ec2->call->region_name) == 0;
        }
        if (!has_own)
                write_region(ec2, query, ec2->call->region_name);
        element_close(ec2->out, "regionInfo");
        ec2_end(ec2);
        return INGOT_OK;
}
