/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_numbers.h"
#include "filesystem/ext4_placement.h"

enum {
        BLOCK_BYTES = 4096,
        AREA_SPARE_DIVISOR = 4,
        AREA_SPARE_BLOCKS = 16,
        SLACK_DIVISOR = 12,
        PIECES_MAX = 4, /* that the inode itself can name */
        PLACEMENT_EFFORT_MAX = 400000000,
};

/* Some blocks of one inode; its records stand in the order of the file. */
struct record {
        uint32_t site, start, end;
};

struct records {
        struct record *records;
        size_t count, capacity;
};

/* Blocks of a file that have no place yet. */
struct demand {
        uint32_t site, blocks, unit;
        uint32_t after; /* the block they would best start with; 0: any */
        bool is_placed;
};

struct placer {
        const struct ext4_inventory *inventory;
        const struct lock_partition *lock;
        struct ext4_placement *placement;
        struct ext4_space area, files;
        struct records data, kept; /* kept: whatever the lock has and nobody else may get */
        struct demand *demands;    /* of files; owned */
        size_t demand_count;
        uint64_t effort;
        uint64_t spare_blocks; /* of the area */
        uint64_t demanded_blocks,
                slack_blocks; /* of files: all they need, and what may be left beside them */
        bool is_dense;
        struct ingot_error *err;
};

static void placer_release(struct placer *placer)
{
        ext4_space_release(&placer->area);
        ext4_space_release(&placer->files);
        free(placer->data.records);
        free(placer->kept.records);
        free(placer->demands);
}

void ext4_placement_free(struct ext4_placement *placement)
{
        if (!placement)
                return;
        free(placement->tables);
        ext4_pieces_release(&placement->journal);
        free(placement->journal_nodes);
        free(placement->sites);
        free(placement->data);
        free(placement->nodes);
        free(placement);
}

void ext4_placement_drop(struct ext4_placement **placement)
{
        ext4_placement_free(*placement);
}

/* ---- what was given ---- */

bool ext4_given_take(struct ext4_given *given, uint32_t blocks_wanted, struct ext4_range *ret_range)
{
        uint32_t left;

        if (!given->count || !blocks_wanted)
                return false;
        ret_range->start = given->ranges->start + given->used;
        left = given->ranges->end - ret_range->start;
        if (left > blocks_wanted) {
                given->used += blocks_wanted;
                ret_range->end = ret_range->start + blocks_wanted;
        } else {
                ret_range->end = given->ranges->end;
                given->ranges++;
                given->count--;
                given->used = 0;
        }
        return true;
}

static enum ingot_code add_pieces(struct ext4_given *given, uint32_t file_block, uint32_t blocks,
                                  struct ext4_pieces *pieces, struct ingot_error *err)
{
        while (blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if (!ext4_given_take(given, blocks, &range))
                        return ingot_fail(err, INGOT_E_BUG, "%" PRIu32 " blocks have no place", blocks);
                r = ext4_pieces_add(pieces, file_block, range.end - range.start, range.start, err);
                if (r)
                        return r;
                file_block += range.end - range.start;
                blocks -= range.end - range.start;
        }
        return INGOT_OK;
}

enum ingot_code ext4_given_pieces(const struct tree_inode *inode, uint32_t data_blocks,
                                  struct ext4_given given, struct ext4_pieces *pieces,
                                  struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        pieces->count = 0;
        if (!inode || inode->kind != TREE_FILE)
                return add_pieces(&given, 0, data_blocks, pieces, err);
        for (size_t i = 0; !r && i < inode->run_count; i++)
                r = add_pieces(&given, (uint32_t)(inode->runs[i].file_offset_bytes / BLOCK_BYTES),
                               (uint32_t)div_up_u64(inode->runs[i].size_bytes, BLOCK_BYTES), pieces, err);
        return r;
}

/* ---- records ---- */

static enum ingot_code record(struct placer *placer, struct records *records, uint32_t site,
                              struct ext4_range range)
{
        struct record *last = records->count ? &records->records[records->count - 1] : NULL;

