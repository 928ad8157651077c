/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"

#include "base/own.h"
#include "model/manifest.h"

static const struct guid seed = { { 0x5e, 0xed } };

enum { TEXT_MAX = 10 << 20 };

/* Places a volume of the example and adds it, sealed with a small map unless it is for a plan. */
static void add_volume(struct manifest *manifest, const struct template *template, const char *device,
                       bool is_plan)
{
        const struct template_volume *asked = template_volume_find(template, device);
        OWNED(layout_release) struct layout layout = { 0 };
        struct layout_need needs[4] = { { .fit_bytes = 1 << 20 },
                                        { .fit_bytes = 1 << 20 },
                                        { .fit_bytes = 3 << 20 } };
        struct manifest_volume *volume;
        struct block_map map;
        struct digest digest = { { 7 } };
        struct manifest_file raw = { .format = MANIFEST_RAW, .name = (char *)"a.raw", .size_bytes = 9 };
        struct manifest_file vmdk = { .format = MANIFEST_VMDK,
                                      .name = (char *)"a.vmdk",
                                      .size_bytes = 5,
                                      .has_digest = true,
                                      .digest = { { 3 } },
                                      .compressor = (char *)"zlib",
                                      .compressor_version = (char *)"1.2.13",
                                      .compression_level = 6 };

        needs[0].fit_bytes = asked->partition_count > 1 ? 0 : 1 << 20;
        assert_int_equal(layout_place(template, asked, mapping_find(manifest->mapping, device), needs, &seed,
                                      &layout, NULL),
                         INGOT_OK);
        assert_int_equal(manifest_add_volume(manifest, &layout, &volume, NULL), INGOT_OK);
        assert_int_equal(manifest_add_feature(&volume->file_systems[0], "extent", NULL), INGOT_OK);
        assert_int_equal(manifest_add_feature(&volume->file_systems[0], "64bit", NULL), INGOT_OK);
        volume->file_systems[0].block_bytes = 4096;
        if (is_plan)
                return;
        block_map_init(&map, layout.size_sectors * 512);
        assert_int_equal(block_map_append_data(&map, 0, &digest, NULL), INGOT_OK);
        digest.bytes[5] = 1;
        assert_int_equal(block_map_append_data(&map, 1, &digest, NULL), INGOT_OK);
        assert_int_equal(manifest_volume_seal(volume, &map, NULL), INGOT_OK);
        assert_int_equal(manifest_add_file(volume, &raw, NULL), INGOT_OK);
        assert_int_equal(manifest_add_file(volume, &vmdk, NULL), INGOT_OK);
}

static struct manifest *make(bool is_plan)
{
        OWNED(template_drop) struct template *template = example_parse_template(example_template);
        struct manifest_source source = { .device_name = (char *)"/dev/xvda",
                                          .kind = (char *)"archive",
                                          .name = (char *)"app.tar.zst",
                                          .size_bytes = 77,
                                          .has_digest = true,
                                          .digest = { { 9 } } };
        struct manifest *manifest = NULL;

        assert_int_equal(manifest_new(template, &seed, 1700000000, example_mapping, strlen(example_mapping),
                                      &manifest, NULL),
                         INGOT_OK);
        manifest->is_plan = is_plan;
        add_volume(manifest, template, "/dev/xvda", is_plan);
        add_volume(manifest, template, "/dev/sdf", is_plan);
        assert_int_equal(manifest_add_source(manifest, &source, NULL), INGOT_OK);
        assert_int_equal(manifest_add_tool(manifest, "zlib", "1.2.13", NULL), INGOT_OK);
        assert_int_equal(manifest_add_tool(manifest, "libext2fs", "1.47.0", NULL), INGOT_OK);
        assert_int_equal(manifest_add_tool(manifest, "zlib", "1.2.13", NULL), INGOT_OK);
        assert_int_equal(manifest_add_warning(manifest, NULL, "%d files were skipped", 3), INGOT_OK);
        return manifest;
}

