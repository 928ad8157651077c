/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/ec2_mapping.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"

enum { FORM_BYTES = 4096 };

static const char *snapshot_of_8_gib(struct region_rig *rig)
{
        static char id[RESOURCE_ID_CHARS + 1];

        region_rig_upload(rig, "{\"VolumeSize\":8}", (const uint8_t[]){ 1 }, 1, id);
        return id;
}

/* Sends RegisterImage with a root of that snapshot, and more parameters. */
static unsigned register_with(struct region_rig *rig, const char *name, const char *snapshot_id,
                              const char *more)
{
        char form[FORM_BYTES];

        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=%s&RootDeviceName=%%2Fdev%%2Fxvda&VirtualizationType=hvm&"
                "BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s%s",
                name, snapshot_id, more);
        return region_rig_ec2(rig, form);
}

static void expect(struct region_rig *rig, unsigned status, unsigned wanted, const char *code, const char *of)
{
        char text[128];

        (void)snprintf(text, sizeof(text), "<Code>%s</Code>", code);
        if (status != wanted || !strstr(rig->reply.body.bytes, text))
                fail_msg("%s: %u %s", of, status, rig->reply.body.bytes);
}

static void device_names_are_those_ec2_takes(void **state)
{
        static const char *const good[] = {
                "/dev/sda1",  "/dev/xvda",  "/dev/sdf", "sdb",      "xvdb",
                "/dev/xvdca", "/dev/sdf15", "/dev/hda", "/dev/sdz", "/dev/xvda1"
        };
        static const char *const bad[] = { "",          "/dev/",       "/dev/sd",     "/dev/sdA",
                                           "/dev/sda0", "/dev/sda16",  "/dev/sda01",  "/dev/nvme0n1",
                                           "sdaa",      "/dev/xvdabc", "/dev/xvdaa1", "dev/sda",
                                           "/dev//sda", "/dev/sda1 ",  "/dev/vda" };

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
                if (!ec2_is_device_name(good[i]))
                        fail_msg("'%s' was refused", good[i]);
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                if (ec2_is_device_name(bad[i]))
                        fail_msg("'%s' was taken", bad[i]);
        }
}

static void request_that_is_no_action_is_refused(void **state)
{
        struct region_rig *rig = *state;
        static const struct {
                const char *body;
                unsigned status;
                const char *code;
        } rows[] = {
                { "Version=2016-11-15", 400, "MissingAction" },
                { "Action=DescribeImages", 400, "MissingParameter" },
                { "Action=DescribeImages&Version=2006-01-01", 400, "InvalidParameterValue" },
                { "Action=RunInstances&Version=2016-11-15", 400, "InvalidAction" },
                { "Action=DescribeImages&Version=2016-11-15&Colour=red", 400, "UnknownParameter" },
                { "Action=DescribeImages&Version=2016-11-15&ImageId.2=ami-12345678", 400,
                  "UnknownParameter" },
                { "Action=DescribeImages&Version=2016-11-15&Action=DescribeTags", 400,
                  "MalformedQueryString" },
                { "Action=DescribeImages&Version=%", 400, "MalformedQueryString" },
                { "Action=DescribeImages&Version=2016-11-15&DryRun=yes", 400, "InvalidParameterValue" },
                { "Action=DescribeImages&Version=2016-11-15&DryRun=true", 412, "DryRunOperation" },
                { "Action=DescribeImages&Version=2016-11-15&MaxResults=4", 400, "InvalidParameterValue" },
                { "Action=DescribeImages&Version=2016-11-15&NextToken=x", 400, "InvalidNextToken" },
                { "Action=DescribeImages&Version=2016-11-15&Filter.1.Name=name", 400,
                  "InvalidParameterValue" },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                expect(rig,
                       region_rig_send(rig, "ec2", "POST", "/", NULL, rows[i].body, strlen(rows[i].body)),
                       rows[i].status, rows[i].code, rows[i].body);
}

static void query_in_the_url_is_served_too(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "ec2", "GET",
                                         "/?Action=DescribeRegions&RegionName.1=eu-west-1&Version=2016-11-15",
                                         NULL, NULL, 0),
                         200);
        assert_true(region_rig_says(rig, "<regionName>eu-west-1</regionName>"));
        assert_true(region_rig_says(rig, "xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\""));
}

