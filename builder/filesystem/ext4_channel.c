/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filesystem/ext4_channel.h"

/* The library passes a manager nothing but a name, so the name carries the address. */
static const char name_prefix[] = "ingot:";

void ext4_channel_name(const struct ext4_channel *channel, char out[EXT4_CHANNEL_NAME_CHARS + 1])
{
        (void)snprintf(out, EXT4_CHANNEL_NAME_CHARS + 1, "%s%016" PRIxPTR, name_prefix, (uintptr_t)channel);
}

static struct ext4_channel *channel_named(const char *name)
{
        uintptr_t address = 0;

        if (strncmp(name, name_prefix, sizeof(name_prefix) - 1) != 0)
                return NULL;
        for (const char *at = name + sizeof(name_prefix) - 1; *at; at++)
                address = address << 4 | (uintptr_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
        return (struct ext4_channel *)address; // NOLINT(performance-no-int-to-ptr): see name_prefix
}

static errcode_t channel_open(const char *name, int flags, io_channel *ret_io)
{
        struct ext4_channel *channel = channel_named(name);
        struct struct_io_channel *io = calloc(1, sizeof(*io));

        (void)flags;
        if (!io)
                return EXT2_ET_NO_MEMORY;
        if (!channel || !(io->name = strdup(name))) {
                free(io);
                return channel ? EXT2_ET_NO_MEMORY : EXT2_ET_BAD_DEVICE_NAME;
        }
        io->magic = EXT2_ET_MAGIC_IO_CHANNEL;
        io->manager = ext4_channel_manager();
        io->block_size = 1024;
        io->refcount = 1;
        io->private_data = channel;
        *ret_io = io;
        return 0;
}

static errcode_t channel_close(io_channel io)
{
        if (--io->refcount > 0)
                return 0;
        free(io->name);
        free(io);
        return 0;
}

static errcode_t channel_set_blksize(io_channel io, int block_bytes)
{
        io->block_size = block_bytes;
        return 0;
}

/* A count below 0 is bytes. */
static bool find_range(io_channel io, unsigned long long block, int count, uint64_t *ret_offset_bytes,
                       size_t *ret_size_bytes)
{
        uint64_t size_bytes =
                count < 0 ? (uint64_t)(-(int64_t)count) : (uint64_t)count * (uint64_t)io->block_size;
        const struct ext4_channel *channel = io->private_data;
        uint64_t offset_bytes;

        if (__builtin_mul_overflow((uint64_t)block, (uint64_t)io->block_size, &offset_bytes) ||
            offset_bytes > channel->size_bytes || size_bytes > channel->size_bytes - offset_bytes)
                return false;
        *ret_offset_bytes = offset_bytes;
        *ret_size_bytes = (size_t)size_bytes;
        return true;
}

static errcode_t channel_read(io_channel io, unsigned long long block, int count, void *bytes)
{
        struct ext4_channel *channel = io->private_data;
        uint64_t offset_bytes;
        size_t size_bytes;

        if (!find_range(io, block, count, &offset_bytes, &size_bytes))
                return EXT2_ET_SHORT_READ;
        if (size_bytes > channel->budget_bytes)
                return EXT2_ET_CANCEL_REQUESTED;
        channel->budget_bytes -= size_bytes;
        return channel->read(channel->context, offset_bytes, bytes, size_bytes, &channel->failure) ? EIO : 0;
}

static errcode_t channel_write(io_channel io, unsigned long long block, int count, const void *bytes)
{
        struct ext4_channel *channel = io->private_data;
        uint64_t offset_bytes;
        size_t size_bytes;

        if (!channel->write)
                return EXT2_ET_RO_FILSYS;
        if (!find_range(io, block, count, &offset_bytes, &size_bytes))
                return EXT2_ET_SHORT_WRITE;
        return channel->write(channel->context, offset_bytes, bytes, size_bytes, &channel->failure) ? EIO : 0;
}

static errcode_t channel_read_old(io_channel io, unsigned long block, int count, void *bytes)
{
        return channel_read(io, block, count, bytes);
}

static errcode_t channel_write_old(io_channel io, unsigned long block, int count, const void *bytes)
{
        return channel_write(io, block, count, bytes);
}

static errcode_t channel_flush(io_channel io)
{
        (void)io;
        return 0;
}

io_manager ext4_channel_manager(void)
{
        static const struct struct_io_manager manager = {
                .magic = EXT2_ET_MAGIC_IO_MANAGER,
                .name = "ingot",
                .open = channel_open,
                .close = channel_close,
                .set_blksize = channel_set_blksize,
                .read_blk = channel_read_old,
                .write_blk = channel_write_old,
                .flush = channel_flush,
                .read_blk64 = channel_read,
                .write_blk64 = channel_write,
        };

        /* the library has no const, and writes nothing there */
        return (io_manager)&manager;
}

enum ingot_code ext4_channel_fail(struct ext4_channel *channel, errcode_t status, enum ingot_code otherwise,
                                  const char *doing, struct ingot_error *err)
{
        if (status == EXT2_ET_NO_MEMORY || status == ENOMEM)
                return ingot_fail(err, INGOT_E_MEMORY, "libext2fs ran out of memory while %s", doing);
        if (channel->failure.code) {
                if (err)
                        *err = channel->failure;
                return ingot_while(err, channel->failure.code, "%s", doing);
        }
        if (status == EXT2_ET_CANCEL_REQUESTED)
                return ingot_fail(err, otherwise, "%s leads round in circles", doing);
        initialize_ext2_error_table();
        return ingot_fail(err, otherwise, "%s: %s", doing, error_message(status));
}
