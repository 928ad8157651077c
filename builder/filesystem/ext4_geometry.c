/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_geometry.h"

enum {
        BLOCK_BYTES = 4096,
        BYTES_PER_INODE = 16384,
        FIRST_INODES = 16, /* one block of the inode table: the least there can be */
        GROWTH_FACTOR = 2048,
        GROWN_GROUPS_MIN = 16384,  /* 2 TiB, for what is no tiny file system */
        TINY_BLOCKS = 65536,       /* 256 MiB */
        RESERVE_BLOCKS_MAX = 1024, /* what the resize inode's double indirect block can name */
        TAIL_SLACK_BLOCKS = 50,
        ROOT_PERCENT = 5,
        BITMAPS_PER_GROUP = 2,
        RESIZE_INODE_BLOCKS = 1,
};

static bool is_power_of(uint32_t number, uint32_t base)
{
        while (number % base == 0)
                number /= base;
        return number == 1;
}

bool ext4_geometry_has_backup(uint32_t group)
{
        if (group <= 1)
                return true;
        return is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

uint32_t ext4_geometry_head_blocks(const struct ext4_geometry *geometry, uint32_t group)
{
        if (!ext4_geometry_has_backup(group))
                return 0;
        return 1 + geometry->descriptor_blocks + geometry->reserved_descriptor_blocks;
}

/* mke2fs's rule, but never more than 128 MiB: what a longer journal costs every image, few gain from. */
static uint32_t journal_rule(uint32_t block_count)
{
        static const struct {
                uint32_t below_blocks, journal_blocks;
        } steps[] = {
                { 2048, 0 },        { 32768, EXT4_JOURNAL_BLOCKS_MIN }, { 262144, 4096 }, { 524288, 8192 },
                { 4194304, 16384 },
        };

        for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
                if (block_count < steps[i].below_blocks)
                        return steps[i].journal_blocks;
        return EXT4_JOURNAL_BLOCKS_MAX;
}

static void plan_descriptors(struct ext4_geometry *geometry)
{
        uint64_t grown_blocks = min_u64((uint64_t)geometry->block_count * GROWTH_FACTOR, UINT32_MAX);
        uint64_t grown_groups = div_up_u64(grown_blocks, EXT4_GROUP_BLOCKS);
        uint32_t grown_descriptors;

        if (geometry->block_count >= TINY_BLOCKS)
                grown_groups = max_u64(grown_groups, GROWN_GROUPS_MIN);
        grown_descriptors = (uint32_t)div_up_u64(grown_groups, EXT4_DESCRIPTORS_PER_BLOCK);
        geometry->descriptor_blocks = (uint32_t)div_up_u64(geometry->group_count, EXT4_DESCRIPTORS_PER_BLOCK);
        geometry->reserved_descriptor_blocks =
                (uint32_t)min_u64(grown_descriptors - geometry->descriptor_blocks, RESERVE_BLOCKS_MAX);
}

/* At least one inode per 16 KiB and five for four that are needed, as far as the tables may grow. */
static bool plan_inodes(struct ext4_geometry *geometry, uint64_t inodes_needed)
{
        uint64_t most = (uint64_t)geometry->group_count * EXT4_GROUP_BLOCKS;
        uint64_t wanted = max_u64((uint64_t)geometry->block_count * BLOCK_BYTES / BYTES_PER_INODE,
                                  inodes_needed + inodes_needed / 4);
        uint64_t per_group;

        most = min_u64(most, UINT32_MAX - EXT4_INODES_PER_BLOCK * (uint64_t)geometry->group_count);
        if (inodes_needed > most)
                return false;
        wanted = max_u64(min_u64(wanted, most), FIRST_INODES);
        per_group = align_up_u64(div_up_u64(wanted, geometry->group_count), EXT4_INODES_PER_BLOCK);
        geometry->inodes_per_group = (uint32_t)per_group;
        geometry->table_blocks = (uint32_t)(per_group / EXT4_INODES_PER_BLOCK);
        geometry->inode_count = (uint32_t)(per_group * geometry->group_count);
        return true;
}

static bool last_group_is_too_small(const struct ext4_geometry *geometry)
{
        uint32_t last_blocks = geometry->block_count % EXT4_GROUP_BLOCKS;
        uint32_t least = BITMAPS_PER_GROUP + geometry->table_blocks +
                         ext4_geometry_head_blocks(geometry, geometry->group_count - 1);

        return last_blocks && last_blocks < least + TAIL_SLACK_BLOCKS;
}

static void count_own_blocks(struct ext4_geometry *geometry)
{
        uint64_t own = (uint64_t)geometry->group_count * (BITMAPS_PER_GROUP + geometry->table_blocks);

        geometry->backup_count = 0;
        for (uint32_t group = 1; group < geometry->group_count; group++)
                geometry->backup_count += ext4_geometry_has_backup(group);
        own += (uint64_t)(geometry->backup_count + 1) * ext4_geometry_head_blocks(geometry, 0);
        own += RESIZE_INODE_BLOCKS + geometry->journal_blocks;
        geometry->own_blocks = (uint32_t)own;
}

enum ingot_code ext4_geometry_plan(uint64_t size_bytes, uint64_t inodes_needed, uint32_t journal_blocks_max,
                                   struct ext4_geometry *ret_geometry, struct ingot_error *err)
{
        struct ext4_geometry geometry = { .block_count = 0 };

        if (size_bytes / BLOCK_BYTES > UINT32_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "%" PRIu64 " bytes are too many for an ext4 file system of ours; give less "
                                  "than 16 TiB",
                                  size_bytes);
        geometry.block_count = (uint32_t)(size_bytes / BLOCK_BYTES);
        for (;;) {
                geometry.group_count = (uint32_t)div_up_u64(geometry.block_count, EXT4_GROUP_BLOCKS);
                if (!geometry.group_count)
                        break;
                plan_descriptors(&geometry);
                if (!plan_inodes(&geometry, inodes_needed))
                        return ingot_fail(err, INGOT_E_LAYOUT,
                                          "%" PRIu64 " bytes have no room for %" PRIu64 " inodes", size_bytes,
                                          inodes_needed);
                if (!last_group_is_too_small(&geometry))
                        break;
                geometry.block_count -= geometry.block_count % EXT4_GROUP_BLOCKS;
        }
        if (!geometry.group_count)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "%" PRIu64 " bytes are too few for an ext4 file system's own tables",
                                  size_bytes);
        geometry.journal_blocks = (uint32_t)min_u64(journal_rule(geometry.block_count), journal_blocks_max);
        geometry.root_blocks = (uint32_t)((uint64_t)geometry.block_count * ROOT_PERCENT / 100);
        count_own_blocks(&geometry);
        *ret_geometry = geometry;
        return INGOT_OK;
}

