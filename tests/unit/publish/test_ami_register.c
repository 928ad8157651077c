/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "publish/ami_register.h"
#include "wire/uri.h"

#define DESCRIBED                                                                                            \
        "<DescribeImagesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><imagesSet><item>"       \
        "<imageId>ami-1</imageId><imageState>available</imageState><name>web 1</name>"                       \
        "<architecture>x86_64</architecture><rootDeviceName>/dev/xvda</rootDeviceName>"                      \
        "<virtualizationType>hvm</virtualizationType><bootMode>uefi-preferred</bootMode>"                    \
        "<enaSupport>true</enaSupport><imdsSupport>v2.0</imdsSupport><blockDeviceMapping>%s"                 \
        "</blockDeviceMapping></item></imagesSet></DescribeImagesResponse>"
#define ROOT                                                                                                 \
        "<item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId>"                       \
        "<volumeSize>8</volumeSize><volumeType>gp3</volumeType><deleteOnTermination>true</"                  \
        "deleteOnTermination>"                                                                               \
        "<encrypted>false</encrypted></ebs></item>"
#define REST                                                                                                 \
        "<item><deviceName>/dev/sdf</deviceName><ebs><volumeSize>20</volumeSize><volumeType>gp3</"           \
        "volumeType>"                                                                                        \
        "<deleteOnTermination>false</deleteOnTermination></ebs></item>"                                      \
        "<item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral0</virtualName></item>"                \
        "<item><deviceName>/dev/sdc</deviceName><noDevice></noDevice></item>"

struct scene {
        const char *mapping;       /* what is described; NULL: no AMI at all */
        unsigned unknown_looks;    /* DescribeImages does not know the id so often */
        unsigned empty_looks;      /* DescribeImages finds nothing so often */
        bool is_taken, lose_first; /* RegisterImage: Duplicate; hang up after carrying it out */
        unsigned registered, described;
        char form[8192], reply[8192];
        struct scripted_server *server;
        struct credentials credentials;
        struct retry_policy policy;
        struct ec2_client ec2;
        struct ami_receipt receipt;
        struct ingot_error err;
};

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET";
static char xvda[] = "/dev/xvda", sdf[] = "/dev/sdf", sdb[] = "/dev/sdb", sdc[] = "/dev/sdc",
            snap1[] = "snap-1", ephemeral0[] = "ephemeral0";

static const struct mapping_entry entries[] = {
        { .kind = MAPPING_EBS, .device_name = xvda, .snapshot_id = snap1, .encrypted = TRI_NO },
        { .kind = MAPPING_EBS, .device_name = sdf, .volume_size_gib = 20 },
        { .kind = MAPPING_VIRTUAL, .device_name = sdb, .virtual_name = ephemeral0 },
        { .kind = MAPPING_NO_DEVICE, .device_name = sdc },
};

static const struct ami_request web = { .name = "web 1",
                                        .architecture = "x86_64",
                                        .root_device_name = "/dev/xvda",
                                        .boot_mode = "uefi-preferred",
                                        .imds_support = "v2.0",
                                        .ena_support = true,
                                        .block_devices = entries,
                                        .block_device_count = 4 };

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct scene *scene = context;

        if (strncmp(request->body, "Action=RegisterImage&", 21) == 0) {
                (void)snprintf(scene->form, sizeof(scene->form), "%s", request->body);
                if (scene->is_taken || scene->registered++) {
                        reply->status = 400;
                        reply->body = "<Response><Errors><Error><Code>InvalidAMIName.Duplicate</Code>"
                                      "<Message>in use by ami-1</Message></Error></Errors></Response>";
                        return;
                }
                if (scene->lose_first)
                        reply->trick = SCRIPTED_HANG_UP;
                reply->body = "<RegisterImageResponse><imageId>ami-1</imageId></RegisterImageResponse>";
                return;
        }
        scene->described++;
        if (scene->unknown_looks) {
                scene->unknown_looks--;
                reply->status = 400;
                reply->body = "<Response><Errors><Error><Code>InvalidAMIID.NotFound</Code><Message/></Error>"
                              "</Errors></Response>";
                return;
        }
        if (scene->empty_looks) {
                scene->empty_looks--;
                reply->body = "<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>";
                return;
        }
        (void)snprintf(scene->reply, sizeof(scene->reply), DESCRIBED, scene->mapping ? scene->mapping : "");
        reply->body = scene->mapping ? scene->reply
                                     : "<DescribeImagesResponse><imagesSet/></DescribeImagesResponse>";
}

