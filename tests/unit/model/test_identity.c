/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/identity.h"
#include "model/template_check.h"

static struct guid seed_of(const char *yaml, const struct template_setting *settings, size_t count)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        struct guid seed;

        if (template_parse(yaml, strlen(yaml), "web.yaml", settings, count, &list, &template, NULL))
                fail_msg("%s", list.complaints[0].text);
        assert_int_equal(identity_seed(template, &seed, NULL), INGOT_OK);
        return seed;
}

static void the_seed_is_of_template_name_version_and_settings(void **state) /* rule 1 */
{
        static const struct template_setting settings[] = { { "version", "8" }, { "a", "x" }, { "b", "y" } };
        static const struct template_setting reordered[] = { { "b", "y" }, { "version", "8" }, { "a", "x" } };
        const char *yaml = example_with(example_template, "nginx", "nginx ${a}${b}");
        struct guid seed = seed_of(yaml, settings, 3), again = seed_of(yaml, reordered, 3);
        struct guid plain = seed_of(example_template, NULL, 0), changed;
        static const struct template_setting moved[] = { { "version", "8" }, { "a", "xy" }, { "b", "" } };
        char text[GUID_TEXT_CHARS + 1];

        (void)state;
        assert_true(guid_equal(&seed, &again));
        changed = seed_of(yaml, moved, 3);
        assert_false(guid_equal(&seed, &changed));
        changed = seed_of(example_template, settings, 1);
        assert_false(guid_equal(&plain, &changed));
        changed = seed_of(example_with(example_template, "nginx", "apache"), NULL, 0);
        assert_false(guid_equal(&plain, &changed));
        guid_print(&plain, text);
        assert_int_equal(text[14], '8'); /* RFC 9562, version */
}

static void a_given_seed_is_the_seed(void **state) /* rule 1 */
{
        struct guid seed = seed_of(
                example_with(example_template, "boot:", "seed: 12345678-9ABC-4def-8123-456789abcdef\nboot:"),
                NULL, 0);
        char text[GUID_TEXT_CHARS + 1];

        (void)state;
        guid_print(&seed, text);
        assert_string_equal(text, "12345678-9abc-4def-8123-456789abcdef");
}

static void no_two_purposes_share_an_identifier(void **state) /* rule 2 */
{
        static const char *const devices[] = { "/dev/sda", "/dev/sda1" };
        struct guid seed = { { 1, 2, 3 } }, all[64];
        size_t count = 0;

        (void)state;
        for (size_t d = 0; d < 2; d++) {
                assert_int_equal(identity_derive(&seed, IDENTITY_DISK, devices[d], 0, &all[count++], NULL),
                                 INGOT_OK);
                for (int purpose = IDENTITY_PARTITION; purpose <= IDENTITY_HASH_SEED; purpose++) {
                        for (uint32_t number = 0; number < 4; number++)
                                assert_int_equal(identity_derive(&seed, (enum identity_purpose)purpose,
                                                                 devices[d], number, &all[count++], NULL),
                                                 INGOT_OK);
                }
        }
        for (size_t i = 0; i < count; i++) {
                for (size_t j = 0; j < i; j++)
                        assert_false(guid_equal(&all[i], &all[j]));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_seed_is_of_template_name_version_and_settings),
                cmocka_unit_test(a_given_seed_is_the_seed),
                cmocka_unit_test(no_two_purposes_share_an_identifier),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
