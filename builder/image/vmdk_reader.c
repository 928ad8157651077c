/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "image/deflate.h"
#include "image/vmdk_descriptor.h"
#include "image/vmdk_reader.h"

enum {
        SECTOR = 512,
        GRAIN_SECTORS_MIN = 8,
        GRAIN_SECTORS_MAX = 2048,
        DIRECTORY_ENTRIES_MAX = 1 << 20,
        DESCRIPTOR_SECTORS_MAX = 128,
};

struct vmdk_reader {
        struct image_file *file; /* borrowed */
        struct vmdk_header header;
        bool stream;
        size_t grain_bytes;
        uint64_t grain_count;
        uint8_t *directory;
        uint64_t directory_entries;
        uint64_t table_index; /* of the table below; UINT64_MAX: none */
        uint8_t table[VMDK_TABLE_BYTES];
        uint64_t grain_index; /* of the unpacked grain below; UINT64_MAX: none */
        uint8_t *grain, *packed;
        struct inflater *inflater;
        uint64_t walked_grains, seen_grains; /* rule 3: how many of the first walked_grains are in the file */
};

bool vmdk_is_header(const uint8_t *bytes, size_t size_bytes)
{
        return size_bytes >= VMDK_HEADER_BYTES && get_le32(bytes) == VMDK_MAGIC;
}

void vmdk_reader_free(struct vmdk_reader *reader)
{
        if (!reader)
                return;
        free(reader->directory);
        free(reader->grain);
        free(reader->packed);
        inflater_free(reader->inflater);
        free(reader);
}

void vmdk_reader_drop(struct vmdk_reader **reader)
{
        vmdk_reader_free(*reader);
        *reader = NULL;
}

/* The footer repeats the header at the end of a stream, and knows where the directory is. */
static enum ingot_code read_footer(struct vmdk_reader *reader, struct ingot_error *err)
{
        uint8_t tail[3 * SECTOR];
        struct vmdk_header footer;
        enum ingot_code r;

        if (reader->file->size_bytes < sizeof(tail) || reader->file->size_bytes % SECTOR)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' is cut short: %" PRIu64
                                  " bytes are not whole sectors up to an end marker",
                                  reader->file->path, reader->file->size_bytes);
        r = image_file_read(reader->file, reader->file->size_bytes - sizeof(tail), tail, sizeof(tail), err);
        if (r)
                return r;
        if (get_le32(tail + 8) != 0 || get_le32(tail + 12) != VMDK_MARKER_FOOTER ||
            !vmdk_header_decode(tail + SECTOR, &footer) || get_le32(tail + 2 * SECTOR + 8) != 0 ||
            get_le32(tail + 2 * SECTOR + 12) != VMDK_MARKER_EOS)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' does not end with a footer and an end marker: it is cut short, or was not "
                        "written to its end",
                        reader->file->path);
        if (footer.capacity_sectors != reader->header.capacity_sectors ||
            footer.grain_sectors != reader->header.grain_sectors ||
            footer.table_entries != reader->header.table_entries)
                return ingot_fail(err, INGOT_E_FORMAT, "header and footer of '%s' do not agree",
                                  reader->file->path);
        reader->header.directory_sector = footer.directory_sector;
        return INGOT_OK;
}

static enum ingot_code check_header(struct vmdk_reader *reader, struct ingot_error *err)
{
        const struct vmdk_header *header = &reader->header;
        const char *path = reader->file->path;
        bool compressed = header->flags & VMDK_FLAG_COMPRESSED;

        if (header->version < 1 || header->version > 3)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VMDK of version %" PRIu32 ", not 1 to 3",
                                  path, header->version);
        if (compressed != (header->compression == 1) || compressed != !!(header->flags & VMDK_FLAG_MARKERS))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' has flags 0x%" PRIx32
                                  " with compression %u: no kind of VMDK that is known",
                                  path, header->flags, (unsigned)header->compression);
        if (header->capacity_sectors < 1 || header->capacity_sectors > (uint64_t)1 << 32)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a VMDK of %" PRIu64 " sectors, not 1 to 2^32",
                                  path, header->capacity_sectors);
        if (header->grain_sectors < GRAIN_SECTORS_MIN || header->grain_sectors > GRAIN_SECTORS_MAX ||
            (header->grain_sectors & (header->grain_sectors - 1)))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' has grains of %" PRIu64 " sectors, not a power of two of 8 to 2048",
                                  path, header->grain_sectors);
        if (header->table_entries < 1 || header->table_entries > VMDK_TABLE_ENTRIES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' has tables of %" PRIu32 " entries, not 1 to 512",
                                  path, header->table_entries);
        if (header->unclean_shutdown)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' was not closed by the program that wrote it; let that repair it first", path);
        reader->stream = compressed;
        reader->grain_bytes = (size_t)header->grain_sectors * SECTOR;
        reader->grain_count = div_up_u64(header->capacity_sectors, header->grain_sectors);
        reader->directory_entries = div_up_u64(reader->grain_count, header->table_entries);
        if (reader->directory_entries > DIRECTORY_ENTRIES_MAX)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' has a directory of %" PRIu64
                                  " entries; %d are the most that are read",
                                  path, reader->directory_entries, DIRECTORY_ENTRIES_MAX);
        return INGOT_OK;
}

