/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/block_cursor.h"

void block_cursor_init(struct block_cursor *cursor, const struct block_map *map, bool everything)
{
        *cursor = (struct block_cursor){ .map = map, .everything = everything };
}

uint64_t block_cursor_count(const struct block_map *map, bool everything)
{
        return everything ? block_map_block_count(map) : block_map_data_count(map);
}

/* The run that the cursor stands in or before, and has something to send in; NULL after the last. */
static const struct block_run *current_run(struct block_cursor *cursor)
{
        for (; cursor->run < cursor->map->run_count; cursor->run++) {
                const struct block_run *run = &cursor->map->runs[cursor->run];

                if (cursor->next_index < run->end_index && (cursor->everything || run->state == BLOCK_DATA))
                        return run;
        }
        return NULL;
}

bool block_cursor_next(struct block_cursor *cursor, struct block_to_send *ret_block)
{
        const struct block_run *run = current_run(cursor);

        if (!run && (!cursor->everything || cursor->next_index >= block_map_block_count(cursor->map)))
                return false;
        if (run && !cursor->everything && cursor->next_index < run->first_index)
                cursor->next_index = run->first_index;
        *ret_block = (struct block_to_send){ .index = cursor->next_index++,
                                             .digest = &block_map_zero_digest,
                                             .is_zero = true };
        if (run && run->state == BLOCK_DATA && ret_block->index >= run->first_index) {
                ret_block->digest =
                        &cursor->map->digests[run->first_digest + (ret_block->index - run->first_index)];
                ret_block->is_zero = false;
        }
        return true;
}
