/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/catalogue_settings.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"

static unsigned kms(struct region_rig *rig, const char *operation, const char *body)
{
        char headers[256];

        (void)snprintf(headers, sizeof(headers),
                       "Content-Type: application/x-amz-json-1.1\nX-Amz-Target: TrentService.%s\n",
                       operation);
        return region_rig_send(rig, "kms", "POST", "/", headers, body, strlen(body));
}

/* Asks with a key's id in the body. */
static unsigned kms_of(struct region_rig *rig, const char *operation, const char *id, const char *more)
{
        char body[512];

        (void)snprintf(body, sizeof(body), "{\"KeyId\":\"%s\"%s}", id, more);
        return kms(rig, operation, body);
}

static void create_key(struct region_rig *rig, char id[KEY_ID_CHARS + 1])
{
        assert_int_equal(kms(rig, "CreateKey", "{\"Description\":\"golden\"}"), 200);
        region_rig_pick(rig, "\"KeyId\":\"", "\"", id, KEY_ID_CHARS + 1);
        assert_int_equal(strlen(id), KEY_ID_CHARS);
        assert_int_equal(id[14], '4');
}

static void key_is_said_by_id_alias_or_arn(void **state)
{
        struct region_rig *rig = *state;
        char id[KEY_ID_CHARS + 1], body[256];

        create_key(rig, id);
        (void)snprintf(body, sizeof(body), "{\"AliasName\":\"alias/golden\",\"TargetKeyId\":\"%s\"}", id);
        assert_int_equal(kms(rig, "CreateAlias", body), 200);
        assert_int_equal(kms(rig, "CreateAlias", body), 400);
        assert_true(region_rig_says(rig, "AlreadyExistsException"));
        assert_int_equal(kms_of(rig, "DescribeKey", "alias/golden", ""), 200);
        assert_true(region_rig_says(rig, id));
        assert_int_equal(kms_of(rig, "DescribeKey", "arn:aws:kms:us-east-1:111122223333:alias/golden", ""),
                         200);
        assert_true(region_rig_says(rig, "\"KeyManager\":\"CUSTOMER\""));
        assert_int_equal(kms_of(rig, "DescribeKey", "arn:aws:kms:eu-west-1:111122223333:alias/golden", ""),
                         400);
        assert_true(region_rig_says(rig, "NotFoundException"));
        assert_int_equal(kms_of(rig, "DescribeKey", "alias/aws/ebs", ""), 200);
        assert_true(region_rig_says(rig, "\"KeyManager\":\"AWS\""));
        assert_int_equal(kms(rig, "ListAliases", "{}"), 200);
        assert_true(region_rig_says(rig, "alias/aws/ebs"));
        assert_true(region_rig_says(rig, "alias/golden"));
        rig->region = "eu-west-1";
        assert_int_equal(kms_of(rig, "DescribeKey", id, ""), 400);
}

static void key_goes_from_state_to_state(void **state)
{
        struct region_rig *rig = *state;
        char id[KEY_ID_CHARS + 1];

        create_key(rig, id);
        assert_int_equal(kms_of(rig, "DisableKey", id, ""), 200);
        assert_string_equal(rig->reply.body.bytes, "{}");
        assert_int_equal(kms_of(rig, "DescribeKey", id, ""), 200);
        assert_true(region_rig_says(rig, "\"Enabled\":false"));
        assert_true(region_rig_says(rig, "\"KeyState\":\"Disabled\""));
        assert_int_equal(kms_of(rig, "EnableKey", id, ""), 200);
        assert_int_equal(kms_of(rig, "ScheduleKeyDeletion", id, ",\"PendingWindowInDays\":7"), 200);
        assert_int_equal(kms_of(rig, "EnableKey", id, ""), 400);
        assert_true(region_rig_says(rig, "KMSInvalidStateException"));
        assert_int_equal(kms_of(rig, "CancelKeyDeletion", id, ""), 200);
        assert_int_equal(kms_of(rig, "ScheduleKeyDeletion", id, ",\"PendingWindowInDays\":7"), 200);
        rig->now_seconds += 7 * 86400;
        assert_int_equal(kms_of(rig, "DescribeKey", id, ""), 400);
        assert_int_equal(kms_of(rig, "DisableKey", "alias/aws/ebs", ""), 400);
        assert_true(region_rig_says(rig, "AccessDeniedException"));
}