        if (last && last->site == site && last->end == range.start) {
                last->end = range.end;
                return INGOT_OK;
        }
        if (!records->records || records->count == records->capacity) {
                size_t capacity = records->capacity ? 2 * records->capacity : 256;
                struct record *grown = reallocarray(records->records, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(placer->err, capacity * sizeof(*grown));
                records->records = grown;
                records->capacity = capacity;
        }
        records->records[records->count++] =
                (struct record){ .site = site, .start = range.start, .end = range.end };
        return INGOT_OK;
}

/* Hands the records over as ranges, site by site, each site's in the order that they were made in. */
static enum ingot_code hand_over_data(struct placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        const struct records *records = &placer->data;
        size_t first = 0;

        placement->data = calloc(records->count + 1, sizeof(*placement->data));
        if (!placement->data)
                return ingot_fail_memory(placer->err, records->count * sizeof(*placement->data));
        for (size_t i = 0; i < records->count; i++)
                placement->sites[records->records[i].site].data_count++;
        for (size_t i = 0; i < placement->site_count; i++) {
                placement->sites[i].data_first = first;
                first += placement->sites[i].data_count;
                placement->sites[i].data_count = 0;
        }
        for (size_t i = 0; i < records->count; i++) {
                struct ext4_site *site = &placement->sites[records->records[i].site];

                placement->data[site->data_first + site->data_count++] =
                        (struct ext4_range){ records->records[i].start, records->records[i].end };
        }
        placement->data_count = records->count;
        return INGOT_OK;
}

/* ---- taking ---- */

static enum ingot_code no_space(struct placer *placer)
{
        return ingot_fail(placer->err, INGOT_E_LAYOUT, "its %" PRIu32 " blocks are too few",
                          placer->placement->geometry.block_count);
}

/* Rule 6: looking for the best place has a price. */
static bool may_look(struct placer *placer, const struct ext4_space *space)
{
        if (placer->is_dense || placer->effort > PLACEMENT_EFFORT_MAX)
                return false;
        placer->effort += ext4_space_range_count(space);
        return true;
}

static enum ingot_code take_found(struct placer *placer, struct ext4_space *space, uint32_t site,
                                  struct ext4_range range)
{
        enum ingot_code r = ext4_space_take(space, range, placer->err);

        return r ? r : record(placer, &placer->data, site, range);
}

/* Takes the lowest blocks of space, and of other once space is empty. */
static enum ingot_code take_lowest(struct placer *placer, struct ext4_space *space, struct ext4_space *other,
                                   uint32_t site, uint32_t blocks)
{
        while (blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if (!ext4_space_take_lowest(space, blocks, &range) &&
                    !ext4_space_take_lowest(other, blocks, &range))
                        return no_space(placer);
                if ((r = record(placer, &placer->data, site, range)))
                        return r;
                blocks -= range.end - range.start;
        }
        return INGOT_OK;
}

/* Takes blocks in as few runs as it can. */
static enum ingot_code take_split(struct placer *placer, struct ext4_space *space, struct ext4_space *other,
                                  uint32_t site, uint32_t blocks)
{
        struct ext4_range range;

        while (blocks && may_look(placer, space) && ext4_space_find_largest(space, blocks, &range)) {
                enum ingot_code r = take_found(placer, space, site, range);

                if (r)
                        return r;
                blocks -= range.end - range.start;
        }
        return take_lowest(placer, space, other, site, blocks);
}

static enum ingot_code take(struct placer *placer, struct ext4_space *space, struct ext4_space *other,
                            uint32_t site, uint32_t blocks, uint32_t after)
{
        struct ext4_range range;

        if (may_look(placer, space) && ext4_space_find(space, blocks, after, UINT32_MAX, &range))
                return take_found(placer, space, site, range);
        return take_split(placer, space, other, site, blocks);
}

/* One block for metadata: near what changes, or the lowest. */
static enum ingot_code take_area_block(struct placer *placer, uint32_t *ret_block)
{
        struct ext4_range range;
        enum ingot_code r = INGOT_OK;

