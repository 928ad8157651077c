/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_area.h"

enum { AREA_SPARE_DIVISOR = 4, AREA_SPARE_BLOCKS = 16 };

/* Where the area ends that has so many of the lowest free blocks. */
static struct ext4_range lowest_free(const struct ext4_space *space, uint64_t blocks)
{
        struct ext4_range area = { 0, 0 };

        for (size_t i = space->at; i < space->count && blocks; i++) {
                const struct ext4_range *range = &space->ranges[i];
                uint32_t part = (uint32_t)min_u64(range->end - range->start, blocks);

                if (!part)
                        continue;
                if (!area.end)
                        area.start = range->start;
                area.end = range->start + part;
                blocks -= part;
        }
        return area;
}

enum ingot_code ext4_area_set(struct ext4_placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        uint64_t needed = placer->inventory->content_blocks; /* less the files' data */

        for (size_t i = 0; i < placement->site_count; i++)
                if (!placer->inventory->needs[i].is_metadata)
                        needed -= placer->inventory->needs[i].data_blocks;
        if (!placer->is_dense)
                placer->spare_blocks = needed / AREA_SPARE_DIVISOR + AREA_SPARE_BLOCKS;
        needed += placer->spare_blocks;
        if (placer->lock)
                placement->area =
                        (struct ext4_range){ placer->lock->ext4.area.start, placer->lock->ext4.area.end };
        else
                placement->area = lowest_free(&placer->files, needed);
        return ext4_space_split(&placer->files, placement->area, &placer->area, placer->err);
}

/* How many blocks of a site have a place, and the block after the last. */
struct held {
        uint32_t blocks, after;
};

static enum ingot_code count_held(struct ext4_placer *placer, struct held **ret_held)
{
        struct held *held = calloc(placer->placement->site_count, sizeof(*held));

        if (!held)
                return ingot_fail_memory(placer->err, placer->placement->site_count * sizeof(*held));
        for (size_t i = 0; i < placer->data.count; i++) {
                const struct ext4_run *one = &placer->data.runs[i];

                held[one->site].blocks += one->end - one->start;
                held[one->site].after = one->end;
        }
        *ret_held = held;
        return INGOT_OK;
}

/* After the directories of several blocks, the first to get more names, half of what the area has to spare. */
static void leave_spare(struct ext4_placer *placer, uint32_t blocks, uint32_t next_blocks)
{
        struct ext4_range range;

        if (placer->lock || blocks < 2 || next_blocks > 1)
                return;
        for (uint64_t left = placer->spare_blocks / 2; left; left -= range.end - range.start)
                if (!ext4_space_take_lowest(&placer->area, (uint32_t)left, &range))
                        break;
        placer->spare_blocks = 0;
}

/* Directories, long symlinks and xattrs get their places; what files lack is noted. */
enum ingot_code ext4_area_fill(struct ext4_placer *placer)
{
        const struct ext4_inventory *inventory = placer->inventory;
        struct ext4_placement *placement = placer->placement;
        OWNED(heap_drop) struct held *held = NULL;
        enum ingot_code r = count_held(placer, &held);

        placer->demands = calloc(placement->site_count, sizeof(*placer->demands));
        if (!r && !placer->demands)
                r = ingot_fail_memory(placer->err, placement->site_count * sizeof(*placer->demands));
        for (size_t i = 0; !r && i < placement->site_count; i++) {
                const struct ext4_need *need = &inventory->needs[i];
                uint32_t missing = need->data_blocks - held[i].blocks;

                if (missing && !need->is_metadata)
                        placer->demands[placer->demand_count++] =
                                (struct ext4_demand){ .site = (uint32_t)i,
                                                      .blocks = missing,
                                                      .unit = inventory->units[i],
                                                      .after = held[i].after };
                else if (missing && placer->lock)
                        r = ext4_placer_take(placer, &placer->area, &placer->files, (uint32_t)i, missing,
                                             held[i].after);
                else
                        r = ext4_placer_take_lowest(placer, &placer->area, &placer->files, (uint32_t)i,
                                                    missing);
                if (!r && need->is_metadata && i + 1 < placement->site_count)
                        leave_spare(placer, need->data_blocks, inventory->needs[i + 1].data_blocks);
                if (!r && need->has_xattr_block && !placement->sites[i].xattr_block)
                        r = ext4_placer_take_block(placer, &placement->sites[i].xattr_block);
        }
        return r;
}
