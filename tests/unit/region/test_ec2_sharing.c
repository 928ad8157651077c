/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

enum { FORM_BYTES = 4096 };

static char snapshot_id[RESOURCE_ID_CHARS + 1], image_id[RESOURCE_ID_CHARS + 1];

/* Sends a form in which %s stands for an id. */
static unsigned ask(struct region_rig *rig, const char *action, const char *id_name, const char *id,
                    const char *more)
{
        char form[FORM_BYTES];

        (void)snprintf(form, sizeof(form), "Action=%s&%s=%s%s", action, id_name, id, more);
        return region_rig_ec2(rig, form);
}

static unsigned modify(struct region_rig *rig, const char *more)
{
        return ask(rig, "ModifyImageAttribute", "ImageId", image_id, more);
}

static unsigned modify_snapshot(struct region_rig *rig, const char *more)
{
        return ask(rig, "ModifySnapshotAttribute", "SnapshotId", snapshot_id, more);
}

static void expect(struct region_rig *rig, unsigned status, const char *code)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (status != 400 || !strstr(rig->reply.body.bytes, text))
                fail_msg("%s: %u %s", code, status, rig->reply.body.bytes);
}

static void register_image(struct region_rig *rig, const char *start_json, const char *name)
{
        char form[FORM_BYTES];

        region_rig_upload(rig, start_json, (const uint8_t[]){ 1 }, 1, snapshot_id);
        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=%s&RootDeviceName=%%2Fdev%%2Fxvda&VirtualizationType=hvm&"
                "BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s",
                name, snapshot_id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<imageId>", "<", image_id, sizeof(image_id));
}

