/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/vmdk_writer.h"

enum {
        TABLE_SECTORS = VMDK_TABLE_BYTES / 512,
        TABLE_BLOCKS = VMDK_TABLE_ENTRIES / VMDK_BLOCK_GRAINS, /* a block never spans two tables */
        TABLE_DISK_SECTORS = VMDK_TABLE_ENTRIES * VMDK_GRAIN_SECTORS,
};

struct vmdk_writer {
        int fd;                       /* FD_NONE: sink */
        const struct byte_sink *sink; /* NULL: fd */
        char *path, *extent_name;
        struct compression compression;
        uint64_t capacity_sectors, block_count;
        uint64_t next_sector; /* of the file: how much was appended */
        uint64_t next_index;  /* of the disk: the lowest block that may come */
        uint64_t table_index; /* the table that is being collected */
        bool table_used;
        uint8_t table[VMDK_TABLE_BYTES];
        uint8_t *directory; /* directory_entries of 32 bits, padded to a sector */
        uint64_t directory_entries, directory_sectors;
        bool content_known, finished;
};

static bool is_zero(const uint8_t *bytes, size_t size_bytes)
{
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, size_bytes - 1) == 0;
}

enum ingot_code vmdk_block_pack(struct deflater *deflater, uint64_t index, const uint8_t bytes[BLOCK_BYTES],
                                struct vmdk_packed_block *packed, struct ingot_error *err)
{
        uint8_t *out = packed->bytes;

        for (unsigned i = 0; i < VMDK_BLOCK_GRAINS; i++) {
                const uint8_t *grain = bytes + (size_t)i * VMDK_GRAIN_BYTES;
                size_t packed_bytes, padded_bytes;
                enum ingot_code r;

                packed->grain_bytes[i] = 0;
                if (is_zero(grain, VMDK_GRAIN_BYTES))
                        continue;
                r = deflate_pack(deflater, grain, VMDK_GRAIN_BYTES, out + VMDK_MARKER_BYTES, &packed_bytes,
                                 err);
                if (r)
                        return r;
                put_le64(out, index * BLOCK_SECTORS + (uint64_t)i * VMDK_GRAIN_SECTORS);
                put_le32(out + 8, (uint32_t)packed_bytes);
                padded_bytes = (size_t)align_up_u64(VMDK_MARKER_BYTES + packed_bytes, SECTOR_BYTES);
                memset(out + VMDK_MARKER_BYTES + packed_bytes, 0,
                       padded_bytes - VMDK_MARKER_BYTES - packed_bytes);
                packed->grain_bytes[i] = (uint32_t)padded_bytes;
                out += padded_bytes;
        }
        return INGOT_OK;
}

static enum ingot_code append_bytes(struct vmdk_writer *writer, const void *bytes, size_t size_bytes,
                                    struct ingot_error *err)
{
        enum ingot_code r;

        if (writer->next_sector + size_bytes / SECTOR_BYTES > UINT32_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "'%s' would grow past 2 TiB, the end of what a VMDK can name",
                                  writer->path);
        r = writer->sink ? byte_sink_write(writer->sink, bytes, size_bytes, err)
                         : fd_append(writer->fd, writer->path, bytes, size_bytes, err);
        if (r)
                return r;
        writer->next_sector += size_bytes / SECTOR_BYTES;
        return INGOT_OK;
}

static struct vmdk_header header_of(const struct vmdk_writer *writer, uint64_t directory_sector)
{
        return (struct vmdk_header){
                .version = 3,
                .flags = VMDK_FLAG_NEWLINES | VMDK_FLAG_COMPRESSED | VMDK_FLAG_MARKERS,
                .capacity_sectors = writer->capacity_sectors,
                .grain_sectors = VMDK_GRAIN_SECTORS,
                .descriptor_sector = 1,
                .descriptor_sectors = VMDK_DESCRIPTOR_SECTORS,
                .table_entries = VMDK_TABLE_ENTRIES,
                .directory_sector = directory_sector,
                .overhead_sectors = VMDK_GRAIN_SECTORS, /* where qemu-img and VMware begin the grains */
                .compression = 1,
        };
}

