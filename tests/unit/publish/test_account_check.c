/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/query_scene.h"

#include "base/own.h"
#include "publish/account_check.h"

static void key_is_described(void **state)
{
        struct query_scene *scene = *state;
        struct kms_key key;

        scene->reply = "{\"KeyMetadata\":{\"KeyId\":\"1\",\"Arn\":\"arn:1\",\"Enabled\":false,\"KeyState\":"
                       "\"Disabled\","
                       "\"KeyManager\":\"CUSTOMER\",\"KeyUsage\":\"ENCRYPT_DECRYPT\",\"KeySpec\":\"SYMMETRIC_"
                       "DEFAULT\"}}";
        assert_int_equal(account_describe_key(scene->ec2.link, &scene->kms, "alias/k", &key, &scene->err),
                         INGOT_OK);
        assert_string_equal(scene->form, "{\"KeyId\":\"alias/k\"}");
        assert_string_equal(scene->target, "TrentService.DescribeKey");
        assert_string_equal(key.arn, "arn:1");
        assert_string_equal(key.state, "Disabled");
        assert_string_equal(key.manager, "CUSTOMER");
        assert_false(key.is_enabled);
        scene->status = 400;
        scene->reply = "{\"__type\":\"NotFoundException\",\"message\":\"no such alias\"}";
        assert_int_equal(account_describe_key(scene->ec2.link, &scene->kms, "alias/k", &key, &scene->err),
                         INGOT_E_NOT_FOUND);
        scene->reply = "{\"__type\":\"AccessDeniedException\",\"Message\":\"no\"}";
        assert_int_equal(account_describe_key(scene->ec2.link, &scene->kms, "alias/k", &key, &scene->err),
                         INGOT_E_DENIED);
        scene->status = 200;
        scene->reply = "{\"KeyMetadata\":{}}";
        assert_int_equal(account_describe_key(scene->ec2.link, &scene->kms, "alias/k", &key, &scene->err),
                         INGOT_E_REMOTE);
}

static void quota_is_a_whole_number(void **state)
{
        struct query_scene *scene = *state;
        struct quota quota;

        scene->reply = "{\"Quota\":{\"QuotaCode\":\"L-AFAE1BE8\",\"QuotaName\":\"puts\",\"Value\":1000.0,"
                       "\"Adjustable\":true}}";
        assert_int_equal(
                account_quota(scene->ec2.link, &scene->quotas, QUOTA_PUTS_PER_ACCOUNT, &quota, &scene->err),
                INGOT_OK);
        assert_string_equal(scene->target, "ServiceQuotasV20190624.GetServiceQuota");
        assert_string_equal(scene->form, "{\"QuotaCode\":\"L-AFAE1BE8\",\"ServiceCode\":\"ebs\"}");
        assert_int_equal(quota.value, 1000);
        assert_true(quota.is_adjustable);
        scene->status = 400;
        scene->reply = "{\"__type\":\"NoSuchResourceException\",\"Message\":\"no\"}";
        assert_int_equal(
                account_quota(scene->ec2.link, &scene->quotas, QUOTA_PUBLIC_IMAGES, &quota, &scene->err),
                INGOT_E_NOT_FOUND);
}

static void simulation_decides_action_by_action(void **state)
{
        static const char *const actions[] = { "ebs:StartSnapshot", "ec2:RegisterImage" };
        struct query_scene *scene = *state;
        OWNED(iam_evaluation_list_release) struct iam_evaluation_list list = { .items = NULL };

        scene->reply =
                "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>"
                "<EvalActionName>ebs:StartSnapshot</EvalActionName><EvalDecision>allowed</EvalDecision></"
                "member>"
                "<member><EvalActionName>ec2:RegisterImage</EvalActionName><EvalDecision>implicitDeny"
                "</EvalDecision></member></EvaluationResults></SimulatePrincipalPolicyResult>"
                "</SimulatePrincipalPolicyResponse>";
        assert_int_equal(account_simulate(scene->ec2.link, &scene->iam, "arn:role", actions, 2, NULL, 0,
                                          &list, &scene->err),
                         INGOT_OK);
        assert_string_equal(scene->form,
                            "Action=SimulatePrincipalPolicy&Version=2010-05-08&PolicySourceArn=arn%3Arole"
                            "&ActionNames.member.1=ebs%3AStartSnapshot"
                            "&ActionNames.member.2=ec2%3ARegisterImage");
        assert_int_equal(list.count, 2);
        assert_string_equal(list.items[1].decision, "implicitDeny");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                QUERY_SCENE_TEST(key_is_described),
                QUERY_SCENE_TEST(quota_is_a_whole_number),
                QUERY_SCENE_TEST(simulation_decides_action_by_action),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
