/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/plural.h"

static void only_one_is_singular(void **state)
{
        (void)state;
        assert_string_equal(plural(0, "retry", "retries"), "retries");
        assert_string_equal(plural(1, "retry", "retries"), "retry");
        assert_string_equal(plural(2, "retry", "retries"), "retries");
        assert_string_equal(plural(UINT64_MAX, "retry", "retries"), "retries");
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(only_one_is_singular) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