static void request_outside_the_model_is_refused(void **state)
{
        static const struct {
                const char *operation, *body, *type;
        } rows[] = {
                { "Encrypt", "{}", "UnknownOperationException" },
                { "DescribeKey", "{}", "ValidationException" },
                { "DescribeKey", "{\"KeyId\":1}", "ValidationException" },
                { "DescribeKey", "{\"KeyId\":\"alias/aws/ebs\",\"Colour\":1}", "ValidationException" },
                { "DescribeKey", "[]", "SerializationException" },
                { "DescribeKey", "", "SerializationException" },
                { "CreateKey", "{\"KeySpec\":\"RSA_2048\"}", "UnsupportedOperationException" },
                { "CreateAlias", "{\"AliasName\":\"alias/aws/x\",\"TargetKeyId\":\"1\"}",
                  "InvalidAliasNameException" },
                { "ScheduleKeyDeletion", "{\"KeyId\":\"1\",\"PendingWindowInDays\":6}",
                  "ValidationException" },
                { "ListAliases", "{\"Marker\":\"x\"}", "InvalidMarkerException" },
        };
        struct region_rig *rig = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(kms(rig, rows[i].operation, rows[i].body), 400);
                assert_true(region_rig_says(rig, rows[i].type));
        }
        rig->client_secret = "another";
        assert_int_equal(kms(rig, "ListAliases", "{}"), 400);
        assert_true(region_rig_says(rig, "InvalidSignatureException"));
}

static void quotas_are_awss_own(void **state)
{
        static const char headers[] = "Content-Type: application/x-amz-json-1.1\n"
                                      "X-Amz-Target: ServiceQuotasV20190624.GetServiceQuota\n";
        static const char known[] = "{\"ServiceCode\":\"ebs\",\"QuotaCode\":\"L-1774F84A\"}";
        static const char unknown[] = "{\"ServiceCode\":\"ec2\",\"QuotaCode\":\"L-1774F84A\"}";
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "servicequotas", "POST", "/", headers, known, strlen(known)),
                         200);
        assert_true(region_rig_says(rig, "\"Adjustable\":false"));
        assert_true(region_rig_says(rig, "\"Value\":1000.0"));
        assert_int_equal(
                region_rig_send(rig, "servicequotas", "POST", "/", headers, unknown, strlen(unknown)), 400);
        assert_true(region_rig_says(rig, "NoSuchResourceException"));
}

static void iam_allows_what_is_not_denied(void **state)
{
        static const char form[] =
                "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn%3Aaws%3Aiam%3A"
                "%3A111122223333%3Auser%2Fingot&ActionNames.member.1=ebs%3AStartSnapshot&"
                "ActionNames.member.2=ec2%3ARegisterImage";
        struct region_rig *rig = *state;

        assert_int_equal(catalogue_write_setting(rig->store->catalogue, STORE_ACCOUNT_ID,
                                                 SETTING_DENIED_ACTIONS, "ebs:Start,ec2:RegisterImage", NULL),
                         INGOT_OK);
        assert_int_equal(region_rig_send(rig, "iam", "POST", "/", NULL, form, strlen(form)), 200);
        assert_true(region_rig_says(rig,
                                    "<EvalActionName>ebs:StartSnapshot</EvalActionName><EvalResourceName>*"
                                    "</EvalResourceName><EvalDecision>allowed</EvalDecision>"));
        assert_true(region_rig_says(rig, "<EvalDecision>implicitDeny</EvalDecision>"));
        assert_int_equal(region_rig_send(rig, "iam", "POST", "/", NULL,
                                         "Action=SimulatePrincipalPolicy&Version=2010-05-08", 49),
                         400);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(key_is_said_by_id_alias_or_arn),       TEST(key_goes_from_state_to_state),
                TEST(request_outside_the_model_is_refused), TEST(quotas_are_awss_own),
                TEST(iam_allows_what_is_not_denied),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
