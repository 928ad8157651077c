/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "publish/block_cursor.h"

/* Blocks of one state in both maps, from the cursor on. */
struct stretch {
        enum block_state state, parent_state;
        const struct digest *digests, *parent_digests; /* of the first block, for BLOCK_DATA */
        uint64_t end_index;
        bool is_beyond_disk, is_beyond_parent;
};

void block_cursor_init(struct block_cursor *cursor, const struct block_rules *rules)
{
        uint64_t count = block_map_block_count(rules->map);

        *cursor = (struct block_cursor){ .rules = *rules, .end_index = count };
        if (rules->parent)
                cursor->end_index = max_u64(count, block_map_block_count(rules->parent));
}

/* The state of map at index, and up to where it stays so; *run steps along. */
static enum block_state look(const struct block_map *map, size_t *run, uint64_t index, uint64_t *end_index,
                             const struct digest **ret_digests)
{
        const struct block_run *at;

        while (*run < map->run_count && map->runs[*run].end_index <= index)
                ++*run;
        if (*run == map->run_count)
                return BLOCK_ABSENT;
        at = &map->runs[*run];
        if (index < at->first_index) {
                *end_index = min_u64(*end_index, at->first_index);
                return BLOCK_ABSENT;
        }
        *end_index = min_u64(*end_index, at->end_index);
        if (at->state == BLOCK_DATA)
                *ret_digests = &map->digests[at->first_digest + (size_t)(index - at->first_index)];
        return at->state;
}

static struct stretch look_ahead(struct block_cursor *cursor)
{
        const struct block_rules *rules = &cursor->rules;
        uint64_t index = cursor->next_index, count = block_map_block_count(rules->map);
        struct stretch stretch = { .end_index = cursor->end_index, .is_beyond_disk = index >= count };

        if (!stretch.is_beyond_disk)
                stretch.end_index = min_u64(stretch.end_index, count);
        stretch.state = look(rules->map, &cursor->run, index, &stretch.end_index, &stretch.digests);
        if (!rules->parent)
                return stretch;
        count = block_map_block_count(rules->parent);
        stretch.is_beyond_parent = index >= count;
        if (!stretch.is_beyond_parent)
                stretch.end_index = min_u64(stretch.end_index, count);
        stretch.parent_state =
                look(rules->parent, &cursor->parent_run, index, &stretch.end_index, &stretch.parent_digests);
        return stretch;
}

/* Whether a block that was not sent reads as zeros. */
static bool reads_as_zeros(const struct block_rules *rules, const struct stretch *stretch)
{
        if (!rules->is_encrypted)
                return true;
        if (!rules->parent)
                return false;
        return stretch->parent_state == BLOCK_ZERO || (rules->parent_is_whole && !stretch->is_beyond_parent);
}

/* Rules 1 and 2 for a stretch of no data. */
static enum block_reason judge_zeros(const struct block_rules *rules, const struct stretch *stretch)
{
        if (stretch->parent_state == BLOCK_DATA)
                return BLOCK_SENT_ZERO_OVER_PARENT;
        if (!reads_as_zeros(rules, stretch) && !stretch->is_beyond_disk)
                return BLOCK_SENT_ZERO_ENCRYPTED;
        return stretch->state == BLOCK_ZERO ? BLOCK_LEFT_ZERO : BLOCK_LEFT_ABSENT;
}

static void count(struct block_cursor *cursor, enum block_reason reason, uint64_t blocks, bool is_beyond_disk)
{
        if (cursor->counts && !(is_beyond_disk && reason == BLOCK_LEFT_ABSENT))
                cursor->counts[reason] += blocks;
}

/* Passes over a stretch of data to the first block that differs from the parent's; false when none does. */
static bool find_changed(struct block_cursor *cursor, const struct stretch *stretch,
                         const struct digest **ret_digest)
{
        const struct digest *is = stretch->digests, *was = stretch->parent_digests;
        uint64_t from = cursor->next_index;

        for (; was && cursor->next_index < stretch->end_index && digest_equal(is, was); is++, was++)
                cursor->next_index++;
        count(cursor, BLOCK_LEFT_SAME, cursor->next_index - from, false);
        *ret_digest = is;
        return cursor->next_index < stretch->end_index;
}

bool block_cursor_next(struct block_cursor *cursor, struct block_to_send *ret_block)
{
        while (cursor->next_index < cursor->end_index) {
                struct stretch stretch = look_ahead(cursor);
                struct block_to_send block = { .digest = &block_map_zero_digest };

                if (stretch.state == BLOCK_DATA) {
                        if (!find_changed(cursor, &stretch, &block.digest))
                                continue;
                        block.reason = BLOCK_SENT_DATA;
                } else {
                        block.reason = judge_zeros(&cursor->rules, &stretch);
                        if (block.reason >= BLOCK_LEFT_ABSENT) {
                                count(cursor, block.reason, stretch.end_index - cursor->next_index,
                                      stretch.is_beyond_disk);
                                cursor->next_index = stretch.end_index;
                                continue;
                        }
                }
                count(cursor, block.reason, 1, false);
                block.index = cursor->next_index++;
                *ret_block = block;
                return true;
        }
        return false;
}

void block_cursor_tally(const struct block_rules *rules, uint64_t ret_counts[BLOCK_REASON_COUNT])
{
        struct block_cursor cursor;
        struct block_to_send block;

        memset(ret_counts, 0, BLOCK_REASON_COUNT * sizeof(*ret_counts));
        block_cursor_init(&cursor, rules);
        cursor.counts = ret_counts;
        while (block_cursor_next(&cursor, &block))
                ;
}

uint64_t block_tally_sent(const uint64_t counts[BLOCK_REASON_COUNT])
{
        return counts[BLOCK_SENT_DATA] + counts[BLOCK_SENT_ZERO_ENCRYPTED] +
               counts[BLOCK_SENT_ZERO_OVER_PARENT];
}
