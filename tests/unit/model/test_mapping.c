/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/mapping.h"

static void the_example_parses(void **state)
{
        OWNED(mapping_drop) struct mapping *mapping = example_parse_mapping(example_mapping);
        const struct mapping_entry *root = mapping_find(mapping, "/dev/xvda");

        (void)state;
        assert_int_equal(mapping->entry_count, 6);
        assert_int_equal(root->kind, MAPPING_EBS);
        assert_int_equal(root->volume_size_gib, 8);
        assert_int_equal(root->iops, 3000);
        assert_int_equal(root->throughput_mibs, 125);
        assert_int_equal(root->delete_on_termination, TRI_YES);
        assert_int_equal(root->encrypted, TRI_UNSET);
        assert_int_equal(root->mark.line, 2);
        assert_int_equal(root->size_mark.column, 53);
        assert_null(root->snapshot_id);
        assert_string_equal(mapping_find(mapping, "/dev/sdg")->snapshot_id, "snap-0123456789abcdef0");
        assert_string_equal(mapping_find(mapping, "/dev/sdb")->virtual_name, "ephemeral0");
        assert_int_equal(mapping_find(mapping, "/dev/sdb")->kind, MAPPING_VIRTUAL);
        assert_int_equal(mapping_find(mapping, "/dev/sdc")->kind, MAPPING_NO_DEVICE);
        assert_null(mapping_find(mapping, "/dev/sdz"));
}

/* clang-format off */
static const struct {
        const char *name, *from, *to, *complaint;
} bad_rows[] = {
        /* the ways a mapping is bad that the issue names */
        { "two entries", "/dev/sdf", "/dev/xvda", "m:4:18: [[1].DeviceName] '/dev/xvda' has an entry already, at line 2" },
        { "Iops on gp2", "\"VolumeType\": \"gp2\"", "\"VolumeType\": \"gp2\", \"Iops\": 3000", "m:4:67: [[1].Ebs.Iops] volumes of type gp2 have no Iops; leave it out, or use gp3, io1 or io2" },
        { "Encrypted with a SnapshotId", "\"SnapshotId\":", "\"Encrypted\": false, \"SnapshotId\":", "m:5:37: [[2].Ebs] EC2 refuses Encrypted with a SnapshotId, true or false: the volume is encrypted as its snapshot is; leave Encrypted out" },
        { "device name", "/dev/sdb", "/dev/nvme0n1", "m:7:18: [[4].DeviceName] '/dev/nvme0n1' is no device name that EC2 takes; use /dev/sda1 or /dev/xvda for the root volume, /dev/sdb to /dev/sdz or /dev/xvdb to /dev/xvdz for others" },
        /* structure */
        { "not JSON", "\"/dev/sdb\",", "\"/dev/sdb\"", "m:7:41: not JSON: '}' expected near '\"VirtualName\"'" },
        { "member twice", "\"VolumeSize\": 8,", "\"VolumeSize\": 8, \"VolumeSize\": 9,", "m:2:67: not JSON: duplicate object key near '\"VolumeSize\"'" },
        { "unknown member", "\"VolumeSize\"", "\"volumeSize\"", "m:2:39: [[0].Ebs.volumeSize] unknown key 'volumeSize'; did you mean 'VolumeSize'?" },
        { "size in quotes", "\"VolumeSize\": 8", "\"VolumeSize\": \"8\"", "m:2:53: [[0].Ebs.VolumeSize] must be a whole number, not \"8\"" },
        { "size is a real", "\"VolumeSize\": 8", "\"VolumeSize\": 8.5", "m:2:53: [[0].Ebs.VolumeSize] must be a whole number, not 8.5" },
        { "size is negative", "\"VolumeSize\": 8", "\"VolumeSize\": -8", "m:2:53: [[0].Ebs.VolumeSize] must be a whole number, not -8" },
        { "truth in quotes", "\"DeleteOnTermination\": true", "\"DeleteOnTermination\": \"true\"", "m:3:47: [[0].Ebs.DeleteOnTermination] must be true or false, not \"true\"" },
        { "name is a number", "\"VirtualName\": \"ephemeral0\"", "\"VirtualName\": 0", "m:7:45: [[4].VirtualName] must be a text in quotes, not 0" },
        { "Ebs is null", "\"Ebs\": {\"VolumeType\": \"gp2\"}", "\"Ebs\": null", "m:4:37: [[1].Ebs] must be an object, not a single value" },
        { "no device name", "\"DeviceName\": \"/dev/sdb\", ", "", "m:7:3: [[4]] key 'DeviceName' is missing" },
        { "nothing", ", \"VirtualName\": \"ephemeral0\"", "", "m:7:3: [[4]] '/dev/sdb' has none of Ebs, VirtualName and NoDevice" },
        { "two kinds", "\"NoDevice\": \"\"", "\"NoDevice\": \"\", \"Ebs\": {\"VolumeSize\": 1}", "m:8:3: [[5]] has 2 of Ebs, VirtualName and NoDevice; an entry is one of them" },
        { "an object", NULL, "{\"DeviceName\": \"/dev/sda1\"}", "m:1:1: must be an array of entries: [{\"DeviceName\": \"/dev/xvda\", \"Ebs\": {...}}]" },
        { "nothing at all", NULL, "", "m:1:1: not JSON: unexpected token near end of file" },
        { "deep", NULL, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]", "m:1:33: arrays and objects are nested more than 32 deep" },
        /* values */
        { "NoDevice true", "\"NoDevice\": \"\"", "\"NoDevice\": true", "m:8:42: [[5].NoDevice] must be an empty text: \"NoDevice\": \"\"" },
        { "instance store 24", "ephemeral0", "ephemeral24", "m:7:45: [[4].VirtualName] 'ephemeral24' is no instance store; they are ephemeral0 to ephemeral23" },
        { "instance store", "ephemeral0", "ephemeral", "m:7:45: [[4].VirtualName] 'ephemeral' is no instance store; they are ephemeral0 to ephemeral23" },
        { "snapshot id", "snap-0123456789abcdef0", "ami-0123456789abcdef0", "m:5:52: [[2].Ebs.SnapshotId] 'ami-0123456789abcdef0' is no snapshot id (snap-0123456789abcdef0)" },
        { "volume type", "\"gp3\"", "\"gp4\"", "m:2:70: [[0].Ebs.VolumeType] 'gp4' is not gp3, gp2, io2, io1, st1, sc1 or standard; did you mean 'gp3'?" },
        { "IOPS of gp3", "\"Iops\": 3000", "\"Iops\": 100", "m:2:85: [[0].Ebs.Iops] 100 is not within the 3000 to 80000 of type gp3" },
        { "IOPS of the default", "\"VolumeType\": \"gp2\"", "\"Iops\": 100", "m:4:46: [[1].Ebs.Iops] volumes of type gp2, which is the default, have no Iops; leave it out, or use gp3, io1 or io2" },
        { "io2 without IOPS", "\"VolumeType\": \"gp2\"", "\"VolumeType\": \"io2\"", "m:4:37: [[1].Ebs] volumes of type io2 need Iops, 100 to 256000" },
        { "throughput of io1", "\"VolumeType\": \"gp2\"", "\"VolumeType\": \"io1\", \"Iops\": 100, \"Throughput\": 125", "m:4:86: [[1].Ebs.Throughput] volumes of type io1 have no Throughput; only gp3 has" },
        { "throughput of gp3", "\"Throughput\": 125", "\"Throughput\": 2001", "m:3:19: [[0].Ebs.Throughput] 2001 is not within the 125 to 2000 MiB/s of type gp3" },
        { "size of st1", "\"VolumeSize\": 10", "\"VolumeType\": \"st1\", \"VolumeSize\": 10", "m:6:73: [[3].Ebs.VolumeSize] 10 is not within the 125 to 16384 GiB of type st1" },
        { "size of all", "\"VolumeSize\": 10", "\"VolumeSize\": 65537", "m:6:52: [[3].Ebs.VolumeSize] 65537 is not within 1 to 65536" },
        { "size nothing", "\"VolumeSize\": 10", "\"VolumeSize\": 0", "m:6:52: [[3].Ebs.VolumeSize] 0 is not within 1 to 65536" },
        { "key", "\"VolumeSize\": 10", "\"VolumeSize\": 10, \"KmsKeyId\": \"alias/x\"", "m:6:68: [[3].Ebs.KmsKeyId] 'KmsKeyId' is for launching instances; an AMI that is registered cannot have it" },
        { "rate", "\"SnapshotId\":", "\"VolumeInitializationRate\": 99, \"SnapshotId\":", "m:5:66: [[2].Ebs.VolumeInitializationRate] 99 is not within 100 to 300" },
};
/* clang-format on */

