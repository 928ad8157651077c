/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_AREA_H
#define FILESYSTEM_EXT4_AREA_H

/* builder/filesystem/ext4_area.h
 * ext4_area: the area of a file system: its directories, long symlinks and xattrs, and room for more.
 *
 * Rules    (1) ext4_placement.h, 1.
 *          (2) Half of the room comes after the directories of several blocks, which get more names first.
 * Tests    tests/unit/filesystem/test_ext4_placement.c
 */
#include "filesystem/ext4_placer.h"

/* Takes the area's blocks, the lock's or the lowest, from those for files.  Fails with INGOT_E_MEMORY. */
enum ingot_code ext4_area_set(struct ext4_placer *placer) INGOT_MUST_CHECK;

/*
 * Gives directories, long symlinks and xattrs what they lack; notes what files lack: demands.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG; INGOT_E_LAYOUT  it does not fit
 */
enum ingot_code ext4_area_fill(struct ext4_placer *placer) INGOT_MUST_CHECK;

#endif
