/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/query_scene.h"

#include "base/own.h"
#include "publish/image_attribute.h"
#include "publish/snapshot_attribute.h"

#define V "&Version=2016-11-15"

static void each_change_is_one_form(void **state)
{
        static const struct ec2_permission add[] = { { .user_id = "444455556666" }, { .group = "all" } };
        static const struct ec2_permission remove[] = { { .organization_arn = "arn:o" },
                                                        { .organizational_unit_arn = "arn:u" } };
        struct query_scene *scene = *state;
        const struct ec2_client *ec2 = &scene->ec2;

#define ASKED(call, operation, members)                                                                      \
        do {                                                                                                 \
                scene->reply = "<" operation "Response><return>true</return></" operation "Response>";       \
                assert_int_equal(call, INGOT_OK);                                                            \
                assert_string_equal(scene->form, "Action=" operation V members);                             \
        } while (0)
        ASKED(image_deprecate(ec2, "ami-1", 1893456000, &scene->err), "EnableImageDeprecation",
              "&ImageId=ami-1&DeprecateAt=2030-01-01T00%3A00%3A00.000Z");
        ASKED(image_undeprecate(ec2, "ami-1", &scene->err), "DisableImageDeprecation", "&ImageId=ami-1");
        ASKED(image_protect(ec2, "ami-1", true, &scene->err), "EnableImageDeregistrationProtection",
              "&ImageId=ami-1&WithCooldown=true");
        ASKED(image_protect(ec2, "ami-1", false, &scene->err), "EnableImageDeregistrationProtection",
              "&ImageId=ami-1");
        ASKED(image_unprotect(ec2, "ami-1", &scene->err), "DisableImageDeregistrationProtection",
              "&ImageId=ami-1");
        ASKED(image_disable(ec2, "ami-1", &scene->err), "DisableImage", "&ImageId=ami-1");
        ASKED(image_enable(ec2, "ami-1", &scene->err), "EnableImage", "&ImageId=ami-1");
        ASKED(image_share(ec2, "ami-1", add, 2, remove, 2, &scene->err), "ModifyImageAttribute",
              "&ImageId=ami-1&LaunchPermission.Add.1.UserId=444455556666&LaunchPermission.Add.2.Group=all"
              "&LaunchPermission.Remove.1.OrganizationArn=arn%3Ao&LaunchPermission.Remove.2."
              "OrganizationalUnitArn="
              "arn%3Au");
        ASKED(image_describe_anew(ec2, "ami-1", "a b", &scene->err), "ModifyImageAttribute",
              "&ImageId=ami-1&Description.Value=a%20b");
        ASKED(image_require_imds_v2(ec2, "ami-1", &scene->err), "ModifyImageAttribute",
              "&ImageId=ami-1&ImdsSupport.Value=v2.0");
        ASKED(snapshot_share(ec2, "snap-1", add, 2, &scene->err), "ModifySnapshotAttribute",
              "&SnapshotId=snap-1&CreateVolumePermission.Add.1.UserId=444455556666&CreateVolumePermission."
              "Add.2.Group="
              "all");
        ASKED(snapshot_unshare(ec2, "snap-1", add, 1, &scene->err), "ModifySnapshotAttribute",
              "&SnapshotId=snap-1&CreateVolumePermission.Remove.1.UserId=444455556666");
#undef ASKED
        assert_int_equal(snapshot_share(ec2, "snap-1", remove, 1, &scene->err), INGOT_E_USAGE);
}

static void shares_are_read_back(void **state)
{
        struct query_scene *scene = *state;
        OWNED(ec2_permission_list_release) struct ec2_permission_list of_image = { .items = NULL };
        OWNED(ec2_permission_list_release) struct ec2_permission_list of_snapshot = { .items = NULL };

        scene->reply =
                "<DescribeImageAttributeResponse><imageId>ami-1</imageId><launchPermission><item><userId>1"
                "</userId></item><item><group>all</group></item><item><organizationArn>o</organizationArn>"
                "</item></launchPermission></DescribeImageAttributeResponse>";
        assert_int_equal(image_shares(&scene->ec2, "ami-1", &of_image, &scene->err), INGOT_OK);
        assert_string_equal(scene->form,
                            "Action=DescribeImageAttribute" V "&Attribute=launchPermission&ImageId=ami-1");
        assert_int_equal(of_image.count, 3);
        assert_string_equal(of_image.items[0].user_id, "1");
        assert_string_equal(of_image.items[1].group, "all");
        assert_null(of_image.items[1].user_id);
        assert_string_equal(of_image.items[2].organization_arn, "o");
        scene->reply = "<DescribeSnapshotAttributeResponse><createVolumePermission/></"
                       "DescribeSnapshotAttributeResponse>";
        assert_int_equal(snapshot_shares(&scene->ec2, "snap-1", &of_snapshot, &scene->err), INGOT_OK);
        assert_int_equal(of_snapshot.count, 0);
}

