/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_FEATURES_H
#define FILESYSTEM_EXT4_FEATURES_H

/* builder/filesystem/ext4_features.h
 * ext4_features: the names of a superblock's feature bits.
 *
 * Rules    (1) Names and order are dumpe2fs's; a bit without a name prints as FEATURE_C7, FEATURE_I20 or
 *              FEATURE_R31.
 * Tests    tests/unit/filesystem/test_ext4_reader.c
 */
#include <stddef.h>
#include <stdint.h>

enum { EXT4_FEATURES_TEXT_BYTES = 1280 }; /* 96 names of at most 12 characters, with their spaces */

void ext4_features_print(uint32_t compatible, uint32_t incompatible, uint32_t read_only_compatible,
                         char out[EXT4_FEATURES_TEXT_BYTES]);

#endif
