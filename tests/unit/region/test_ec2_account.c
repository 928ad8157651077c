/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

#define OWN_KEY "arn:aws:kms:us-east-1:111122223333:key/11111111-2222-4333-8444-555555555555"

static unsigned start(struct region_rig *rig, const char *json)
{
        return region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, json, strlen(json));
}

static void encryption_by_default_is_of_one_region(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_ec2(rig, "Action=GetEbsEncryptionByDefault"), 200);
        assert_true(region_rig_says(rig, "<ebsEncryptionByDefault>false</ebsEncryptionByDefault>"));
        assert_int_equal(region_rig_ec2(rig, "Action=EnableEbsEncryptionByDefault&DryRun=true"), 412);
        assert_int_equal(region_rig_ec2(rig, "Action=EnableEbsEncryptionByDefault"), 200);
        assert_true(region_rig_says(rig, "<ebsEncryptionByDefault>true</ebsEncryptionByDefault>"));
        rig->region = "eu-west-1";
        assert_int_equal(region_rig_ec2(rig, "Action=GetEbsEncryptionByDefault"), 200);
        assert_true(region_rig_says(rig, "<ebsEncryptionByDefault>false</ebsEncryptionByDefault>"));
        rig->region = "us-east-1";
        region_rig_reopen(rig);
        assert_int_equal(region_rig_ec2(rig, "Action=DisableEbsEncryptionByDefault"), 200);
        assert_true(region_rig_says(rig, "<ebsEncryptionByDefault>false</ebsEncryptionByDefault>"));
}

static void encryption_by_default_encrypts_what_is_started(void **state)
{
        struct region_rig *rig = *state;
        char plain[RESOURCE_ID_CHARS + 1], json[256];

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 1 }, 1, plain);
        assert_true(region_rig_says(rig, "<sseType>none</sseType>"));
        assert_int_equal(region_rig_ec2(rig, "Action=EnableEbsEncryptionByDefault"), 200);
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 201);
        assert_true(region_rig_says(rig, "\"SseType\":\"sse-ebs\""));
        assert_true(region_rig_says(rig, "\"KmsKeyArn\":\"arn:aws:kms:us-east-1:111122223333:key/0000"));
        (void)snprintf(json, sizeof(json), "{\"VolumeSize\":1,\"ParentSnapshotId\":\"%s\"}", plain);
        assert_int_equal(start(rig, json), 400);
        assert_true(region_rig_says(rig, "encrypts by default"));
        assert_int_equal(
                region_rig_ec2(rig, "Action=ModifyEbsDefaultKmsKeyId&KmsKeyId=arn%3Aaws%3Akms%3Aus-east-1%3A"
                                    "111122223333%3Akey%2F11111111-2222-4333-8444-555555555555"),
                200);
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 201);
        assert_true(region_rig_says(rig, "\"SseType\":\"sse-kms\""));
        assert_true(region_rig_says(rig, OWN_KEY));
        assert_int_equal(region_rig_ec2(rig, "Action=ModifyEbsDefaultKmsKeyId&KmsKeyId=alias%2Fnot-there"),
                         200);
        assert_int_equal(start(rig, "{\"VolumeSize\":1}"), 400);
        assert_true(region_rig_says(rig, "INVALID_CUSTOMER_KEY"));
        assert_int_equal(region_rig_ec2(rig, "Action=ResetEbsDefaultKmsKeyId"), 200);
        assert_true(region_rig_says(rig, "<kmsKeyId>alias/aws/ebs</kmsKeyId>"));
}

static void public_access_is_blocked_for_images_and_open_for_snapshots(void **state)
{
        static const struct {
                const char *form;
                unsigned status;
                const char *says;
        } rows[] = {
                { "Action=GetImageBlockPublicAccessState", 200,
                  "<imageBlockPublicAccessState>block-new-sharing</imageBlockPublicAccessState>" },
                { "Action=DisableImageBlockPublicAccess", 200,
                  "<imageBlockPublicAccessState>unblocked</imageBlockPublicAccessState>" },
                { "Action=GetImageBlockPublicAccessState", 200, "unblocked" },
                { "Action=EnableImageBlockPublicAccess&ImageBlockPublicAccessState=block-all-sharing", 400,
                  "InvalidParameterValue" },
                { "Action=EnableImageBlockPublicAccess", 400, "MissingParameter" },
                { "Action=EnableImageBlockPublicAccess&ImageBlockPublicAccessState=block-new-sharing", 200,
                  "block-new-sharing" },
                { "Action=GetSnapshotBlockPublicAccessState", 200, "<state>unblocked</state>" },
                { "Action=EnableSnapshotBlockPublicAccess&State=block-all-sharing", 200,
                  "<state>block-all-sharing</state>" },
                { "Action=GetSnapshotBlockPublicAccessState", 200, "<managedBy>account</managedBy>" },
                { "Action=DisableSnapshotBlockPublicAccess", 200, "<state>unblocked</state>" },
        };
        struct region_rig *rig = *state;

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                assert_int_equal(region_rig_ec2(rig, rows[i].form), rows[i].status);
                assert_true(region_rig_says(rig, rows[i].says));
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(encryption_by_default_is_of_one_region),
                TEST(encryption_by_default_encrypts_what_is_started),
                TEST(public_access_is_blocked_for_images_and_open_for_snapshots),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