static void print(const struct manifest *manifest, struct buffer *text)
{
        struct ingot_error err;

        if (manifest_print(manifest, text, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
}

static void what_is_printed_reads_back_the_same(void **state) /* rule 1 */
{
        (void)state;
        for (int is_plan = 0; is_plan < 2; is_plan++) {
                OWNED(manifest_drop) struct manifest *made = make(is_plan), *read = NULL;
                OWNED(buffer_release)
                struct buffer first = BUFFER_INIT(TEXT_MAX), second = BUFFER_INIT(TEXT_MAX);
                struct ingot_error err;

                print(made, &first);
                if (manifest_parse(first.bytes, first.size_bytes, "manifest.json", &read, &err))
                        fail_msg("%s", ingot_error_frame(&err, 0));
                print(read, &second);
                assert_string_equal(first.bytes, second.bytes);
                assert_int_equal(read->is_plan, is_plan);
        }
}

static void everything_that_was_made_is_in_it(void **state)
{
        OWNED(manifest_drop) struct manifest *made = make(false), *read = NULL;
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(TEXT_MAX);
        const struct manifest_volume *root;
        const struct manifest_file *vmdk;

        (void)state;
        print(made, &text);
        assert_int_equal(manifest_parse(text.bytes, text.size_bytes, "manifest.json", &read, NULL), INGOT_OK);
        root = manifest_find_volume(read, "/dev/xvda");
        assert_non_null(root);
        assert_null(manifest_find_volume(read, "/dev/sdz"));
        assert_int_equal(root->layout.partition_count, 3);
        assert_string_equal(root->layout.partitions[2].mount, "/");
        assert_string_equal(root->layout.partitions[1].name, "esp");
        assert_int_equal(root->layout.partitions[1].vfat_serial,
                         made->volumes[0].layout.partitions[1].vfat_serial);
        assert_int_equal(block_map_data_count(&root->map), 2);
        assert_true(digest_equal(&root->image_digest, &made->volumes[0].image_digest));
        vmdk = manifest_find_file(root, MANIFEST_VMDK);
        assert_string_equal(vmdk->compressor, "zlib");
        assert_int_equal(vmdk->compression_level, 6);
        assert_false(manifest_find_file(root, MANIFEST_RAW)->has_digest);
        assert_int_equal(read->tool_count, 2);
        assert_string_equal(read->tools[0].name, "libext2fs");
        assert_int_equal(read->mapping->entry_count, 6);
        assert_string_equal(read->ami.imds, "v2.0");
        assert_string_equal(read->ami.tags[0].value, "web");
        assert_string_equal(read->warnings[0], "3 files were skipped");
        assert_string_equal(read->sources[0].name, "app.tar.zst");
}

static void a_volume_that_is_not_built_is_only_for_a_plan(void **state) /* rule 2 */
{
        OWNED(manifest_drop) struct manifest *made = make(true);
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(TEXT_MAX);

        (void)state;
        print(made, &text);
        assert_null(strstr(text.bytes, "image_digest"));
        assert_non_null(strstr(text.bytes, "\"format\": \"ingot-plan\""));
        made->is_plan = false;
        assert_int_equal(manifest_print(made, &text, NULL), INGOT_E_BUG);
}

/* Replaces the first `from` after `after`. */
static char *spoil(const char *text, const char *after, const char *from, const char *to)
{
        const char *at = strstr(text, after);
        struct buffer out = BUFFER_INIT(TEXT_MAX);

        at = at ? strstr(at, from) : NULL;
        assert_non_null(at);
        buffer_append(&out, text, (size_t)(at - text));
        buffer_append_text(&out, to);
        buffer_append_text(&out, at + strlen(from));
        return buffer_take(&out);
}

/* clang-format off */
static const struct {
        const char *name, *after, *from, *to;
        enum ingot_code code;
} bad_rows[] = {
        { "not JSON", "", "{", "", INGOT_E_FORMAT },
        { "another format", "", "ingot-manifest", "ingot-receipt", INGOT_E_FORMAT },
        { "a later version", "", "\"format_version\": 1", "\"format_version\": 2", INGOT_E_FORMAT },
        { "a block's digest", "\"sha256\": [\n", "BwAA", "BwAB", INGOT_E_CHECKSUM },
        { "a short digest", "\"sha256\": [\n", "BwAA", "", INGOT_E_FORMAT },
        { "a digest of zeros", "\"sha256\": [\n", "BwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE=", INGOT_E_FORMAT },
        { "too few digests", "\"runs\"", "\"end\": 2", "\"end\": 3", INGOT_E_FORMAT },
        { "a run past the end", "\"runs\"", "\"end\": 2", "\"end\": 4000000000", INGOT_E_FORMAT },
        { "a run backwards", "\"runs\"", "\"first\": 0", "\"first\": 5", INGOT_E_FORMAT },
        { "a state", "\"runs\"", "\"data\"", "\"hole\"", INGOT_E_FORMAT },
        { "block size", "", "\"block_bytes\": 524288", "\"block_bytes\": 512", INGOT_E_FORMAT },
        { "a file elsewhere", "\"files\"", "\"a.raw\"", "\"../a.raw\"", INGOT_E_FORMAT },
        { "a partition past the end", "\"partitions\"", "\"end_lba\": ", "\"end_lba\": 99", INGOT_E_FORMAT },
        { "overlap", "\"bios-boot\"", "\"start_lba\": 4096", "\"start_lba\": 4095", INGOT_E_FORMAT },
        { "size", "", "\"volume_size_gib\": 8", "\"volume_size_gib\": 0", INGOT_E_FORMAT },
        { "larger than the volume", "", "\"volume_size_gib\": 1\n", "\"volume_size_gib\": 99999\n", INGOT_E_FORMAT },
        { "a mapping that is bad", "", "\"VolumeType\": \"gp2\"", "\"VolumeType\": \"gp9\"", INGOT_E_FORMAT },
        { "a name that is a number", "", "\"name\": \"debian-12-web\"", "\"name\": 12", INGOT_E_FORMAT },
        { "two volumes of one device", "\"volumes\"", "\"/dev/sdf\"", "\"/dev/xvda\"", INGOT_E_FORMAT },
        { "seed", "", "5eed0000", "5eed", INGOT_E_FORMAT },
        { "a file system", "\"file_system\"", "\"type\": \"ext4\"", "\"type\": \"ext9\"", INGOT_E_FORMAT },
        { "a type of partition", "\"partitions\"", "\"type\": \"bios-boot\"", "\"type\": \"bios\"", INGOT_E_FORMAT },
        { "a number of a partition", "\"bios-boot\"", "\"number\": ", "\"number\": 129", INGOT_E_FORMAT },
        { "a partition table", "", "\"partition_table\": \"gpt\"", "\"partition_table\": \"mbr\"", INGOT_E_FORMAT },
        { "a format of a file", "\"files\"", "\"format\": \"raw\"", "\"format\": \"qcow2\"", INGOT_E_FORMAT },
        { "a linear digest", "", "\"linear_digest\": \"", "\"linear_digest\": \"=", INGOT_E_FORMAT },
};
/* clang-format on */

static void nothing_that_is_read_is_trusted(void **state) /* rule 3 */
{
        OWNED(manifest_drop) struct manifest *made = make(false);
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(TEXT_MAX);

        (void)state;
        print(made, &text);
        for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
                OWNED(heap_drop)
                char *bad = spoil(text.bytes, bad_rows[i].after, bad_rows[i].from, bad_rows[i].to);
                struct manifest *read = NULL;
                enum ingot_code r = manifest_parse(bad, strlen(bad), "manifest.json", &read, NULL);

                if (r != bad_rows[i].code || read)
                        fail_msg("%s: %s", bad_rows[i].name, ingot_code_name(r));
        }
}

static void a_map_of_another_size_does_not_seal(void **state)
{
        OWNED(manifest_drop) struct manifest *made = make(true);
        struct block_map map;

        (void)state;
        block_map_init(&map, 12345);
        assert_int_equal(manifest_volume_seal(&made->volumes[0], &map, NULL), INGOT_E_BUG);
        assert_false(made->volumes[0].built);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_printed_reads_back_the_same),
                cmocka_unit_test(everything_that_was_made_is_in_it),
                cmocka_unit_test(a_volume_that_is_not_built_is_only_for_a_plan),
                cmocka_unit_test(nothing_that_is_read_is_trusted),
                cmocka_unit_test(a_map_of_another_size_does_not_seal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