static void open_scene(struct scene *scene)
{
        struct region_link_options options = { .credentials = &scene->credentials, .policy = &scene->policy };
        char url[64];

        scene->credentials = (struct credentials){ .access_key_id = key, .secret_access_key = secret };
        scene->policy = retry_policy_default;
        scene->policy.first_ms = 1;
        scene->policy.ceiling_ms = 2;
        scene->server = scripted_server_start(answer, scene, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(region_link_new(&options, &scene->ec2.link, NULL), INGOT_OK);
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ec2", &scene->ec2.endpoint, NULL), INGOT_OK);
}

static void close_scene(struct scene *scene)
{
        region_link_free(scene->ec2.link);
        scripted_server_stop(scene->server);
}

static void nothing_dangerous_is_left_to_defaults(void **state) /* rules 1 and 2 */
{
        static const char *const pairs[][2] = {
                { "Version", "2016-11-15" },
                { "Name", "web 1" },
                { "Architecture", "x86_64" },
                { "VirtualizationType", "hvm" },
                { "EnaSupport", "true" },
                { "RootDeviceName", "/dev/xvda" },
                { "BootMode", "uefi-preferred" },
                { "BlockDeviceMapping.1.DeviceName", "/dev/xvda" },
                { "BlockDeviceMapping.1.Ebs.SnapshotId", "snap-1" },
                { "BlockDeviceMapping.1.Ebs.VolumeType", "gp3" },
                { "BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true" },
                { "BlockDeviceMapping.2.Ebs.VolumeSize", "20" },
                { "BlockDeviceMapping.2.Ebs.DeleteOnTermination", "false" },
                { "BlockDeviceMapping.3.VirtualName", "ephemeral0" },
                { "BlockDeviceMapping.4.NoDevice", "" },
        };
        struct scene scene = { .mapping = ROOT REST };
        OWNED(uri_query_release) struct uri_query form = { .pairs = NULL };

        (void)state;
        open_scene(&scene);
        if (ami_register(&scene.ec2, &web, &scene.receipt, &scene.err))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        assert_string_equal(scene.receipt.image_id, "ami-1");
        assert_string_equal(scene.receipt.state, "available");
        assert_false(scene.receipt.was_there);
        assert_int_equal(uri_query_parse(scene.form, strlen(scene.form), URI_FORM, &form, NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
                assert_non_null(uri_query_find(&form, pairs[i][0]));
                assert_string_equal(uri_query_find(&form, pairs[i][0]), pairs[i][1]);
        }
        assert_null(uri_query_find(&form, "BlockDeviceMapping.1.Ebs.Encrypted"));
        close_scene(&scene);
}

static void the_same_ami_again_is_the_result(void **state) /* rule 3 */
{
        (void)state;
        for (unsigned lost = 0; lost < 2; lost++) {
                struct scene scene = { .mapping = ROOT REST, .is_taken = !lost, .lose_first = lost };

                open_scene(&scene);
                if (ami_register(&scene.ec2, &web, &scene.receipt, &scene.err))
                        fail_msg("%s", ingot_error_frame(&scene.err, 0));
                assert_string_equal(scene.receipt.image_id, "ami-1");
                assert_true(scene.receipt.was_there);
                close_scene(&scene);
        }
}

/* Rule 3: an attempt whose reply was lost registered it, and no look finds it yet. */
static void a_taken_name_that_is_not_described_yet_is_looked_at_again(void **state)
{
        struct scene scene = { .mapping = ROOT REST, .is_taken = true, .empty_looks = 3 };

        (void)state;
        open_scene(&scene);
        if (ami_register(&scene.ec2, &web, &scene.receipt, &scene.err))
                fail_msg("%s", ingot_error_frame(&scene.err, 0));
        assert_string_equal(scene.receipt.image_id, "ami-1");
        assert_true(scene.receipt.was_there);
        assert_int_equal(scene.described, 4);
        close_scene(&scene);
}

static void another_ami_of_the_name_is_a_conflict(void **state) /* rule 3 */
{
        struct scene scene = { .mapping = REST, .is_taken = true };

        (void)state;
        open_scene(&scene);
        assert_int_equal(ami_register(&scene.ec2, &web, &scene.receipt, &scene.err), INGOT_E_CONFLICT);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "ami-1 already has the name 'web 1'"));
        assert_string_equal(scene.receipt.image_id, "");
        close_scene(&scene);
}

