/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "model/block_map.h"
#include "support/cmocka_all.h"

static const uint64_t disk_bytes = 10 * (uint64_t)BLOCK_BYTES - 7;

static void append(struct block_map *map, uint64_t index, uint8_t byte)
{
        struct digest digest;

        memset(&digest, byte, sizeof(digest));
        assert_int_equal(block_map_append_data(map, index, &digest, NULL), INGOT_OK);
}

static void the_digest_of_zeros_is_right(void **state)
{
        void *zeros = calloc(1, BLOCK_BYTES);
        struct digest digest;
        char text[DIGEST_BASE64_CHARS + 1];

        (void)state;
        assert_int_equal(digest_of(zeros, BLOCK_BYTES, &digest, NULL), INGOT_OK);
        assert_true(digest_equal(&digest, &block_map_zero_digest));
        base64_encode(block_map_zero_digest.bytes, DIGEST_BYTES, text);
        assert_string_equal(text, "B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE=");
        free(zeros);
}

static void runs_of_one_state_are_joined(void **state)
{
        struct block_map map;
        const struct digest *found;

        (void)state;
        block_map_init(&map, disk_bytes);
        assert_int_equal(block_map_block_count(&map), 10);
        append(&map, 0, 1);
        append(&map, 1, 2);
        assert_int_equal(block_map_append_zero(&map, 2, 4, NULL), INGOT_OK);
        assert_int_equal(block_map_append_data(&map, 4, &block_map_zero_digest, NULL), INGOT_OK); /* rule 2 */
        append(&map, 9, 3);
        assert_int_equal(map.run_count, 3);
        assert_int_equal(block_map_data_count(&map), 3);
        assert_int_equal(block_map_zero_count(&map), 3);
        assert_int_equal(block_map_find(&map, 1, &found), BLOCK_DATA);
        assert_int_equal(found->bytes[0], 2);
        assert_int_equal(block_map_find(&map, 4, &found), BLOCK_ZERO);
        assert_null(found);
        assert_int_equal(block_map_find(&map, 5, NULL), BLOCK_ABSENT);
        assert_int_equal(block_map_find(&map, 9, &found), BLOCK_DATA);
        assert_int_equal(found->bytes[0], 3);
        assert_int_equal(block_map_find(&map, 10, NULL), BLOCK_ABSENT);
        block_map_release(&map);
}

static void blocks_that_do_not_ascend_are_bugs(void **state)
{
        struct digest digest = { { 1 } };
        struct block_map map;

        (void)state;
        block_map_init(&map, disk_bytes);
        append(&map, 3, 1);
        assert_int_equal(block_map_append_data(&map, 3, &digest, NULL), INGOT_E_BUG);
        assert_int_equal(block_map_append_data(&map, 10, &digest, NULL), INGOT_E_BUG);
        assert_int_equal(block_map_append_data(&map, UINT64_MAX, &digest, NULL), INGOT_E_BUG);
        assert_int_equal(block_map_append_zero(&map, 2, 5, NULL), INGOT_E_BUG);
        assert_int_equal(block_map_append_zero(&map, 5, 5, NULL), INGOT_E_BUG);
        assert_int_equal(block_map_append_zero(&map, 5, 11, NULL), INGOT_E_BUG);
        block_map_release(&map);
}

/* Rule 3, computed here by hand; zero blocks do not count. */
static void the_image_digest_is_that_of_the_data_blocks(void **state)
{
        uint8_t text[14 + 8 + 2 * (8 + DIGEST_BYTES)];
        struct digest wanted, found;
        struct block_map map;

        (void)state;
        memcpy(text, "ingot image 1\n", 14);
        put_be64(text + 14, disk_bytes);
        put_be64(text + 22, 1);
        memset(text + 30, 7, DIGEST_BYTES);
        put_be64(text + 62, 8);
        memset(text + 70, 9, DIGEST_BYTES);
        assert_int_equal(digest_of(text, sizeof(text), &wanted, NULL), INGOT_OK);
        block_map_init(&map, disk_bytes);
        append(&map, 1, 7);
        assert_int_equal(block_map_append_zero(&map, 3, 5, NULL), INGOT_OK);
        append(&map, 8, 9);
        assert_int_equal(block_map_image_digest(&map, &found, NULL), INGOT_OK);
        assert_true(digest_equal(&wanted, &found));
        memmove(text, text + 30, DIGEST_BYTES);
        memmove(text + DIGEST_BYTES, text + 70, DIGEST_BYTES);
        assert_int_equal(digest_of(text, 2 * DIGEST_BYTES, &wanted, NULL), INGOT_OK);
        assert_int_equal(block_map_linear_digest(&map, &found, NULL), INGOT_OK);
        assert_true(digest_equal(&wanted, &found));
        block_map_release(&map);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_digest_of_zeros_is_right),
                cmocka_unit_test(runs_of_one_state_are_joined),
                cmocka_unit_test(blocks_that_do_not_ascend_are_bugs),
                cmocka_unit_test(the_image_digest_is_that_of_the_data_blocks),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
