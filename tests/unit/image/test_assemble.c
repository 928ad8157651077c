/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/assemble.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

enum { DISK_SECTORS = 64 * 1024 + 24 }; /* 32 MiB and 12 KiB: the last block is short */

static void add(struct extent_list *list, uint64_t start_lba, uint64_t end_lba, uint64_t source_offset_bytes,
                uint64_t size_bytes)
{
        struct extent extent = { .start_lba = start_lba,
                                 .end_lba = end_lba,
                                 .source = size_bytes ? &sample_source : NULL,
                                 .source_offset_bytes = source_offset_bytes,
                                 .size_bytes = size_bytes };

        assert_int_equal(extent_list_add(list, &extent, NULL), INGOT_OK);
}

/* Of every sort: ends inside a sector, neighbours within a block, zeros on purpose, data that are zeros. */
static void lay_out(struct extent_list *list)
{
        add(list, 0, 1, 5, 446);
        add(list, 2, 34, 1000, 32 * SECTOR_BYTES);
        add(list, 2048, 5000, 777, 2000 * SECTOR_BYTES + 13);
        add(list, 5000, 5001, 4096, SECTOR_BYTES);
        add(list, 10240, 40 * 1024 + 7, 0, 0);
        add(list, 40 * 1024 + 7, 40 * 1024 + 8, 12345, 1);
        add(list, 50 * 1024, 51 * 1024, SAMPLE_ZERO_FROM, 512 * 1024);
        add(list, 51 * 1024, 60 * 1024, 1 << 20, 100);
        add(list, 64 * 1024, DISK_SECTORS, 1 << 21, 24 * SECTOR_BYTES);
        assert_int_equal(extent_list_settle(list, DISK_SECTORS, NULL), INGOT_OK);
}

/* What the disk must hold, worked out the dull way. */
static uint8_t *expect_disk(const struct extent_list *list)
{
        uint8_t *bytes = calloc(DISK_SECTORS, SECTOR_BYTES);

        for (size_t i = 0; i < list->count; i++)
                if (list->extents[i].source)
                        sample_fill(list->extents[i].source_offset_bytes,
                                    bytes + list->extents[i].start_lba * SECTOR_BYTES,
                                    list->extents[i].size_bytes);
        return bytes;
}

struct outputs {
        int raw_fd, vmdk_fd;
        struct block_map map;
};

static void outputs_drop(struct outputs *outputs)
{
        fd_drop(&outputs->raw_fd);
        fd_drop(&outputs->vmdk_fd);
        block_map_release(&outputs->map);
}

static struct outputs run(void **state, const struct extent_list *list, uint64_t size_bytes, unsigned threads)
{
        struct outputs made = {
                .raw_fd = open(scratch_path(state, "disk.raw"), O_RDWR | O_CREAT | O_TRUNC, 0600),
                .vmdk_fd = open(scratch_path(state, "disk.vmdk"), O_RDWR | O_CREAT | O_TRUNC, 0600)
        };
        struct vmdk_identity identity = { "disk.vmdk", NULL };
        struct assemble_request request = {
                .extents = list,
                .size_bytes = size_bytes,
                .raw_fd = made.raw_fd,
                .raw_path = "disk.raw",
                .threads = threads,
        };

        assert_int_equal(vmdk_writer_new(made.vmdk_fd, "disk.vmdk", size_bytes / SECTOR_BYTES, &identity,
                                         &compression_default, &request.vmdk, NULL),
                         INGOT_OK);
        assert_int_equal(assemble(&request, &made.map, NULL), INGOT_OK);
        vmdk_writer_free(request.vmdk);
        return made;
}

static uint8_t *read_all(int fd, size_t *ret_size_bytes)
{
        uint64_t size_bytes = 0;
        uint8_t *bytes;

        assert_int_equal(fd_size(fd, "output", &size_bytes, NULL), INGOT_OK);
        bytes = malloc(size_bytes + 1);
        assert_int_equal(fd_read_at(fd, "output", 0, bytes, size_bytes, NULL), INGOT_OK);
        *ret_size_bytes = size_bytes;
        return bytes;
}