/* Descriptors and their reserve together take what they took when there were fewer groups. */
static bool regrow_descriptors(struct ext4_geometry *geometry)
{
        uint32_t both = geometry->descriptor_blocks + geometry->reserved_descriptor_blocks;

        geometry->descriptor_blocks = (uint32_t)div_up_u64(geometry->group_count, EXT4_DESCRIPTORS_PER_BLOCK);
        geometry->reserved_descriptor_blocks = both - geometry->descriptor_blocks;
        return geometry->descriptor_blocks <= both &&
               geometry->reserved_descriptor_blocks <= RESERVE_BLOCKS_MAX;
}

/* How many groups and blocks of size_bytes can be used, never fewer than there were. */
static void regrow_blocks(uint64_t size_bytes, const struct ext4_geometry *was,
                          struct ext4_geometry *geometry)
{
        geometry->block_count = (uint32_t)(size_bytes / BLOCK_BYTES);
        geometry->group_count = (uint32_t)div_up_u64(geometry->block_count, EXT4_GROUP_BLOCKS);
        if (last_group_is_too_small(geometry)) {
                geometry->block_count -= geometry->block_count % EXT4_GROUP_BLOCKS;
                geometry->block_count = (uint32_t)max_u64(geometry->block_count, was->block_count);
                geometry->group_count = (uint32_t)div_up_u64(geometry->block_count, EXT4_GROUP_BLOCKS);
        }
}

enum ingot_code ext4_geometry_regrow(uint64_t size_bytes, const struct ext4_geometry *was,
                                     struct ext4_geometry *ret_geometry, struct ingot_error *err)
{
        struct ext4_geometry geometry = *was;
        uint32_t groups_before = (uint32_t)div_up_u64(was->block_count, EXT4_GROUP_BLOCKS);

        if (size_bytes / BLOCK_BYTES > UINT32_MAX || size_bytes / BLOCK_BYTES < was->block_count)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "it had %" PRIu32 " blocks, and %" PRIu64 " bytes have %" PRIu64,
                                  was->block_count, size_bytes, size_bytes / BLOCK_BYTES);
        geometry.table_blocks = was->inodes_per_group / EXT4_INODES_PER_BLOCK;
        regrow_blocks(size_bytes, was, &geometry);
        if (geometry.group_count > groups_before) {
                if (geometry.growth_count == EXT4_GROWTHS_MAX)
                        return ingot_fail(err, INGOT_E_LAYOUT, "it grew %d times before", EXT4_GROWTHS_MAX);
                geometry.growths[geometry.growth_count++] = groups_before;
        }
        if (!regrow_descriptors(&geometry) || last_group_is_too_small(&geometry) ||
            (uint64_t)was->inodes_per_group * geometry.group_count > UINT32_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT, "%" PRIu32 " blocks have no room for its tables",
                                  geometry.block_count);
        geometry.inode_count = was->inodes_per_group * geometry.group_count;
        geometry.root_blocks = (uint32_t)((uint64_t)geometry.block_count * ROOT_PERCENT / 100);
        count_own_blocks(&geometry);
        if (geometry.own_blocks > geometry.block_count)
                return ingot_fail(err, INGOT_E_LAYOUT, "%" PRIu32 " blocks have no room for its tables",
                                  geometry.block_count);
        *ret_geometry = geometry;
        return INGOT_OK;
}