static void launch_permission_is_given_and_taken(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig, "{\"VolumeSize\":1}", "web");
        assert_int_equal(
                modify(rig,
                       "&LaunchPermission.Add.1.UserId=444455556666&LaunchPermission.Add.2.OrganizationArn="
                       "arn%3Aaws%3Aorganizations%3A%3A111122223333%3Aorganization%2Fo-abcdefghij&"
                       "LaunchPermission.Add.3.OrganizationalUnitArn=arn%3Aaws%3Aorganizations%3A%3A"
                       "111122223333%3Aou%2Fo-abcdefghij%2Fou-abcd-12345678"),
                200);
        assert_int_equal(modify(rig, "&Attribute=launchPermission&OperationType=add&UserId.1=777788889999"),
                         200);
        assert_int_equal(
                ask(rig, "DescribeImageAttribute", "ImageId", image_id, "&Attribute=launchPermission"), 200);
        assert_true(region_rig_says(rig, "<launchPermission><item><organizationArn>"));
        assert_true(region_rig_says(
                rig, "<userId>444455556666</userId></item><item><userId>777788889999</userId>"));
        assert_int_equal(modify(rig, "&LaunchPermission.Remove.1.UserId=444455556666"), 200);
        assert_int_equal(
                ask(rig, "DescribeImageAttribute", "ImageId", image_id, "&Attribute=launchPermission"), 200);
        assert_null(strstr(rig->reply.body.bytes, "444455556666"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages&ExecutableBy.1=777788889999"), 200);
        assert_true(region_rig_says(rig, image_id));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages&ExecutableBy.1=444455556666"), 200);
        assert_null(strstr(rig->reply.body.bytes, image_id));
}

static void publication_needs_an_open_account_and_a_free_place(void **state)
{
        struct region_rig *rig = *state;
        char name[16];

        register_image(rig, "{\"VolumeSize\":1}", "web");
        expect(rig, modify(rig, "&LaunchPermission.Add.1.Group=all"), "OperationNotPermitted");
        assert_int_equal(region_rig_ec2(rig, "Action=DisableImageBlockPublicAccess"), 200);
        assert_int_equal(modify(rig, "&LaunchPermission.Add.1.Group=all"), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages&ExecutableBy.1=all"), 200);
        assert_true(region_rig_says(rig, "<isPublic>true</isPublic>"));
        assert_true(region_rig_says(rig, "<deprecationTime>2029-01-14T08:00:00.000Z</deprecationTime>"));
        assert_int_equal(ask(rig, "DisableImageDeprecation", "ImageId", image_id, ""), 200);
        assert_int_equal(
                region_rig_ec2(rig, "Action=DescribeImages&Filter.1.Name=is-public&Filter.1.Value.1=true"),
                200);
        assert_true(region_rig_says(rig, "<deprecationTime>2029"));
        expect(rig,
               ask(rig, "EnableImageDeprecation", "ImageId", image_id,
                   "&DeprecateAt=2029-02-01T00%3A00%3A00Z"),
               "InvalidParameterValue");
        for (int i = 2; i <= 6; i++) {
                (void)snprintf(name, sizeof(name), "web-%d", i);
                register_image(rig, "{\"VolumeSize\":1}", name);
                if (i <= 5)
                        assert_int_equal(modify(rig, "&LaunchPermission.Add.1.Group=all"), 200);
                else
                        expect(rig, modify(rig, "&LaunchPermission.Add.1.Group=all"),
                               "ResourceLimitExceeded");
        }
        register_image(rig, "{\"VolumeSize\":1,\"Encrypted\":true}", "secret");
        expect(rig, modify(rig, "&LaunchPermission.Add.1.Group=all"), "OperationNotPermitted");
}

static void change_outside_the_model_is_refused(void **state)
{
        static const struct {
                const char *more, *code;
        } rows[] = {
                { "", "InvalidParameterCombination" },
                { "&LaunchPermission.Add.1.UserId=44445555666", "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.UserId=44445555666x", "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.Group=none", "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.Group=all&LaunchPermission.Add.1.UserId=444455556666",
                  "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.OrganizationArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot",
                  "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.OrganizationArn=arn%3Aaws%3Aorganizations%3A%3A111122223333%3Aou%"
                  "2Fo-a",
                  "InvalidAMIAttributeItemValue" },
                { "&LaunchPermission.Add.1.UserId=444455556666&Description.Value=x",
                  "InvalidParameterCombination" },
                { "&Attribute=launchPermission&UserId.1=444455556666", "InvalidParameterCombination" },
                { "&Attribute=launchPermission&OperationType=give&UserId.1=444455556666",
                  "InvalidParameterValue" },
                { "&Attribute=colour&Value=red", "InvalidParameterValue" },
                { "&Value=red", "InvalidParameterCombination" },
                { "&ImdsSupport.Value=v1.0", "InvalidParameterValue" },
                { "&LaunchPermission.Add.2.UserId=444455556666", "InvalidParameterCombination" },
        };
        struct region_rig *rig = *state;

        register_image(rig, "{\"VolumeSize\":1}", "web");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                expect(rig, modify(rig, rows[i].more), rows[i].code);
        expect(rig,
               ask(rig, "ModifyImageAttribute", "ImageId", "ami-0123456789abcdef0",
                   "&ImdsSupport.Value=v2.0"),
               "InvalidAMIID.NotFound");
        assert_int_equal(modify(rig, "&ImdsSupport.Value=v2.0&DryRun=true"), 412);
        assert_int_equal(modify(rig, "&Attribute=description&Value=new"), 200);
        assert_int_equal(modify(rig, "&ImdsSupport.Value=v2.0"), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<description>new</description>"));
        assert_true(region_rig_says(rig, "<imdsSupport>v2.0</imdsSupport>"));
}

static void snapshot_is_shared_with_accounts_and_with_all(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig, "{\"VolumeSize\":1}", "web");
        assert_int_equal(modify_snapshot(rig, "&CreateVolumePermission.Add.1.UserId=444455556666"), 200);
        assert_int_equal(
                modify_snapshot(rig, "&Attribute=createVolumePermission&OperationType=add&UserGroup.1=all"),
                200);
        assert_int_equal(ask(rig, "DescribeSnapshotAttribute", "SnapshotId", snapshot_id,
                             "&Attribute=createVolumePermission"),
                         200);
        assert_true(region_rig_says(rig,
                                    "<createVolumePermission><item><group>all</group></item><item><userId>"
                                    "444455556666</userId></item></createVolumePermission>"));
        expect(rig,
               modify_snapshot(rig, "&CreateVolumePermission.Add.1.UserId=444455556666&"
                                    "CreateVolumePermission.Remove.1.Group=all"),
               "InvalidParameterCombination");
        expect(rig,
               modify_snapshot(rig,
                               "&CreateVolumePermission.Add.1.OrganizationArn=arn%3Aaws%3Aorganizations%3A"
                               "%3A111122223333%3Aorganization%2Fo-abcdefghij"),
               "InvalidParameterValue");
        expect(rig, modify_snapshot(rig, ""), "MissingParameter");
        assert_int_equal(modify_snapshot(rig, "&CreateVolumePermission.Remove.1.Group=all"), 200);
        assert_int_equal(
                region_rig_ec2(rig, "Action=EnableSnapshotBlockPublicAccess&State=block-new-sharing"), 200);
        expect(rig, modify_snapshot(rig, "&CreateVolumePermission.Add.1.Group=all"), "OperationNotPermitted");
        register_image(rig, "{\"VolumeSize\":1,\"Encrypted\":true}", "default-key");
        expect(rig, modify_snapshot(rig, "&CreateVolumePermission.Add.1.UserId=444455556666"),
               "OperationNotPermitted");
        register_image(
                rig,
                "{\"VolumeSize\":1,\"Encrypted\":true,\"KmsKeyArn\":\"arn:aws:kms:us-east-1:111122223333:key/"
                "abc\"}",
                "own-key");
        expect(rig, modify_snapshot(rig, "&CreateVolumePermission.Add.1.Group=all"), "OperationNotPermitted");
        assert_int_equal(modify_snapshot(rig, "&CreateVolumePermission.Add.1.UserId=444455556666"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(launch_permission_is_given_and_taken),
                TEST(publication_needs_an_open_account_and_a_free_place),
                TEST(change_outside_the_model_is_refused),
                TEST(snapshot_is_shared_with_accounts_and_with_all),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
