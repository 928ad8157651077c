/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/assemble.h"
#include "image/convert.h"
#include "image/verify.h"

enum { FILE_DIGEST_STEP_BYTES = 1024 * 1024 };

/* Forgets the runs of blocks that were read and found to be zero: nobody wrote them on purpose. */
static void forget_zero_runs(struct block_map *map)
{
        size_t kept = 0;

        for (size_t i = 0; i < map->run_count; i++)
                if (map->runs[i].state == BLOCK_DATA)
                        map->runs[kept++] = map->runs[i];
        map->run_count = kept;
}

static enum ingot_code scan_extents(struct extent_list *extents, uint64_t size_bytes, unsigned threads,
                                    const struct ingot_observer *observer, const char *phase,
                                    struct block_map *ret_map, uint64_t *ret_blocks_read,
                                    struct ingot_error *err)
{
        struct assemble_request request = {
                .extents = extents,
                .size_bytes = size_bytes,
                .raw_fd = FD_NONE,
                .threads = threads,
                .observer = observer,
                .phase = phase,
        };
        enum ingot_code r;

        r = assemble(&request, ret_map, err); /* with nothing to write: what is left of it is the map */
        if (r)
                return r;
        *ret_blocks_read = block_map_data_count(ret_map) + block_map_zero_count(ret_map);
        forget_zero_runs(ret_map);
        return INGOT_OK;
}

static enum ingot_code scan(struct image_reader *reader, unsigned threads,
                            const struct ingot_observer *observer, const char *phase,
                            struct block_map *ret_map, uint64_t *ret_blocks_read, struct ingot_error *err)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        enum ingot_code r = image_extents(reader, &extents, err);

        return r ? r
                 : scan_extents(&extents, image_reader_size_bytes(reader), threads, observer, phase, ret_map,
                                ret_blocks_read, err);
}

enum ingot_code image_scan(struct image_reader *reader, unsigned threads,
                           const struct ingot_observer *observer, const char *phase,
                           struct block_map *ret_map, struct ingot_error *err)
{
        uint64_t blocks_read;

        return scan(reader, threads, observer, phase, ret_map, &blocks_read, err);
}

enum ingot_code image_scan_input(struct image_input *input, unsigned threads,
                                 const struct ingot_observer *observer, const char *phase,
                                 struct block_map *ret_map, struct ingot_error *err)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        uint64_t blocks_read;
        enum ingot_code r = image_input_extents(input, &extents, err);

        return r ? r
                 : scan_extents(&extents, image_input_size_bytes(input), threads, observer, phase, ret_map,
                                &blocks_read, err);
}

/* Walks the data blocks of a map, ascending. */
struct data_walk {
        const struct block_map *map;
        size_t run;
        uint64_t offset; /* into the run */
};

static bool walk_at(struct data_walk *walk, uint64_t *ret_index, const struct digest **ret_digest)
{
        const struct block_run *run;

        while (walk->run < walk->map->run_count && walk->map->runs[walk->run].state != BLOCK_DATA)
                walk->run++;
        if (walk->run == walk->map->run_count) {
                *ret_index = UINT64_MAX;
                return false;
        }
        run = &walk->map->runs[walk->run];
        *ret_index = run->first_index + walk->offset;
        *ret_digest = &walk->map->digests[run->first_digest + (size_t)walk->offset];
        return true;
}

static void walk_on(struct data_walk *walk)
{
        const struct block_run *run = &walk->map->runs[walk->run];

        if (++walk->offset == run->end_index - run->first_index) {
                walk->run++;
                walk->offset = 0;
        }
}

/* Counts the blocks in which two maps differ, and finds the first. */
static void compare_maps(const struct block_map *wanted, const struct block_map *found,
                         struct verify_result *result)
{
        struct data_walk left = { .map = wanted }, right = { .map = found };
        const struct digest *left_digest = NULL, *right_digest = NULL;
        uint64_t left_index, right_index;

        for (;;) {
                bool more_left = walk_at(&left, &left_index, &left_digest);
                bool more_right = walk_at(&right, &right_index, &right_digest);
                uint64_t index = min_u64(left_index, right_index);

                if (!more_left && !more_right)
                        return;
                if (left_index != right_index || !digest_equal(left_digest, right_digest)) {
                        if (result->bad_blocks++ == 0)
                                result->first_bad_index = index;
                }
                if (left_index == index)
                        walk_on(&left);
                if (right_index == index)
                        walk_on(&right);
        }
}

static enum ingot_code judge(const struct image_reader *reader, const struct block_map *map,
                             const struct verify_result *result, struct ingot_error *err)
{
        if (image_reader_size_bytes(reader) != map->size_bytes)
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "the disk in '%s' has %" PRIu64 " bytes; it should have %" PRIu64,
                                  image_reader_path(reader), image_reader_size_bytes(reader),
                                  map->size_bytes);
        if (result->bad_blocks)
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "%" PRIu64 " of %" PRIu64
                                  " blocks of '%s' are not what they should be; the first is "
                                  "block %" PRIu64 ", at byte %" PRIu64 " of the disk",
                                  result->bad_blocks, block_map_block_count(map), image_reader_path(reader),
                                  result->first_bad_index, result->first_bad_index * BLOCK_BYTES);
        return INGOT_OK;
}

enum ingot_code verify_image(struct image_reader *reader, const struct block_map *map, unsigned threads,
                             const struct ingot_observer *observer, const char *phase,
                             struct verify_result *ret_result, struct ingot_error *err)
{
        OWNED(block_map_release) struct block_map found = { .size_bytes = 0 };
        struct verify_result result = { .direct = image_reader_is_direct(reader) };
        enum ingot_code r = scan(reader, threads, observer, phase, &found, &result.blocks_read, err);

        if (r)
                return r;
        compare_maps(map, &found, &result);
        r = judge(reader, map, &result, err);
        if (ret_result)
                *ret_result = result;
        return r;
}

enum ingot_code file_digest(int fd, const char *path, const struct ingot_observer *observer,
                            const char *phase, struct digest *ret_digest, struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        OWNED(heap_drop) uint8_t *bytes = malloc(FILE_DIGEST_STEP_BYTES);
        uint64_t size_bytes, at_bytes = 0;
        enum ingot_code r;

        if (!bytes)
                return ingot_fail_memory(err, FILE_DIGEST_STEP_BYTES);
        r = fd_size(fd, path, &size_bytes, err);
        if (!r)
                r = digest_stream_new(&stream, err);
        while (!r && at_bytes < size_bytes) {
                size_t step_bytes = (size_t)min_u64(FILE_DIGEST_STEP_BYTES, size_bytes - at_bytes);

                r = fd_read_at(fd, path, at_bytes, bytes, step_bytes, err);
                if (r)
                        break;
                digest_stream_update(stream, bytes, step_bytes);
                at_bytes += step_bytes;
                r = ingot_observe(observer, phase, at_bytes, size_bytes, err);
        }
        if (r)
                return r;
        return digest_stream_finish(stream, ret_digest, err);
}
