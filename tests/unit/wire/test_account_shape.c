/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "wire/account_shape.h"

static void key_needs_arn_state_and_enabled(void **state)
{
        static const char *const bad[] = {
                "",
                "[]",
                "{}",
                "{\"KeyMetadata\":[]}",
                "{\"KeyMetadata\":{\"Arn\":\"a\",\"KeyState\":\"Enabled\"}}",
                "{\"KeyMetadata\":{\"Arn\":\"a\",\"KeyState\":\"Enabled\",\"Enabled\":1}}",
                "{\"KeyMetadata\":{\"Arn\":\"\",\"KeyState\":\"Enabled\",\"Enabled\":true}}",
        };
        static const char good[] =
                "{\"KeyMetadata\":{\"Arn\":\"a\",\"KeyState\":\"Enabled\",\"Enabled\":true,\"New\":{}}}";
        struct kms_key key;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(kms_shape_key(bad[i], strlen(bad[i]), &key, NULL), INGOT_E_FORMAT);
        assert_int_equal(kms_shape_key(good, strlen(good), &key, NULL), INGOT_OK);
        assert_true(key.is_enabled);
        assert_string_equal(key.manager, "");
}

static void quota_needs_a_value_one_can_count_to(void **state)
{
        static const char *const bad[] = { "{\"Quota\":{}}", "{\"Quota\":{\"Value\":\"5\"}}",
                                           "{\"Quota\":{\"Value\":-1}}", "{\"Quota\":{\"Value\":1e30}}" };
        static const char good[] = "{\"Quota\":{\"Value\":5.9}}";
        struct quota quota;

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_int_equal(quota_shape_quota(bad[i], strlen(bad[i]), &quota, NULL), INGOT_E_FORMAT);
        assert_int_equal(quota_shape_quota(good, strlen(good), &quota, NULL), INGOT_OK);
        assert_int_equal(quota.value, 5);
        assert_false(quota.is_adjustable);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(key_needs_arn_state_and_enabled),
                cmocka_unit_test(quota_needs_a_value_one_can_count_to),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
