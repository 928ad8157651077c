/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_lock.h"

_Static_assert((int)EXT4_GROWTHS_MAX == (int)LAYOUT_LOCK_GROWTHS_MAX, "a lock holds what a geometry has");

void ext4_record_release(struct ext4_record *record)
{
        for (size_t i = 0; i < record->path_count; i++)
                free(record->paths[i]);
        free(record->paths);
        lock_partition_release(&record->partition);
        *record = (struct ext4_record){ .paths = NULL };
}

static char kind_letter(enum tree_kind kind)
{
        switch (kind) {
        case TREE_FILE: return 'f';
        case TREE_DIRECTORY: return 'd';
        case TREE_SYMLINK: return 'l';
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE:
        case TREE_FIFO:
        case TREE_SOCKET: break;
        }
        return 'o';
}

/* One inode by its path, while they are being sorted. */
struct named {
        const char *path;
        size_t site;
};

static int compare_named(const void *left, const void *right)
{
        return strcmp(((const struct named *)left)->path, ((const struct named *)right)->path);
}

static enum ingot_code add_ranges(struct lock_partition *partition, const struct ext4_range *ranges,
                                  size_t count, size_t *ret_first, size_t *ret_count, struct ingot_error *err)
{
        *ret_first = partition->range_count;
        *ret_count = count;
        for (size_t i = 0; i < count; i++) {
                enum ingot_code r = lock_partition_add_range(
                        partition, (struct lock_range){ ranges[i].start, ranges[i].end }, err);

                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code add_inode(const struct ext4_inventory *inventory,
                                 const struct ext4_placement *placement, const struct named *named,
                                 struct lock_partition *partition, struct ingot_error *err)
{
        const struct ext4_site *site = &placement->sites[named->site];
        const struct tree_inode *root = tree_root(inventory->tree)->inode;
        const struct tree_inode *from =
                named->site < inventory->count ? inventory->order[named->site]->inode : NULL;
        struct lock_inode inode = { .path = named->path,
                                    .kind = 'd',
                                    .number = EXT4_LOST_INODE,
                                    .mtime = root->mtime,
                                    .xattr_block = site->xattr_block };
        enum ingot_code r;

        if (from) {
                inode.kind = kind_letter(from->kind);
                inode.number = from->mark;
                inode.mtime = from->mtime;
                inode.size_bytes = from->kind == TREE_FILE ? from->size_bytes : 0;
        }
        r = add_ranges(partition, placement->data + site->data_first, site->data_count, &inode.data_first,
                       &inode.data_count, err);
        if (!r)
                r = add_ranges(partition, placement->nodes + site->node_first, site->node_count,
                               &inode.node_first, &inode.node_count, err);
        return r ? r : lock_partition_add_inode(partition, &inode, err);
}

static void record_geometry(const struct ext4_placement *placement, int64_t made_seconds,
                            struct lock_ext4 *ext4)
{
        const struct ext4_geometry *geometry = &placement->geometry;

        *ext4 = (struct lock_ext4){
                .block_count = geometry->block_count,
                .inodes_per_group = geometry->inodes_per_group,
                .journal_blocks = geometry->journal_blocks,
                .descriptor_blocks = geometry->descriptor_blocks + geometry->reserved_descriptor_blocks,
                .made_seconds = made_seconds,
                .area = { placement->area.start, placement->area.end },
                .growth_count = geometry->growth_count,
        };
        memcpy(ext4->growths, geometry->growths, sizeof(ext4->growths));
}

static enum ingot_code name_inodes(const struct ext4_inventory *inventory, struct ext4_record *record,
                                   struct named *named, struct ingot_error *err)
{
        for (size_t i = 0; i < inventory->count + inventory->makes_lost; i++) {
                char *path =
                        i < inventory->count ? tree_entry_path(inventory->order[i]) : strdup("/lost+found");

                if (!path)
                        return ingot_fail_memory(err, TREE_NAME_MAX_BYTES);
                record->paths[record->path_count++] = path;
                named[i] = (struct named){ .path = path, .site = i };
        }
        qsort(named, record->path_count, sizeof(*named), compare_named);
        return INGOT_OK;
}

enum ingot_code ext4_record_make(const struct ext4_inventory *inventory,
                                 const struct ext4_placement *placement, int64_t made_seconds,
                                 struct ext4_record *ret_record, struct ingot_error *err)
{
        OWNED(ext4_record_release) struct ext4_record record = { .path_count = 0 };
        OWNED(heap_drop) struct named *named = calloc(inventory->count + 1, sizeof(*named));
        enum ingot_code r;

        record.paths = calloc(inventory->count + 1, sizeof(*record.paths));
        if (!named || !record.paths)
                return ingot_fail_memory(err, inventory->count * sizeof(*named));
        record_geometry(placement, made_seconds, &record.partition.ext4);
        r = name_inodes(inventory, &record, named, err);
        for (size_t i = 0; !r && i < record.path_count; i++)
                r = add_inode(inventory, placement, &named[i], &record.partition, err);
        if (r)
                return r;
        *ret_record = record;
        record = (struct ext4_record){ .path_count = 0 };
        return INGOT_OK;
}

void ext4_lock_geometry(const struct lock_ext4 *lock, struct ext4_geometry *ret_geometry)
{
        uint32_t groups = (uint32_t)div_up_u64(lock->block_count, EXT4_GROUP_BLOCKS);

        *ret_geometry = (struct ext4_geometry){
                .block_count = lock->block_count,
                .group_count = groups,
                .inodes_per_group = lock->inodes_per_group,
                .journal_blocks = lock->journal_blocks,
                .growth_count = (uint32_t)lock->growth_count,
        };
        ret_geometry->descriptor_blocks =
                (uint32_t)min_u64(div_up_u64(groups, EXT4_DESCRIPTORS_PER_BLOCK), lock->descriptor_blocks);
        ret_geometry->reserved_descriptor_blocks = lock->descriptor_blocks - ret_geometry->descriptor_blocks;
        memcpy(ret_geometry->growths, lock->growths, sizeof(ret_geometry->growths));
}
