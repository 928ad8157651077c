/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_LOCK_H
#define FILESYSTEM_EXT4_LOCK_H

/* builder/filesystem/ext4_lock.h
 * ext4_lock: between a placement and what a layout lock says of a file system.
 *
 * Tests    tests/unit/filesystem/test_ext4_lock.c
 */
#include "filesystem/ext4_placement.h"

/* What was placed, as a lock has it, with its paths. */
struct ext4_record {
        struct lock_partition partition;
        char **paths; /* owned, path_count of them */
        size_t path_count;
};

void ext4_record_release(struct ext4_record *record); /* also for OWNED */

/*
 * Writes down a placement.
 *
 * ret_record   ext4_record_release()
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code ext4_record_make(const struct ext4_inventory *inventory,
                                 const struct ext4_placement *placement, int64_t made_seconds,
                                 struct ext4_record *ret_record, struct ingot_error *err) INGOT_MUST_CHECK;

/* The geometry that a lock tells of, as far as ext4_geometry_regrow() looks at it. */
void ext4_lock_geometry(const struct lock_ext4 *lock, struct ext4_geometry *ret_geometry);

#endif