static void the_disk_holds_what_the_extents_say(void **state)
{
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        OWNED(outputs_drop) struct outputs made = { FD_NONE, FD_NONE, { 0 } };
        uint8_t *wanted, *found;
        size_t size_bytes;

        lay_out(&list);
        wanted = expect_disk(&list);
        made = run(state, &list, (uint64_t)DISK_SECTORS * SECTOR_BYTES, 2);
        found = read_all(made.raw_fd, &size_bytes);
        assert_int_equal(size_bytes, DISK_SECTORS * SECTOR_BYTES);
        assert_memory_equal(wanted, found, size_bytes);
        free(wanted);
        free(found);
        if (!scratch_has_program("qemu-img"))
                return;
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "compare", "-f", "raw", "-F",
                                                                   "vmdk", scratch_path(state, "disk.raw"),
                                                                   scratch_path(state, "disk.vmdk"), NULL }),
                         0);
}

static void the_map_tells_data_zeros_and_nothing_apart(void **state)
{
        static const struct {
                uint64_t index;
                enum block_state state;
        } rows[] = {
                { 0, BLOCK_DATA },    { 1, BLOCK_ABSENT },  { 2, BLOCK_DATA },  { 4, BLOCK_DATA },
                { 5, BLOCK_ABSENT },  { 10, BLOCK_ZERO },   { 39, BLOCK_ZERO }, { 40, BLOCK_DATA },
                { 41, BLOCK_ABSENT }, { 50, BLOCK_ZERO }, /* a source of zeros */
                { 51, BLOCK_DATA },   { 52, BLOCK_ZERO }, /* behind the end of what its source has */
                { 59, BLOCK_ZERO },   { 60, BLOCK_ABSENT }, { 64, BLOCK_DATA },
        };
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        OWNED(outputs_drop) struct outputs made = { FD_NONE, FD_NONE, { 0 } };
        uint8_t *disk, *block = calloc(1, BLOCK_BYTES);
        const struct digest *found;
        struct digest wanted;

        lay_out(&list);
        disk = expect_disk(&list);
        made = run(state, &list, (uint64_t)DISK_SECTORS * SECTOR_BYTES, 1);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_int_equal(block_map_find(&made.map, rows[i].index, NULL), rows[i].state);
        memcpy(block, disk + 64 * (size_t)BLOCK_BYTES, 24 * SECTOR_BYTES); /* block_map.h rule 2: padded */
        assert_int_equal(digest_of(block, BLOCK_BYTES, &wanted, NULL), INGOT_OK);
        assert_int_equal(block_map_find(&made.map, 64, &found), BLOCK_DATA);
        assert_true(digest_equal(found, &wanted));
        free(disk);
        free(block);
}

/* Rule 4 */
static void any_number_of_threads_gives_the_same_bytes(void **state)
{
        static const unsigned threads[] = { 0, 1, 4, 8 };
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        uint8_t *first = NULL;
        size_t first_bytes = 0;
        struct digest first_digest;

        lay_out(&list);
        for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
                OWNED(outputs_drop)
                struct outputs made = run(state, &list, (uint64_t)DISK_SECTORS * SECTOR_BYTES, threads[i]);
                struct digest digest;
                size_t size_bytes;
                uint8_t *bytes = read_all(made.vmdk_fd, &size_bytes);

                assert_int_equal(block_map_image_digest(&made.map, &digest, NULL), INGOT_OK);
                if (!first) {
                        first = bytes;
                        first_bytes = size_bytes;
                        first_digest = digest;
                        continue;
                }
                assert_int_equal(size_bytes, first_bytes);
                assert_memory_equal(bytes, first, size_bytes);
                assert_true(digest_equal(&digest, &first_digest));
                free(bytes);
        }
        free(first);
}

/* Rule 2: 1 TiB with three blocks of data and 100 GiB of zeros on purpose. */
static void absent_blocks_cost_nothing(void **state)
{
        const uint64_t tib_sectors = (uint64_t)1 << 31;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        OWNED(outputs_drop) struct outputs made = { FD_NONE, FD_NONE, { 0 } };
        uint64_t start_ns = clock_monotonic_ns(&clock_of_system);
        struct stat status;

        add(&list, 0, 1024, 0, BLOCK_BYTES);
        add(&list, tib_sectors / 2, tib_sectors / 2 + 8, 0, 4096);
        add(&list, tib_sectors / 2 + 8, tib_sectors / 2 + ((uint64_t)100 << 21), 0, 0);
        add(&list, tib_sectors - 1024, tib_sectors, 0, BLOCK_BYTES);
        assert_int_equal(extent_list_settle(&list, tib_sectors, NULL), INGOT_OK);
        made = run(state, &list, tib_sectors * SECTOR_BYTES, 2);
        assert_in_range(clock_monotonic_ns(&clock_of_system) - start_ns, 0, 1000 * 1000 * 1000);
        assert_int_equal(block_map_data_count(&made.map), 3);
        assert_int_equal(block_map_zero_count(&made.map), 204800 - 1);
        assert_in_range(made.map.run_count, 1, 4);
        assert_int_equal(fstat(made.raw_fd, &status), 0);
        assert_int_equal(status.st_size, (off_t)(tib_sectors * SECTOR_BYTES));
        assert_in_range(status.st_blocks, 0, 8192);
        assert_int_equal(fstat(made.vmdk_fd, &status), 0);
        assert_in_range(status.st_size, 0, 2 * 1024 * 1024);
}