static void volume_of_a_mapping_keeps_the_rules_of_its_type(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        static const struct {
                const char *more;
                bool is_good;
        } rows[] = {
                { "&BlockDeviceMapping.1.Ebs.VolumeSize=8", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeSize=7", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Iops=3000", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Iops=2999", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Iops=4000", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Iops=4001", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Throughput=750", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Throughput=751", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Throughput=124", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=io1&BlockDeviceMapping.1.Ebs.Iops=400", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=io1&BlockDeviceMapping.1.Ebs.Iops=401", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=io1", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=io2&BlockDeviceMapping.1.Ebs.Iops=8000", true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=io2&BlockDeviceMapping.1.Ebs.Iops=8001", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=standard&BlockDeviceMapping.1.Ebs.VolumeSize=1024",
                  true },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=standard&BlockDeviceMapping.1.Ebs.VolumeSize=1025",
                  false },
                { "&BlockDeviceMapping.1.Ebs.VolumeType=gp2&BlockDeviceMapping.1.Ebs.Iops=100", false },
                { "&BlockDeviceMapping.1.Ebs.Throughput=125", false },
                { "&BlockDeviceMapping.1.Ebs.Encrypted=false", false },
                { "&BlockDeviceMapping.1.Ebs.VolumeInitializationRate=100", true },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.Ebs.VolumeSize=1", true },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.Ebs.DeleteOnTermination=true",
                  false },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.Ebs.VolumeSize=1"
                  "&BlockDeviceMapping.2.Ebs.VolumeInitializationRate=100",
                  false },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.VirtualName=ephemeral23", true },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.VirtualName=ephemeral24",
                  false },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.NoDevice=", true },
                { "&BlockDeviceMapping.2.DeviceName=sdb&BlockDeviceMapping.2.NoDevice="
                  "&BlockDeviceMapping.2.VirtualName=ephemeral0",
                  false },
                { "&BlockDeviceMapping.2.DeviceName=sdb", false },
                { "&BlockDeviceMapping.2.DeviceName=%2Fdev%2Fxvda&BlockDeviceMapping.2.NoDevice=", false },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                char name[16];
                unsigned status;

                (void)snprintf(name, sizeof(name), "image-%zu", i);
                status = register_with(rig, name, id, rows[i].more);
                if (rows[i].is_good
                            ? status != 200
                            : status != 400 || !strstr(rig->reply.body.bytes, "InvalidBlockDeviceMapping"))
                        fail_msg("%s: %u %s", rows[i].more, status, rig->reply.body.bytes);
        }
}

