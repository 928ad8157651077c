/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/own.h"
#include "filesystem/ext4_area.h"
#include "filesystem/ext4_given.h"
#include "filesystem/ext4_keep.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_placer.h"
#include "filesystem/ext4_units.h"

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

static enum ingot_code place_journal(struct ext4_placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        uint32_t blocks = placement->geometry.journal_blocks, placed = 0;
        struct ext4_range range;
        uint64_t nodes;

        while (placed < blocks) {
                enum ingot_code r;

                if (!ext4_space_take_lowest(&placer->files, blocks - placed, &range))
                        return ext4_placer_no_space(placer);
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
                        return ext4_placer_no_space(placer);
        return INGOT_OK;
}

static enum ingot_code place_own(struct ext4_placer *placer)
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
                return ext4_placer_no_space(placer);
        placement->resize_block = range.start;
        return place_journal(placer);
}

/* Hands the runs over as ranges, site by site, each site's in the order that they were given in. */
static enum ingot_code hand_over_data(struct ext4_placer *placer)
{
        struct ext4_placement *placement = placer->placement;
        const struct ext4_run *runs = placer->data.runs;
        size_t count = placer->data.count, first = 0;

        placement->data = calloc(count + 1, sizeof(*placement->data));
        if (!placement->data)
                return ingot_fail_memory(placer->err, count * sizeof(*placement->data));
        for (size_t i = 0; i < count; i++)
                placement->sites[runs[i].site].data_count++;
        for (size_t i = 0; i < placement->site_count; i++) {
                placement->sites[i].data_first = first;
                first += placement->sites[i].data_count;
                placement->sites[i].data_count = 0;
        }
        for (size_t i = 0; i < count; i++) {
                struct ext4_site *site = &placement->sites[runs[i].site];

                placement->data[site->data_first + site->data_count++] =
                        (struct ext4_range){ runs[i].start, runs[i].end };
        }
        placement->data_count = count;
        return INGOT_OK;
}

static enum ingot_code add_node(struct ext4_placer *placer, size_t *capacity, uint32_t block)
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
static enum ingot_code place_nodes_of(struct ext4_placer *placer, size_t index, uint64_t node_blocks,
                                      size_t *capacity)
{
        const struct ext4_inventory *inventory = placer->inventory;
        struct ext4_site *site = &placer->placement->sites[index];
        const struct lock_inode *locked =
                index < inventory->count ? inventory->locked[index] : inventory->locked_lost;
        enum ingot_code r = INGOT_OK;

        site->node_first = placer->placement->node_count;
        for (size_t i = 0; !r && locked && i < locked->node_count; i++) {
                struct ext4_range range = ext4_placer_locked_range(placer, locked->node_first + i);

                for (uint32_t block = range.start; !r && block < range.end && site->node_count < node_blocks;
                     block++, site->node_count++)
                        r = add_node(placer, capacity, block);
        }
        for (; !r && site->node_count < node_blocks; site->node_count++) {
                uint32_t block = 0;

                r = ext4_placer_take_block(placer, &block);
                if (!r)
                        r = add_node(placer, capacity, block);
        }
        return r;
}

static enum ingot_code place_nodes(struct ext4_placer *placer)
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

static enum ingot_code place_all(struct ext4_placer *placer)
{
        enum ingot_code r = place_own(placer);

        if (!r && placer->lock)
                r = ext4_keep_locked(placer);
        if (!r)
                r = ext4_area_set(placer);
        if (!r)
                r = ext4_area_fill(placer);
        if (!r)
                r = ext4_units_place(placer);
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
        OWNED(ext4_placer_release)
        struct ext4_placer placer = {
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
