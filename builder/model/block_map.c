/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "model/block_map.h"

/* SHA-256 of 524288 zeros. */
const struct digest block_map_zero_digest = {
        { 0x07, 0x85, 0x4d, 0x2f, 0xef, 0x29, 0x7a, 0x06, 0xba, 0x81, 0x68, 0x5e, 0x66, 0x0c, 0x33, 0x2d,
          0xe3, 0x6d, 0x5d, 0x18, 0xd5, 0x46, 0x92, 0x7d, 0x30, 0xda, 0xad, 0x6d, 0x7f, 0xda, 0x15, 0x41 }
};

void block_map_init(struct block_map *map, uint64_t size_bytes)
{
        *map = (struct block_map){ .size_bytes = size_bytes };
}

void block_map_release(struct block_map *map)
{
        free(map->runs);
        free(map->digests);
        *map = (struct block_map){ .size_bytes = 0 };
}

uint64_t block_map_block_count(const struct block_map *map)
{
        return div_up_u64(map->size_bytes, BLOCK_BYTES);
}

uint64_t block_map_data_count(const struct block_map *map)
{
        return map->digest_count;
}

uint64_t block_map_zero_count(const struct block_map *map)
{
        uint64_t count = 0;

        for (size_t i = 0; i < map->run_count; i++)
                if (map->runs[i].state == BLOCK_ZERO)
                        count += map->runs[i].end_index - map->runs[i].first_index;
        return count;
}

/* Makes room for one more of an array's elements of element_bytes. */
static enum ingot_code make_room(void **array, size_t count, size_t *capacity, size_t element_bytes,
                                 struct ingot_error *err)
{
        size_t wanted;
        void *grown;

        if (*array && count < *capacity)
                return INGOT_OK;
        wanted = *capacity ? 2 * *capacity : 64;
        grown = reallocarray(*array, wanted, element_bytes);
        if (!grown)
                return ingot_fail_memory(err, (uint64_t)wanted * element_bytes);
        *array = grown;
        *capacity = wanted;
        return INGOT_OK;
}

static enum ingot_code append_run(struct block_map *map, uint64_t first_index, uint64_t end_index,
                                  enum block_state state, struct ingot_error *err)
{
        struct block_run *last = map->run_count ? &map->runs[map->run_count - 1] : NULL;
        void *runs = map->runs;
        enum ingot_code r;

        if (first_index >= end_index || end_index > block_map_block_count(map))
                return ingot_fail(err, INGOT_E_BUG,
                                  "blocks %" PRIu64 " to %" PRIu64 " are not within the disk's %" PRIu64,
                                  first_index, end_index, block_map_block_count(map));
        if (last && first_index < last->end_index)
                return ingot_fail(err, INGOT_E_BUG, "block %" PRIu64 " comes after block %" PRIu64,
                                  first_index, last->end_index - 1);
        if (last && last->end_index == first_index && last->state == state) {
                last->end_index = end_index;
                return INGOT_OK;
        }
        r = make_room(&runs, map->run_count, &map->run_capacity, sizeof(*map->runs), err);
        map->runs = runs;
        if (r)
                return r;
        map->runs[map->run_count++] = (struct block_run){
                .first_index = first_index,
                .end_index = end_index,
                .state = state,
                .first_digest = state == BLOCK_DATA ? map->digest_count : 0,
        };
        return INGOT_OK;
}

enum ingot_code block_map_append_data(struct block_map *map, uint64_t index, const struct digest *digest,
                                      struct ingot_error *err)
{
        void *digests = map->digests;
        enum ingot_code r;

        if (index == UINT64_MAX || digest_equal(digest, &block_map_zero_digest))
                return append_run(map, index, index == UINT64_MAX ? index : index + 1, BLOCK_ZERO, err);
        r = make_room(&digests, map->digest_count, &map->digest_capacity, sizeof(*map->digests), err);
        map->digests = digests;
        if (r)
                return r;
        r = append_run(map, index, index + 1, BLOCK_DATA, err);
        if (r)
                return r;
        map->digests[map->digest_count++] = *digest;
        return INGOT_OK;
}

enum ingot_code block_map_append_zero(struct block_map *map, uint64_t first_index, uint64_t end_index,
                                      struct ingot_error *err)
{
        return append_run(map, first_index, end_index, BLOCK_ZERO, err);
}

enum block_state block_map_find(const struct block_map *map, uint64_t index, const struct digest **ret_digest)
{
        size_t low = 0, high = map->run_count;
        const struct block_run *run;

        if (ret_digest)
                *ret_digest = NULL;
        while (low < high) { /* the first run that ends after index */
                size_t middle = low + (high - low) / 2;

                if (map->runs[middle].end_index <= index)
                        low = middle + 1;
                else
                        high = middle;
        }
        if (low == map->run_count || map->runs[low].first_index > index)
                return BLOCK_ABSENT;
        run = &map->runs[low];
        if (ret_digest && run->state == BLOCK_DATA)
                *ret_digest = &map->digests[run->first_digest + (size_t)(index - run->first_index)];
        return run->state;
}

enum ingot_code block_map_image_digest(const struct block_map *map, struct digest *ret_digest,
                                       struct ingot_error *err)
{
        static const char name[] = "ingot image 1\n";
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        uint8_t number[8];
        enum ingot_code r = digest_stream_new(&stream, err);

        if (r)
                return r;
        digest_stream_update(stream, name, sizeof(name) - 1);
        put_be64(number, map->size_bytes);
        digest_stream_update(stream, number, sizeof(number));
        for (size_t i = 0; i < map->run_count; i++) {
                const struct block_run *run = &map->runs[i];

                for (uint64_t at = run->first_index; run->state == BLOCK_DATA && at < run->end_index; at++) {
                        const struct digest *digest =
                                &map->digests[run->first_digest + (size_t)(at - run->first_index)];

                        put_be64(number, at);
                        digest_stream_update(stream, number, sizeof(number));
                        digest_stream_update(stream, digest->bytes, DIGEST_BYTES);
                }
        }
        return digest_stream_finish(stream, ret_digest, err);
}

enum ingot_code block_map_linear_digest(const struct block_map *map, struct digest *ret_digest,
                                        struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        enum ingot_code r = digest_stream_new(&stream, err);

        if (r)
                return r;
        for (size_t i = 0; i < map->digest_count; i++)
                digest_stream_update(stream, map->digests[i].bytes, DIGEST_BYTES);
        return digest_stream_finish(stream, ret_digest, err);
}
