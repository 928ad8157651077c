/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/endian.h"
#include "image/vmdk_format.h"

/* Offsets of the fields, "Hosted Sparse Extent Header". */
enum {
        AT_MAGIC = 0,
        AT_VERSION = 4,
        AT_FLAGS = 8,
        AT_CAPACITY = 12,
        AT_GRAIN_SIZE = 20,
        AT_DESCRIPTOR = 28,
        AT_DESCRIPTOR_SIZE = 36,
        AT_TABLE_ENTRIES = 44,
        AT_REDUNDANT_DIRECTORY = 48,
        AT_DIRECTORY = 56,
        AT_OVERHEAD = 64,
        AT_UNCLEAN = 72,
        AT_NEWLINES = 73,
        AT_COMPRESSION = 77,
};
_Static_assert(AT_COMPRESSION + 2 + 433 == VMDK_HEADER_BYTES, "433 bytes of padding");

/* "\n", " ", "\r\n": a transfer that meddles with line ends spoils them. */
static const uint8_t newlines[4] = { '\n', ' ', '\r', '\n' };

void vmdk_header_encode(const struct vmdk_header *header, uint8_t out[VMDK_HEADER_BYTES])
{
        memset(out, 0, VMDK_HEADER_BYTES);
        put_le32(out + AT_MAGIC, VMDK_MAGIC);
        put_le32(out + AT_VERSION, header->version);
        put_le32(out + AT_FLAGS, header->flags);
        put_le64(out + AT_CAPACITY, header->capacity_sectors);
        put_le64(out + AT_GRAIN_SIZE, header->grain_sectors);
        put_le64(out + AT_DESCRIPTOR, header->descriptor_sector);
        put_le64(out + AT_DESCRIPTOR_SIZE, header->descriptor_sectors);
        put_le32(out + AT_TABLE_ENTRIES, header->table_entries);
        put_le64(out + AT_REDUNDANT_DIRECTORY, header->redundant_directory_sector);
        put_le64(out + AT_DIRECTORY, header->directory_sector);
        put_le64(out + AT_OVERHEAD, header->overhead_sectors);
        out[AT_UNCLEAN] = header->unclean_shutdown;
        memcpy(out + AT_NEWLINES, newlines, sizeof(newlines));
        put_le16(out + AT_COMPRESSION, header->compression);
}

bool vmdk_header_decode(const uint8_t in[VMDK_HEADER_BYTES], struct vmdk_header *ret_header)
{
        if (get_le32(in + AT_MAGIC) != VMDK_MAGIC)
                return false;
        if ((get_le32(in + AT_FLAGS) & VMDK_FLAG_NEWLINES) &&
            memcmp(in + AT_NEWLINES, newlines, sizeof(newlines)) != 0)
                return false;
        *ret_header = (struct vmdk_header){
                .version = get_le32(in + AT_VERSION),
                .flags = get_le32(in + AT_FLAGS),
                .capacity_sectors = get_le64(in + AT_CAPACITY),
                .grain_sectors = get_le64(in + AT_GRAIN_SIZE),
                .descriptor_sector = get_le64(in + AT_DESCRIPTOR),
                .descriptor_sectors = get_le64(in + AT_DESCRIPTOR_SIZE),
                .table_entries = get_le32(in + AT_TABLE_ENTRIES),
                .redundant_directory_sector = get_le64(in + AT_REDUNDANT_DIRECTORY),
                .directory_sector = get_le64(in + AT_DIRECTORY),
                .overhead_sectors = get_le64(in + AT_OVERHEAD),
                .unclean_shutdown = in[AT_UNCLEAN] != 0,
                .compression = get_le16(in + AT_COMPRESSION),
        };
        return true;
}

void vmdk_marker_encode(enum vmdk_marker type, uint64_t sectors, uint8_t out[VMDK_HEADER_BYTES])
{
        memset(out, 0, VMDK_HEADER_BYTES);
        put_le64(out, sectors);
        put_le32(out + 12, type); /* behind the size of 0 that makes it metadata */
}
