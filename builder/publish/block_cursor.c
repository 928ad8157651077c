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

bool block_cursor_next(struct block_cursor *cursor, struct block_to_send *ret_block)
{
        const struct block_map *map = cursor->map;
        const struct block_run *run = NULL;

        for (; cursor->run < map->run_count; cursor->run++) {
                run = &map->runs[cursor->run];
                if (cursor->next_index < run->end_index && (cursor->everything || run->state == BLOCK_DATA))
                        break;
        }
        if (cursor->run == map->run_count) {
                if (!cursor->everything || cursor->next_index >= block_map_block_count(map))
                        return false;
                run = NULL; /* the hole after the last run */
        } else if (!cursor->everything && cursor->next_index < run->first_index) {
                cursor->next_index = run->first_index;
        }
        ret_block->index = cursor->next_index++;
        ret_block->is_zero = !run || run->state != BLOCK_DATA || ret_block->index < run->first_index;
        ret_block->digest =
                ret_block->is_zero ? &block_map_zero_digest
                                   : &map->digests[run->first_digest + (ret_block->index - run->first_index)];
        return true;
}