uint32_t ext4_geometry_gaps(const struct ext4_geometry *geometry)
{
        /* Each backup, each flex group's tables, and each step of tables over a backup start a new range. */
        return 2 * (geometry->backup_count + 1) +
               (uint32_t)div_up_u64(geometry->group_count, EXT4_FLEX_GROUPS) + geometry->growth_count;
}

/* Hands out blocks for tables, over the backups that stand in the way. */
struct placer {
        const struct ext4_geometry *geometry;
        uint64_t at;
        struct ext4_range *free;
        size_t free_count;
};

static void add_free(struct placer *placer, uint64_t start, uint64_t end)
{
        struct ext4_range *last = placer->free_count ? &placer->free[placer->free_count - 1] : NULL;

        if (start >= end)
                return;
        if (last && last->end == start)
                last->end = (uint32_t)end;
        else
                placer->free[placer->free_count++] =
                        (struct ext4_range){ .start = (uint32_t)start, .end = (uint32_t)end };
}

/* Takes count blocks in one run; what had to be stepped over is free. */
static uint32_t place_run(struct placer *placer, uint32_t count)
{
        uint64_t group = placer->at / EXT4_GROUP_BLOCKS, next = (group + 1) * EXT4_GROUP_BLOCKS;
        uint32_t head = ext4_geometry_head_blocks(placer->geometry, (uint32_t)(group + 1));
        uint64_t start;

        if (placer->at % EXT4_GROUP_BLOCKS == 0)
                placer->at += ext4_geometry_head_blocks(placer->geometry, (uint32_t)group);
        if (head && placer->at + count > next) {
                add_free(placer, placer->at, next);
                placer->at = next + head;
        }
        start = placer->at;
        placer->at += count;
        return (uint32_t)start;
}

/* What is left of a flex group after its tables, less the backups in it. */
static void free_rest(struct placer *placer, uint32_t end_group)
{
        uint64_t end = min_u64((uint64_t)end_group * EXT4_GROUP_BLOCKS, placer->geometry->block_count);

        while (placer->at < end) {
                uint64_t group = placer->at / EXT4_GROUP_BLOCKS;
                uint64_t stop = min_u64((group + 1) * EXT4_GROUP_BLOCKS, end);

                if (placer->at % EXT4_GROUP_BLOCKS == 0)
                        placer->at += ext4_geometry_head_blocks(placer->geometry, (uint32_t)group);
                add_free(placer, placer->at, stop);
                placer->at = stop;
        }
}

/* The tables of the groups that were added at once, and what is free among them. */
static void place_groups(struct placer *placer, uint32_t start, uint32_t stop, struct ext4_tables *tables)
{
        for (uint32_t first = start; first < stop; first += EXT4_FLEX_GROUPS) {
                uint32_t end = (uint32_t)min_u64((uint64_t)first + EXT4_FLEX_GROUPS, stop);

                placer->at = (uint64_t)first * EXT4_GROUP_BLOCKS;
                for (uint32_t group = first; group < end; group++)
                        tables[group].block_bitmap = place_run(placer, 1);
                for (uint32_t group = first; group < end; group++)
                        tables[group].inode_bitmap = place_run(placer, 1);
                for (uint32_t group = first; group < end; group++)
                        tables[group].inode_table = place_run(placer, placer->geometry->table_blocks);
                free_rest(placer, end);
        }
}

enum ingot_code ext4_geometry_place(const struct ext4_geometry *geometry, struct ext4_tables **ret_tables,
                                    struct ext4_range **ret_free, size_t *ret_free_count,
                                    struct ingot_error *err)
{
        size_t gaps = ext4_geometry_gaps(geometry);
        OWNED(heap_drop) struct ext4_tables *tables = calloc(geometry->group_count, sizeof(*tables));
        OWNED(heap_drop) struct ext4_range *free_ranges = calloc(gaps, sizeof(*free_ranges));
        struct placer placer = { .geometry = geometry, .free = free_ranges };

        if (!tables || !free_ranges)
                return ingot_fail_memory(err, geometry->group_count * sizeof(*tables) +
                                                      gaps * sizeof(*free_ranges));
        for (uint32_t i = 0; i <= geometry->growth_count; i++)
                place_groups(&placer, i ? geometry->growths[i - 1] : 0,
                             i < geometry->growth_count ? geometry->growths[i] : geometry->group_count,
                             tables);
        *ret_tables = TAKE(tables);
        *ret_free = TAKE(free_ranges);
        *ret_free_count = placer.free_count;
        return INGOT_OK;
}
