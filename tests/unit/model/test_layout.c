/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/layout.h"

static const struct guid seed = { { 0x5e, 0xed } };

#define MIB UINT64_C(1048576)

/* Places a volume of a template and mapping; the root's content needs root_bytes, every other's 1 MiB. */
static enum ingot_code place(const char *yaml, const char *json, const char *device, uint64_t root_bytes,
                             struct layout *layout, struct ingot_error *err)
{
        OWNED(template_drop) struct template *template = example_parse_template(yaml);
        OWNED(mapping_drop) struct mapping *mapping = example_parse_mapping(json);
        const struct template_volume *volume = template_volume_find(template, device);
        struct layout_need needs[8] = { { 0 } };
        enum ingot_code r;

        for (size_t i = 0; i < volume->partition_count; i++) {
                const char *mount = volume->partitions[i].mount.text;

                needs[i].fit_bytes = !mount ? 0 : strcmp(mount, "/") == 0 ? root_bytes : MIB;
        }
        r = layout_place(template, volume, mapping_find(mapping, device), needs, &seed, layout, err);
        for (size_t i = 0; !r && i < layout->partition_count; i++)
                layout->partitions[i].asked = NULL; /* the template goes */
        return r;
}

static void partitions_stand_at_multiples_of_1_mib(void **state) /* rules 1 and 2 */
{
        OWNED(layout_release) struct layout layout = { 0 };

        (void)state;
        assert_int_equal(place(example_template, example_mapping, "/dev/xvda", 1000 * MIB + 1, &layout, NULL),
                         INGOT_OK);
        assert_int_equal(layout.partition_count, 3);
        assert_int_equal(layout.partitions[0].start_lba, 2048);
        assert_int_equal(layout.partitions[0].end_lba, 4096);
        assert_int_equal(layout.partitions[1].start_lba, 4096);
        assert_int_equal(layout.partitions[1].end_lba, 4096 + 64 * 2048);
        assert_int_equal(layout.partitions[2].start_lba, 66 * 2048);
        /* 1000 MiB and a byte, and 30 % more, up to the next MiB */
        assert_int_equal(layout.partitions[2].end_lba, (66 + 1301) * 2048);
        assert_int_equal(layout.size_sectors, (66 + 1301 + 1) * 2048);
        assert_int_equal(layout.volume_size_gib, 8);
}

static void without_a_table_the_file_system_is_the_image(void **state) /* rule 2 */
{
        OWNED(layout_release) struct layout layout = { 0 };

        (void)state;
        assert_int_equal(place(example_template, example_mapping, "/dev/sdf", 0, &layout, NULL), INGOT_OK);
        assert_int_equal(layout.partitions[0].start_lba, 0);
        assert_int_equal(layout.partitions[0].end_lba, 2048);
        assert_int_equal(layout.partitions[0].number, 0);
        assert_int_equal(layout.size_sectors, 2048);
        assert_int_equal(layout.volume_size_gib, 1);
        assert_true(guid_is_nil(&layout.disk_guid));
}

static void rest_runs_to_the_end_of_the_volume(void **state) /* rule 3 */
{
        OWNED(layout_release) struct layout layout = { 0 };
        const char *yaml = example_with(example_template, "fit+30%", "rest");

        (void)state;
        assert_int_equal(place(yaml, example_mapping, "/dev/xvda", 100 * MIB, &layout, NULL), INGOT_OK);
        assert_int_equal(layout.size_sectors, 8 * 1024 * 2048);
        assert_int_equal(layout.partitions[2].end_lba, (8 * 1024 - 1) * 2048);
}

/* clang-format off */
static const struct {
        const char *name, *from, *to;
        uint64_t root_mib;
        const char *cause;
} bad_rows[] = {
        { "past VolumeSize", "fit+30%", "fit", 9000, "web.json:2:53: volume '/dev/xvda' of the template takes 9507438592 bytes, past its VolumeSize of 8GiB (8589934592 bytes); give it a VolumeSize of 9" },
        { "too large for its partition", "fit+30%", "1GiB", 1025, "web.yaml:12:40: the content of 'root' needs 1025MiB, but its size is 1GiB; write 'fit', or 1025MiB or more" },
        { "rest too small", "fit+30%", "rest", 8192, "web.yaml:12:40: the content of 'root' needs 8GiB, but 'rest' leaves it 8125MiB; give '/dev/xvda' a VolumeSize of 9" },
        { "nothing left", "size: 64MiB", "size: 8191MiB", 1, "web.json:2:53: volume '/dev/xvda' of the template takes 8594128896 bytes, past its VolumeSize of 8GiB (8589934592 bytes); give it a VolumeSize of 9" },
        { "rest of nothing", "64MiB, file-system: vfat, mount: /boot/efi}\n      - {name: root, type: root, size: fit+30%", "8191MiB}\n      - {name: root, type: root, size: rest", 1, "web.yaml:12:40: nothing is left for 'root': the partitions before it fill the 8GiB that the mapping gives '/dev/xvda'" },
        { "absurd", "fit+30%", "fit+10000%", 1 << 30, "web.yaml:12:40: the size is past 65536GiB, the most that a volume of EBS holds" },
};
/* clang-format on */

