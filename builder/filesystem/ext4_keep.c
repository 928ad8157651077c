/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_keep.h"
#include "filesystem/ext4_numbers.h"

enum { PIECES_MAX = 4 /* that the inode itself can name */ };

static void soil(struct ext4_placer *placer, uint32_t start, uint32_t end)
{
        ext4_space_soil(&placer->files, start, end);
}

/* Records what of an inode's old data it keeps; the rest is free, and dirty. */
static enum ingot_code keep_data(struct ext4_placer *placer, uint32_t site, const struct lock_inode *locked,
                                 bool looks_same)
{
        uint32_t wanted = placer->inventory->needs[site].data_blocks;
        uint64_t had = 0;

        for (size_t i = 0; i < locked->data_count; i++) {
                struct ext4_range range = ext4_placer_locked_range(placer, locked->data_first + i);

                had += range.end - range.start;
        }
        if (had < wanted && locked->data_count >= PIECES_MAX)
                wanted = 0; /* rule 3: as a whole, anew */
        for (size_t i = 0; i < locked->data_count; i++) {
                struct ext4_range range = ext4_placer_locked_range(placer, locked->data_first + i),
                                  part = range;
                enum ingot_code r;

                part.end = part.start + (uint32_t)min_u64(wanted, part.end - part.start);
                wanted -= part.end - part.start;
                soil(placer, looks_same ? part.end : range.start, range.end);
                if (part.start < part.end && ((r = ext4_placer_give(placer, &placer->data, site, part)) ||
                                              (r = ext4_placer_give(placer, &placer->kept, site, part))))
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code keep_inode(struct ext4_placer *placer, uint32_t site, const struct tree_inode *inode,
                                  const struct lock_inode *locked)
{
        bool looks_same = !inode || ext4_inventory_looks_same(inode, locked);
        enum ingot_code r = keep_data(placer, site, locked, looks_same);

        for (size_t i = 0; !r && i < locked->node_count; i++)
                r = ext4_placer_give(placer, &placer->kept, site,
                                     ext4_placer_locked_range(placer, locked->node_first + i));
        if (r || !locked->xattr_block)
                return r;
        if (!placer->inventory->needs[site].has_xattr_block) {
                soil(placer, locked->xattr_block, locked->xattr_block + 1);
                return INGOT_OK;
        }
        placer->placement->sites[site].xattr_block = locked->xattr_block;
        return ext4_placer_give(placer, &placer->kept, site,
                                (struct ext4_range){ locked->xattr_block, locked->xattr_block + 1 });
}

static size_t longest_path(const struct lock_partition *lock)
{
        size_t longest = 0;

        for (size_t i = 0; i < lock->inode_count; i++)
                longest = (size_t)max_u64(longest, strlen(lock->inodes[i].path));
        return longest;
}

static void soil_inode(struct ext4_placer *placer, const struct lock_inode *inode)
{
        for (size_t i = 0; i < inode->data_count; i++) {
                struct ext4_range range = ext4_placer_locked_range(placer, inode->data_first + i);

                soil(placer, range.start, range.end);
        }
}

/* The directory that a path is in changes; room is for the path. */
static void soil_parent(struct ext4_placer *placer, const char *path, char *room)
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
static enum ingot_code soil_added(struct ext4_placer *placer)
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
static enum ingot_code soil_removed(struct ext4_placer *placer)
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

static enum ingot_code keep_apart(struct ext4_placer *placer)
{
        size_t count = placer->kept.count;
        OWNED(heap_drop) struct ext4_range *ranges = calloc(count + 1, sizeof(*ranges));
        enum ingot_code r;

        if (!ranges)
                return ingot_fail_memory(placer->err, count * sizeof(*ranges));
        for (size_t i = 0; i < count; i++)
                ranges[i] = (struct ext4_range){ placer->kept.runs[i].start, placer->kept.runs[i].end };
        qsort(ranges, count, sizeof(*ranges), compare_ranges);
        r = ext4_space_remove(&placer->files, ranges, count, placer->err);
        return ingot_while(placer->err, r, "keeping blocks where the layout lock has them");
}

enum ingot_code ext4_keep_locked(struct ext4_placer *placer)
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
