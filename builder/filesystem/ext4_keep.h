/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_KEEP_H
#define FILESYSTEM_EXT4_KEEP_H

/* builder/filesystem/ext4_keep.h
 * ext4_keep: what a layout lock keeps where it was, and which chunks change whatever is done.
 *
 * Rules    ext4_placement.h, 3 and 5.
 * Tests    tests/unit/filesystem/test_ext4_lock.c
 */
#include "filesystem/ext4_placer.h"

/*
 * Gives sites what the lock has of them, takes it from what is free, and soils what changes.
 *
 * placer       with a lock
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_FORMAT  the lock gives blocks twice, or the file system's own
 */
enum ingot_code ext4_keep_locked(struct ext4_placer *placer) INGOT_MUST_CHECK;

#endif