        if (placer->lock && may_look(placer, &placer->area) &&
            ext4_space_find(&placer->area, 1, 0, UINT32_MAX, &range))
                r = ext4_space_take(&placer->area, range, placer->err);
        else if (!ext4_space_take_lowest(&placer->area, 1, &range) &&
                 !ext4_space_take_lowest(&placer->files, 1, &range))
                return no_space(placer);
        if (!r)
                *ret_block = range.start;
        return r;
}

/* ---- the file system's own ---- */

static enum ingot_code place_journal(struct placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        uint32_t blocks = placement->geometry.journal_blocks, placed = 0;
        struct ext4_range range;
        uint64_t nodes;

        while (placed < blocks) {
                enum ingot_code r;

                if (!ext4_space_take_lowest(&placer->files, blocks - placed, &range))
                        return no_space(placer);
                r = ext4_pieces_add(&placement->journal, placed, range.end - range.start, range.start,
                                    placer->err);
                if (r)
                        return r;
                placed += range.end - range.start;
        }
        nodes = ext4_extent_tree_blocks(placement->journal.count);
        placement->journal_nodes = calloc(nodes + 1, sizeof(*placement->journal_nodes));
        if (!placement->journal_nodes)
                return ingot_fail_memory(placer->err, nodes * sizeof(*placement->journal_nodes));
        while (placement->journal_node_count < nodes)
                if (!ext4_space_take_lowest(&placer->files, 1,
                                            &placement->journal_nodes[placement->journal_node_count++]))
                        return no_space(placer);
        return INGOT_OK;
}

static enum ingot_code place_own(struct placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        struct ext4_range *ranges = NULL, range;
        size_t range_count = 0;
        enum ingot_code r = ext4_geometry_place(&placement->geometry, &placement->tables, &ranges,
                                                &range_count, placer->err);

        if (!r)
                r = ext4_space_init(&placer->files, ranges, range_count, placement->geometry.block_count,
                                    placer->err);
        if (r)
                return r;
        if (!ext4_space_take_lowest(&placer->files, 1, &range))
                return no_space(placer);
        placement->resize_block = range.start;
        return place_journal(placer);
}

/* ---- what a lock keeps ---- */

static struct ext4_range locked_range(const struct placer *placer, size_t index)
{
        return (struct ext4_range){ placer->lock->ranges[index].start, placer->lock->ranges[index].end };
}

static void soil(struct placer *placer, uint32_t start, uint32_t end)
{
        ext4_space_soil(&placer->files, start, end);
}

/* Records what of an inode's old data it keeps; the rest is free, and dirty. */
static enum ingot_code keep_data(struct placer *placer, uint32_t site, const struct lock_inode *locked,
                                 bool looks_same)
{
        uint32_t wanted = placer->inventory->needs[site].data_blocks;
        uint64_t had = 0;

        for (size_t i = 0; i < locked->data_count; i++) {
                struct ext4_range range = locked_range(placer, locked->data_first + i);

                had += range.end - range.start;
        }
        if (had < wanted && locked->data_count >= PIECES_MAX)
                wanted = 0; /* rule 3: as a whole, anew */
        for (size_t i = 0; i < locked->data_count; i++) {
                struct ext4_range range = locked_range(placer, locked->data_first + i), part = range;
                enum ingot_code r;

                part.end = part.start + (uint32_t)min_u64(wanted, part.end - part.start);
                wanted -= part.end - part.start;
                soil(placer, looks_same ? part.end : range.start, range.end);
                if (part.start < part.end && ((r = record(placer, &placer->data, site, part)) ||
                                              (r = record(placer, &placer->kept, site, part))))
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code keep_inode(struct placer *placer, uint32_t site, const struct tree_inode *inode,
                                  const struct lock_inode *locked)
{
        bool looks_same = !inode || ext4_inventory_looks_same(inode, locked);
        enum ingot_code r = keep_data(placer, site, locked, looks_same);

        for (size_t i = 0; !r && i < locked->node_count; i++)
                r = record(placer, &placer->kept, site, locked_range(placer, locked->node_first + i));
        if (r || !locked->xattr_block)
                return r;
        if (!placer->inventory->needs[site].has_xattr_block) {
                soil(placer, locked->xattr_block, locked->xattr_block + 1);
                return INGOT_OK;
        }
        placer->placement->sites[site].xattr_block = locked->xattr_block;
        return record(placer, &placer->kept, site,
                      (struct ext4_range){ locked->xattr_block, locked->xattr_block + 1 });
}

static size_t longest_path(const struct lock_partition *lock)
{
        size_t longest = 0;

        for (size_t i = 0; i < lock->inode_count; i++)
                longest = (size_t)max_u64(longest, strlen(lock->inodes[i].path));
        return longest;
}

static void soil_inode(struct placer *placer, const struct lock_inode *inode)
{
        for (size_t i = 0; i < inode->data_count; i++) {
                struct ext4_range range = locked_range(placer, inode->data_first + i);

                soil(placer, range.start, range.end);
        }
}

/* The directory that a path is in changes; room is for the path. */
static void soil_parent(struct placer *placer, const char *path, char *room)
{
        const char *slash = strrchr(path, '/');
        size_t chars = slash == path ? 1 : (size_t)(slash - path);
        const struct lock_inode *parent;

        memcpy(room, path, chars);
        room[chars] = '\0';
        parent = lock_partition_find(placer->lock, room);
        if (parent)
                soil_inode(placer, parent);
}

/* Directories that get a name change. */
static enum ingot_code soil_added(struct placer *placer)
{
        const struct ext4_inventory *inventory = placer->inventory;

        for (size_t i = 0; i < inventory->count; i++) {
                OWNED(heap_drop) char *path = NULL;

                if (inventory->locked[i])
                        continue;
                path = tree_entry_path(inventory->order[i]);
                if (!path)
                        return ingot_fail_memory(placer->err, 1);
                soil_parent(placer, path, path);
        }
        return INGOT_OK;
}

/* Blocks of inodes that are gone become zeros: that much is dirty. */
static enum ingot_code soil_removed(struct placer *placer)
{
        const struct ext4_inventory *inventory = placer->inventory;
        const struct lock_partition *lock = placer->lock;
        OWNED(heap_drop) bool *is_met = calloc(lock->inode_count + 1, sizeof(*is_met));
        OWNED(heap_drop) char *path = calloc(1, longest_path(lock) + 2);

        if (!is_met || !path)
                return ingot_fail_memory(placer->err, lock->inode_count);
        for (size_t i = 0; i < inventory->count; i++)
                if (inventory->locked[i])
                        is_met[inventory->locked[i] - lock->inodes] = true;
        if (inventory->locked_lost)
                is_met[inventory->locked_lost - lock->inodes] = true;
        for (size_t i = 0; i < lock->inode_count; i++) {
                const struct lock_inode *inode = &lock->inodes[i];

                if (is_met[i])
                        continue;
                soil_inode(placer, inode);
                soil_parent(placer, inode->path, path);
        }
        return INGOT_OK;
}

static int compare_ranges(const void *left, const void *right)
{
        const struct ext4_range *a = left, *b = right;

        return a->start < b->start ? -1 : a->start > b->start;
}

static enum ingot_code keep_apart(struct placer *placer)
{
        size_t count = placer->kept.count;
        OWNED(heap_drop) struct ext4_range *ranges = calloc(count + 1, sizeof(*ranges));
        enum ingot_code r;

        if (!ranges)
                return ingot_fail_memory(placer->err, count * sizeof(*ranges));
        for (size_t i = 0; i < count; i++)
                ranges[i] = (struct ext4_range){ placer->kept.records[i].start, placer->kept.records[i].end };
        qsort(ranges, count, sizeof(*ranges), compare_ranges);
        r = ext4_space_remove(&placer->files, ranges, count, placer->err);
        return ingot_while(placer->err, r, "keeping blocks where the layout lock has them");
}

static enum ingot_code keep_locked(struct placer *placer)
{
        const struct ext4_inventory *inventory = placer->inventory;
        enum ingot_code r = soil_removed(placer);

        if (!r)
                r = soil_added(placer);

        for (size_t i = 0; !r && i < inventory->count; i++)
                if (inventory->locked[i])
                        r = keep_inode(placer, (uint32_t)i, inventory->order[i]->inode, inventory->locked[i]);
        if (!r && inventory->locked_lost)
                r = keep_inode(placer, (uint32_t)inventory->count, NULL, inventory->locked_lost);
        return r ? r : keep_apart(placer);
}

/* ---- the area ---- */

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

static enum ingot_code set_area(struct placer *placer)
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

static enum ingot_code count_held(struct placer *placer, struct held **ret_held)
{
        struct held *held = calloc(placer->placement->site_count, sizeof(*held));

        if (!held)
                return ingot_fail_memory(placer->err, placer->placement->site_count * sizeof(*held));
        for (size_t i = 0; i < placer->data.count; i++) {
                const struct record *one = &placer->data.records[i];

                held[one->site].blocks += one->end - one->start;
                held[one->site].after = one->end;
        }
        *ret_held = held;
        return INGOT_OK;
}

/* After the directories of several blocks, the first to get more names, half of what the area has to spare. */
static void leave_spare(struct placer *placer, uint32_t blocks, uint32_t next_blocks)
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
static enum ingot_code place_metadata(struct placer *placer)
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
                                (struct demand){ .site = (uint32_t)i,
                                                 .blocks = missing,
                                                 .unit = inventory->units[i],
                                                 .after = held[i].after };
                else if (missing && placer->lock)
                        r = take(placer, &placer->area, &placer->files, (uint32_t)i, missing, held[i].after);
                else
                        r = take_lowest(placer, &placer->area, &placer->files, (uint32_t)i, missing);
                if (!r && need->is_metadata && i + 1 < placement->site_count)
                        leave_spare(placer, need->data_blocks, inventory->needs[i + 1].data_blocks);
                if (!r && need->has_xattr_block && !placement->sites[i].xattr_block)
                        r = take_area_block(placer, &placement->sites[i].xattr_block);
        }
        return r;
}

/* ---- files ---- */

static int compare_demands(const void *left, const void *right)
{
        const struct demand *a = *(const struct demand *const *)left,
                            *b = *(const struct demand *const *)right;

        if (a->blocks != b->blocks)
                return a->blocks > b->blocks ? -1 : 1;
        return a->site < b->site ? -1 : a->site > b->site;
}

/* Rule 4's first half. */
static enum ingot_code fill_dirty(struct placer *placer)
{
        OWNED(heap_drop)
        struct demand **sorted = calloc(placer->demand_count + 1, sizeof(struct demand *));
        enum ingot_code r = INGOT_OK;