/* Rule 1: what the descriptor says must be a disk that stands alone in this file. */
static enum ingot_code check_descriptor(struct vmdk_reader *reader, struct ingot_error *err)
{
        const struct vmdk_header *header = &reader->header;
        uint64_t sectors = min_u64(header->descriptor_sectors, DESCRIPTOR_SECTORS_MAX);
        OWNED(heap_drop) char *text = NULL;
        char value[64];
        enum ingot_code r;

        if (sectors == 0 || header->descriptor_sector == 0 || header->descriptor_sector > UINT32_MAX)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' is one extent of a VMDK of several files; convert it to one file first",
                        reader->file->path);
        text = malloc((size_t)sectors * SECTOR);
        if (!text)
                return ingot_fail_memory(err, sectors * SECTOR);
        r = image_file_read(reader->file, header->descriptor_sector * SECTOR, text, (size_t)sectors * SECTOR,
                            err);
        if (r)
                return ingot_while(err, r, "reading the descriptor");
        if (!vmdk_descriptor_find(text, (size_t)sectors * SECTOR, "createType", value, sizeof(value)) ||
            (strcmp(value, "streamOptimized") != 0 && strcmp(value, "monolithicSparse") != 0))
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "the descriptor of '%s' names neither streamOptimized nor monolithicSparse as its "
                        "type",
                        reader->file->path);
        if (vmdk_descriptor_find(text, (size_t)sectors * SECTOR, "parentCID", value, sizeof(value)) &&
            strcmp(value, "ffffffff") != 0)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' holds only what differs from a parent, %s; convert it to a whole disk first",
                        reader->file->path, value);
        return INGOT_OK;
}

static enum ingot_code read_directory(struct vmdk_reader *reader, struct ingot_error *err)
{
        size_t size_bytes = (size_t)reader->directory_entries * 4;
        enum ingot_code r;

        /* An entry's sector has 32 bits, and so has anything that lies in the file. */
        if (reader->header.directory_sector == 0 || reader->header.directory_sector > UINT32_MAX ||
            reader->header.directory_sector * SECTOR > reader->file->size_bytes ||
            size_bytes > reader->file->size_bytes - reader->header.directory_sector * SECTOR)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the grain directory of '%s' (%zu bytes at sector %" PRIu64
                                  ") is not inside the file",
                                  reader->file->path, size_bytes, reader->header.directory_sector);
        reader->directory = malloc(size_bytes);
        reader->grain = malloc(reader->grain_bytes);
        reader->packed = malloc(2 * reader->grain_bytes);
        if (!reader->directory || !reader->grain || !reader->packed)
                return ingot_fail_memory(err, size_bytes + 3 * (uint64_t)reader->grain_bytes);
        r = image_file_read(reader->file, reader->header.directory_sector * SECTOR, reader->directory,
                            size_bytes, err);
        return ingot_while(err, r, "reading the grain directory");
}

static enum ingot_code open_reader(struct image_file *file, bool is_extent, struct vmdk_reader **ret_reader,
                                   struct ingot_error *err)
{
        OWNED(vmdk_reader_drop) struct vmdk_reader *reader = calloc(1, sizeof(*reader));
        uint8_t bytes[VMDK_HEADER_BYTES];
        enum ingot_code r;

        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        reader->file = file;
        reader->table_index = reader->grain_index = UINT64_MAX;
        r = image_file_read(file, 0, bytes, sizeof(bytes), err);
        if (r)
                return r;
        if (!vmdk_header_decode(bytes, &reader->header))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the header of '%s' is damaged: was it transferred as text?", file->path);
        r = check_header(reader, err);
        if (!r && !is_extent)
                r = check_descriptor(reader, err);
        if (!r && reader->header.directory_sector == VMDK_GD_AT_END)
                r = read_footer(reader, err);
        if (!r)
                r = read_directory(reader, err);
        if (!r)
                r = inflater_new(&reader->inflater, err);
        if (r)
                return r;
        *ret_reader = TAKE(reader);
        return INGOT_OK;
}

