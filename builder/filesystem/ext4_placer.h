/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_PLACER_H
#define FILESYSTEM_EXT4_PLACER_H

/* builder/filesystem/ext4_placer.h
 * ext4_placer: a placement being made: what is free in the area and for files, and who got what.
 *
 *   ext4_keep   what a lock keeps          ext4_placement's rules 3 and 5
 *   ext4_area   metadata of files          rule 1
 *   ext4_units  data of files              rules 2 and 4
 *
 * These three work on one placer, in this order.
 *
 * Rules    (1) Looking for the best place has a price, and no more than PLACEMENT_EFFORT_MAX is paid: then the
 *              lowest blocks are taken.
 *          (2) Blocks are given to a site in the order of its file.
 * Tests    tests/unit/filesystem/test_ext4_placement.c
 */
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_space.h"

/* Some blocks of one inode; its runs stand in the order of the file. */
struct ext4_run {
        uint32_t site, start, end;
};

struct ext4_runs {
        struct ext4_run *runs; /* owned */
        size_t count, capacity;
};

/* Blocks of a file that have no place yet. */
struct ext4_demand {
        uint32_t site, blocks, unit;
        uint32_t after; /* the block they would best start with; 0: any */
        bool is_placed;
};

struct ext4_placer {
        const struct ext4_inventory *inventory; /* borrowed */
        const struct lock_partition *lock;      /* borrowed; NULL for none */
        struct ext4_placement *placement;       /* borrowed */
        struct ext4_space area, files;
        struct ext4_runs data, kept; /* kept: whatever the lock has and nobody else may get */
        struct ext4_demand *demands; /* of files; owned */
        size_t demand_count;
        uint64_t effort;
        uint64_t spare_blocks;    /* of the area */
        uint64_t demanded_blocks; /* of files: all they need, */
        uint64_t slack_blocks;    /* and what may be left beside them */
        bool is_dense;
        struct ingot_error *err; /* borrowed */
};

void ext4_placer_release(struct ext4_placer *placer); /* also for OWNED */

/* Adds a range to what a site has.  Fails with INGOT_E_MEMORY. */
enum ingot_code ext4_placer_give(struct ext4_placer *placer, struct ext4_runs *runs, uint32_t site,
                                 struct ext4_range range) INGOT_MUST_CHECK;

/* Fails, always, with INGOT_E_LAYOUT: it does not fit. */
enum ingot_code ext4_placer_no_space(struct ext4_placer *placer) INGOT_MUST_CHECK;

/* Rule 1: whether ext4_space_find() may be asked; counts what that takes. */
bool ext4_placer_may_look(struct ext4_placer *placer, const struct ext4_space *space);

/* Gives a site a range that ext4_space_find() found.  Fails with INGOT_E_MEMORY, INGOT_E_BUG. */
enum ingot_code ext4_placer_take_found(struct ext4_placer *placer, struct ext4_space *space, uint32_t site,
                                       struct ext4_range range) INGOT_MUST_CHECK;

/*
 * Gives a site the lowest blocks of space, and of other once space is empty.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_LAYOUT  both are empty
 */
enum ingot_code ext4_placer_take_lowest(struct ext4_placer *placer, struct ext4_space *space,
                                        struct ext4_space *other, uint32_t site,
                                        uint32_t blocks) INGOT_MUST_CHECK;

/*
 * Gives a site the best run of space, or as few runs as can be, then the lowest blocks of either.
 *
 * after        a block that they would best start with; 0: none
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG; INGOT_E_LAYOUT  both are empty
 */
enum ingot_code ext4_placer_take(struct ext4_placer *placer, struct ext4_space *space,
                                 struct ext4_space *other, uint32_t site, uint32_t blocks,
                                 uint32_t after) INGOT_MUST_CHECK;

/*
 * Takes one block for metadata: with a lock where it costs least, without one the lowest.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG; INGOT_E_LAYOUT  nothing is free
 */
enum ingot_code ext4_placer_take_block(struct ext4_placer *placer, uint32_t *ret_block) INGOT_MUST_CHECK;

/* A range of the lock, which is there. */
struct ext4_range ext4_placer_locked_range(const struct ext4_placer *placer, size_t index);

#endif
