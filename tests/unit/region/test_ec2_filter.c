/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "region/ec2_filter.h"
#include "support/cmocka_all.h"

static void wildcards_match_as_ec2_says(void **state)
{
        static const struct {
                const char *pattern, *text;
                bool matches;
        } rows[] = {
                { "web", "web", true },
                { "web", "Web", false },
                { "", "", true },
                { "", "a", false },
                { "*", "", true },
                { "*", "anything", true },
                { "debian-*", "debian-12", true },
                { "debian-*", "debian", false },
                { "*-12", "debian-12", true },
                { "d?bian", "debian", true },
                { "d?bian", "dbian", false },
                { "?", "", false },
                { "*a*b*", "xxaxxbxx", true },
                { "*a*b*", "xxbxxaxx", false },
                { "a\\*b", "a*b", true },
                { "a\\*b", "axb", false },
                { "a\\?", "a?", true },
                { "a\\\\", "a\\", true },
                { "*aab", "aaaaab", true },
                { "a*", "b", false },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                if (ec2_wildcard_matches(rows[i].pattern, rows[i].text) != rows[i].matches)
                        fail_msg("'%s' against '%s'", rows[i].pattern, rows[i].text);
        }
}

static void wildcard_of_many_stars_ends_soon(void **state)
{
        char text[4001], pattern[201];

        (void)state;
        memset(text, 'a', 4000);
        text[4000] = '\0';
        for (size_t i = 0; i < 200; i++)
                pattern[i] = i % 2 ? '*' : 'a';
        pattern[199] = 'b';
        pattern[200] = '\0';
        assert_false(ec2_wildcard_matches(pattern, text));
}

static void every_filter_must_be_met_by_one_of_its_values(void **state)
{
        struct ec2_filters *filters = calloc(1, sizeof(*filters));

        (void)state;
        assert_non_null(filters);
        filters->count = 2;
        filters->filters[0] =
                (struct ec2_filter){ .name = "state", .values = { "pending", "ready" }, .value_count = 2 };
        filters->filters[1] = (struct ec2_filter){ .name = "size", .values = { "8" }, .value_count = 1 };
        ec2_filters_begin(filters);
        ec2_filters_fact(filters, "state", "ready");
        assert_false(ec2_filters_pass(filters));
        ec2_filters_fact_number(filters, "size", 8);
        assert_true(ec2_filters_pass(filters));
        ec2_filters_begin(filters);
        ec2_filters_fact_number(filters, "size", 8);
        assert_false(ec2_filters_pass(filters));
        ec2_filters_fact(filters, "state", "gone");
        ec2_filters_fact(filters, "state",
                         "pending"); /* a fact may be stated more than once: one is enough */
        assert_true(ec2_filters_pass(filters));
        filters->count = 0;
        ec2_filters_begin(filters);
        assert_true(ec2_filters_pass(filters));
        free(filters);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(wildcards_match_as_ec2_says),
                cmocka_unit_test(wildcard_of_many_stars_ends_soon),
                cmocka_unit_test(every_filter_must_be_met_by_one_of_its_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