        if (!sorted)
                return ingot_fail_memory(placer->err, placer->demand_count * sizeof(struct demand *));
        for (size_t i = 0; i < placer->demand_count; i++)
                sorted[i] = &placer->demands[i];
        qsort(sorted, placer->demand_count, sizeof(struct demand *), compare_demands);
        for (size_t i = 0; !r && i < placer->demand_count; i++) {
                struct ext4_range range;

                if (!may_look(placer, &placer->files) ||
                    !ext4_space_find(&placer->files, sorted[i]->blocks, sorted[i]->after, 0, &range))
                        continue;
                sorted[i]->is_placed = true;
                r = take_found(placer, &placer->files, sorted[i]->site, range);
        }
        return r;
}

/* How many free blocks a unit of so many leaves after it, to grow into: rule 2. */
static uint64_t slack_beside(const struct placer *placer, uint64_t blocks)
{
        if (!placer->demanded_blocks)
                return 0;
        return (blocks * placer->slack_blocks + placer->demanded_blocks / 2) / placer->demanded_blocks;
}

/* Puts the demands of one unit into one run, if there is one that long. */
static enum ingot_code place_together(struct placer *placer, size_t first, size_t end, bool *ret_done)
{
        uint64_t total = 0;
        struct ext4_range range;
        uint64_t slack;