static void what_does_not_fit_is_named(void **state) /* rules 3 and 5 */
{
        size_t wrong = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
                struct ingot_error err = { 0 };
                struct layout layout;
                enum ingot_code r =
                        place(example_with(example_template, bad_rows[i].from, bad_rows[i].to),
                              example_mapping, "/dev/xvda", bad_rows[i].root_mib * MIB, &layout, &err);

                assert_int_equal(r, INGOT_E_LAYOUT);
                if (strcmp(ingot_error_frame(&err, 0), bad_rows[i].cause) != 0) {
                        print_error("%s: {{%s}}\n", bad_rows[i].name, ingot_error_frame(&err, 0));
                        wrong++;
                }
        }
        assert_int_equal(wrong, 0);
}

static void a_size_that_is_not_given_follows_from_image_and_type(void **state)
{
        OWNED(layout_release) struct layout layout = { 0 };

        (void)state;
        assert_int_equal(place(example_template, example_with(example_mapping, "\"gp2\"", "\"st1\""),
                               "/dev/sdf", 0, &layout, NULL),
                         INGOT_OK);
        assert_int_equal(layout.volume_size_gib, 125);
        layout_release(&layout);
        assert_int_equal(place(example_template, example_with(example_mapping, "\"VolumeSize\": 8, ", ""),
                               "/dev/xvda", 2048 * MIB, &layout, NULL),
                         INGOT_OK);
        assert_int_equal(layout.volume_size_gib, 3);
}

static void identifiers_do_not_depend_on_sizes(void **state) /* rule 4 */
{
        OWNED(template_drop) struct template *template = example_parse_template(example_template);
        OWNED(layout_release) struct layout placed = { 0 }, identified = { 0 };

        (void)state;
        assert_int_equal(place(example_template, example_mapping, "/dev/xvda", 100 * MIB, &placed, NULL),
                         INGOT_OK);
        assert_int_equal(layout_identify(template, template_volume_find(template, "/dev/xvda"), &seed,
                                         &identified, NULL),
                         INGOT_OK);
        assert_true(guid_equal(&placed.disk_guid, &identified.disk_guid));
        for (size_t i = 0; i < placed.partition_count; i++) {
                const struct layout_partition *a = &placed.partitions[i], *b = &identified.partitions[i];

                assert_int_equal(b->start_lba, 0);
                assert_true(guid_equal(&a->unique_guid, &b->unique_guid));
                assert_true(guid_equal(&a->uuid, &b->uuid));
                assert_true(guid_equal(&a->hash_seed, &b->hash_seed));
                assert_int_equal(a->vfat_serial, b->vfat_serial);
        }
        assert_true(guid_is_nil(&placed.partitions[0].uuid));
        assert_int_not_equal(placed.partitions[1].vfat_serial, 0);
        assert_false(guid_equal(&placed.partitions[2].uuid, &placed.partitions[2].hash_seed));
}

static void fstab_names_file_systems_by_uuid(void **state)
{
        OWNED(layout_release) struct layout layout = { 0 };
        const char *yaml = example_with(example_template, "file-system: vfat,", "uuid: abcd-0012,");
        char text[48];

        (void)state;
        yaml = example_with(yaml, "label: root,", "label: root, uuid: 12345678-9abc-4def-8123-456789ABCDEF,");
        assert_int_equal(place(yaml, example_mapping, "/dev/xvda", 100 * MIB, &layout, NULL), INGOT_OK);
        layout_partition_print_uuid(layout_find_mount(&layout, "/boot/efi"), text);
        assert_string_equal(text, "UUID=ABCD-0012");
        layout_partition_print_uuid(layout_find_mount(&layout, "/"), text);
        assert_string_equal(text, "UUID=12345678-9abc-4def-8123-456789abcdef");
        assert_null(layout_find_mount(&layout, "/boot"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(partitions_stand_at_multiples_of_1_mib),
                cmocka_unit_test(without_a_table_the_file_system_is_the_image),
                cmocka_unit_test(rest_runs_to_the_end_of_the_volume),
                cmocka_unit_test(what_does_not_fit_is_named),
                cmocka_unit_test(a_size_that_is_not_given_follows_from_image_and_type),
                cmocka_unit_test(identifiers_do_not_depend_on_sizes),
                cmocka_unit_test(fstab_names_file_systems_by_uuid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
