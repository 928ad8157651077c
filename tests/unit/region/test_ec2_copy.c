/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/region.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"
#include "support/scratch.h"
#include "wire/uri.h"

enum { FORM_BYTES = 8192 };

static char snapshot_id[RESOURCE_ID_CHARS + 1], image_id[RESOURCE_ID_CHARS + 1];

static void register_image(struct region_rig *rig, const char *start_json)
{
        char form[FORM_BYTES];

        region_rig_upload(rig, start_json, (const uint8_t[]){ 7, 0, 9 }, 3, snapshot_id);
        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=web&RootDeviceName=%%2Fdev%%2Fxvda&VirtualizationType=hvm&"
                "Architecture=x86_64&BootMode=uefi&UefiData=AAAA&Description=old&"
                "TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=team&"
                "TagSpecification.1.Tag.1.Value=web&"
                "BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s&"
                "BlockDeviceMapping.2.DeviceName=%%2Fdev%%2Fsdb&BlockDeviceMapping.2.VirtualName=ephemeral0",
                snapshot_id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<imageId>", "<", image_id, sizeof(image_id));
}

static unsigned copy_image(struct region_rig *rig, const char *more)
{
        char form[FORM_BYTES];

        (void)snprintf(form, sizeof(form),
                       "Action=CopyImage&SourceRegion=us-east-1&SourceImageId=%s&Name=copy%s", image_id,
                       more);
        return region_rig_ec2(rig, form);
}

static void expect(struct region_rig *rig, unsigned status, const char *code)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (status != 400 || !strstr(rig->reply.body.bytes, text))
                fail_msg("%s: %u %s", code, status, rig->reply.body.bytes);
}

static void copy_is_pending_then_available_with_its_own_snapshot(void **state)
{
        struct region_rig *rig = *state;
        struct region_census census;
        struct ingot_error err = { 0 };
        char id[RESOURCE_ID_CHARS + 1], copied[RESOURCE_ID_CHARS + 1], token[300], path[512], *at;

        register_image(rig, "{\"VolumeSize\":1}");
        rig->region = "eu-west-1";
        rig->store->copy_delay_seconds = 60;
        assert_int_equal(
                copy_image(rig,
                           "&CopyImageTags=true&Description=new&TagSpecification.1.ResourceType=snapshot&"
                           "TagSpecification.1.Tag.1.Key=of&TagSpecification.1.Tag.1.Value=web"),
                200);
        region_rig_pick(rig, "<imageId>", "<", id, sizeof(id));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<imageState>pending</imageState>"));
        region_rig_pick(rig, "<snapshotId>", "<", copied, sizeof(copied));
        assert_string_not_equal(copied, snapshot_id);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<status>pending</status>"));
        rig->now_seconds += 60;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<imageState>available</imageState>"));
        assert_true(region_rig_says(rig, "<description>new</description>"));
        assert_true(region_rig_says(rig, "<bootMode>uefi</bootMode>"));
        assert_true(region_rig_says(rig, "<virtualName>ephemeral0</virtualName>"));
        assert_true(region_rig_says(rig, "<key>team</key>"));
        assert_true(region_rig_says(rig, "<sourceImageRegion>us-east-1</sourceImageRegion>"));
        assert_true(region_rig_says(rig, image_id));
        /* Its blocks are there though its source goes. */
        rig->region = "us-east-1";
        (void)snprintf(path, sizeof(path), "Action=DeregisterImage&DeleteAssociatedSnapshots=true&ImageId=%s",
                       image_id);
        assert_int_equal(region_rig_ec2(rig, path), 200);
        assert_true(region_rig_says(rig, "<returnCode>success</returnCode>"));
        rig->region = "eu-west-1";
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks", copied);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 200);
        region_rig_pick(rig, "\"BlockToken\":\"", "\"", token, sizeof(token));
        for (at = token; *at; at++)
                assert_null(strchr("&?#", *at));
        assert_int_equal(region_check(scratch_path(&rig->folder, "store"), &census, &err), INGOT_OK);
        assert_int_equal(census.images, 1);
        assert_int_equal(census.snapshots_completed, 1);
        /* When the copy goes too, nothing is left. */
        (void)snprintf(path, sizeof(path), "Action=DeregisterImage&DeleteAssociatedSnapshots=true&ImageId=%s",
                       id);
        assert_int_equal(region_rig_ec2(rig, path), 200);
        assert_int_equal(region_check(scratch_path(&rig->folder, "store"), &census, &err), INGOT_OK);
        assert_int_equal(census.snapshots_completed + census.images, 0);
}

