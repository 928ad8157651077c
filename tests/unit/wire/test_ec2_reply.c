/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/ec2_reply.h"

#define IMAGES(items, more)                                                                                  \
        "<DescribeImagesResponse "                                                                           \
        "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>"                        \
        "<imagesSet>" items "</imagesSet>" more "</DescribeImagesResponse>"

static enum ingot_code read_images(const char *xml, struct ec2_image_list *list, struct ingot_error *err)
{
        return ec2_reply_images(xml, strlen(xml), list, err);
}

static void images_are_read_whole(void **state)
{
        static const char xml[] = IMAGES(
                "<item><imageId>ami-1</imageId><imageState>available</imageState><isPublic>false</isPublic>"
                "<name>a &lt;b&gt;</name><enaSupport>true</enaSupport>"
                "<stateReason><code>c</code><message>why</message></stateReason><newMember><x/></newMember>"
                "<blockDeviceMapping>"
                "<item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId>"
                "<volumeSize>8</volumeSize><iops>3000</iops><throughput>125</throughput>"
                "<VolumeInitializationRate>100</VolumeInitializationRate><encrypted>true</encrypted>"
                "<deleteOnTermination>true</deleteOnTermination><volumeType>gp3</volumeType></ebs></item>"
                "<item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0</virtualName></item>"
                "<item><deviceName>/dev/sdc</deviceName><noDevice/></item></blockDeviceMapping>"
                "<tagSet><item><key>k</key><value/></item></tagSet></item>",
                "");
        OWNED(ec2_image_list_release) struct ec2_image_list list = { .items = NULL };
        const struct mapping_entry *root;

        (void)state;
        assert_int_equal(read_images(xml, &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 1);
        assert_null(list.next_token);
        assert_string_equal(list.items[0].name, "a <b>");
        assert_string_equal(list.items[0].state_reason, "why");
        assert_int_equal(list.items[0].ena_support, TRI_YES);
        assert_int_equal(list.items[0].is_public, TRI_NO);
        assert_null(list.items[0].boot_mode);
        assert_int_equal(list.items[0].tag_count, 1);
        assert_string_equal(list.items[0].tags[0].value, "");
        assert_int_equal(list.items[0].block_device_count, 3);
        root = &list.items[0].block_devices[0];
        assert_int_equal(root->kind, MAPPING_EBS);
        assert_string_equal(root->snapshot_id, "snap-1");
        assert_int_equal(root->volume_size_gib, 8);
        assert_int_equal(root->volume_initialization_rate_mibs, 100);
        assert_int_equal(root->encrypted, TRI_YES);
        assert_int_equal(root[1].kind, MAPPING_VIRTUAL);
        assert_int_equal(root[2].kind, MAPPING_NO_DEVICE);
}

static void pages_add_up(void **state) /* rule 4 */
{
        OWNED(ec2_image_list_release) struct ec2_image_list list = { .items = NULL };

        (void)state;
        assert_int_equal(
                read_images(IMAGES("<item><imageId>ami-1</imageId></item>", "<nextToken>t</nextToken>"),
                            &list, NULL),
                INGOT_OK);
        assert_string_equal(list.next_token, "t");
        assert_int_equal(
                read_images(IMAGES("<item><imageId>ami-2</imageId></item>", "<nextToken/>"), &list, NULL),
                INGOT_OK);
        assert_null(list.next_token);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.items[0].image_id, "ami-1");
        assert_string_equal(list.items[1].image_id, "ami-2");
}

