/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"

static bool is_known(const char *const *known, const char *name)
{
        if (strncmp(name, "tag:", 4) == 0 || strcmp(name, "tag-key") == 0)
                return true;
        for (; *known; known++) {
                if (strcmp(*known, name) == 0)
                        return true;
        }
        return false;
}

static void read_values(struct ec2_call *ec2, unsigned number, struct ec2_filter *filter)
{
        for (unsigned i = 1; form_has(&ec2->form, "Filter.%u.Value.%u", number, i); i++) {
                const char *value = form_find(&ec2->form, "Filter.%u.Value.%u", number, i);

                if (filter->value_count == FILTER_VALUES_MAX) {
                        (void)ec2_refuse_value(ec2, "FilterLimitExceeded",
                                               "A filter has more than %d values.", FILTER_VALUES_MAX);
                        return;
                }
                if (value)
                        filter->values[filter->value_count++] = value;
        }
        if (filter->value_count == 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "The filter '%.80s' has no value.",
                                       filter->name);
}

void ec2_filters_read(struct ec2_call *ec2, const char *const *known, struct ec2_filters *ret_filters)
{
        ret_filters->count = 0;
        for (unsigned i = 1; form_has(&ec2->form, "Filter.%u", i); i++) {
                struct ec2_filter *filter = &ret_filters->filters[ret_filters->count];
                const char *name = form_find(&ec2->form, "Filter.%u.Name", i);

                if (ret_filters->count == FILTERS_MAX) {
                        (void)ec2_refuse_value(ec2, "FilterLimitExceeded", "There are more than %d filters.",
                                               FILTERS_MAX);
                        return;
                }
                if (!name || !is_known(known, name)) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue", "The filter '%.80s' is invalid",
                                               name ? name : "null");
                        return;
                }
                filter->name = name;
                filter->value_count = 0;
                read_values(ec2, i, filter);
                ret_filters->count++;
        }
}

void ec2_filters_begin(struct ec2_filters *filters)
{
        for (size_t i = 0; i < filters->count; i++)
                filters->filters[i].is_met = false;
}

/* Backtracks only to the last '*': linear in text for each '*'. */
bool ec2_wildcard_matches(const char *pattern, const char *text)
{
        const char *star = NULL, *star_text = NULL;

        while (*text) {
                if (*pattern == '*') {
                        star = ++pattern;
                        star_text = text;
                        continue;
                }
                if (*pattern == '\\' && pattern[1] ? pattern[1] == *text
                                                   : *pattern == '?' || *pattern == *text) {
                        pattern += *pattern == '\\' && pattern[1] ? 2 : 1;
                        text++;
                        continue;
                }
                if (!star)
                        return false;
                pattern = star;
                text = ++star_text;
        }
        while (*pattern == '*')
                pattern++;
        return *pattern == '\0';
}

void ec2_filters_fact(struct ec2_filters *filters, const char *name, const char *value)
{
        for (size_t i = 0; i < filters->count; i++) {
                struct ec2_filter *filter = &filters->filters[i];

                if (filter->is_met || strcmp(filter->name, name) != 0)
                        continue;
                for (size_t j = 0; j < filter->value_count && !filter->is_met; j++)
                        filter->is_met = ec2_wildcard_matches(filter->values[j], value);
        }
}

void ec2_filters_fact_bool(struct ec2_filters *filters, const char *name, bool value)
{
        ec2_filters_fact(filters, name, value ? "true" : "false");
}

void ec2_filters_fact_number(struct ec2_filters *filters, const char *name, uint64_t value)
{
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRIu64, value);
        ec2_filters_fact(filters, name, text);
}

enum ingot_code ec2_filters_fact_tags(struct ec2_filters *filters, struct ec2_call *ec2,
                                      const char *resource_id, struct ingot_error *err)
{
        OWNED(heap_drop) struct tag *tags = NULL;
        uint32_t count = 0;
        bool is_wanted = false;
        enum ingot_code r;

        for (size_t i = 0; i < filters->count; i++)
                is_wanted |= strncmp(filters->filters[i].name, "tag", 3) == 0;
        if (!is_wanted)
                return INGOT_OK;
        tags = calloc(TAGS_MAX, sizeof(*tags));
        if (!tags)
                return ingot_fail_memory(err, TAGS_MAX * sizeof(*tags));
        r = catalogue_read_tags(ec2->store->catalogue, resource_id, tags, &count, err);
        for (uint32_t i = 0; !r && i < count; i++) {
                char name[sizeof(tags[i].key) + 4];

                (void)snprintf(name, sizeof(name), "tag:%s", tags[i].key);
                ec2_filters_fact(filters, name, tags[i].value);
                ec2_filters_fact(filters, "tag-key", tags[i].key);
        }
        return r;
}

bool ec2_filters_pass(const struct ec2_filters *filters)
{
        for (size_t i = 0; i < filters->count; i++) {
                if (!filters->filters[i].is_met)
                        return false;
        }
        return true;
}