static enum ingot_code refuse_to_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                      struct ingot_error *err)
{
        (void)context;
        (void)bytes;
        (void)size_bytes;
        return offset_bytes < BLOCK_BYTES ? INGOT_OK : ingot_fail(err, INGOT_E_CHECKSUM, "rotten");
}

static void a_source_that_fails_stops_it_and_the_place_is_named(void **state)
{
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct byte_source source = { .read = refuse_to_read };
        struct extent extent = { .end_lba = 4096, .source = &source, .size_bytes = 4096 * SECTOR_BYTES };
        struct assemble_request request = { .extents = &list, .size_bytes = 1 << 21, .raw_fd = FD_NONE };
        struct block_map map = { .size_bytes = 99 };
        struct ingot_error err;

        (void)state;
        assert_int_equal(extent_list_add(&list, &extent, NULL), INGOT_OK);
        for (request.threads = 0; request.threads < 3; request.threads++) {
                assert_int_equal(assemble(&request, &map, &err), INGOT_E_CHECKSUM);
                assert_string_equal(ingot_error_frame(&err, 0), "rotten");
                assert_string_equal(ingot_error_frame(&err, 1),
                                    "reading what belongs at sector 1024 of the disk");
                assert_int_equal(map.size_bytes, 99); /* untouched */
        }
}

struct watcher {
        uint64_t last_bytes;
        unsigned calls, stop_after;
};

static void watch(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct watcher *watcher = context;

        assert_string_equal(phase, "writing");
        assert_true(done_bytes >= watcher->last_bytes && done_bytes <= total_bytes);
        watcher->last_bytes = done_bytes;
        watcher->calls++;
}

static int stop(void *context)
{
        const struct watcher *watcher = context;

        return watcher->calls >= watcher->stop_after;
}

static void the_observer_hears_and_can_stop_it(void **state)
{
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct watcher watcher = { .stop_after = UINT32_MAX };
        struct ingot_observer observer = { .context = &watcher, .progress = watch, .is_cancelled = stop };
        struct assemble_request request = { .extents = &list,
                                            .size_bytes = (uint64_t)DISK_SECTORS * SECTOR_BYTES,
                                            .raw_fd = FD_NONE,
                                            .threads = 2,
                                            .observer = &observer,
                                            .phase = "writing" };
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };

        (void)state;
        lay_out(&list);
        assert_int_equal(assemble(&request, &map, NULL), INGOT_OK);
        assert_int_equal(watcher.last_bytes, extent_list_data_sectors(&list) * SECTOR_BYTES);
        watcher = (struct watcher){ .stop_after = 2 };
        assert_int_equal(assemble(&request, &map, NULL), INGOT_E_CANCELLED);
}

static void an_extent_past_the_end_is_a_bug(void **state)
{
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        struct assemble_request request = { .extents = &list, .size_bytes = 1024, .raw_fd = FD_NONE };
        struct block_map map;

        (void)state;
        add(&list, 0, 3, 0, 512);
        assert_int_equal(assemble(&request, &map, NULL), INGOT_E_BUG);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(the_disk_holds_what_the_extents_say),
                SCRATCH(the_map_tells_data_zeros_and_nothing_apart),
                SCRATCH(any_number_of_threads_gives_the_same_bytes),
                SCRATCH(absent_blocks_cost_nothing),
                cmocka_unit_test(a_source_that_fails_stops_it_and_the_place_is_named),
                cmocka_unit_test(the_observer_hears_and_can_stop_it),
                cmocka_unit_test(an_extent_past_the_end_is_a_bug),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
