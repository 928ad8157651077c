/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "lifecycle/release_places.h"
#include "support/cmocka_all.h"

static char east[] = "us-east-1", west[] = "eu-west-1", key[] = "arn:aws:kms:eu-west-1:1:key/1",
            who[] = "release";

static struct manifest_region regions[] = { { .name = east, .required = true },
                                            { .name = west, .kms_key = key, .profile = who } };
static const struct manifest_release section = { .regions = regions, .region_count = 2 }, empty;

static void the_section_names_the_regions_where_the_target_does_not(void **state) /* rule 2 */
{
        struct release_places places;
        struct ingot_target target = { .to = NULL, .profile = "base" };

        (void)state;
        for (int i = 0; i < 2; i++) {
                assert_int_equal(release_places_find(&section, i ? "aws:" : NULL, &places, NULL), INGOT_OK);
                assert_int_equal(places.count, 2);
                assert_false(places.is_local);
                assert_string_equal(places.items[0].to, "aws:us-east-1");
                assert_true(places.items[0].required);
                assert_string_equal(places.items[1].kms_key, key);
                assert_false(places.items[1].required);
        }
        target = release_place_target(&places.items[1], &target);
        assert_string_equal(target.to, "aws:eu-west-1");
        assert_string_equal(target.profile, "release");
}

static void a_target_decides_and_the_section_describes(void **state) /* rule 1 */
{
        struct release_places places;

        (void)state;
        assert_int_equal(release_places_find(&section, "aws:eu-west-1,ap-south-1", &places, NULL), INGOT_OK);
        assert_int_equal(places.count, 2);
        assert_false(places.items[0].required);
        assert_string_equal(places.items[0].kms_key, key);
        assert_true(places.items[1].required);
        assert_null(places.items[1].kms_key);
}

static void without_a_section_it_is_the_local_region(void **state) /* rule 2 */
{
        struct release_places places;

        (void)state;
        assert_int_equal(release_places_find(&empty, NULL, &places, NULL), INGOT_OK);
        assert_true(places.is_local && places.count == 1);
        assert_string_equal(places.items[0].to, "local:local-1");
        assert_int_equal(release_places_find(&empty, "aws:", &places, NULL), INGOT_OK);
        assert_int_equal(places.count, 1);
        assert_string_equal(places.items[0].to, "aws:");
        assert_int_equal(release_places_find(&section, "azure:x", &places, NULL), INGOT_E_USAGE);
}

static void a_key_is_of_no_use_in_the_local_region(void **state)
{
        struct release_places places;

        (void)state;
        assert_int_equal(release_places_find(&section, "local:eu-west-1", &places, NULL), INGOT_OK);
        assert_null(places.items[0].kms_key);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_section_names_the_regions_where_the_target_does_not),
                cmocka_unit_test(a_target_decides_and_the_section_describes),
                cmocka_unit_test(without_a_section_it_is_the_local_region),
                cmocka_unit_test(a_key_is_of_no_use_in_the_local_region),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
