/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"
#include "support/query_scene.h"

#include "publish/account_state.h"

static void state_of_an_account_is_read(void **state)
{
        struct query_scene *scene = *state;
        struct public_access access;
        char key[ACCOUNT_KEY_CHARS + 1];
        bool does = false;

        scene->reply =
                "<GetEbsEncryptionByDefaultResponse><ebsEncryptionByDefault>true</ebsEncryptionByDefault>"
                "</GetEbsEncryptionByDefaultResponse>";
        assert_int_equal(account_encrypts_by_default(&scene->ec2, &does, &scene->err), INGOT_OK);
        assert_true(does);
        assert_string_equal(scene->form, "Action=GetEbsEncryptionByDefault&Version=2016-11-15");
        scene->reply = "<GetEbsDefaultKmsKeyIdResponse><kmsKeyId>alias/aws/ebs</kmsKeyId>"
                       "</GetEbsDefaultKmsKeyIdResponse>";
        assert_int_equal(account_default_key(&scene->ec2, key, &scene->err), INGOT_OK);
        assert_string_equal(key, "alias/aws/ebs");
        scene->reply = "<GetImageBlockPublicAccessStateResponse><imageBlockPublicAccessState>unblocked"
                       "</imageBlockPublicAccessState><managedBy>account</managedBy>"
                       "</GetImageBlockPublicAccessStateResponse>";
        assert_int_equal(account_image_public_access(&scene->ec2, &access, &scene->err), INGOT_OK);
        assert_true(public_access_is_open(&access));
        assert_string_equal(access.managed_by, "account");
        scene->reply = "<GetSnapshotBlockPublicAccessStateResponse><state>block-all-sharing</state>"
                       "</GetSnapshotBlockPublicAccessStateResponse>";
        assert_int_equal(account_snapshot_public_access(&scene->ec2, &access, &scene->err), INGOT_OK);
        assert_false(public_access_is_open(&access));
        assert_string_equal(access.managed_by, "");
}

static void answer_without_the_member_is_the_regions_fault(void **state)
{
        struct query_scene *scene = *state;
        bool does = true;

        scene->reply = "<GetEbsEncryptionByDefaultResponse/>";
        assert_int_equal(account_encrypts_by_default(&scene->ec2, &does, &scene->err), INGOT_E_REMOTE);
        scene->reply =
                "<GetEbsEncryptionByDefaultResponse><ebsEncryptionByDefault>maybe</ebsEncryptionByDefault>"
                "</GetEbsEncryptionByDefaultResponse>";
        assert_int_equal(account_encrypts_by_default(&scene->ec2, &does, &scene->err), INGOT_E_REMOTE);
        assert_true(does);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                QUERY_SCENE_TEST(state_of_an_account_is_read),
                QUERY_SCENE_TEST(answer_without_the_member_is_the_regions_fault),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
