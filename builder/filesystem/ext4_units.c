/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_units.h"

enum { SLACK_DIVISOR = 12 };

static int compare_demands(const void *left, const void *right)
{
        const struct ext4_demand *a = *(const struct ext4_demand *const *)left,
                                 *b = *(const struct ext4_demand *const *)right;

        if (a->blocks != b->blocks)
                return a->blocks > b->blocks ? -1 : 1;
        return a->site < b->site ? -1 : a->site > b->site;
}

/* Rule 4's first half. */
static enum ingot_code fill_dirty(struct ext4_placer *placer)
{
        OWNED(heap_drop)
        struct ext4_demand **sorted = calloc(placer->demand_count + 1, sizeof(struct ext4_demand *));
        enum ingot_code r = INGOT_OK;

        if (!sorted)
                return ingot_fail_memory(placer->err, placer->demand_count * sizeof(struct ext4_demand *));
        for (size_t i = 0; i < placer->demand_count; i++)
                sorted[i] = &placer->demands[i];
        qsort(sorted, placer->demand_count, sizeof(struct ext4_demand *), compare_demands);
        for (size_t i = 0; !r && i < placer->demand_count; i++) {
                struct ext4_range range;

                if (!ext4_placer_may_look(placer, &placer->files) ||
                    !ext4_space_find(&placer->files, sorted[i]->blocks, sorted[i]->after, 0, &range))
                        continue;
                sorted[i]->is_placed = true;
                r = ext4_placer_take_found(placer, &placer->files, sorted[i]->site, range);
        }
        return r;
}

/* How many free blocks a unit of so many leaves after it, to grow into: rule 2. */
static uint64_t slack_beside(const struct ext4_placer *placer, uint64_t blocks)
{
        if (!placer->demanded_blocks)
                return 0;
        return (blocks * placer->slack_blocks + placer->demanded_blocks / 2) / placer->demanded_blocks;
}

/* Puts the demands of one unit into one run, if there is one that long. */
static enum ingot_code place_together(struct ext4_placer *placer, size_t first, size_t end, bool *ret_done)
{
        uint64_t total = 0;
        struct ext4_range range;
        uint64_t slack;

        *ret_done = false;
        for (size_t i = first; i < end; i++)
                total += placer->demands[i].is_placed ? 0 : placer->demands[i].blocks;
        slack = placer->lock ? 0 : slack_beside(placer, total);
        if (!total || total + slack > UINT32_MAX || !ext4_placer_may_look(placer, &placer->files) ||
            !ext4_space_find(&placer->files, (uint32_t)(total + slack), 0, UINT32_MAX, &range))
                return INGOT_OK;
        *ret_done = true;
        if (slack) {
                struct ext4_range beside = { range.start + (uint32_t)total, range.end };
                enum ingot_code r = ext4_space_take(&placer->files, beside, placer->err);

                if (r)
                        return r;
        }
        for (size_t i = first; i < end; i++) {
                struct ext4_range part = { range.start, range.start + placer->demands[i].blocks };
                enum ingot_code r;

                if (placer->demands[i].is_placed)
                        continue;
                if ((r = ext4_placer_take_found(placer, &placer->files, placer->demands[i].site, part)))
                        return r;
                range.start = part.end;
        }
        return INGOT_OK;
}

static enum ingot_code place_unit(struct ext4_placer *placer, size_t first, size_t end)
{
        bool is_done;
        enum ingot_code r = place_together(placer, first, end, &is_done);

        for (size_t i = first; !r && !is_done && i < end; i++)
                if (!placer->demands[i].is_placed)
                        r = ext4_placer_take(placer, &placer->files, &placer->area, placer->demands[i].site,
                                             placer->demands[i].blocks, placer->demands[i].after);
        return r;
}

static void set_slack(struct ext4_placer *placer)
{
        uint64_t free_blocks = ext4_space_free_blocks(&placer->files), demanded = 0;

        for (size_t i = 0; i < placer->demand_count; i++)
                demanded += placer->demands[i].blocks;
        placer->demanded_blocks = demanded;
        if (free_blocks > demanded)
                placer->slack_blocks = min_u64((free_blocks - demanded) / 2, demanded / SLACK_DIVISOR);
}

enum ingot_code ext4_units_place(struct ext4_placer *placer)
{
        bool is_done = false;
        enum ingot_code r = placer->lock ? fill_dirty(placer) : INGOT_OK;

        set_slack(placer);
        if (!r && placer->lock)
                r = place_together(placer, 0, placer->demand_count, &is_done);
        for (size_t first = 0, end; !r && !is_done && first < placer->demand_count; first = end) {
                for (end = first;
                     end < placer->demand_count && placer->demands[end].unit == placer->demands[first].unit;)
                        end++;
                r = place_unit(placer, first, end);
        }
        return r;
}
