/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/endian.h"
#include "base/own.h"
#include "base/utf16.h"
#include "image/gpt.h"
#include "image/mbr.h"
#include "model/memory_source.h"
#include "model/partition_type.h"

/* UEFI 2.10, table 5.5 */
enum {
        HEADER_SIGNATURE_AT = 0,
        HEADER_REVISION_AT = 8,
        HEADER_SIZE_AT = 12,
        HEADER_CRC_AT = 16,
        HEADER_OWN_LBA_AT = 24,
        HEADER_OTHER_LBA_AT = 32,
        HEADER_FIRST_USABLE_AT = 40,
        HEADER_LAST_USABLE_AT = 48,
        HEADER_DISK_GUID_AT = 56,
        HEADER_ENTRIES_LBA_AT = 72,
        HEADER_ENTRY_COUNT_AT = 80,
        HEADER_ENTRY_BYTES_AT = 84,
        HEADER_ENTRIES_CRC_AT = 88,
        HEADER_REVISION = 0x00010000,
};
_Static_assert(HEADER_ENTRIES_CRC_AT + 4 == GPT_HEADER_BYTES, "the header is 92 bytes");

/* UEFI 2.10, table 5.6 */
enum {
        ENTRY_TYPE_AT = 0,
        ENTRY_UNIQUE_AT = 16,
        ENTRY_FIRST_LBA_AT = 32,
        ENTRY_LAST_LBA_AT = 40,
        ENTRY_ATTRIBUTES_AT = 48,
        ENTRY_NAME_AT = 56,
};
_Static_assert(ENTRY_NAME_AT + 2 * GPT_NAME_UNITS == GPT_ENTRY_BYTES, "the entry is 128 bytes");
_Static_assert(GPT_PRIMARY_SECTORS == 34 && GPT_BACKUP_SECTORS == 33, "34 sectors in front, 33 behind");

static const uint8_t header_signature[8] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };

void gpt_header_encode(const struct gpt_header *header, uint8_t out[GPT_HEADER_BYTES])
{
        memset(out, 0, GPT_HEADER_BYTES);
        memcpy(out + HEADER_SIGNATURE_AT, header_signature, sizeof(header_signature));
        put_le32(out + HEADER_REVISION_AT, HEADER_REVISION);
        put_le32(out + HEADER_SIZE_AT, GPT_HEADER_BYTES);
        put_le64(out + HEADER_OWN_LBA_AT, header->own_lba);
        put_le64(out + HEADER_OTHER_LBA_AT, header->other_lba);
        put_le64(out + HEADER_FIRST_USABLE_AT, header->first_usable_lba);
        put_le64(out + HEADER_LAST_USABLE_AT, header->end_usable_lba - 1);
        guid_encode_gpt(&header->disk_guid, out + HEADER_DISK_GUID_AT);
        put_le64(out + HEADER_ENTRIES_LBA_AT, header->entries_lba);
        put_le32(out + HEADER_ENTRY_COUNT_AT, header->entry_count);
        put_le32(out + HEADER_ENTRY_BYTES_AT, header->entry_bytes);
        put_le32(out + HEADER_ENTRIES_CRC_AT, header->entries_crc);
        put_le32(out + HEADER_CRC_AT, crc32_of(out, GPT_HEADER_BYTES)); /* taken while the field is 0 */
}

bool gpt_entry_encode(const struct gpt_entry *entry, uint8_t out[GPT_ENTRY_BYTES])
{
        uint16_t units[GPT_NAME_UNITS];
        size_t unit_count;

        if (!utf16_from_utf8(entry->name, strlen(entry->name), units, GPT_NAME_UNITS, &unit_count))
                return false;
        memset(out, 0, GPT_ENTRY_BYTES);
        guid_encode_gpt(&entry->type_guid, out + ENTRY_TYPE_AT);
        guid_encode_gpt(&entry->unique_guid, out + ENTRY_UNIQUE_AT);
        put_le64(out + ENTRY_FIRST_LBA_AT, entry->start_lba);
        put_le64(out + ENTRY_LAST_LBA_AT, entry->end_lba - 1);
        put_le64(out + ENTRY_ATTRIBUTES_AT, entry->attributes);
        for (size_t i = 0; i < unit_count; i++)
                put_le16(out + ENTRY_NAME_AT + 2 * i, units[i]);
        return true;
}