/* The header, the descriptor, and zeros up to the first grain. */
static enum ingot_code append_front(struct vmdk_writer *writer, const struct vmdk_identity *identity,
                                    struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *front = calloc(1, VMDK_GRAIN_BYTES);
        struct vmdk_header header = header_of(writer, VMDK_GD_AT_END);
        enum ingot_code r;

        if (!front)
                return ingot_fail_memory(err, VMDK_GRAIN_BYTES);
        vmdk_header_encode(&header, front);
        r = vmdk_descriptor_print(writer->capacity_sectors, identity, (char *)front + SECTOR_BYTES, err);
        if (r)
                return r;
        return append_bytes(writer, front, VMDK_GRAIN_BYTES, err);
}

/* Where a writer writes to: one of the two. */
struct output {
        int fd;
        const struct byte_sink *sink;
};

static enum ingot_code make_writer(const struct output *output, const char *path, uint64_t capacity_sectors,
                                   const struct vmdk_identity *identity,
                                   const struct compression *compression, struct vmdk_writer **ret_writer,
                                   struct ingot_error *err)
{
        OWNED(vmdk_writer_drop) struct vmdk_writer *writer = NULL;
        enum ingot_code r;

        if (capacity_sectors < 1 || capacity_sectors > UINT32_MAX)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a VMDK holds 1 to 4294967295 sectors (2 TiB), not %" PRIu64,
                                  capacity_sectors);
        writer = calloc(1, sizeof(*writer));
        if (!writer)
                return ingot_fail_memory(err, sizeof(*writer));
        writer->fd = output->fd;
        writer->sink = output->sink;
        writer->compression = *compression;
        writer->capacity_sectors = capacity_sectors;
        writer->block_count = div_up_u64(capacity_sectors, BLOCK_SECTORS);
        writer->directory_entries = div_up_u64(capacity_sectors, TABLE_DISK_SECTORS);
        writer->directory_sectors = div_up_u64(4 * writer->directory_entries, SECTOR_BYTES);
        writer->content_known = identity->content != NULL;
        writer->path = strdup(path);
        writer->extent_name = strdup(identity->extent_name);
        writer->directory = calloc(writer->directory_sectors, SECTOR_BYTES);
        if (!writer->directory || !writer->path || !writer->extent_name)
                return ingot_fail_memory(err, writer->directory_sectors * SECTOR_BYTES);
        r = append_front(writer, identity, err);
        if (r)
                return r;
        *ret_writer = TAKE(writer);
        return INGOT_OK;
}

enum ingot_code vmdk_writer_new(int fd, const char *path, uint64_t capacity_sectors,
                                const struct vmdk_identity *identity, const struct compression *compression,
                                struct vmdk_writer **ret_writer, struct ingot_error *err)
{
        const struct output output = { .fd = fd };

        return make_writer(&output, path, capacity_sectors, identity, compression, ret_writer, err);
}

enum ingot_code vmdk_writer_new_to_sink(const struct byte_sink *sink, const char *name,
                                        uint64_t capacity_sectors, const struct vmdk_identity *identity,
                                        const struct compression *compression,
                                        struct vmdk_writer **ret_writer, struct ingot_error *err)
{
        const struct output output = { .fd = FD_NONE, .sink = sink };

        if (!identity->content)
                return ingot_fail(err, INGOT_E_BUG, "'%s' would have to be sealed, and cannot be", name);
        return make_writer(&output, name, capacity_sectors, identity, compression, ret_writer, err);
}

void vmdk_writer_free(struct vmdk_writer *writer)
{
        if (!writer)
                return;
        free(writer->path);
        free(writer->extent_name);
        free(writer->directory);
        free(writer);
}

void vmdk_writer_drop(struct vmdk_writer **writer)
{
        vmdk_writer_free(*writer);
        *writer = NULL;
}

const struct compression *vmdk_writer_compression(const struct vmdk_writer *writer)
{
        return &writer->compression;
}

static enum ingot_code append_table(struct vmdk_writer *writer, struct ingot_error *err)
{
        uint8_t sectors[SECTOR_BYTES + VMDK_TABLE_BYTES];
        enum ingot_code r;

