/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/encryption.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"

/* The table of facts/aws-api.md 2.4, row by row. */
static void encryption_at_start_is_as_the_table_says(void **state)
{
        enum parent { NO_PARENT, PLAIN_PARENT, ENCRYPTED_PARENT };
        static const struct {
                enum parent parent;
                bool is_default;
                const char *given;
                unsigned status;
                const char *says;
        } rows[] = {
                { NO_PARENT, false, "", 201, "\"SseType\":\"none\"" },
                { NO_PARENT, true, "", 201, "\"SseType\":\"sse-ebs\"" },
                { NO_PARENT, false, ",\"Encrypted\":true", 201, "\"SseType\":\"sse-ebs\"" },
                { NO_PARENT, true, ",\"Encrypted\":true", 201, "\"SseType\":\"sse-ebs\"" },
                { NO_PARENT, true, ",\"Encrypted\":false", 201, "\"SseType\":\"sse-ebs\"" },
                { PLAIN_PARENT, false, ",\"Encrypted\":true", 400, "exclude each other" },
                { ENCRYPTED_PARENT, true, ",\"Encrypted\":true", 400, "exclude each other" },
                { PLAIN_PARENT, true, "", 400, "the account encrypts by default" },
                { PLAIN_PARENT, false, "", 201, "\"SseType\":\"none\"" },
                { ENCRYPTED_PARENT, false, "", 201, "\"SseType\":\"sse-ebs\"" },
                { ENCRYPTED_PARENT, true, "", 201, "\"SseType\":\"sse-ebs\"" },
        };
        struct region_rig *rig = *state;
        static const uint8_t fills[] = { 1 };
        char parents[3][RESOURCE_ID_CHARS + 1] = { "" };
        struct ingot_error err;

        region_rig_upload(rig, "{\"VolumeSize\":1}", fills, 1, parents[PLAIN_PARENT]);
        region_rig_upload(rig, "{\"VolumeSize\":1,\"Encrypted\":true}", fills, 1, parents[ENCRYPTED_PARENT]);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char json[300];

                assert_int_equal(encryption_set_default(rig->store, rig->region, rows[i].is_default, &err),
                                 INGOT_OK);
                (void)snprintf(json, sizeof(json), "{\"VolumeSize\":1%s%s%s%s}",
                               rows[i].parent ? ",\"ParentSnapshotId\":\"" : "", parents[rows[i].parent],
                               rows[i].parent ? "\"" : "", rows[i].given);
                if (region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, json, strlen(json)) !=
                            rows[i].status ||
                    !region_rig_says(rig, rows[i].says))
                        fail_msg("row %zu: %u %s", i, rig->reply.status, rig->reply.body.bytes);
        }
}

static void the_default_is_a_regions_own_and_chaos_may_turn_it_on(void **state)
{
        struct region_rig *rig = *state;
        struct ingot_error err;
        bool is_default = true;

        assert_int_equal(encryption_is_default(rig->store, "us-east-1", &is_default, &err), INGOT_OK);
        assert_false(is_default);
        assert_int_equal(encryption_set_default(rig->store, "us-east-1", true, &err), INGOT_OK);
        region_rig_reopen(rig);
        assert_int_equal(encryption_is_default(rig->store, "us-east-1", &is_default, &err), INGOT_OK);
        assert_true(is_default);
        assert_int_equal(encryption_is_default(rig->store, "eu-west-1", &is_default, &err), INGOT_OK);
        assert_false(is_default);
        region_rig_begin_chaos(rig, "ebs-encryption-by-default: true\n");
        assert_int_equal(encryption_is_default(rig->store, "eu-west-1", &is_default, &err), INGOT_OK);
        assert_true(is_default);
}

#define WITH_REGION(test) cmocka_unit_test_setup_teardown(test, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WITH_REGION(encryption_at_start_is_as_the_table_says),
                WITH_REGION(the_default_is_a_regions_own_and_chaos_may_turn_it_on),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
