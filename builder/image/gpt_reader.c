/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32.h"
#include "base/own.h"
#include "image/gpt_reader.h"
#include "image/mbr.h"

enum copy { COPY_PRIMARY, COPY_BACKUP, COPY_COUNT };

struct copy_read {
        bool is_signed;
        struct gpt_header header;
        struct gpt_entry *entries; /* owned */
        size_t entry_count;
        char fault[GPT_FAULT_BYTES];
};

static void release_copies(struct copy_read (*copies)[COPY_COUNT])
{
        for (int i = 0; i < COPY_COUNT; i++)
                free((*copies)[i].entries);
}

static int compare_entries(const void *a, const void *b)
{
        const struct gpt_entry *x = a, *y = b;

        if (x->start_lba != y->start_lba)
                return x->start_lba < y->start_lba ? -1 : 1;
        return (x->number > y->number) - (x->number < y->number);
}

/* Checks ranges of entries that are sorted by start; sets fault to the first that is wrong. */
static void check_entries(struct copy_read *copy)
{
        const struct gpt_header *header = &copy->header;

        for (size_t i = 0; i < copy->entry_count; i++) {
                const struct gpt_entry *entry = &copy->entries[i];

                if (entry->start_lba < header->first_usable_lba || entry->start_lba >= entry->end_lba ||
                    entry->end_lba > header->end_usable_lba) {
                        (void)snprintf(copy->fault, sizeof(copy->fault),
                                       "partition %u, LBA %" PRIu64 " to %" PRIu64
                                       ", is outside the usable LBAs",
                                       entry->number, entry->start_lba, entry->end_lba);
                        return;
                }
                if (i > 0 && entry->start_lba < copy->entries[i - 1].end_lba) {
                        (void)snprintf(copy->fault, sizeof(copy->fault), "partitions %u and %u overlap",
                                       copy->entries[i - 1].number, entry->number);
                        return;
                }
        }
}

static enum ingot_code read_entries(const struct byte_source *source, struct copy_read *copy,
                                    struct ingot_error *err)
{
        const struct gpt_header *header = &copy->header;
        size_t size_bytes = (size_t)header->entry_count * header->entry_bytes;
        OWNED(heap_drop) uint8_t *bytes = malloc(size_bytes);
        enum ingot_code r;

        copy->entries = calloc(header->entry_count, sizeof(*copy->entries));
        if (!bytes || !copy->entries)
                return ingot_fail_memory(err, size_bytes);
        r = byte_source_read(source, header->entries_lba * SECTOR_BYTES, bytes, size_bytes, err);
        if (r)
                return ingot_while(err, r, "reading %u GPT entries at LBA %" PRIu64, header->entry_count,
                                   header->entries_lba);
        if (crc32_of(bytes, size_bytes) != header->entries_crc) {
                (void)snprintf(copy->fault, sizeof(copy->fault), "the entries' CRC is wrong");
                return INGOT_OK;
        }
        for (uint32_t i = 0; i < header->entry_count; i++) {
                struct gpt_entry *entry = &copy->entries[copy->entry_count];

                gpt_entry_decode(bytes + (size_t)i * header->entry_bytes, entry);
                entry->number = i + 1;
                if (!guid_is_nil(&entry->type_guid))
                        copy->entry_count++;
        }
        qsort(copy->entries, copy->entry_count, sizeof(*copy->entries), compare_entries);
        check_entries(copy);
        return INGOT_OK;
}

static enum ingot_code read_copy(const struct byte_source *source, uint64_t lba, uint64_t size_sectors,
                                 struct copy_read *copy, struct ingot_error *err)
{
        uint8_t sector[SECTOR_BYTES];
        enum ingot_code r = byte_source_read(source, lba * SECTOR_BYTES, sector, sizeof(sector), err);

        if (r)
                return ingot_while(err, r, "reading the GPT header at LBA %" PRIu64, lba);
        copy->is_signed = gpt_header_is_signed(sector);
        if (!gpt_header_decode(sector, lba, size_sectors, &copy->header, copy->fault))
                return INGOT_OK;
        return read_entries(source, copy, err);
}

