/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "image/verify.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

enum { BLOCKS = 12 };

/* A raw disk of twelve blocks of which 2, 3 and 7 hold data and 5 is zeros that are there. */
static const char *make_disk(void **state)
{
        static const uint64_t indices[] = { 2, 3, 7 };
        const char *path = scratch_path(state, "disk.raw");
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *bytes = calloc(1, BLOCK_BYTES);

        assert_int_equal(ftruncate(fd, BLOCKS * (off_t)BLOCK_BYTES), 0);
        assert_int_equal(fd_write_at(fd, path, 5 * (uint64_t)BLOCK_BYTES, bytes, BLOCK_BYTES, NULL),
                         INGOT_OK);
        for (size_t i = 0; i < 3; i++) {
                sample_fill(indices[i] * BLOCK_BYTES, bytes, BLOCK_BYTES);
                assert_int_equal(fd_write_at(fd, path, indices[i] * BLOCK_BYTES, bytes, BLOCK_BYTES, NULL),
                                 INGOT_OK);
        }
        free(bytes);
        assert_int_equal(fd_settle(&fd, path, NULL), INGOT_OK);
        return path;
}

static struct block_map scan(const char *path, unsigned threads)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        struct block_map map;

        assert_int_equal(image_reader_open(path, IMAGE_CACHED, &reader, NULL), INGOT_OK);
        assert_int_equal(image_scan(reader, threads, NULL, "reading", &map, NULL), INGOT_OK);
        return map;
}

static enum ingot_code verify(const char *path, const struct block_map *map, struct verify_result *ret_result,
                              struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;

        assert_int_equal(image_reader_open(path, IMAGE_PAST_CACHE, &reader, NULL), INGOT_OK);
        return verify_image(reader, map, 2, NULL, "verifying", ret_result, err);
}

static void change_byte(const char *path, uint64_t offset_bytes)
{
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CLOEXEC);
        uint8_t byte;

        assert_int_equal(fd_read_at(fd, path, offset_bytes, &byte, 1, NULL), INGOT_OK);
        byte ^= 0x40;
        assert_int_equal(fd_write_at(fd, path, offset_bytes, &byte, 1, NULL), INGOT_OK);
        assert_int_equal(fd_settle(&fd, path, NULL), INGOT_OK);
}

static void a_scan_finds_the_data_and_no_zeros(void **state)
{
        OWNED(block_map_release) struct block_map map = scan(make_disk(state), 2);

        assert_int_equal(block_map_data_count(&map), 3);
        assert_int_equal(block_map_zero_count(&map), 0);
        assert_int_equal(block_map_find(&map, 2, NULL), BLOCK_DATA);
        assert_int_equal(block_map_find(&map, 5, NULL), BLOCK_ABSENT);
        assert_int_equal(block_map_find(&map, 7, NULL), BLOCK_DATA);
}

static void a_whole_image_passes(void **state)
{
        const char *path = make_disk(state);
        OWNED(block_map_release) struct block_map map = scan(path, 0);
        struct verify_result result;

        assert_int_equal(verify(path, &map, &result, NULL), INGOT_OK);
        assert_int_equal(result.bad_blocks, 0);
        assert_in_range(result.blocks_read, 3, BLOCKS);
}

static void damaged_blocks_are_counted_and_the_first_is_named(void **state)
{
        const char *path = make_disk(state);
        OWNED(block_map_release) struct block_map map = scan(path, 0);
        struct verify_result result;
        struct ingot_error err;

        change_byte(path, 3 * (uint64_t)BLOCK_BYTES + 4711);
        change_byte(path, 9 * (uint64_t)BLOCK_BYTES); /* where nothing should be */
        assert_int_equal(verify(path, &map, &result, &err), INGOT_E_CHECKSUM);
        assert_int_equal(result.bad_blocks, 2);
        assert_int_equal(result.first_bad_index, 3);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "2 of 12 blocks"));
        assert_non_null(strstr(ingot_error_frame(&err, 0), "block 3, at byte 1572864"));
}

static void a_hole_where_data_should_be_is_damage(void **state)
{
        const char *path = make_disk(state);
        OWNED(block_map_release) struct block_map map = scan(path, 0);
        struct verify_result result;

        assert_int_equal(truncate(path, 7 * (off_t)BLOCK_BYTES), 0);
        assert_int_equal(truncate(path, BLOCKS * (off_t)BLOCK_BYTES), 0);
        assert_int_equal(verify(path, &map, &result, NULL), INGOT_E_CHECKSUM);
        assert_int_equal(result.bad_blocks, 1);
        assert_int_equal(result.first_bad_index, 7);
}

static void truncation_is_found(void **state)
{
        const char *path = make_disk(state);
        OWNED(block_map_release) struct block_map map = scan(path, 0);
        struct ingot_error err;

        assert_int_equal(truncate(path, BLOCKS * (off_t)BLOCK_BYTES - 512), 0);
        assert_int_equal(verify(path, &map, NULL, &err), INGOT_E_CHECKSUM);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "it should have 6291456"));
}

static void a_files_digest_is_that_of_sha256sum(void **state)
{
        const char *path = scratch_path(state, "abc");
        OWNED(fd_drop) int fd = FD_NONE;
        struct digest digest;
        char hex[DIGEST_HEX_CHARS + 1];

        assert_int_equal(fd_replace_file(path, "abc", 3, 0600, NULL), INGOT_OK);
        assert_int_equal(fd_open_read(path, &fd, NULL), INGOT_OK);
        assert_int_equal(file_digest(fd, path, NULL, "reading", &digest, NULL), INGOT_OK);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        assert_string_equal(
                hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180 */
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(a_scan_finds_the_data_and_no_zeros),
                SCRATCH(a_whole_image_passes),
                SCRATCH(damaged_blocks_are_counted_and_the_first_is_named),
                SCRATCH(a_hole_where_data_should_be_is_damage),
                SCRATCH(truncation_is_found),
                SCRATCH(a_files_digest_is_that_of_sha256sum),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
