/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "filesystem/swap_writer.h"
#include "support/extent_file.h"
#include "support/scratch.h"

static const char uuid_text[] = "0c3f5a1e-9d7b-4c55-8a11-2233445566ff";

static void what_is_laid_out_is_recognised(void **state) /* rules 1 and 2 */
{
        OWNED(swap_image_drop) struct swap_image *image = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct guid uuid, read_uuid;
        uint8_t page[SWAP_PAGE_BYTES];
        char label[SWAP_LABEL_BYTES + 1];
        uint64_t size_bytes;

        (void)state;
        assert_true(guid_parse(uuid_text, &uuid));
        assert_int_equal(swap_image_new(65536 + 100, &uuid, "swap one", &image, NULL), INGOT_OK);
        assert_int_equal(swap_image_extents(image, &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.extents[0].end_lba, 8);
        assert_int_equal(byte_source_read(list.extents[0].source, 0, page, sizeof(page), NULL), INGOT_OK);
        assert_true(swap_page_decode(page, &read_uuid, label, &size_bytes));
        assert_true(guid_equal(&uuid, &read_uuid));
        assert_string_equal(label, "swap one");
        assert_int_equal(size_bytes, 65536);
        page[4090] = 'X';
        assert_false(swap_page_decode(page, &read_uuid, label, &size_bytes));
}

static void sizes_and_labels_out_of_range_are_refused(void **state)
{
        struct swap_image *image;
        struct guid uuid = { { 1 } };

        (void)state;
        assert_int_equal(swap_image_new(SWAP_MIN_BYTES - 1, &uuid, NULL, &image, NULL), INGOT_E_LAYOUT);
        assert_int_equal(swap_image_new(UINT64_C(1) << 44, &uuid, NULL, &image, NULL), INGOT_E_LAYOUT);
        assert_int_equal(swap_image_new(1 << 20, &uuid, "0123456789012345", &image, NULL), INGOT_E_LAYOUT);
}

static void blkid_reads_uuid_and_label(void **state)
{
        const char *path = scratch_path(state, "swap.raw");
        const char *const blkid[] = {
                "sh",
                "-c",
                "blkid -p -o export \"$1\" > \"$1.txt\" && grep -qx TYPE=swap \"$1.txt\" && "
                "grep -qx LABEL=swap0 \"$1.txt\" && grep -qx UUID=0c3f5a1e-9d7b-4c55-8a11-2233445566ff "
                "\"$1.txt\"",
                "sh",
                path,
                NULL
        };
        OWNED(swap_image_drop) struct swap_image *image = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct guid uuid;

        assert_true(guid_parse(uuid_text, &uuid));
        assert_int_equal(swap_image_new(1 << 20, &uuid, "swap0", &image, NULL), INGOT_OK);
        assert_int_equal(swap_image_extents(image, &list, NULL), INGOT_OK);
        extent_file_write(path, &list, 1 << 20, -1);
        if (!scratch_has_program("blkid")) {
                print_message("blkid is not installed: nobody judges the swap area\n");
                skip();
        }
        assert_int_equal(scratch_run(state, blkid), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_laid_out_is_recognised),
                cmocka_unit_test(sizes_and_labels_out_of_range_are_refused),
                cmocka_unit_test_setup_teardown(blkid_reads_uuid_and_label, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