void gpt_entry_decode(const uint8_t in[GPT_ENTRY_BYTES], struct gpt_entry *ret_entry)
{
        uint16_t units[GPT_NAME_UNITS];

        *ret_entry = (struct gpt_entry){
                .start_lba = get_le64(in + ENTRY_FIRST_LBA_AT),
                .end_lba = get_le64(in + ENTRY_LAST_LBA_AT) + 1, /* 0 when the last LBA is 2^64 - 1 */
                .attributes = get_le64(in + ENTRY_ATTRIBUTES_AT),
        };
        guid_decode_gpt(in + ENTRY_TYPE_AT, &ret_entry->type_guid);
        guid_decode_gpt(in + ENTRY_UNIQUE_AT, &ret_entry->unique_guid);
        for (size_t i = 0; i < GPT_NAME_UNITS; i++)
                units[i] = get_le16(in + ENTRY_NAME_AT + 2 * i);
        (void)utf16_to_utf8(units, GPT_NAME_UNITS, ret_entry->name);
}

bool gpt_header_is_signed(const uint8_t sector[SECTOR_BYTES])
{
        return memcmp(sector + HEADER_SIGNATURE_AT, header_signature, sizeof(header_signature)) == 0;
}

static bool header_crc_is_right(const uint8_t sector[SECTOR_BYTES], uint32_t header_bytes)
{
        uint8_t copy[SECTOR_BYTES];

        memcpy(copy, sector, SECTOR_BYTES);
        put_le32(copy + HEADER_CRC_AT, 0);
        return crc32_of(copy, header_bytes) == get_le32(sector + HEADER_CRC_AT);
}

static bool entry_size_is_possible(const struct gpt_header *header)
{
        return header->entry_bytes >= GPT_ENTRY_BYTES && header->entry_bytes <= GPT_READ_ENTRY_BYTES_MAX &&
               (header->entry_bytes & (header->entry_bytes - 1)) == 0 && header->entry_count > 0 &&
               header->entry_count <= GPT_READ_ENTRIES_MAX;
}

/* Sets fault to what is wrong with the ranges; leaves it alone when they are right. */
static bool header_ranges_are_right(const struct gpt_header *header, uint64_t own_lba, uint64_t size_sectors,
                                    char *fault)
{
        uint64_t entries_sectors;

        if (header->own_lba != own_lba) {
                (void)snprintf(fault, GPT_FAULT_BYTES,
                               "it says that it stands at LBA %" PRIu64 ", not %" PRIu64, header->own_lba,
                               own_lba);
                return false;
        }
        if (!entry_size_is_possible(header)) {
                (void)snprintf(fault, GPT_FAULT_BYTES, "it has %u entries of %u bytes", header->entry_count,
                               header->entry_bytes);
                return false;
        }
        entries_sectors =
                ((uint64_t)header->entry_count * header->entry_bytes + SECTOR_BYTES - 1) / SECTOR_BYTES;
        if (header->entries_lba < 1 || header->entries_lba > size_sectors ||
            entries_sectors > size_sectors - header->entries_lba) {
                (void)snprintf(fault, GPT_FAULT_BYTES, "its entries at LBA %" PRIu64 " are outside the disk",
                               header->entries_lba);
                return false;
        }
        /* end_usable_lba is 0 when the last usable LBA was 2^64 - 1. */
        if (header->first_usable_lba < 2 || header->first_usable_lba > header->end_usable_lba ||
            header->end_usable_lba > size_sectors) {
                (void)snprintf(fault, GPT_FAULT_BYTES,
                               "its usable LBAs, %" PRIu64 " to %" PRIu64 ", are outside the disk's %" PRIu64,
                               header->first_usable_lba, header->end_usable_lba, size_sectors);
                return false;
        }
        return true;
}