enum ingot_code vmdk_reader_new(struct image_file *file, struct vmdk_reader **ret_reader,
                                struct ingot_error *err)
{
        return open_reader(file, false, ret_reader, err);
}

enum ingot_code vmdk_reader_new_extent(struct image_file *file, struct vmdk_reader **ret_reader,
                                       struct ingot_error *err)
{
        return open_reader(file, true, ret_reader, err);
}

bool vmdk_reader_is_stream(const struct vmdk_reader *reader)
{
        return reader->stream;
}

uint64_t vmdk_reader_size_bytes(const struct vmdk_reader *reader)
{
        return reader->header.capacity_sectors * SECTOR;
}

/* Loads the table with the entry of a grain; where there is none, zeros. */
static enum ingot_code load_table(struct vmdk_reader *reader, uint64_t index, struct ingot_error *err)
{
        uint64_t sector = get_le32(reader->directory + 4 * index);
        size_t size_bytes = (size_t)4 * reader->header.table_entries;
        enum ingot_code r;

        if (reader->table_index == index)
                return INGOT_OK;
        reader->table_index = UINT64_MAX;
        memset(reader->table, 0, sizeof(reader->table));
        if (sector) {
                r = image_file_read(reader->file, sector * SECTOR, reader->table, size_bytes, err);
                if (r)
                        return ingot_while(err, r, "reading grain table %" PRIu64, index);
        }
        reader->table_index = index;
        return INGOT_OK;
}

/* The sector of the file where a grain is; 0 where the disk is zeros. */
static enum ingot_code find_grain(struct vmdk_reader *reader, uint64_t index, uint64_t *ret_sector,
                                  struct ingot_error *err)
{
        uint32_t entries = reader->header.table_entries;
        uint64_t sector;
        enum ingot_code r = load_table(reader, index / entries, err);

        if (r)
                return r;
        sector = get_le32(reader->table + 4 * (index % entries));
        if (sector == 1 && (reader->header.flags & VMDK_FLAG_ZERO_GRAIN))
                sector = 0;
        *ret_sector = sector;
        return INGOT_OK;
}

/* How many bytes of a grain are on the disk: all but for a short last one. */
static size_t grain_disk_bytes(const struct vmdk_reader *reader, uint64_t index)
{
        return (size_t)min_u64(reader->grain_bytes,
                               vmdk_reader_size_bytes(reader) - index * reader->grain_bytes);
}

static enum ingot_code unpack_grain(struct vmdk_reader *reader, uint64_t index, uint64_t sector, uint8_t *out,
                                    struct ingot_error *err)
{
        uint64_t lba = index * reader->header.grain_sectors, marked_lba;
        uint8_t marker[VMDK_MARKER_BYTES];
        uint32_t packed_bytes;
        size_t size_bytes;
        enum ingot_code r = image_file_read(reader->file, sector * SECTOR, marker, sizeof(marker), err);

        if (r)
                return r;
        marked_lba = get_le64(marker);
        packed_bytes = get_le32(marker + 8);
        if (marked_lba != lba)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s': the grain at sector %" PRIu64 " says it is disk sector %" PRIu64
                                  ", its table says %" PRIu64,
                                  reader->file->path, sector, marked_lba, lba);
        if (packed_bytes < 1 || packed_bytes > 2 * reader->grain_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s': the grain at sector %" PRIu64 " is %" PRIu32
                                  " bytes long, not 1 to %zu",
                                  reader->file->path, sector, packed_bytes, 2 * reader->grain_bytes);
        r = image_file_read(reader->file, sector * SECTOR + VMDK_MARKER_BYTES, reader->packed, packed_bytes,
                            err);
        if (!r)
                r = inflate_unpack(reader->inflater, reader->packed, packed_bytes, out, reader->grain_bytes,
                                   &size_bytes, err);
        if (r)
                return r;
        if (size_bytes < grain_disk_bytes(reader, index))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s': the grain at sector %" PRIu64 " unpacks to %zu bytes instead of %zu",
                                  reader->file->path, sector, size_bytes, grain_disk_bytes(reader, index));
        return INGOT_OK;
}