        *ret_done = false;
        for (size_t i = first; i < end; i++)
                total += placer->demands[i].is_placed ? 0 : placer->demands[i].blocks;
        slack = placer->lock ? 0 : slack_beside(placer, total);
        if (!total || total + slack > UINT32_MAX || !may_look(placer, &placer->files) ||
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
                if ((r = take_found(placer, &placer->files, placer->demands[i].site, part)))
                        return r;
                range.start = part.end;
        }
        return INGOT_OK;
}

static enum ingot_code place_unit(struct placer *placer, size_t first, size_t end)
{
        bool is_done;
        enum ingot_code r = place_together(placer, first, end, &is_done);

        for (size_t i = first; !r && !is_done && i < end; i++)
                if (!placer->demands[i].is_placed)
                        r = take(placer, &placer->files, &placer->area, placer->demands[i].site,
                                 placer->demands[i].blocks, placer->demands[i].after);
        return r;
}

static void set_slack(struct placer *placer)
{
        uint64_t free_blocks = ext4_space_free_blocks(&placer->files), demanded = 0;

        for (size_t i = 0; i < placer->demand_count; i++)
                demanded += placer->demands[i].blocks;
        placer->demanded_blocks = demanded;
        if (free_blocks > demanded)
                placer->slack_blocks = min_u64((free_blocks - demanded) / 2, demanded / SLACK_DIVISOR);
}

static enum ingot_code place_files(struct placer *placer)
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

/* ---- extent trees ---- */

static enum ingot_code add_node(struct placer *placer, size_t *capacity, uint32_t block)
{
        struct ext4_placement *placement = placer->placement;