static void client_token_gives_one_copy(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], again[RESOURCE_ID_CHARS + 1];

        register_image(rig, "{\"VolumeSize\":1}");
        rig->region = "eu-west-1";
        assert_int_equal(copy_image(rig, "&ClientToken=t"), 200);
        region_rig_pick(rig, "<imageId>", "<", id, sizeof(id));
        assert_int_equal(copy_image(rig, "&ClientToken=t"), 200);
        region_rig_pick(rig, "<imageId>", "<", again, sizeof(again));
        assert_string_equal(id, again);
        expect(rig, copy_image(rig, "&ClientToken=t&Description=other"), "IdempotentParameterMismatch");
        /* Names of copies may repeat; a registered AMI's may not be a copy's. */
        assert_int_equal(copy_image(rig, ""), 200);
}

static void key_is_looked_at_late(void **state)
{
        struct region_rig *rig = *state;

        register_image(rig, "{\"VolumeSize\":1}");
        rig->region = "eu-west-1";
        rig->store->copy_delay_seconds = 5;
        assert_int_equal(copy_image(rig, "&Encrypted=true&KmsKeyId=alias%2Fnot-there"), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<imageState>pending</imageState>"));
        rig->now_seconds += 5;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<imageState>failed</imageState>"));
        assert_true(region_rig_says(rig, "<message>Given key ID is not accessible</message>"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<statusMessage>Given key ID is not accessible</statusMessage>"));
        rig->region = "ap-south-1";
        assert_int_equal(copy_image(rig, "&Encrypted=true"), 200);
        rig->now_seconds += 5;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<imageState>available</imageState>"));
        assert_true(region_rig_says(rig, "<encrypted>true</encrypted>"));
        rig->region = "eu-north-1";
        assert_int_equal(region_rig_ec2(rig, "Action=EnableEbsEncryptionByDefault"), 200);
        assert_int_equal(copy_image(rig, ""), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<encrypted>true</encrypted>"));
}

static void twenty_copies_are_under_way_at_a_time(void **state)
{
        struct region_rig *rig = *state;
        char form[256];

        register_image(rig, "{\"VolumeSize\":1}");
        rig->region = "eu-west-1";
        rig->store->copy_delay_seconds = 5;
        (void)snprintf(form, sizeof(form), "Action=CopySnapshot&SourceRegion=us-east-1&SourceSnapshotId=%s",
                       snapshot_id);
        for (int i = 0; i < 20; i++)
                assert_int_equal(region_rig_ec2(rig, form), 200);
        expect(rig, region_rig_ec2(rig, form), "ResourceLimitExceeded");
        expect(rig, copy_image(rig, ""), "ResourceLimitExceeded");
        rig->now_seconds += 5;
        assert_int_equal(copy_image(rig, ""), 200);
}

static void copy_outside_the_model_is_refused(void **state)
{
        static const struct {
                const char *more, *code;
        } rows[] = {
                { "&Encrypted=false", "InvalidParameterValue" },
                { "&KmsKeyId=alias%2Fk", "InvalidParameterCombination" },
                { "&SnapshotCopyCompletionDurationMinutes=20", "InvalidParameterValue" },
                { "&SnapshotCopyCompletionDurationMinutes=2895", "InvalidParameterValue" },
                { "&DestinationOutpostArn=arn%3Aaws%3Aoutposts", "UnsupportedOperation" },
                { "&TagSpecification.1.ResourceType=instance", "InvalidParameterValue" },
                { "&TagSpecification.1.ResourceType=image&TagSpecification.2.ResourceType=image",
                  "InvalidParameterValue" },
                { "&ClientToken=a%20b", "InvalidParameterValue" },
                { "&Colour=red", "UnknownParameter" },
        };
        struct region_rig *rig = *state;
        char form[256];

        register_image(rig, "{\"VolumeSize\":1}");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                expect(rig, copy_image(rig, rows[i].more), rows[i].code);
        assert_int_equal(copy_image(rig, "&DryRun=true"), 412);
        expect(rig,
               region_rig_ec2(rig,
                              "Action=CopyImage&SourceRegion=us-west-2&SourceImageId=ami-0123456789abcdef0&"
                              "Name=copy"),
               "InvalidAMIID.NotFound");
        (void)snprintf(form, sizeof(form),
                       "Action=CopyImage&SourceRegion=us-west-2&SourceImageId=%s&Name=copy", image_id);
        expect(rig, region_rig_ec2(rig, form), "InvalidAMIID.NotFound");
        expect(rig, region_rig_ec2(rig, "Action=CopySnapshot&SourceRegion=us-east-1"), "MissingParameter");
}

/* The URL for a copy from us-east-1 to eu-west-1, signed by secret and percent-encoded once more. */
static void append_url(struct region_rig *rig, const char *secret, const char *destination,
                       struct buffer *out)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(4096), url = BUFFER_INIT(8192);
        const struct sigv4_credentials credentials = { .access_key_id = rig->store->access_key_id,
                                                       .secret_access_key = secret };
        const struct sigv4_header host = { "Host", "ec2.us-east-1.amazonaws.com" };
        char hash[DIGEST_HEX_CHARS + 1];
        struct digest empty;
        struct sigv4_request request = { .method = "GET",
                                         .path = "/",
                                         .headers = &host,
                                         .header_count = 1,
                                         .payload_hash = hash,
                                         .region = "us-east-1",
                                         .service = "ec2" };

        assert_int_equal(digest_of("", 0, &empty, NULL), INGOT_OK);
        hex_encode(empty.bytes, DIGEST_BYTES, hash);
        buffer_appendf(&query,
                       "Action=CopySnapshot&Version=2016-11-15&SourceRegion=us-east-1&SourceSnapshotId=%s&"
                       "DestinationRegion=%s",
                       snapshot_id, destination);
        request.query = query.bytes;
        buffer_append_text(&url, "https://ec2.us-east-1.amazonaws.com/?");
        assert_int_equal(sigv4_presign(&request, &credentials, rig->now_seconds, 3600, &url, NULL), INGOT_OK);
        buffer_append_text(out, "&PresignedUrl=");
        uri_encode_text(out, url.bytes);
}

static void encrypted_source_wants_a_signed_url(void **state)
{
        struct region_rig *rig = *state;
        const struct {
                const char *secret, *destination;
                bool is_good;
        } rows[] = { { rig->store->secret_access_key, "eu-west-1", true },
                     { "another-secret", "eu-west-1", false },
                     { rig->store->secret_access_key, "eu-west-2", false } };

        register_image(rig, "{\"VolumeSize\":1,\"Encrypted\":true}");
        rig->region = "eu-west-1";
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(buffer_release) struct buffer form = BUFFER_INIT(16384);
                char id[RESOURCE_ID_CHARS + 1], describe[256];

                buffer_appendf(&form, "Action=CopySnapshot&SourceRegion=us-east-1&SourceSnapshotId=%s",
                               snapshot_id);
                expect(rig, region_rig_ec2(rig, form.bytes), "MissingParameter");
                append_url(rig, rows[i].secret, rows[i].destination, &form);
                assert_int_equal(region_rig_ec2(rig, form.bytes), 200);
                region_rig_pick(rig, "<snapshotId>", "<", id, sizeof(id));
                (void)snprintf(describe, sizeof(describe), "Action=DescribeSnapshots&SnapshotId.1=%s", id);
                assert_int_equal(region_rig_ec2(rig, describe), 200);
                assert_true(region_rig_says(rig, rows[i].is_good ? "<status>completed</status>"
                                                                 : "<status>error</status>"));
        }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(copy_is_pending_then_available_with_its_own_snapshot),
                TEST(client_token_gives_one_copy),
                TEST(key_is_looked_at_late),
                TEST(twenty_copies_are_under_way_at_a_time),
                TEST(copy_outside_the_model_is_refused),
                TEST(encrypted_source_wants_a_signed_url),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