static void each_mistake_is_named_at_its_place(void **state) /* rules 1 and 2 */
{
        size_t wrong = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
                OWNED(buffer_release) struct buffer text = BUFFER_INIT(100000);
                OWNED(complaint_list_release) struct complaint_list list = { 0 };
                OWNED(mapping_drop) struct mapping *mapping = NULL;
                const char *json = bad_rows[i].from
                                           ? example_with(example_mapping, bad_rows[i].from, bad_rows[i].to)
                                           : bad_rows[i].to;
                enum ingot_code r = mapping_parse(json, strlen(json), "m", &list, &mapping, NULL);

                assert_int_equal(r, INGOT_E_TEMPLATE);
                assert_null(mapping);
                for (size_t j = 0; j < list.count; j++) {
                        complaint_print(&list.complaints[j], &text);
                        if (j + 1 < list.count)
                                buffer_append_char(&text, '\n');
                }
                if (strcmp(text.bytes, bad_rows[i].complaint) != 0) {
                        print_error("%s: {{%s}}\n", bad_rows[i].name, text.bytes);
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

static void sizes_follow_from_the_type(void **state)
{
        uint64_t min_gib, max_gib;

        (void)state;
        mapping_volume_size_range("io1", &min_gib, &max_gib);
        assert_true(min_gib == 4 && max_gib == 16384);
        mapping_volume_size_range(NULL, &min_gib, &max_gib);
        assert_true(min_gib == 1 && max_gib == 65536);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_example_parses),
                cmocka_unit_test(each_mistake_is_named_at_its_place),
                cmocka_unit_test(sizes_follow_from_the_type),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
