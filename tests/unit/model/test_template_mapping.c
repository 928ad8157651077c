/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/template_mapping.h"

static void compare(const char *template_text, const char *mapping_text, struct buffer *text)
{
        OWNED(template_drop) struct template *template = example_parse_template(template_text);
        OWNED(mapping_drop) struct mapping *mapping = example_parse_mapping(mapping_text);
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        enum ingot_code r = template_check_mapping(template, mapping, &list, NULL);

        assert_true(!r == !list.count);
        for (size_t i = 0; i < list.count; i++) {
                complaint_print(&list.complaints[i], text);
                if (i + 1 < list.count)
                        buffer_append_char(text, '\n');
        }
}

/* clang-format off */
static const struct {
        const char *name;
        const char *template_from, *template_to, *from, *to, *complaint;
} rows[] = {
        { "they belong together", "", "", "", "", "" },
        { "no entry", "", "", "/dev/sdf", "/dev/sdi", "web.json:4:3: '/dev/sdi' is neither a volume of the template nor has it a SnapshotId: a blank volume needs a VolumeSize\nweb.yaml:20:3: [volumes./dev/sdf] 'web.json' has no entry of DeviceName '/dev/sdf'; add one, or did you mean '/dev/sdi'?" },
        { "an instance store", "", "", "\"DeviceName\": \"/dev/sdf\", \"Ebs\": {\"VolumeType\": \"gp2\"}", "\"DeviceName\": \"/dev/sdf\", \"VirtualName\": \"ephemeral1\"", "web.json:4:3: '/dev/sdf' is a volume of the template, but 'ephemeral1' is an instance store; give it an Ebs" },
        { "no device", "", "", "\"DeviceName\": \"/dev/sdf\", \"Ebs\": {\"VolumeType\": \"gp2\"}", "\"DeviceName\": \"/dev/sdf\", \"NoDevice\": \"\"", "web.json:4:3: '/dev/sdf' is a volume of the template, but NoDevice leaves it out; give it an Ebs" },
        { "a snapshot already", "", "", "{\"VolumeType\": \"gp2\"}", "{\"SnapshotId\": \"snap-1\"}", "web.json:4:3: '/dev/sdf' is a volume of the template, but its entry has snapshot 'snap-1' already; leave out SnapshotId, or the volume" },
        { "encrypted", "", "", "{\"VolumeType\": \"gp2\"}", "{\"Encrypted\": true}", "web.json:4:3: '/dev/sdf' is registered from the snapshot that ingot makes, and EC2 refuses Encrypted with a snapshot; leave Encrypted out" },
        { "too large for its VolumeSize", "size: 64MiB", "size: 9GiB", "", "", "web.json:2:53: volume '/dev/xvda' of the template takes at least 9220MiB, past its VolumeSize of 8GiB; give it 10" },
        { "rest without a size", "    label: data\n", "    label: data\n    size: rest\n", "", "", "web.yaml:23:11: [volumes./dev/sdf] 'rest' runs to the end of the volume, but 'web.json' gives '/dev/sdf' no VolumeSize" },
        { "blank without a size", "", "", "\"VolumeSize\": 10, \"Encrypted\": true", "\"Encrypted\": true", "web.json:6:3: '/dev/sdh' is neither a volume of the template nor has it a SnapshotId: a blank volume needs a VolumeSize" },
        { "rate of a blank", "", "", "\"VolumeSize\": 10,", "\"VolumeSize\": 10, \"VolumeInitializationRate\": 200,", "web.json:6:3: '/dev/sdh' is blank, and VolumeInitializationRate is for volumes that come from a snapshot" },
        { "root on st1", "", "", "\"VolumeSize\": 8, \"VolumeType\": \"gp3\", \"Iops\": 3000,\n    \"Throughput\": 125,", "\"VolumeSize\": 125, \"VolumeType\": \"st1\",", "web.json:2:3: '/dev/xvda' is the root device, and EC2 does not boot from type st1; use gp3" },
};
/* clang-format on */

static void volumes_and_entries_must_match(void **state)
{
        size_t wrong = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(buffer_release) struct buffer text = BUFFER_INIT(100000);

                compare(example_with(example_template, rows[i].template_from, rows[i].template_to),
                        example_with(example_mapping, rows[i].from, rows[i].to), &text);
                if (strcmp(text.bytes, rows[i].complaint) != 0) {
                        print_error("%s: {{%s}}\n", rows[i].name, text.bytes);
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(volumes_and_entries_must_match),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
