/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "wire/ec2_attribute_reply.h"

static enum ingot_code read_text(const char *xml, char *out, size_t room_bytes)
{
        return ec2_reply_text(xml, strlen(xml), "CopyImage", "imageId", out, room_bytes, NULL);
}

static void text_is_the_members_of_its_own_operation(void **state)
{
        char text[8] = "old";

        (void)state;
        assert_int_equal(
                read_text("<CopyImageResponse xmlns=\"x\"><imageId>ami-1</imageId></CopyImageResponse>", text,
                          sizeof(text)),
                INGOT_OK);
        assert_string_equal(text, "ami-1");
        assert_int_equal(read_text("<CopyImageResponse><imageId/></CopyImageResponse>", text, sizeof(text)),
                         INGOT_OK);
        assert_string_equal(text, "");
        assert_int_equal(read_text("<CopyImageResponse><imageId>ami-12345</imageId></CopyImageResponse>",
                                   text, sizeof(text)),
                         INGOT_E_FORMAT);
        assert_int_equal(read_text("<CopyImageResponse/>", text, sizeof(text)), INGOT_E_FORMAT);
        assert_int_equal(read_text("<CopySnapshotResponse><imageId>a</imageId></CopySnapshotResponse>", text,
                                   sizeof(text)),
                         INGOT_E_FORMAT);
        assert_int_equal(read_text("<CopyImage><imageId>a</imageId></CopyImage>", text, sizeof(text)),
                         INGOT_E_FORMAT);
        assert_int_equal(read_text("", text, sizeof(text)), INGOT_E_FORMAT);
        assert_string_equal(text, "");
}

static void yes_or_no_is_nothing_else(void **state)
{
        static const char good[] = "<AResponse><b>true</b></AResponse>",
                          bad[] = "<AResponse><b>1</b></AResponse>";
        bool value = false;

        (void)state;
        assert_int_equal(ec2_reply_bool(good, strlen(good), "A", "b", &value, NULL), INGOT_OK);
        assert_true(value);
        assert_int_equal(ec2_reply_bool(bad, strlen(bad), "A", "b", &value, NULL), INGOT_E_FORMAT);
        assert_true(value);
}

static void evaluation_without_a_decision_is_refused(void **state)
{
        static const char xml[] =
                "<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults>"
                "<member><EvalActionName>a</EvalActionName></member></EvaluationResults>"
                "</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>";
        struct iam_evaluation_list list = { .items = NULL };

        (void)state;
        assert_int_equal(iam_reply_evaluations(xml, strlen(xml), &list, NULL), INGOT_E_FORMAT);
        assert_null(list.items);
}

static void deregistering_without_snapshots_lists_none(void **state)
{
        static const char xml[] = "<DeregisterImageResponse><return>true</return></DeregisterImageResponse>";
        struct ec2_deletion_list list = { .items = NULL };

        (void)state;
        assert_int_equal(ec2_reply_deletions(xml, strlen(xml), &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 0);
        ec2_deletion_list_release(&list);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(text_is_the_members_of_its_own_operation),
                cmocka_unit_test(yes_or_no_is_nothing_else),
                cmocka_unit_test(evaluation_without_a_decision_is_refused),
                cmocka_unit_test(deregistering_without_snapshots_lists_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
