/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lifecycle/target.h"
#include "support/cmocka_all.h"

static void targets_name_their_regions(void **state) /* rule 1 */
{
        static const struct {
                const char *to;
                enum target_kind kind;
                size_t count;
                const char *first, *last;
        } rows[] = {
                { "local", TARGET_LOCAL, 1, "local-1", "local-1" },
                { "local:eu-central-1", TARGET_LOCAL, 1, "eu-central-1", "eu-central-1" },
                { "aws:us-east-1", TARGET_AWS, 1, "us-east-1", "us-east-1" },
                { "aws:us-east-1,eu-west-1,us-gov-west-1", TARGET_AWS, 3, "us-east-1", "us-gov-west-1" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct target target;

                assert_int_equal(target_parse(rows[i].to, &target, NULL), INGOT_OK);
                assert_int_equal(target.kind, rows[i].kind);
                assert_int_equal(target.region_count, rows[i].count);
                assert_string_equal(target.regions[0], rows[i].first);
                assert_string_equal(target.regions[target.region_count - 1], rows[i].last);
        }
}

static void a_region_may_be_left_to_the_environment(void **state)
{
        struct target target;

        (void)state;
        assert_int_equal(target_parse("aws:", &target, NULL), INGOT_OK);
        assert_int_equal(target.kind, TARGET_AWS);
        assert_int_equal(target.region_count, 0);
}

static void what_is_no_target_is_refused(void **state)
{
        static const char *const rows[] = {
                "",
                "aws",
                "azure:west",
                "local:",
                "local:a,b",
                "aws:,",
                "aws:us-east-1,",
                "aws:us-east-1,us-east-1",
                "aws:US-EAST-1",
                "aws:us-east-1/",
                "aws:a123456789012345678901234567890123456789012345678901234567890123",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct target target;

                assert_int_equal(target_parse(rows[i], &target, NULL), INGOT_E_USAGE);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(targets_name_their_regions),
                cmocka_unit_test(a_region_may_be_left_to_the_environment),
                cmocka_unit_test(what_is_no_target_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
