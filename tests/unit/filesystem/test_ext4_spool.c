/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "filesystem/ext4_spool.h"

enum { BLOCK_BYTES = 4096 };

static struct ext4_spool *new_spool(void *const *state, uint64_t size_bytes)
{
        struct ext4_spool *spool = NULL;

        assert_int_equal(ext4_spool_new(*state, size_bytes, &spool, NULL), INGOT_OK);
        return spool;
}

static void a_random_history_reads_as_memory_would(void **state)
{
        enum { SIZE_BYTES = 64 * BLOCK_BYTES };
        struct ext4_spool *spool = new_spool(state, SIZE_BYTES);
        OWNED(heap_drop) uint8_t *memory = calloc(1, SIZE_BYTES);
        OWNED(heap_drop) uint8_t *bytes = calloc(1, SIZE_BYTES);
        uint32_t random = 1;

        assert_true(memory && bytes);
        for (unsigned i = 0; i < 3000; i++) {
                size_t offset, size;

                random = random * 1664525 + 1013904223;
                offset = random >> 8 & (SIZE_BYTES - 1);
                random = random * 1664525 + 1013904223;
                size = (random >> 8) % 9000;
                if (size > SIZE_BYTES - offset)
                        size = SIZE_BYTES - offset;
                if (i % 3) {
                        assert_int_equal(ext4_spool_read(spool, offset, bytes, size, NULL), INGOT_OK);
                        assert_memory_equal(bytes, memory + offset, size);
                } else {
                        memset(memory + offset, i % 2 ? (int)i : 0, size);
                        assert_int_equal(ext4_spool_write(spool, offset, memory + offset, size, NULL),
                                         INGOT_OK);
                }
        }
        ext4_spool_free(spool);
}

static void extents_tell_bytes_from_zeros_and_from_nothing(void **state) /* rule 1 */
{
        struct ext4_spool *spool = new_spool(state, 1000 * BLOCK_BYTES);
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        uint8_t zeros[BLOCK_BYTES] = { 0 }, ones[BLOCK_BYTES], back[BLOCK_BYTES];

        memset(ones, 1, sizeof(ones));
        assert_int_equal(ext4_spool_write(spool, (uint64_t)3 * BLOCK_BYTES, ones, BLOCK_BYTES, NULL),
                         INGOT_OK);
        assert_int_equal(ext4_spool_write(spool, (uint64_t)4 * BLOCK_BYTES, zeros, BLOCK_BYTES, NULL),
                         INGOT_OK);
        assert_int_equal(ext4_spool_write(spool, (uint64_t)5 * BLOCK_BYTES, ones, BLOCK_BYTES, NULL),
                         INGOT_OK);
        assert_int_equal(ext4_spool_write(spool, (uint64_t)5 * BLOCK_BYTES, zeros, BLOCK_BYTES, NULL),
                         INGOT_OK);
        assert_int_equal(ext4_spool_write(spool, (uint64_t)999 * BLOCK_BYTES + 100, ones, 10, NULL),
                         INGOT_OK);
        assert_int_equal(ext4_spool_list(spool, &list, NULL), INGOT_OK);
        assert_int_equal(list.count, 3);
        assert_int_equal(list.extents[0].start_lba, 24);
        assert_non_null(list.extents[0].source);
        assert_int_equal(list.extents[1].start_lba, 32);
        assert_int_equal(list.extents[1].end_lba, 48);
        assert_null(list.extents[1].source);
        assert_int_equal(list.extents[2].start_lba, 999 * 8);
        assert_int_equal(byte_source_read(list.extents[2].source, list.extents[2].source_offset_bytes, back,
                                          BLOCK_BYTES, NULL),
                         INGOT_OK);
        assert_int_equal(back[99], 0);
        assert_int_equal(back[100], 1);
        assert_true(ext4_spool_is_written(spool, 4) && !ext4_spool_is_written(spool, 6));
        ext4_spool_free(spool);
}

static void nothing_lies_past_the_end(void **state)
{
        struct ext4_spool *spool = new_spool(state, 10 * BLOCK_BYTES);
        uint8_t bytes[2] = { 0 };

        assert_int_equal(ext4_spool_write(spool, 10 * BLOCK_BYTES - 1, bytes, 2, NULL), INGOT_E_BUG);
        assert_int_equal(ext4_spool_read(spool, 10 * BLOCK_BYTES, bytes, 1, NULL), INGOT_E_BUG);
        assert_int_equal(ext4_spool_read(spool, UINT64_MAX, bytes, 2, NULL), INGOT_E_BUG);
        ext4_spool_free(spool);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_random_history_reads_as_memory_would, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(extents_tell_bytes_from_zeros_and_from_nothing, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(nothing_lies_past_the_end, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