static void members_that_cannot_be_read_are_named(void **state) /* rule 2 */
{
        static const struct {
                const char *xml, *says;
        } rows[] = {
                { IMAGES("<item><enaSupport>yes</enaSupport></item>", ""), "<enaSupport> is 'yes'" },
                { IMAGES("<item><blockDeviceMapping><item><ebs><volumeSize>-1</volumeSize></ebs></item>"
                         "</blockDeviceMapping></item>",
                         ""),
                  "<volumeSize> is '-1'" },
                { IMAGES("<item><blockDeviceMapping><item><ebs><iops>99999999999999999999</iops></ebs></item>"
                         "</blockDeviceMapping></item>",
                         ""),
                  "<iops> is" },
                { "<DescribeSnapshotsResponse/>", "not a <DescribeImagesResponse>" },
                { "garbage", "not XML" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(ec2_image_list_release) struct ec2_image_list list = { .items = NULL };
                struct ingot_error err;

                assert_int_equal(read_images(rows[i].xml, &list, &err), INGOT_E_FORMAT);
                assert_non_null(strstr(ingot_error_frame(&err, 0), rows[i].says));
        }
}

static void snapshots_say_status_not_state(void **state)
{
        static const char xml[] =
                "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-1</snapshotId>"
                "<status>error</status><statusMessage>no key</statusMessage>"
                "<volumeSize>4</volumeSize><encrypted>false</encrypted>"
                "<sseType>none</sseType></item></snapshotSet></DescribeSnapshotsResponse>";
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { .items = NULL };

        (void)state;
        assert_int_equal(ec2_reply_snapshots(xml, strlen(xml), &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 1);
        assert_string_equal(list.items[0].state, "error");
        assert_string_equal(list.items[0].state_message, "no key");
        assert_int_equal(list.items[0].volume_size_gib, 4);
        assert_int_equal(list.items[0].encrypted, TRI_NO);
}

static void the_small_answers_are_read(void **state)
{
        static const char tags[] =
                "<DescribeTagsResponse><tagSet><item><resourceId>ami-1</resourceId>"
                "<resourceType>image</resourceType><key>k</key><value>v</value></item></tagSet>"
                "</DescribeTagsResponse>";
        static const char regions[] =
                "<DescribeRegionsResponse><regionInfo><item><regionName>us-east-1</regionName>"
                "<regionEndpoint>e</regionEndpoint></item></regionInfo>"
                "</DescribeRegionsResponse>";
        static const char caller[] =
                "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn>"
                "<UserId>u</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
                "</GetCallerIdentityResponse>";
        static const char image[] =
                "<RegisterImageResponse><imageId>ami-0a</imageId></RegisterImageResponse>";
        OWNED(ec2_tag_list_release) struct ec2_tag_list tag_list = { .items = NULL };
        OWNED(ec2_region_list_release) struct ec2_region_list region_list = { .items = NULL };
        OWNED(ec2_caller_identity_release) struct ec2_caller_identity identity = { .account = NULL };
        char id[EC2_ID_CHARS + 1];

        (void)state;
        assert_int_equal(ec2_reply_tags(tags, strlen(tags), &tag_list, NULL), INGOT_OK);
        assert_string_equal(tag_list.items[0].tag.value, "v");
        assert_int_equal(ec2_reply_regions(regions, strlen(regions), &region_list, NULL), INGOT_OK);
        assert_string_equal(region_list.items[0].name, "us-east-1");
        assert_int_equal(ec2_reply_caller_identity(caller, strlen(caller), &identity, NULL), INGOT_OK);
        assert_string_equal(identity.account, "123456789012");
        assert_int_equal(ec2_reply_image_id(image, strlen(image), id, NULL), INGOT_OK);
        assert_string_equal(id, "ami-0a");
        assert_int_equal(ec2_reply_image_id("<RegisterImageResponse/>", 24, id, NULL), INGOT_E_FORMAT);
}

static void a_return_must_be_true(void **state)
{
        static const struct {
                const char *xml;
                enum ingot_code code;
        } rows[] = {
                { "<CreateTagsResponse><return>true</return></CreateTagsResponse>", INGOT_OK },
                { "<CreateTagsResponse/>", INGOT_OK },
                { "<CreateTagsResponse><return>false</return></CreateTagsResponse>", INGOT_E_FORMAT },
                { "<CreateTagsResponseX/>", INGOT_E_FORMAT },
                { "<DeleteTagsResponse/>", INGOT_E_FORMAT },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(ec2_reply_return(rows[i].xml, strlen(rows[i].xml), "CreateTags", NULL),
                                 rows[i].code);
}

static void refusals_of_both_protocols_are_read(void **state)
{
        static const char ec2[] =
                "<Response><Errors><Error><Code>InvalidAMIID.NotFound</Code>"
                "<Message>no\nsuch AMI</Message></Error></Errors><RequestID>x</RequestID></Response>";
        static const char sts[] =
                "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>ExpiredToken</Code>"
                "<Message>m</Message></Error></ErrorResponse>";
        struct fault fault;

        (void)state;
        ec2_reply_fault(ec2, strlen(ec2), &fault);
        assert_string_equal(fault.code, "InvalidAMIID.NotFound");
        assert_string_equal(fault.message, "no such AMI");
        ec2_reply_fault(sts, strlen(sts), &fault);
        assert_string_equal(fault.code, "ExpiredToken");
        ec2_reply_fault("<html/>", 7, &fault);
        assert_string_equal(fault.code, "");
        ec2_reply_fault("", 0, &fault);
        assert_string_equal(fault.code, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(images_are_read_whole),
                cmocka_unit_test(pages_add_up),
                cmocka_unit_test(members_that_cannot_be_read_are_named),
                cmocka_unit_test(snapshots_say_status_not_state),
                cmocka_unit_test(the_small_answers_are_read),
                cmocka_unit_test(a_return_must_be_true),
                cmocka_unit_test(refusals_of_both_protocols_are_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
