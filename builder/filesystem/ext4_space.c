/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_space.h"

static uint32_t length(const struct ext4_range *range)
{
        return range->end - range->start;
}

enum ingot_code ext4_space_init(struct ext4_space *space, struct ext4_range *ranges, size_t count,
                                uint32_t block_count, struct ingot_error *err)
{
        size_t dirty_bytes = block_count / EXT4_CHUNK_BLOCKS / 8 + 1;

        *space = (struct ext4_space){
                .ranges = ranges, .count = count, .capacity = count, .block_count = block_count
        };
        space->dirty = calloc(dirty_bytes, 1);
        return space->dirty ? INGOT_OK : ingot_fail_memory(err, dirty_bytes);
}

void ext4_space_release(struct ext4_space *space)
{
        free(space->ranges);
        free(space->dirty);
        *space = (struct ext4_space){ .ranges = NULL };
}

static bool is_dirty(const struct ext4_space *space, uint32_t chunk)
{
        return space->dirty[chunk / 8] >> (chunk % 8) & 1;
}

void ext4_space_soil(struct ext4_space *space, uint32_t start, uint32_t end)
{
        if (start == end)
                return;
        for (uint32_t chunk = start / EXT4_CHUNK_BLOCKS; chunk <= (end - 1) / EXT4_CHUNK_BLOCKS; chunk++)
                space->dirty[chunk / 8] |= (uint8_t)(1U << (chunk % 8));
}

uint32_t ext4_space_clean_chunks(const struct ext4_space *space, uint32_t start, uint32_t end)
{
        uint32_t clean = 0;

        for (uint32_t chunk = start / EXT4_CHUNK_BLOCKS;
             start < end && chunk <= (end - 1) / EXT4_CHUNK_BLOCKS; chunk++)
                clean += !is_dirty(space, chunk);
        return clean;
}

static enum ingot_code insert(struct ext4_space *space, size_t at, struct ext4_range range,
                              struct ingot_error *err)
{
        if (!space->ranges || space->count == space->capacity) {
                size_t capacity = 2 * space->capacity + 64;
                struct ext4_range *grown = reallocarray(space->ranges, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                space->ranges = grown;
                space->capacity = capacity;
        }
        memmove(space->ranges + at + 1, space->ranges + at, (space->count - at) * sizeof(*space->ranges));
        space->ranges[at] = range;
        space->count++;
        return INGOT_OK;
}

static enum ingot_code not_free(const struct ext4_range *range, enum ingot_code code, struct ingot_error *err)
{
        return ingot_fail(err, code,
                          "blocks %" PRIu32 " to %" PRIu32 " are given twice, or are the file system's own",
                          range->start, range->end - 1);
}

/* One pass over both: what is left of the free ranges is written to a new list. */
enum ingot_code ext4_space_remove(struct ext4_space *space, const struct ext4_range *ranges, size_t count,
                                  struct ingot_error *err)
{
        OWNED(heap_drop) struct ext4_range *left = calloc(space->count + count + 1, sizeof(*left));
        size_t left_count = 0, next = 0;

        if (!left)
                return ingot_fail_memory(err, (space->count + count) * sizeof(*left));
        for (size_t i = space->at; i < space->count; i++) {
                struct ext4_range rest = space->ranges[i];

                while (next < count && ranges[next].start < rest.end) {
                        if (ranges[next].start < rest.start || ranges[next].end > rest.end)
                                return not_free(&ranges[next], INGOT_E_FORMAT, err);
                        if (ranges[next].start > rest.start)
                                left[left_count++] = (struct ext4_range){ rest.start, ranges[next].start };
                        rest.start = ranges[next++].end;
                }
                if (rest.start < rest.end)
                        left[left_count++] = rest;
        }
        if (next < count)
                return not_free(&ranges[next], INGOT_E_FORMAT, err);
        free(space->ranges);
        space->capacity = space->count + count + 1;
        space->ranges = TAKE(left);
        space->count = left_count;
        space->at = 0;
        return INGOT_OK;
}

enum ingot_code ext4_space_split(struct ext4_space *space, struct ext4_range window,
                                 struct ext4_space *ret_part, struct ingot_error *err)
{
        struct ext4_range *inside = calloc(space->count + 1, sizeof(*inside));
        size_t inside_count = 0;
        enum ingot_code r;

