/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_UNITS_H
#define FILESYSTEM_EXT4_UNITS_H

/* builder/filesystem/ext4_units.h
 * ext4_units: places for the data of files, those of one package together.
 *
 * Rules    ext4_placement.h, 2 and 4.
 * Tests    tests/unit/filesystem/test_ext4_placement.c
 */
#include "filesystem/ext4_placer.h"

/*
 * Gives files what they lack.
 *
 * placer       with its demands, which ascend by unit without a lock
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG; INGOT_E_LAYOUT  it does not fit
 */
enum ingot_code ext4_units_place(struct ext4_placer *placer) INGOT_MUST_CHECK;

#endif
