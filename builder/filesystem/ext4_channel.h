/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_CHANNEL_H
#define FILESYSTEM_EXT4_CHANNEL_H

/* builder/filesystem/ext4_channel.h
 * ext4_channel: libext2fs reads and writes through functions of ours instead of a device.
 *
 * Rules    (1) The first failure of read or write is kept, whatever the library makes of it: a call that
 *              fails is explained by ext4_channel_fail().
 *          (2) At most budget_bytes are read between two refills; a damaged image that sends the library
 *              round in circles runs out of it.
 *          (3) Reading past size_bytes fails, so that a damaged image cannot lead outside.
 * Tests    tests/unit/filesystem/test_ext4_reader.c
 */
#include <stdint.h>

#include <et/com_err.h>
#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include <ingot/error.h>

enum { EXT4_CHANNEL_NAME_CHARS = 24 };

struct ext4_channel {
        void *context;
        enum ingot_code (*read)(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                struct ingot_error *err);
        enum ingot_code (*write)(void *context, uint64_t offset_bytes, const void *bytes, size_t size_bytes,
                                 struct ingot_error *err); /* NULL: read only */
        uint64_t size_bytes;
        uint64_t budget_bytes; /* what may still be read */
        struct ingot_error failure;
};

/* What ext2fs_open2() and ext2fs_initialize() are given as a device's name and its manager. */
void ext4_channel_name(const struct ext4_channel *channel, char out[EXT4_CHANNEL_NAME_CHARS + 1]);
io_manager ext4_channel_manager(void);

/*
 * Records why a call of the library ended in status, which is not 0.
 *
 * otherwise    the code when neither memory nor the channel is to blame
 * Returns      INGOT_E_MEMORY, what the channel failed with, or otherwise
 */
enum ingot_code ext4_channel_fail(struct ext4_channel *channel, errcode_t status, enum ingot_code otherwise,
                                  const char *doing, struct ingot_error *err);

#endif
