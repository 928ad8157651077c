/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_SPOOL_H
#define FILESYSTEM_EXT4_SPOOL_H

/* builder/filesystem/ext4_spool.h
 * ext4_spool: a file system's own blocks, kept in an unnamed sparse file, at the offsets they will have.
 *
 * Unit     block = 4096 bytes
 * Rules    (1) A block that was never written reads as zeros, and is told from one written as zeros.
 *          (2) The block last written is held back in memory: an inode table grows by 256 bytes at a time.
 *          (3) Memory grows with the block groups that were written in: 8 KiB each.
 * Tests    tests/unit/filesystem/test_ext4_spool.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/extent.h"

struct ext4_spool;

/*
 * Opens an empty spool for a file system of size_bytes.
 *
 * ret_spool    owned by the caller: ext4_spool_free()
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code ext4_spool_new(const char *folder, uint64_t size_bytes, struct ext4_spool **ret_spool,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void ext4_spool_free(struct ext4_spool *spool);

/*
 * Reads and writes bytes anywhere below size_bytes, part of a block or many; of struct ext4_channel's type:
 * the context is the spool.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY; INGOT_E_BUG  past the end
 */
enum ingot_code ext4_spool_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ext4_spool_write(void *context, uint64_t offset_bytes, const void *bytes, size_t size_bytes,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

bool ext4_spool_is_written(const struct ext4_spool *spool, uint64_t block);

/*
 * Adds an extent for every block that was written: its bytes, or zero on purpose where they are zeros.
 * The extents' source is the spool, which must not be written any more.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code ext4_spool_list(struct ext4_spool *spool, struct extent_list *list,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