static void what_was_described_must_be_what_was_asked(void **state) /* rule 4 */
{
        static const struct {
                const char *mapping, *says;
        } rows[] = {
                { ROOT, "has 1 entry, not 4" },
                { ROOT ROOT REST, "has 5 entries, not 4" },
                { "<item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-2</snapshotId></ebs></"
                  "item>" REST,
                  "'snap-2', not 'snap-1'" },
                { "<item><deviceName>/dev/xvda</deviceName><ebs><snapshotId>snap-1</snapshotId>"
                  "<volumeType>gp3</volumeType></ebs></item>" REST,
                  "delete on termination of '/dev/xvda' is false" },
                { ROOT "<item><deviceName>/dev/sdb</deviceName><virtualName>ephemeral1</virtualName></item>"
                       "<item><deviceName>/dev/sdc</deviceName><noDevice/></item>"
                       "<item><deviceName>/dev/sdg</deviceName><noDevice/></item>",
                  "'/dev/sdf' is not there" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene = { .mapping = rows[i].mapping };

                open_scene(&scene);
                assert_int_equal(ami_register(&scene.ec2, &web, &scene.receipt, &scene.err), INGOT_E_REMOTE);
                assert_string_equal(scene.receipt.image_id, "ami-1");
                if (!strstr(ingot_error_frame(&scene.err, 0), rows[i].says))
                        fail_msg("'%s' does not say '%s'", ingot_error_frame(&scene.err, 0), rows[i].says);
                close_scene(&scene);
        }
}

static void requests_that_aws_would_mend_are_refused(void **state)
{
        static const struct mapping_entry no_snapshot[] = {
                { .kind = MAPPING_EBS, .device_name = xvda, .volume_size_gib = 8 }
        };
        static const struct mapping_entry no_size[] = {
                { .kind = MAPPING_EBS, .device_name = xvda, .snapshot_id = snap1 },
                { .kind = MAPPING_EBS, .device_name = sdf },
        };
        struct ami_request requests[6] = { web, web, web, web, web, web };
        struct scene scene = { .mapping = ROOT };

        (void)state;
        requests[0].name = "ab";
        requests[1].name = "web#1";
        requests[2].architecture = NULL;
        requests[3].root_device_name = "/dev/sda1";
        requests[4].block_devices = no_snapshot;
        requests[4].block_device_count = 1;
        requests[5].block_devices = no_size;
        requests[5].block_device_count = 2;
        open_scene(&scene);
        for (size_t i = 0; i < 6; i++)
                assert_int_equal(ami_register(&scene.ec2, &requests[i], &scene.receipt, &scene.err),
                                 INGOT_E_USAGE);
        assert_int_equal(scripted_server_request_count(scene.server), 0);
        close_scene(&scene);
}

static void an_ami_is_found_by_its_name(void **state)
{
        struct scene scene = { .mapping = ROOT REST };
        char id[EC2_ID_CHARS + 1];

        (void)state;
        open_scene(&scene);
        assert_int_equal(ami_find_by_name(&scene.ec2, "web 1", id, &scene.err), INGOT_OK);
        assert_string_equal(id, "ami-1");
        assert_int_equal(ami_find_by_name(&scene.ec2, "web 2", id, &scene.err), INGOT_OK);
        assert_string_equal(id, "");
        scene.mapping = NULL;
        assert_int_equal(ami_find_by_name(&scene.ec2, "web 1", id, &scene.err), INGOT_OK);
        assert_string_equal(id, "");
        close_scene(&scene);
}

static void an_ami_may_be_unknown_at_first(void **state)
{
        struct scene scene = { .mapping = ROOT REST, .unknown_looks = 1 };

        (void)state;
        open_scene(&scene);
        assert_int_equal(ami_register(&scene.ec2, &web, &scene.receipt, &scene.err), INGOT_OK);
        assert_int_equal(scene.described, 2);
        close_scene(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_dangerous_is_left_to_defaults),
                cmocka_unit_test(the_same_ami_again_is_the_result),
                cmocka_unit_test(a_taken_name_that_is_not_described_yet_is_looked_at_again),
                cmocka_unit_test(another_ami_of_the_name_is_a_conflict),
                cmocka_unit_test(what_was_described_must_be_what_was_asked),
                cmocka_unit_test(requests_that_aws_would_mend_are_refused),
                cmocka_unit_test(an_ami_is_found_by_its_name),
                cmocka_unit_test(an_ami_may_be_unknown_at_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