        if (!inside)
                return ingot_fail_memory(err, space->count * sizeof(*inside));
        for (size_t i = space->at; i < space->count; i++) {
                uint32_t start = (uint32_t)max_u64(space->ranges[i].start, window.start);
                uint32_t end = (uint32_t)min_u64(space->ranges[i].end, window.end);

                if (start < end)
                        inside[inside_count++] = (struct ext4_range){ start, end };
        }
        ext4_space_release(ret_part);
        r = ext4_space_init(ret_part, inside, inside_count, space->block_count, err);
        if (!r)
                r = ext4_space_remove(space, inside, inside_count, err);
        if (!r)
                memcpy(ret_part->dirty, space->dirty, space->block_count / EXT4_CHUNK_BLOCKS / 8 + 1);
        return r;
}

/* What was found so far, and what it costs. */
struct choice {
        struct ext4_range range;
        uint32_t cost, chunks, spare;
        bool is_next; /* starts with the block that was hoped for */
        bool is_found;
};

/* Rule 2. */
static bool is_better(const struct choice *choice, const struct choice *best)
{
        if (choice->cost != best->cost)
                return choice->cost < best->cost;
        if (choice->is_next != best->is_next)
                return choice->is_next;
        if (choice->chunks != best->chunks)
                return choice->chunks < best->chunks;
        return choice->spare < best->spare;
}

static void consider(const struct ext4_space *space, const struct ext4_range *range, uint32_t start,
                     uint32_t wanted, uint32_t after, struct choice *best)
{
        struct choice choice = { .range = { start, start + wanted },
                                 .spare = length(range) - wanted,
                                 .is_next = after && start == after,
                                 .is_found = true };

        choice.cost = ext4_space_clean_chunks(space, choice.range.start, choice.range.end);
        choice.chunks = (choice.range.end - 1) / EXT4_CHUNK_BLOCKS - start / EXT4_CHUNK_BLOCKS;
        if (!best->is_found || is_better(&choice, best))
                *best = choice;
}

bool ext4_space_find(const struct ext4_space *space, uint32_t blocks_wanted, uint32_t after,
                     uint32_t cost_max, struct ext4_range *ret_range)
{
        struct choice best = { .is_found = false };

        for (size_t i = space->at; i < space->count; i++) {
                const struct ext4_range *range = &space->ranges[i];
                uint64_t aligned = align_up_u64(range->start, EXT4_CHUNK_BLOCKS);

                if (length(range) < blocks_wanted)
                        continue;
                consider(space, range, range->start, blocks_wanted, after, &best);
                consider(space, range, range->end - blocks_wanted, blocks_wanted, after, &best);
                if (aligned + blocks_wanted <= range->end)
                        consider(space, range, (uint32_t)aligned, blocks_wanted, after, &best);
        }
        if (!best.is_found || best.cost > cost_max)
                return false;
        *ret_range = best.range;
        return true;
}

bool ext4_space_find_largest(const struct ext4_space *space, uint32_t blocks_wanted,
                             struct ext4_range *ret_range)
{
        const struct ext4_range *largest = NULL;

        for (size_t i = space->at; i < space->count; i++)
                if (length(&space->ranges[i]) && (!largest || length(&space->ranges[i]) > length(largest)))
                        largest = &space->ranges[i];
        if (!largest)
                return false;
        ret_range->start = largest->start;
        ret_range->end = largest->start + (uint32_t)min_u64(length(largest), blocks_wanted);
        return true;
}

/* The free range that holds block; count when there is none. */
static size_t find_holder(const struct ext4_space *space, uint32_t block)
{
        size_t low = space->at, high = space->count;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (space->ranges[middle].end <= block)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

enum ingot_code ext4_space_take(struct ext4_space *space, struct ext4_range range, struct ingot_error *err)
{
        size_t at = find_holder(space, range.start);
        struct ext4_range *holder = space->ranges + at;

        if (at == space->count || range.start < holder->start || range.end > holder->end)
                return not_free(&range, INGOT_E_BUG, err);
        ext4_space_soil(space, range.start, range.end);
        if (range.start == holder->start) {
                holder->start = range.end;
        } else if (range.end == holder->end) {
                holder->end = range.start;
        } else {
                struct ext4_range rest = { range.end, holder->end };
                enum ingot_code r = insert(space, at + 1, rest, err);

                if (r)
                        return r;
                space->ranges[at].end = range.start;
        }
        return INGOT_OK;
}

bool ext4_space_take_lowest(struct ext4_space *space, uint32_t blocks_wanted, struct ext4_range *ret_range)
{
        struct ext4_range *range;

        while (space->at < space->count && !length(&space->ranges[space->at]))
                space->at++;
        if (space->at == space->count)
                return false;
        range = &space->ranges[space->at];
        ret_range->start = range->start;
        range->start += (uint32_t)min_u64(length(range), blocks_wanted);
        ret_range->end = range->start;
        ext4_space_soil(space, ret_range->start, ret_range->end);
        return true;
}

uint64_t ext4_space_free_blocks(const struct ext4_space *space)
{
        uint64_t blocks = 0;

        for (size_t i = space->at; i < space->count; i++)
                blocks += length(&space->ranges[i]);
        return blocks;
}

size_t ext4_space_range_count(const struct ext4_space *space)
{
        return space->count - space->at;
}