        if (!placement->nodes || placement->node_count == *capacity) {
                size_t more = *capacity ? 2 * *capacity : 64;
                struct ext4_range *grown = reallocarray(placement->nodes, more, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(placer->err, more * sizeof(*grown));
                placement->nodes = grown;
                *capacity = more;
        }
        placement->nodes[placement->node_count++] = (struct ext4_range){ block, block + 1 };
        return INGOT_OK;
}

/* The blocks of the tree's nodes: those of the lock first. */
static enum ingot_code place_nodes_of(struct placer *placer, size_t index, uint64_t node_blocks,
                                      size_t *capacity)
{
        const struct ext4_inventory *inventory = placer->inventory;
        struct ext4_site *site = &placer->placement->sites[index];
        const struct lock_inode *locked =
                index < inventory->count ? inventory->locked[index] : inventory->locked_lost;
        enum ingot_code r = INGOT_OK;

        site->node_first = placer->placement->node_count;
        for (size_t i = 0; !r && locked && i < locked->node_count; i++) {
                struct ext4_range range = locked_range(placer, locked->node_first + i);

                for (uint32_t block = range.start; !r && block < range.end && site->node_count < node_blocks;
                     block++, site->node_count++)
                        r = add_node(placer, capacity, block);
        }
        for (; !r && site->node_count < node_blocks; site->node_count++) {
                uint32_t block = 0;

                r = take_area_block(placer, &block);
                if (!r)
                        r = add_node(placer, capacity, block);
        }
        return r;
}

static enum ingot_code place_nodes(struct placer *placer)
{
        OWNED(ext4_pieces_release) struct ext4_pieces pieces = { .pieces = NULL };
        const struct ext4_inventory *inventory = placer->inventory;
        struct ext4_placement *placement = placer->placement;
        size_t capacity = 0;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < placement->site_count; i++) {
                const struct ext4_site *site = &placement->sites[i];
                struct ext4_given given = { .ranges = placement->data + site->data_first,
                                            .count = site->data_count };

                r = ext4_given_pieces(i < inventory->count ? inventory->order[i]->inode : NULL,
                                      inventory->needs[i].data_blocks, given, &pieces, placer->err);
                if (!r)
                        r = place_nodes_of(placer, i, ext4_extent_tree_blocks(pieces.count), &capacity);
        }
        return r;
}

/* ---- the whole ---- */

static enum ingot_code place_all(struct placer *placer)
{
        enum ingot_code r = place_own(placer);

        if (!r && placer->lock)
                r = keep_locked(placer);
        if (!r)
                r = set_area(placer);
        if (!r)
                r = place_metadata(placer);
        if (!r)
                r = place_files(placer);
        if (!r)
                r = hand_over_data(placer);
        return r ? r : place_nodes(placer);
}

enum ingot_code ext4_placement_new(const struct ext4_inventory *inventory,
                                   const struct ext4_geometry *geometry, const struct lock_partition *lock,
                                   bool is_dense, struct ext4_placement **ret_placement,
                                   struct ingot_error *err)
{
        OWNED(ext4_placement_drop) struct ext4_placement *placement = calloc(1, sizeof(*placement));
        OWNED(placer_release)
        struct placer placer = {
                .inventory = inventory, .lock = lock, .placement = placement, .is_dense = is_dense, .err = err
        };
        enum ingot_code r;

        if (!placement)
                return ingot_fail_memory(err, sizeof(*placement));
        placement->geometry = *geometry;
        placement->site_count = inventory->count + 1;
        placement->sites = calloc(placement->site_count, sizeof(*placement->sites));
        if (!placement->sites)
                return ingot_fail_memory(err, placement->site_count * sizeof(*placement->sites));
        r = place_all(&placer);
        if (r)
                return r;
        *ret_placement = TAKE(placement);
        return INGOT_OK;
}