bool gpt_header_decode(const uint8_t sector[SECTOR_BYTES], uint64_t own_lba, uint64_t size_sectors,
                       struct gpt_header *ret_header, char *fault)
{
        uint32_t header_bytes = get_le32(sector + HEADER_SIZE_AT);
        struct gpt_header header = {
                .own_lba = get_le64(sector + HEADER_OWN_LBA_AT),
                .other_lba = get_le64(sector + HEADER_OTHER_LBA_AT),
                .first_usable_lba = get_le64(sector + HEADER_FIRST_USABLE_AT),
                .end_usable_lba = get_le64(sector + HEADER_LAST_USABLE_AT) + 1,
                .entries_lba = get_le64(sector + HEADER_ENTRIES_LBA_AT),
                .entry_count = get_le32(sector + HEADER_ENTRY_COUNT_AT),
                .entry_bytes = get_le32(sector + HEADER_ENTRY_BYTES_AT),
                .entries_crc = get_le32(sector + HEADER_ENTRIES_CRC_AT),
        };

        guid_decode_gpt(sector + HEADER_DISK_GUID_AT, &header.disk_guid);
        fault[0] = '\0';
        if (!gpt_header_is_signed(sector))
                (void)snprintf(fault, GPT_FAULT_BYTES, "there is no signature at LBA %" PRIu64, own_lba);
        else if (get_le32(sector + HEADER_REVISION_AT) != HEADER_REVISION)
                (void)snprintf(fault, GPT_FAULT_BYTES, "its revision is %08x, not %08x",
                               get_le32(sector + HEADER_REVISION_AT), (unsigned)HEADER_REVISION);
        else if (header_bytes < GPT_HEADER_BYTES || header_bytes > SECTOR_BYTES)
                (void)snprintf(fault, GPT_FAULT_BYTES, "its header has %u bytes", header_bytes);
        else if (!header_crc_is_right(sector, header_bytes))
                (void)snprintf(fault, GPT_FAULT_BYTES, "the header's CRC is wrong");
        else if (header_ranges_are_right(&header, own_lba, size_sectors, fault))
                *ret_header = header;
        return !fault[0];
}

const char *gpt_type_name(const struct guid *type_guid)
{
        enum partition_type type;

        return partition_type_of_guid(type_guid, &type) ? partition_type_name(type)
                                                        : partition_type_describe(type_guid);
}

struct gpt_image {
        uint64_t size_sectors;
        uint8_t primary[GPT_PRIMARY_SECTORS * SECTOR_BYTES], backup[GPT_BACKUP_SECTORS * SECTOR_BYTES];
        struct memory_source primary_source, backup_source;
};

static enum ingot_code check_partition(const struct layout *layout, size_t index, struct ingot_error *err)
{
        const struct layout_partition *partition = &layout->partitions[index];
        uint64_t end_usable_lba = layout->size_sectors - GPT_BACKUP_SECTORS;

        if (partition->number < 1 || partition->number > GPT_ENTRY_COUNT)
                return ingot_fail(err, INGOT_E_LAYOUT, "partition number %u is not in 1..%d",
                                  partition->number, GPT_ENTRY_COUNT);
        if (partition->start_lba < GPT_PRIMARY_SECTORS || partition->start_lba >= partition->end_lba ||
            partition->end_lba > end_usable_lba)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "partition %u, LBA %" PRIu64 " to %" PRIu64
                                  ", is not within the usable LBAs "
                                  "%d to %" PRIu64,
                                  partition->number, partition->start_lba, partition->end_lba,
                                  GPT_PRIMARY_SECTORS, end_usable_lba);
        for (size_t i = 0; i < index; i++) {
                const struct layout_partition *other = &layout->partitions[i];

                if (other->number == partition->number)
                        return ingot_fail(err, INGOT_E_LAYOUT, "two partitions have the number %u",
                                          partition->number);
                if (partition->start_lba < other->end_lba && other->start_lba < partition->end_lba)
                        return ingot_fail(err, INGOT_E_LAYOUT, "partitions %u and %u overlap at LBA %" PRIu64,
                                          other->number, partition->number, partition->start_lba);
        }
        return INGOT_OK;
}