static void parameters_that_exclude_each_other_are_refused(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        static const struct {
                const char *more, *code;
        } rows[] = {
                { "&Architecture=mips", "InvalidParameterValue" },
                { "&BootMode=bios", "InvalidParameterValue" },
                { "&ImdsSupport=v1.0", "InvalidParameterValue" },
                { "&Architecture=arm64&BootMode=uefi-preferred", "InvalidParameterCombination" },
                { "&TpmSupport=v2.0", "InvalidParameterCombination" },
                { "&UefiData=AAAA", "InvalidParameterCombination" },
                { "&UefiData=A&BootMode=uefi", "InvalidParameterValue" },
                { "&UefiData=&BootMode=uefi", "InvalidParameterValue" },
                { "&UefiData=AA%3DA&BootMode=uefi", "InvalidParameterValue" },
                { "&UefiData=A%3D%3D%3D&BootMode=uefi", "InvalidParameterValue" },
                { "&UefiData=AB%3D%3D&BootMode=uefi", "InvalidParameterValue" },
                { "&KernelId=aki-12345678", "InvalidParameterCombination" },
                { "&ImageLocation=bucket%2Fmanifest", "UnsupportedOperation" },
                { "&BlockDeviceMapping.1.Ebs.KmsKeyId=abc", "InvalidParameter" },
                { "&BlockDeviceMapping.1.Ebs.SnapshotID=abc", "UnknownParameter" },
                { "&TagSpecification.1.ResourceType=image&TagSpecification.1.Tag.1.Key=aws%3Ax",
                  "InvalidParameterValue" },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                expect(rig, register_with(rig, "image", id, rows[i].more), 400, rows[i].code, rows[i].more);
        assert_int_equal(register_with(rig, "image", id, "&TpmSupport=v2.0&BootMode=uefi&UefiData=AAAA"),
                         200);
}

static void uefi_variables_are_kept_as_long_as_their_ami(void **state)
{
        static char form[UEFI_DATA_CHARS + 1024], read[UEFI_DATA_CHARS + 1];
        struct region_rig *rig = *state;
        char ami[RESOURCE_ID_CHARS + 1], deregister[128];
        const char *id = snapshot_of_8_gib(rig);

        for (unsigned beyond = 0; beyond < 2; beyond++) {
                size_t chars = UEFI_DATA_CHARS + 4 * beyond, used;

                (void)snprintf(
                        form, sizeof(form),
                        "Version=2016-11-15&Action=RegisterImage&Name=uefi&RootDeviceName=%%2Fdev%%2Fxvda&"
                        "VirtualizationType=hvm&BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fxvda&"
                        "BlockDeviceMapping.1.Ebs.SnapshotId=%s&BootMode=uefi&UefiData=",
                        id);
                used = strlen(form);
                memset(form + used, 'B', chars);
                form[used + chars] = '\0';
                (void)region_rig_send(rig, "ec2", "POST", "/",
                                      "Content-Type: application/x-www-form-urlencoded\n", form,
                                      used + chars);
                if (beyond) {
                        assert_int_equal(rig->reply.status, 400);
                        break;
                }
                assert_int_equal(rig->reply.status, 200);
                region_rig_pick(rig, "<imageId>", "<", ami, sizeof(ami));
        }
        assert_int_equal(catalogue_read_uefi_data(rig->store->catalogue, ami, read, NULL), INGOT_OK);
        assert_int_equal(strlen(read), UEFI_DATA_CHARS);
        assert_int_equal(strspn(read, "B"), UEFI_DATA_CHARS);
        (void)snprintf(deregister, sizeof(deregister), "Action=DeregisterImage&ImageId=%s", ami);
        assert_int_equal(region_rig_ec2(rig, deregister), 200);
        assert_int_equal(catalogue_read_uefi_data(rig->store->catalogue, ami, read, NULL), INGOT_OK);
        assert_string_equal(read, "");
}

static void ami_that_says_little_gets_ec2s_defaults(void **state)
{
        struct region_rig *rig = *state;
        char form[FORM_BYTES];

        (void)snprintf(form, sizeof(form),
                       "Action=RegisterImage&Name=plain&BlockDeviceMapping.1.DeviceName=%%2Fdev%%2Fsda1&"
                       "BlockDeviceMapping.1.Ebs.SnapshotId=%s",
                       snapshot_of_8_gib(rig));
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
        assert_true(region_rig_says(rig, "<architecture>i386</architecture>"));
        assert_true(region_rig_says(rig, "<virtualizationType>paravirtual</virtualizationType>"));
        assert_true(region_rig_says(rig, "<rootDeviceName>/dev/sda1</rootDeviceName>"));
        assert_true(region_rig_says(
                rig, "<volumeSize>8</volumeSize><deleteOnTermination>true</deleteOnTermination>"
                     "<volumeType>gp2</volumeType><encrypted>false</encrypted>"));
}

static void name_is_free_again_after_deregistering(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        char image[RESOURCE_ID_CHARS + 1], form[128];

        assert_int_equal(register_with(rig, "web", id, ""), 200);
        region_rig_pick(rig, "<imageId>", "<", image, sizeof(image));
        expect(rig, register_with(rig, "web", id, ""), 400, "InvalidAMIName.Duplicate", "the same name");
        assert_true(region_rig_says(rig, image));
        (void)snprintf(form, sizeof(form), "Action=DeregisterImage&ImageId=%s&DeleteAssociatedSnapshots=true",
                       image);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_true(region_rig_says(rig, "<returnCode>success</returnCode>"));
        expect(rig, region_rig_ec2(rig, form), 400, "InvalidAMIID.NotFound", "again");
        expect(rig, register_with(rig, "web", id, ""), 400, "InvalidSnapshot.NotFound",
               "its snapshot is gone");
}

static void snapshot_of_two_amis_is_skipped(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        char image[RESOURCE_ID_CHARS + 1], form[128];

        assert_int_equal(register_with(rig, "first", id, ""), 200);
        assert_int_equal(register_with(rig, "second", id, ""), 200);
        region_rig_pick(rig, "<imageId>", "<", image, sizeof(image));
        (void)snprintf(form, sizeof(form), "Action=DeregisterImage&ImageId=%s&DeleteAssociatedSnapshots=true",
                       image);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_true(region_rig_says(rig, "<returnCode>skipped</returnCode>"));
        (void)snprintf(form, sizeof(form), "Action=DeleteSnapshot&SnapshotId=%s", id);
        expect(rig, region_rig_ec2(rig, form), 400, "InvalidSnapshot.InUse", "the first still uses it");
}

static void snapshot_that_nobody_has_seen_completed_makes_no_ami(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        expect(rig, register_with(rig, "image", id, ""), 400, "IncorrectState", "pending");
        assert_int_equal(region_rig_complete(rig, id, 0), 202);
        expect(rig, register_with(rig, "image", id, ""), 400, "IncorrectState", "completing");
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_int_equal(register_with(rig, "image", id, ""), 200);
}

static unsigned count(const struct region_rig *rig, const char *text)
{
        unsigned found = 0;

        for (const char *at = rig->reply.body.bytes; (at = strstr(at, text)); at++)
                found++;
        return found;
}

static void describe_comes_in_pages_of_what_passes(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        char name[32], token[128], form[512];
        unsigned pages = 0, found = 0;

        for (unsigned i = 0; i < 24; i++) {
                (void)snprintf(name, sizeof(name), "%s-%u", i % 2 ? "odd" : "even", i);
                assert_int_equal(register_with(rig, name, id, ""), 200);
        }
        (void)snprintf(form, sizeof(form),
                       "Action=DescribeImages&MaxResults=5&Filter.1.Name=name&Filter.1.Value.1=odd-*");
        do {
                assert_int_equal(region_rig_ec2(rig, form), 200);
                found += count(rig, "<imageId>");
                pages++;
                region_rig_pick(rig, "<nextToken>", "<", token, sizeof(token));
                (void)snprintf(form, sizeof(form),
                               "Action=DescribeImages&MaxResults=5&Filter.1.Name=name&Filter.1.Value.1=odd-*&"
                               "NextToken=");
                for (const char *at = token; *at; at++) {
                        size_t used = strlen(form);

                        (void)snprintf(form + used, sizeof(form) - used, strchr("+/=", *at) ? "%%%02X" : "%c",
                                       *at);
                }
        } while (*token);
        assert_int_equal(found, 12);
        assert_int_equal(pages, 3);
}

static void dry_run_changes_nothing(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        char form[128];

        expect(rig, register_with(rig, "image", id, "&DryRun=true"), 412, "DryRunOperation", "RegisterImage");
        (void)snprintf(form, sizeof(form), "Action=DeleteSnapshot&DryRun=true&SnapshotId=%s", id);
        expect(rig, region_rig_ec2(rig, form), 412, "DryRunOperation", "DeleteSnapshot");
        assert_int_equal(register_with(rig, "image", id, ""), 200);
}

static void tags_are_all_set_or_none(void **state)
{
        struct region_rig *rig = *state;
        const char *id = snapshot_of_8_gib(rig);
        char form[256];

        (void)snprintf(form, sizeof(form),
                       "Action=CreateTags&ResourceId.1=%s&ResourceId.2=snap-00000000000000000&Tag.1.Key=a&"
                       "Tag.1.Value=b",
                       id);
        expect(rig, region_rig_ec2(rig, form), 400, "InvalidSnapshot.NotFound", "CreateTags");
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeTags"), 200);
        assert_int_equal(count(rig, "<key>"), 0);
        (void)snprintf(form, sizeof(form),
                       "Action=CreateTags&ResourceId.1=%s&Tag.1.Key=a&Tag.2.Key=%%26&Tag.2.Value=x", id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeTags&Filter.1.Name=key&Filter.1.Value.1=%26"),
                         200);
        assert_true(region_rig_says(rig, "<key>&amp;</key><value>x</value>"));
        (void)snprintf(form, sizeof(form), "Action=DeleteTags&ResourceId.1=%s", id);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeTags"), 200);
        assert_int_equal(count(rig, "<key>"), 0);
        expect(rig, region_rig_ec2(rig, "Action=CreateTags&ResourceId.1=i-12345678&Tag.1.Key=a"), 400,
               "InvalidID", "an instance");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(device_names_are_those_ec2_takes),
                TEST(request_that_is_no_action_is_refused),
                TEST(query_in_the_url_is_served_too),
                TEST(volume_of_a_mapping_keeps_the_rules_of_its_type),
                TEST(parameters_that_exclude_each_other_are_refused),
                TEST(uefi_variables_are_kept_as_long_as_their_ami),
                TEST(ami_that_says_little_gets_ec2s_defaults),
                TEST(name_is_free_again_after_deregistering),
                TEST(snapshot_of_two_amis_is_skipped),
                TEST(snapshot_that_nobody_has_seen_completed_makes_no_ami),
                TEST(describe_comes_in_pages_of_what_passes),
                TEST(dry_run_changes_nothing),
                TEST(tags_are_all_set_or_none),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
