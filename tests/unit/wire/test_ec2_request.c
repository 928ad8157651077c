/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/ec2_request.h"

static void a_form_is_flat_and_counts_from_one(void **state) /* rules 1 to 4 */
{
        static const char *const values[] = { "a b", "c*" };
        static const struct ec2_filter filters[] = { { "tag:team", values, 2 }, { "name", values, 1 } };
        static const struct wire_tag tags[] = { { "Name", "x=y" }, { "empty", "" } };
        OWNED(buffer_release) struct buffer body = BUFFER_INIT(4096);

        (void)state;
        ec2_request_begin(&body, "Do", EC2_VERSION);
        ec2_request_text(&body, "Absent", NULL);
        ec2_request_text(&body, "Empty", "");
        ec2_request_number(&body, "Zero", 0);
        ec2_request_number(&body, "Big", UINT64_MAX);
        ec2_request_tri(&body, "Unset", TRI_UNSET);
        ec2_request_tri(&body, "Yes", TRI_YES);
        ec2_request_tri(&body, "No", TRI_NO);
        ec2_request_list(&body, "Owner", values, 2);
        ec2_request_filters(&body, filters, 2);
        ec2_request_tags(&body, "TagSpecification.1.", tags, 2);
        assert_string_equal(body.bytes,
                            "Action=Do&Version=2016-11-15&Empty=&Big=18446744073709551615&Yes=true&No=false"
                            "&Owner.1=a%20b&Owner.2=c%2A"
                            "&Filter.1.Name=tag%3Ateam&Filter.1.Value.1=a%20b&Filter.1.Value.2=c%2A"
                            "&Filter.2.Name=name&Filter.2.Value.1=a%20b"
                            "&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=x%3Dy"
                            "&TagSpecification.1.Tag.2.Key=empty&TagSpecification.1.Tag.2.Value=");
}

static void a_mapping_says_what_each_entry_is(void **state)
{
        static char xvda[] = "/dev/xvda", sdb[] = "/dev/sdb", sdc[] = "/dev/sdc", snap[] = "snap-1",
                    gp3[] = "gp3", ephemeral0[] = "ephemeral0";
        static const struct mapping_entry entries[] = {
                { .kind = MAPPING_EBS,
                  .device_name = xvda,
                  .snapshot_id = snap,
                  .volume_type = gp3,
                  .volume_size_gib = 8,
                  .iops = 3000,
                  .throughput_mibs = 125,
                  .volume_initialization_rate_mibs = 100,
                  .delete_on_termination = TRI_YES },
                { .kind = MAPPING_VIRTUAL, .device_name = sdb, .virtual_name = ephemeral0 },
                { .kind = MAPPING_NO_DEVICE, .device_name = sdc },
        };
        OWNED(buffer_release) struct buffer body = BUFFER_INIT(4096);

        (void)state;
        ec2_request_block_devices(&body, entries, 3);
        assert_string_equal(
                body.bytes,
                "BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda"
                "&BlockDeviceMapping.1.Ebs.SnapshotId=snap-1&BlockDeviceMapping.1.Ebs.VolumeSize=8"
                "&BlockDeviceMapping.1.Ebs.VolumeType=gp3&BlockDeviceMapping.1.Ebs.Iops=3000"
                "&BlockDeviceMapping.1.Ebs.Throughput=125"
                "&BlockDeviceMapping.1.Ebs.VolumeInitializationRate=100"
                "&BlockDeviceMapping.1.Ebs.DeleteOnTermination=true"
                "&BlockDeviceMapping.2.DeviceName=%2Fdev%2Fsdb"
                "&BlockDeviceMapping.2.VirtualName=ephemeral0"
                "&BlockDeviceMapping.3.DeviceName=%2Fdev%2Fsdc&BlockDeviceMapping.3.NoDevice=");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_form_is_flat_and_counts_from_one),
                cmocka_unit_test(a_mapping_says_what_each_entry_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