/* A disk that has grown has its backup where the primary header says, not in its last sector (rule 2). */
static enum ingot_code read_backup(const struct byte_source *source, uint64_t size_sectors,
                                   const struct copy_read *primary, struct copy_read *backup,
                                   struct ingot_error *err)
{
        enum ingot_code r = read_copy(source, size_sectors - 1, size_sectors, backup, err);
        struct copy_read moved = { .entries = NULL };

        if (r || backup->is_signed || primary->fault[0] || primary->header.other_lba < 2 ||
            primary->header.other_lba >= size_sectors - 1)
                return r;
        r = read_copy(source, primary->header.other_lba, size_sectors, &moved, err);
        if (!r && !moved.fault[0])
                (void)snprintf(backup->fault, sizeof(backup->fault),
                               "it stands at LBA %" PRIu64 ", not in the last, %" PRIu64,
                               primary->header.other_lba, size_sectors - 1);
        free(moved.entries);
        return r;
}

static bool copies_agree(const struct copy_read *a, const struct copy_read *b)
{
        if (!guid_equal(&a->header.disk_guid, &b->header.disk_guid) || a->entry_count != b->entry_count ||
            a->header.first_usable_lba != b->header.first_usable_lba ||
            a->header.end_usable_lba != b->header.end_usable_lba)
                return false;
        return a->header.entries_crc == b->header.entries_crc;
}

static enum ingot_code check_mbr(const struct byte_source *source, uint64_t size_sectors,
                                 struct gpt_table *table, struct ingot_error *err)
{
        uint8_t sector[SECTOR_BYTES];
        struct mbr_table mbr;
        enum ingot_code r = byte_source_read(source, 0, sector, sizeof(sector), err);

        if (r)
                return ingot_while(err, r, "reading the MBR");
        if (mbr_decode(sector, size_sectors, &mbr, NULL))
                (void)snprintf(table->mbr_fault, sizeof(table->mbr_fault), "LBA 0 is no MBR");
        else if (!mbr.is_protective)
                (void)snprintf(table->mbr_fault, sizeof(table->mbr_fault), "the MBR has no protective entry");
        return INGOT_OK;
}

enum ingot_code gpt_read(const struct byte_source *source, uint64_t size_bytes, struct gpt_table *ret_table,
                         struct ingot_error *err)
{
        OWNED(release_copies) struct copy_read copies[COPY_COUNT] = { { .entries = NULL } };
        struct copy_read *primary = &copies[COPY_PRIMARY], *backup = &copies[COPY_BACKUP], *good;
        struct gpt_table table = { .size_sectors = size_bytes / SECTOR_BYTES };
        enum ingot_code r;

        if (table.size_sectors < 3)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "a disk of %" PRIu64 " bytes has no GPT",
                                  size_bytes);
        r = read_copy(source, 1, table.size_sectors, primary, err);
        if (!r)
                r = read_backup(source, table.size_sectors, primary, backup, err);
        if (r)
                return r;
        if (!primary->is_signed && !backup->is_signed)
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "there is no GPT signature in LBA 1 or in the last");
        if (primary->fault[0] && backup->fault[0])
                return ingot_fail(err, INGOT_E_FORMAT, "neither GPT can be believed: primary: %s; backup: %s",
                                  primary->fault, backup->fault);
        if (!primary->fault[0] && !backup->fault[0] && !copies_agree(primary, backup))
                (void)snprintf(backup->fault, sizeof(backup->fault), "it differs from the primary table");
        r = check_mbr(source, table.size_sectors, &table, err);
        if (r)
                return r;
        good = primary->fault[0] ? backup : primary;
        table.is_from_backup = good == backup;
        memcpy(table.primary_fault, primary->fault, sizeof(primary->fault));
        memcpy(table.backup_fault, backup->fault, sizeof(backup->fault));
        table.disk_guid = good->header.disk_guid;
        table.first_usable_lba = good->header.first_usable_lba;
        table.end_usable_lba = good->header.end_usable_lba;
        table.entry_count = good->entry_count;
        table.entries = TAKE(good->entries);
        *ret_table = table;
        return INGOT_OK;
}

void gpt_table_release(struct gpt_table *table)
{
        free(table->entries);
        *table = (struct gpt_table){ .entries = NULL };
}