static void deregistering_tells_what_became_of_snapshots(void **state)
{
        struct query_scene *scene = *state;
        OWNED(ec2_deletion_list_release) struct ec2_deletion_list deletions = { .items = NULL };

        scene->reply = "<DeregisterImageResponse><return>true</"
                       "return><deleteSnapshotResultSet><item><snapshotId>snap-1"
                       "</snapshotId><returnCode>skipped</returnCode></item></deleteSnapshotResultSet>"
                       "</DeregisterImageResponse>";
        assert_int_equal(image_deregister_with_snapshots(&scene->ec2, "ami-1", &deletions, &scene->err),
                         INGOT_OK);
        assert_string_equal(scene->form,
                            "Action=DeregisterImage" V "&ImageId=ami-1&DeleteAssociatedSnapshots=true");
        assert_int_equal(deletions.count, 1);
        assert_string_equal(deletions.items[0].return_code, "skipped");
}

static void refusal_says_who_can_act(void **state)
{
        static const struct {
                const char *code;
                enum ingot_code wanted;
        } rows[] = {
                { "InvalidAMIID.NotFound", INGOT_E_NOT_FOUND },
                { "OperationNotPermitted", INGOT_E_DENIED },
                { "UnauthorizedOperation", INGOT_E_DENIED },
                { "InvalidAMIID.Unavailable", INGOT_E_CONFLICT },
                { "InvalidParameterValue", INGOT_E_USAGE },
        };
        struct query_scene *scene = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                query_scene_refuse(scene, 400, rows[i].code);
                assert_int_equal(image_deprecate(&scene->ec2, "ami-1", 1893456000, &scene->err),
                                 rows[i].wanted);
        }
}

static void dry_run_that_would_succeed_is_success(void **state) /* ec2_client.h, rule 4 */
{
        struct query_scene *scene = *state;
        OWNED(ec2_permission_list_release) struct ec2_permission_list shares = { .items = NULL };

        scene->ec2.is_dry_run = true;
        query_scene_refuse(scene, 412, "DryRunOperation");
        assert_int_equal(image_protect(&scene->ec2, "ami-1", false, &scene->err), INGOT_OK);
        assert_string_equal(scene->form,
                            "Action=EnableImageDeregistrationProtection" V "&ImageId=ami-1&DryRun=true");
        assert_int_equal(image_shares(&scene->ec2, "ami-1", &shares, &scene->err), INGOT_OK);
        query_scene_refuse(scene, 400, "DryRunOperation");
        assert_int_equal(image_disable(&scene->ec2, "ami-1", &scene->err), INGOT_OK);
        query_scene_refuse(scene, 403, "UnauthorizedOperation");
        assert_int_equal(image_disable(&scene->ec2, "ami-1", &scene->err), INGOT_E_DENIED);
        assert_int_equal(scene->err.code, INGOT_E_DENIED);
        scene->status = 200;
        scene->reply = "<DisableImageResponse><return>true</return></DisableImageResponse>";
        assert_int_equal(image_disable(&scene->ec2, "ami-1", &scene->err), INGOT_E_REMOTE);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                QUERY_SCENE_TEST(each_change_is_one_form),
                QUERY_SCENE_TEST(shares_are_read_back),
                QUERY_SCENE_TEST(deregistering_tells_what_became_of_snapshots),
                QUERY_SCENE_TEST(refusal_says_who_can_act),
                QUERY_SCENE_TEST(dry_run_that_would_succeed_is_success),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