        if (!writer->table_used)
                return INGOT_OK;
        vmdk_marker_encode(VMDK_MARKER_TABLE, TABLE_SECTORS, sectors);
        memcpy(sectors + SECTOR_BYTES, writer->table, VMDK_TABLE_BYTES);
        put_le32(writer->directory + 4 * writer->table_index, (uint32_t)writer->next_sector + 1);
        r = append_bytes(writer, sectors, sizeof(sectors), err);
        if (r)
                return r;
        memset(writer->table, 0, VMDK_TABLE_BYTES);
        writer->table_used = false;
        return INGOT_OK;
}

enum ingot_code vmdk_writer_append(struct vmdk_writer *writer, uint64_t index,
                                   const struct vmdk_packed_block *packed, struct ingot_error *err)
{
        uint64_t sector;
        size_t size_bytes = 0;
        uint8_t *entry;
        enum ingot_code r;

        if (writer->finished || index < writer->next_index || index >= writer->block_count)
                return ingot_fail(err, INGOT_E_BUG,
                                  "block %" PRIu64 " is appended to '%s', which expects %" PRIu64
                                  " or above, below %" PRIu64,
                                  index, writer->path, writer->next_index, writer->block_count);
        if (index / TABLE_BLOCKS != writer->table_index) {
                r = append_table(writer, err);
                if (r)
                        return r;
                writer->table_index = index / TABLE_BLOCKS;
        }
        sector = writer->next_sector;
        entry = writer->table + 4 * VMDK_BLOCK_GRAINS * (index % TABLE_BLOCKS);
        for (unsigned i = 0; i < VMDK_BLOCK_GRAINS; i++) {
                if (!packed->grain_bytes[i])
                        continue;
                put_le32(entry + (size_t)4 * i, (uint32_t)(sector + size_bytes / SECTOR_BYTES));
                size_bytes += packed->grain_bytes[i];
        }
        writer->next_index = index + 1;
        if (!size_bytes)
                return INGOT_OK;
        writer->table_used = true;
        return append_bytes(writer, packed->bytes, size_bytes, err);
}

static enum ingot_code append_directory(struct vmdk_writer *writer, uint64_t *ret_sector,
                                        struct ingot_error *err)
{
        uint8_t marker[SECTOR_BYTES];
        enum ingot_code r;

        vmdk_marker_encode(VMDK_MARKER_DIRECTORY, writer->directory_sectors, marker);
        r = append_bytes(writer, marker, sizeof(marker), err);
        if (r)
                return r;
        *ret_sector = writer->next_sector;
        return append_bytes(writer, writer->directory, (size_t)writer->directory_sectors * SECTOR_BYTES, err);
}

enum ingot_code vmdk_writer_finish(struct vmdk_writer *writer, struct ingot_error *err)
{
        uint8_t tail[3 * SECTOR_BYTES]; /* footer marker, footer, end marker */
        struct vmdk_header footer;
        uint64_t directory_sector;
        enum ingot_code r = append_table(writer, err);

        if (r)
                return r;
        r = append_directory(writer, &directory_sector, err);
        if (r)
                return r;
        footer = header_of(writer, directory_sector);
        vmdk_marker_encode(VMDK_MARKER_FOOTER, 1, tail);
        vmdk_header_encode(&footer, tail + SECTOR_BYTES);
        vmdk_marker_encode(VMDK_MARKER_EOS, 0, tail + (size_t)2 * SECTOR_BYTES);
        r = append_bytes(writer, tail, sizeof(tail), err);
        if (r)
                return r;
        writer->finished = true;
        return INGOT_OK;
}

enum ingot_code vmdk_writer_seal(struct vmdk_writer *writer, const struct digest *content,
                                 struct ingot_error *err)
{
        struct vmdk_identity identity = { writer->extent_name, content };
        char descriptor[VMDK_DESCRIPTOR_BYTES];
        enum ingot_code r;

        if (writer->content_known)
                return INGOT_OK;
        r = vmdk_descriptor_print(writer->capacity_sectors, &identity, descriptor, err);
        if (r)
                return r;
        r = fd_write_at(writer->fd, writer->path, SECTOR_BYTES, descriptor, sizeof(descriptor), err);
        if (r)
                return r;
        writer->content_known = true;
        return INGOT_OK;
}

uint64_t vmdk_writer_size_bytes(const struct vmdk_writer *writer)
{
        return writer->next_sector * SECTOR_BYTES;
}