/* Reads a whole grain, which is in the file, into grain_bytes at out. */
static enum ingot_code read_grain(struct vmdk_reader *reader, uint64_t index, uint64_t sector, uint8_t *out,
                                  struct ingot_error *err)
{
        enum ingot_code r;

        if (reader->stream)
                r = unpack_grain(reader, index, sector, out, err);
        else
                r = image_file_read(reader->file, sector * SECTOR, out, grain_disk_bytes(reader, index), err);
        return ingot_while(err, r, "reading the grain at byte %" PRIu64 " of the disk",
                           index * reader->grain_bytes);
}

static enum ingot_code read_part(struct vmdk_reader *reader, uint64_t index, size_t skip_bytes,
                                 size_t size_bytes, uint8_t *out, struct ingot_error *err)
{
        uint64_t sector;
        enum ingot_code r = find_grain(reader, index, &sector, err);

        if (r)
                return r;
        if (sector == 0) {
                memset(out, 0, size_bytes);
                return INGOT_OK;
        }
        if (size_bytes == reader->grain_bytes)
                return read_grain(reader, index, sector, out, err);
        if (reader->grain_index != index) {
                reader->grain_index = UINT64_MAX;
                r = read_grain(reader, index, sector, reader->grain, err);
                if (r)
                        return r;
                reader->grain_index = index;
        }
        memcpy(out, reader->grain + skip_bytes, size_bytes);
        return INGOT_OK;
}

enum ingot_code vmdk_reader_read(struct vmdk_reader *reader, uint64_t offset_bytes, void *bytes,
                                 size_t size_bytes, struct ingot_error *err)
{
        uint8_t *out = bytes;

        if (offset_bytes > vmdk_reader_size_bytes(reader) ||
            size_bytes > vmdk_reader_size_bytes(reader) - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the disk in '%s' has %" PRIu64 " bytes; %zu are wanted at byte %" PRIu64,
                                  reader->file->path, vmdk_reader_size_bytes(reader), size_bytes,
                                  offset_bytes);
        while (size_bytes > 0) {
                size_t skip_bytes = (size_t)(offset_bytes % reader->grain_bytes);
                size_t part_bytes = (size_t)min_u64(size_bytes, reader->grain_bytes - skip_bytes);
                enum ingot_code r = read_part(reader, offset_bytes / reader->grain_bytes, skip_bytes,
                                              part_bytes, out, err);

                if (r)
                        return r;
                out += part_bytes;
                offset_bytes += part_bytes;
                size_bytes -= part_bytes;
        }
        return INGOT_OK;
}

/* Moves *index to the next grain that is (or, with wanted false, is not) in the file. */
static enum ingot_code skip_grains(struct vmdk_reader *reader, bool wanted, uint64_t *index,
                                   struct ingot_error *err)
{
        uint32_t entries = reader->header.table_entries;

        while (*index < reader->grain_count) {
                uint64_t sector;
                enum ingot_code r;

                if (get_le32(reader->directory + 4 * (*index / entries)) == 0) {
                        if (!wanted)
                                return INGOT_OK;
                        *index = (*index / entries + 1) * entries;
                        continue;
                }
                r = find_grain(reader, *index, &sector, err);
                if (r)
                        return r;
                if (sector && *index >= reader->walked_grains) {
                        reader->walked_grains = *index + 1;
                        reader->seen_grains++;
                }
                if ((sector != 0) == wanted)
                        return INGOT_OK;
                ++*index;
        }
        *index = reader->grain_count;
        return INGOT_OK;
}

enum ingot_code vmdk_reader_next_data(struct vmdk_reader *reader, uint64_t from_bytes,
                                      uint64_t *ret_start_bytes, uint64_t *ret_end_bytes,
                                      struct ingot_error *err)
{
        uint64_t size_bytes = vmdk_reader_size_bytes(reader);
        uint64_t first = from_bytes / reader->grain_bytes, end;
        enum ingot_code r = skip_grains(reader, true, &first, err);

        if (r)
                return r;
        end = first;
        r = skip_grains(reader, false, &end, err);
        if (r)
                return r;
        if (!reader->stream && reader->seen_grains * reader->grain_bytes >
                                       align_up_u64(reader->file->size_bytes, reader->grain_bytes))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' has more grains than its %" PRIu64
                                  " bytes have room for: some are shared",
                                  reader->file->path, reader->file->size_bytes);
        *ret_start_bytes = min_u64(max_u64(first * reader->grain_bytes, from_bytes), size_bytes);
        *ret_end_bytes = min_u64(end * reader->grain_bytes, size_bytes);
        return INGOT_OK;
}
