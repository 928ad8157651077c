/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/tokens.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"

static void token_is_read_for_its_purpose_only(void **state)
{
        struct region_rig *rig = *state;
        char token[TOKEN_CHARS + 1];
        uint64_t position = 0;

        assert_int_equal(token_print(rig->store, "block snap-1", 42, rig->now_seconds + 10, token, NULL),
                         INGOT_OK);
        assert_int_equal(token_read(rig->store, "block snap-1", token, &position), TOKEN_GOOD);
        assert_int_equal(position, 42);
        assert_int_equal(token_read(rig->store, "block snap-12", token, &position), TOKEN_FOREIGN);
        assert_int_equal(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="),
                         TOKEN_CHARS);
}

static void token_runs_out(void **state)
{
        struct region_rig *rig = *state;
        char token[TOKEN_CHARS + 1];
        uint64_t position;

        assert_int_equal(token_print(rig->store, "p", 1, rig->now_seconds + 10, token, NULL), INGOT_OK);
        rig->now_seconds += 11;
        assert_int_equal(token_read(rig->store, "p", token, &position), TOKEN_EXPIRED);
}

static void token_that_was_changed_is_foreign(void **state)
{
        struct region_rig *rig = *state;
        char token[TOKEN_CHARS + 1];
        uint64_t position;

        assert_int_equal(token_print(rig->store, "p", 1, rig->now_seconds + 10, token, NULL), INGOT_OK);
        for (size_t i = 0; i < TOKEN_CHARS - 2; i++) {
                char was = token[i];

                token[i] = was == 'A' ? 'B' : 'A';
                assert_int_equal(token_read(rig->store, "p", token, &position), TOKEN_FOREIGN);
                token[i] = was;
        }
        assert_int_equal(token_read(rig->store, "p", "", &position), TOKEN_FOREIGN);
        assert_int_equal(token_read(rig->store, "p", "****", &position), TOKEN_FOREIGN);
}

static void token_keeps_its_meaning_across_restarts(void **state)
{
        struct region_rig *rig = *state;
        char token[TOKEN_CHARS + 1];
        uint64_t position;

        assert_int_equal(token_print(rig->store, "p", 9, rig->now_seconds + 10, token, NULL), INGOT_OK);
        region_rig_reopen(rig);
        assert_int_equal(token_read(rig->store, "p", token, &position), TOKEN_GOOD);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(token_is_read_for_its_purpose_only),
                TEST(token_runs_out),
                TEST(token_that_was_changed_is_foreign),
                TEST(token_keeps_its_meaning_across_restarts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