static enum ingot_code put_entries(const struct layout *layout, uint8_t *entries, struct ingot_error *err)
{
        for (size_t i = 0; i < layout->partition_count; i++) {
                const struct layout_partition *partition = &layout->partitions[i];
                struct gpt_entry entry = {
                        .type_guid = partition->type_guid,
                        .unique_guid = partition->unique_guid,
                        .start_lba = partition->start_lba,
                        .end_lba = partition->end_lba,
                };
                const char *name = partition->name ? partition->name : "";
                enum ingot_code r = check_partition(layout, i, err);

                if (r)
                        return r;
                if (strlen(name) > GPT_NAME_BYTES)
                        return ingot_fail(err, INGOT_E_LAYOUT,
                                          "the name of partition %u has %zu bytes; give it at "
                                          "most %d UTF-16 units",
                                          partition->number, strlen(name), GPT_NAME_UNITS);
                memcpy(entry.name, name, strlen(name) + 1);
                if (!gpt_entry_encode(&entry, entries + (size_t)(partition->number - 1) * GPT_ENTRY_BYTES))
                        return ingot_fail(
                                err, INGOT_E_LAYOUT,
                                "the name of partition %u, '%s', is not UTF-8 of at most %d UTF-16 units",
                                partition->number, name, GPT_NAME_UNITS);
        }
        return INGOT_OK;
}

static void put_headers(const struct layout *layout, struct gpt_image *image)
{
        uint64_t last_lba = layout->size_sectors - 1;
        uint8_t *entries = image->primary + 2 * SECTOR_BYTES;
        struct gpt_header header = {
                .own_lba = 1,
                .other_lba = last_lba,
                .first_usable_lba = GPT_PRIMARY_SECTORS,
                .end_usable_lba = layout->size_sectors - GPT_BACKUP_SECTORS,
                .disk_guid = layout->disk_guid,
                .entries_lba = 2,
                .entry_count = GPT_ENTRY_COUNT,
                .entry_bytes = GPT_ENTRY_BYTES,
                .entries_crc = crc32_of(entries, GPT_ENTRIES_SECTORS * SECTOR_BYTES),
        };

        gpt_header_encode(&header, image->primary + SECTOR_BYTES);
        memcpy(image->backup, entries, GPT_ENTRIES_SECTORS * SECTOR_BYTES);
        header.own_lba = last_lba;
        header.other_lba = 1;
        header.entries_lba = last_lba - GPT_ENTRIES_SECTORS;
        gpt_header_encode(&header, image->backup + GPT_ENTRIES_SECTORS * SECTOR_BYTES);
}

enum ingot_code gpt_layout(const struct layout *layout, struct gpt_image **ret_image, struct ingot_error *err)
{
        OWNED(gpt_image_drop) struct gpt_image *image = NULL;
        enum ingot_code r;

        if (layout->size_sectors <= GPT_PRIMARY_SECTORS + GPT_BACKUP_SECTORS)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "a disk of %" PRIu64 " sectors cannot hold a GPT of %d",
                                  layout->size_sectors, GPT_PRIMARY_SECTORS + GPT_BACKUP_SECTORS);
        image = calloc(1, sizeof(*image));
        if (!image)
                return ingot_fail_memory(err, sizeof(*image));
        image->size_sectors = layout->size_sectors;
        memory_source_init(&image->primary_source, image->primary, sizeof(image->primary));
        memory_source_init(&image->backup_source, image->backup, sizeof(image->backup));
        r = put_entries(layout, image->primary + 2 * SECTOR_BYTES, err);
        if (r)
                return r;
        mbr_encode_protective(layout->size_sectors, image->primary);
        put_headers(layout, image);
        *ret_image = TAKE(image);
        return INGOT_OK;
}

void gpt_image_free(struct gpt_image *image)
{
        free(image);
}

void gpt_image_drop(struct gpt_image **image)
{
        gpt_image_free(*image);
}

uint8_t *gpt_image_mbr(struct gpt_image *image)
{
        return image->primary;
}

enum ingot_code gpt_image_extents(const struct gpt_image *image, struct extent_list *list,
                                  struct ingot_error *err)
{
        const struct extent primary = {
                .end_lba = GPT_PRIMARY_SECTORS,
                .source = &image->primary_source.source,
                .size_bytes = sizeof(image->primary),
        };
        const struct extent backup = {
                .start_lba = image->size_sectors - GPT_BACKUP_SECTORS,
                .end_lba = image->size_sectors,
                .source = &image->backup_source.source,
                .size_bytes = sizeof(image->backup),
        };
        enum ingot_code r = extent_list_add(list, &primary, err);

        return r ? r : extent_list_add(list, &backup, err);
}
