/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/example.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/last_published.h"

static void write_file(void *const *state, const char *name, const char *text)
{
        assert_int_equal(fd_replace_file(scratch_path(state, name), text, strlen(text), 0666, NULL),
                         INGOT_OK);
}

/* A manifest of one volume with one block, and its image digest in hex. */
static void write_manifest(void *const *state, char ret_digest[DIGEST_HEX_CHARS + 1])
{
        OWNED(template_drop) struct template *template = example_parse_template(example_template);
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
        const struct guid seed = { { 1 } };
        const struct digest some = { { 7 } };

        assert_int_equal(
                manifest_new(template, &seed, 0, example_mapping, strlen(example_mapping), &manifest, NULL),
                INGOT_OK);
        for (size_t i = 0; i < template->volume_count; i++) {
                const struct template_volume *asked = &template->volumes[i];
                OWNED(layout_release) struct layout layout = { 0 };
                struct layout_need needs[4] = { 0 };
                struct manifest_volume *volume = NULL;
                struct block_map map;

                for (size_t j = 0; j < 4; j++)
                        needs[j].fit_bytes = asked->partition_count > 1 && j == 0 ? 0 : 1 << 20;
                assert_int_equal(layout_place(template, asked,
                                              mapping_find(manifest->mapping, asked->device_name.text), needs,
                                              &seed, &layout, NULL),
                                 INGOT_OK);
                assert_int_equal(manifest_add_volume(manifest, &layout, &volume, NULL), INGOT_OK);
                block_map_init(&map, layout.size_sectors * 512);
                assert_int_equal(block_map_append_data(&map, 0, &some, NULL), INGOT_OK);
                assert_int_equal(manifest_volume_seal(volume, &map, NULL), INGOT_OK);
        }
        assert_int_equal(manifest_print(manifest, &out, NULL), INGOT_OK);
        hex_encode(manifest->volumes[0].image_digest.bytes, DIGEST_BYTES, ret_digest);
        write_file(state, folder_manifest_name, out.bytes);
}

static void write_receipt(void *const *state, const char *digest)
{
        char text[1024];

        (void)snprintf(text, sizeof(text),
                       "{\"snapshots\": [{\"device_name\": \"/dev/xvda\", \"snapshot_id\": \"snap-0a\", "
                       "\"image_sha256\": \"%s\"}]}",
                       digest);
        write_file(state, "receipt-us-east-1.json", text);
}

static void what_was_published_is_found_again(void **state)
{
        OWNED(last_published_release) struct last_published last = { NULL, NULL };
        char digest[DIGEST_HEX_CHARS + 1], folder[4096];
        struct parent_wish wish;

        (void)snprintf(folder, sizeof(folder), "%s", (const char *)*state);
        write_manifest(state, digest);
        assert_int_equal(last_published_read(folder, "us-east-1", &last, NULL), INGOT_OK);
        assert_false(last_published_wish(&last, "/dev/xvda", &wish)); /* nothing was published yet */
        assert_int_equal(last_published_keep(folder, "us-east-1", NULL), INGOT_OK);
        write_receipt(state, digest);
        assert_int_equal(last_published_read(folder, "us-east-1", &last, NULL), INGOT_OK);
        assert_true(last_published_wish(&last, "/dev/xvda", &wish));
        assert_string_equal(wish.snapshot_id, "snap-0a");
        assert_false(wish.is_named);
        assert_int_equal(block_map_data_count(wish.map), 1);
        assert_true(last_published_find(&last, "snap-0a", &wish));
        assert_false(last_published_find(&last, "snap-0b", &wish));
        assert_false(last_published_wish(&last, "/dev/xvdz", &wish));
}

static void a_receipt_of_another_manifest_does_not_count(void **state) /* rule 1 */
{
        OWNED(last_published_release) struct last_published last = { NULL, NULL };
        char digest[DIGEST_HEX_CHARS + 1], folder[4096];
        struct parent_wish wish;

        (void)snprintf(folder, sizeof(folder), "%s", (const char *)*state);
        write_manifest(state, digest);
        assert_int_equal(last_published_keep(folder, "us-east-1", NULL), INGOT_OK);
        digest[0] = digest[0] == '0' ? '1' : '0';
        write_receipt(state, digest);
        assert_int_equal(last_published_read(folder, "us-east-1", &last, NULL), INGOT_OK);
        assert_false(last_published_wish(&last, "/dev/xvda", &wish));
        write_file(state, "receipt-us-east-1.json", "{");
        last_published_release(&last);
        assert_int_equal(last_published_read(folder, "us-east-1", &last, NULL), INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_was_published_is_found_again, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_receipt_of_another_manifest_does_not_count, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
