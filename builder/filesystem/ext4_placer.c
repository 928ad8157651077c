/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "filesystem/ext4_placer.h"

enum { PLACEMENT_EFFORT_MAX = 400000000 };

void ext4_placer_release(struct ext4_placer *placer)
{
        ext4_space_release(&placer->area);
        ext4_space_release(&placer->files);
        free(placer->data.runs);
        free(placer->kept.runs);
        free(placer->demands);
}

enum ingot_code ext4_placer_give(struct ext4_placer *placer, struct ext4_runs *runs, uint32_t site,
                                 struct ext4_range range)
{
        struct ext4_run *last = runs->count ? &runs->runs[runs->count - 1] : NULL;

        if (last && last->site == site && last->end == range.start) {
                last->end = range.end;
                return INGOT_OK;
        }
        if (!runs->runs || runs->count == runs->capacity) {
                size_t capacity = runs->capacity ? 2 * runs->capacity : 256;
                struct ext4_run *grown = reallocarray(runs->runs, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(placer->err, capacity * sizeof(*grown));
                runs->runs = grown;
                runs->capacity = capacity;
        }
        runs->runs[runs->count++] = (struct ext4_run){ .site = site, .start = range.start, .end = range.end };
        return INGOT_OK;
}

enum ingot_code ext4_placer_no_space(struct ext4_placer *placer)
{
        return ingot_fail(placer->err, INGOT_E_LAYOUT, "its %" PRIu32 " blocks are too few",
                          placer->placement->geometry.block_count);
}

/* Rule 1 */
bool ext4_placer_may_look(struct ext4_placer *placer, const struct ext4_space *space)
{
        if (placer->is_dense || placer->effort > PLACEMENT_EFFORT_MAX)
                return false;
        placer->effort += ext4_space_range_count(space);
        return true;
}

enum ingot_code ext4_placer_take_found(struct ext4_placer *placer, struct ext4_space *space, uint32_t site,
                                       struct ext4_range range)
{
        enum ingot_code r = ext4_space_take(space, range, placer->err);

        return r ? r : ext4_placer_give(placer, &placer->data, site, range);
}

/* Takes the lowest blocks of space, and of other once space is empty. */
enum ingot_code ext4_placer_take_lowest(struct ext4_placer *placer, struct ext4_space *space,
                                        struct ext4_space *other, uint32_t site, uint32_t blocks)
{
        while (blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if (!ext4_space_take_lowest(space, blocks, &range) &&
                    !ext4_space_take_lowest(other, blocks, &range))
                        return ext4_placer_no_space(placer);
                if ((r = ext4_placer_give(placer, &placer->data, site, range)))
                        return r;
                blocks -= range.end - range.start;
        }
        return INGOT_OK;
}

/* Takes blocks in as few runs as it can. */
static enum ingot_code take_split(struct ext4_placer *placer, struct ext4_space *space,
                                  struct ext4_space *other, uint32_t site, uint32_t blocks)
{
        struct ext4_range range;

        while (blocks && ext4_placer_may_look(placer, space) &&
               ext4_space_find_largest(space, blocks, &range)) {
                enum ingot_code r = ext4_placer_take_found(placer, space, site, range);

                if (r)
                        return r;
                blocks -= range.end - range.start;
        }
        return ext4_placer_take_lowest(placer, space, other, site, blocks);
}

enum ingot_code ext4_placer_take(struct ext4_placer *placer, struct ext4_space *space,
                                 struct ext4_space *other, uint32_t site, uint32_t blocks, uint32_t after)
{
        struct ext4_range range;

        if (ext4_placer_may_look(placer, space) && ext4_space_find(space, blocks, after, UINT32_MAX, &range))
                return ext4_placer_take_found(placer, space, site, range);
        return take_split(placer, space, other, site, blocks);
}

/* One block for metadata: near what changes, or the lowest. */
enum ingot_code ext4_placer_take_block(struct ext4_placer *placer, uint32_t *ret_block)
{
        struct ext4_range range;
        enum ingot_code r = INGOT_OK;

        if (placer->lock && ext4_placer_may_look(placer, &placer->area) &&
            ext4_space_find(&placer->area, 1, 0, UINT32_MAX, &range))
                r = ext4_space_take(&placer->area, range, placer->err);
        else if (!ext4_space_take_lowest(&placer->area, 1, &range) &&
                 !ext4_space_take_lowest(&placer->files, 1, &range))
                return ext4_placer_no_space(placer);
        if (!r)
                *ret_block = range.start;
        return r;
}

struct ext4_range ext4_placer_locked_range(const struct ext4_placer *placer, size_t index)
{
        return (struct ext4_range){ placer->lock->ranges[index].start, placer->lock->ranges[index].end };
}
