/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "filesystem/ext4_space.h"

void ext4_space_init(struct ext4_space *space, struct ext4_range *ranges, size_t count)
{
        *space = (struct ext4_space){ .ranges = ranges, .count = count };
}

void ext4_space_release(struct ext4_space *space)
{
        free(space->ranges);
        *space = (struct ext4_space){ .ranges = NULL };
}

bool ext4_space_take(struct ext4_space *space, uint32_t blocks_wanted, struct ext4_range *ret_range)
{
        struct ext4_range *range;

        while (space->at < space->count && space->ranges[space->at].start == space->ranges[space->at].end)
                space->at++;
        if (space->at == space->count)
                return false;
        range = &space->ranges[space->at];
        ret_range->start = range->start;
        if (range->end - range->start > blocks_wanted)
                range->start += blocks_wanted;
        else
                range->start = range->end;
        ret_range->end = range->start;
        return true;
}
