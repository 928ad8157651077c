/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <ingot/image.h>

#include "base/byte_size.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "filesystem/ext4_reader.h"
#include "filesystem/fat_reader.h"
#include "filesystem/swap_writer.h"
#include "image/gpt_reader.h"
#include "image/grub_embed.h"
#include "image/image_reader.h"
#include "image/mbr.h"
#include "image/verify.h"
#include "lifecycle/disk_source.h"
#include "lifecycle/folder.h"

enum { PARTITIONS_MAX = GPT_READ_ENTRIES_MAX, WARNINGS_MAX = 32 };

/* Every text and array of an inspection, freed together. */
struct belongings {
        void **things;
        size_t count, capacity;
};

static void *keep(struct belongings *owned, void *thing)
{
        if (thing && owned->count == owned->capacity) {
                size_t capacity = owned->capacity ? 2 * owned->capacity : 64;
                void **grown = realloc(owned->things, capacity * sizeof(*grown));

                if (!grown) {
                        free(thing);
                        return NULL;
                }
                owned->things = grown;
                owned->capacity = capacity;
        }
        if (thing)
                owned->things[owned->count++] = thing;
        return thing;
}

static const char *keep_text(struct belongings *owned, const char *text)
{
        return text && *text ? keep(owned, strdup(text)) : NULL;
}

static void belongings_free(struct belongings *owned)
{
        if (!owned)
                return;
        while (owned->count > 0)
                free(owned->things[--owned->count]);
        free(owned->things);
        free(owned);
}

/* One image being looked into. */
struct look {
        struct belongings *owned;
        struct ingot_image_info *info;
        struct image_reader *reader;
        struct disk_source source; /* where reader is NULL */
        const struct byte_source *disk;
        const char **warnings;
};

/* A byte source that is a window of another: a partition of its disk. */
struct window {
        const struct byte_source *source;
        uint64_t start_bytes, size_bytes;
};

static enum ingot_code window_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        const struct window *window = context;

        if (offset_bytes > window->size_bytes || size_bytes > window->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "byte %" PRIu64 " is past the end of the partition",
                                  offset_bytes + size_bytes);
        return byte_source_read(window->source, window->start_bytes + offset_bytes, bytes, size_bytes, err);
}

static void warn(struct look *look, const char *format, ...) INGOT_PRINTF(2, 3);
static void warn(struct look *look, const char *format, ...)
{
        char text[512];
        va_list args;

        if (look->info->warning_count == WARNINGS_MAX)
                return;
        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        look->warnings[look->info->warning_count] = keep_text(look->owned, text);
        if (look->warnings[look->info->warning_count])
                look->info->warning_count++;
}

/* ---- file systems ---- */

static bool look_at_ext4(struct look *look, const struct byte_source *source,
                         struct ingot_partition_info *part)
{
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        const struct ext4_facts *facts;
        char uuid[GUID_TEXT_CHARS + 1];

        if (ext4_reader_open(source, part->size_bytes, &reader, NULL))
                return false;
        facts = ext4_reader_facts(reader);
        guid_print(&facts->uuid, uuid);
        part->file_system = strstr(facts->features, "extent")        ? "ext4"
                            : strstr(facts->features, "has_journal") ? "ext3"
                                                                     : "ext2";
        part->label = keep_text(look->owned, facts->label);
        part->uuid = keep_text(look->owned, uuid);
        part->features = keep_text(look->owned, facts->features);
        part->free_bytes = facts->free_blocks * facts->block_bytes;
        part->used_bytes = (facts->block_count - facts->free_blocks) * facts->block_bytes;
        if (facts->needs_recovery)
                warn(look, "partition %" PRIu32 ": the journal of its ext4 needs recovery", part->number);
        return true;
}

/* What UEFI would start from removable media (UEFI 2.10, 3.5.1.1). */
static const char *find_efi_loader(struct fat_reader *reader)
{
        static const char *const paths[] = { "EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTAA64.EFI" };
        struct fat_file file;

        for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
                if (!fat_reader_find(reader, paths[i], &file, NULL))
                        return paths[i];
        return NULL;
}

static bool look_at_fat(struct look *look, const struct byte_source *source,
                        struct ingot_partition_info *part)
{
        OWNED(fat_reader_drop) struct fat_reader *reader = NULL;
        struct fat_facts facts;
        char text[32];

        if (fat_reader_open(source, part->size_bytes, &reader, NULL) ||
            fat_reader_facts(reader, &facts, NULL))
                return false;
        (void)snprintf(text, sizeof(text), "%04" PRIX32 "-%04" PRIX32, facts.serial >> 16,
                       facts.serial & 0xFFFF);
        part->file_system = "vfat";
        part->uuid = keep_text(look->owned, text);
        part->label = keep_text(look->owned, facts.label);
        (void)snprintf(text, sizeof(text), "fat%u", facts.fat_bits);
        part->features = keep_text(look->owned, text);
        part->free_bytes = facts.free_clusters * facts.cluster_bytes;
        part->used_bytes = part->size_bytes > part->free_bytes ? part->size_bytes - part->free_bytes : 0;
        part->boot_loader = find_efi_loader(reader);
        return true;
}

static bool look_at_swap(struct look *look, const struct byte_source *source,
                         struct ingot_partition_info *part)
{
        uint8_t page[SWAP_PAGE_BYTES];
        char label[SWAP_LABEL_BYTES + 1], text[GUID_TEXT_CHARS + 1];
        uint64_t size_bytes;
        struct guid uuid;

        if (part->size_bytes < sizeof(page) || byte_source_read(source, 0, page, sizeof(page), NULL) ||
            !swap_page_decode(page, &uuid, label, &size_bytes))
                return false;
        guid_print(&uuid, text);
        part->file_system = "swap";
        part->uuid = keep_text(look->owned, text);
        part->label = keep_text(look->owned, label);
        part->used_bytes = SWAP_PAGE_BYTES;
        part->free_bytes = part->size_bytes - SWAP_PAGE_BYTES;
        return true;
}

static void look_at_partition(struct look *look, struct ingot_partition_info *part)
{
        struct window window = { .source = look->disk,
                                 .start_bytes = part->start_bytes,
                                 .size_bytes = part->size_bytes };
        struct byte_source source = { .context = &window, .read = window_read };

        if (!look_at_ext4(look, &source, part) && !look_at_fat(look, &source, part))
                (void)look_at_swap(look, &source, part);
}

/* ---- partition tables ---- */

static void look_at_grub(struct look *look, struct ingot_partition_info *bios_boot)
{
        struct grub_found found;
        char size[BYTE_SIZE_TEXT_CHARS + 1], text[256];
        uint64_t start_lba = bios_boot ? bios_boot->start_bytes / SECTOR_BYTES : 0;
        uint64_t end_lba = bios_boot ? start_lba + bios_boot->size_bytes / SECTOR_BYTES : 0;

        if (grub_embed_find(look->disk, look->info->size_bytes, start_lba, end_lba, &found, NULL))
                return;
        look->info->boot_loader = "GRUB i386-pc boot.img";
        if (*found.fault) {
                warn(look, "GRUB in the MBR: %s", found.fault);
                return;
        }
        byte_size_print(found.core_sectors * SECTOR_BYTES, size);
        (void)snprintf(text, sizeof(text), "GRUB i386-pc core.img, %s", size);
        if (bios_boot)
                bios_boot->boot_loader = keep_text(look->owned, text);
}

static enum ingot_code look_at_gpt(struct look *look, const struct gpt_table *table, struct ingot_error *err)
{
        struct ingot_partition_info *parts, *bios_boot = NULL;
        char text[GUID_TEXT_CHARS + 1];

        parts = keep(look->owned, calloc(table->entry_count + 1, sizeof(*parts)));
        if (!parts)
                return ingot_fail_memory(err, table->entry_count * sizeof(*parts));
        look->info->partitions = parts;
        look->info->partition_count = table->entry_count;
        look->info->partition_table = "gpt";
        guid_print(&table->disk_guid, text);
        look->info->disk_guid = keep_text(look->owned, text);
        if (*table->mbr_fault)
                warn(look, "protective MBR: %s", table->mbr_fault);
        if (*table->primary_fault)
                warn(look, "primary GPT: %s", table->primary_fault);
        if (*table->backup_fault)
                warn(look, "backup GPT: %s", table->backup_fault);
        for (size_t i = 0; i < table->entry_count; i++) {
                const struct gpt_entry *entry = &table->entries[i];
                const char *type = gpt_type_name(&entry->type_guid);

                parts[i].number = entry->number;
                parts[i].name = keep_text(look->owned, entry->name);
                parts[i].start_bytes = entry->start_lba * SECTOR_BYTES;
                parts[i].size_bytes = (entry->end_lba - entry->start_lba) * SECTOR_BYTES;
                guid_print(&entry->type_guid, text);
                parts[i].type = keep_text(look->owned, type ? type : text);
                guid_print(&entry->unique_guid, text);
                parts[i].unique_guid = keep_text(look->owned, text);
                look_at_partition(look, &parts[i]);
                if (type && strcmp(type, "bios-boot") == 0)
                        bios_boot = &parts[i];
        }
        look_at_grub(look, bios_boot);
        return INGOT_OK;
}

static enum ingot_code look_at_mbr(struct look *look, const struct mbr_table *table, struct ingot_error *err)
{
        struct ingot_partition_info *parts = keep(look->owned, calloc(MBR_PARTITIONS, sizeof(*parts)));

        if (!parts)
                return ingot_fail_memory(err, MBR_PARTITIONS * sizeof(*parts));
        look->info->partitions = parts;
        look->info->partition_count = table->partition_count;
        look->info->partition_table = "mbr";
        for (size_t i = 0; i < table->partition_count; i++) {
                const struct mbr_partition *entry = &table->partitions[i];
                const char *type = mbr_type_name(entry->type);
                char text[16];

                (void)snprintf(text, sizeof(text), "%02X", entry->type);
                parts[i].number = entry->number;
                parts[i].type = keep_text(look->owned, type ? type : text);
                parts[i].start_bytes = entry->start_lba * SECTOR_BYTES;
                parts[i].size_bytes = (entry->end_lba - entry->start_lba) * SECTOR_BYTES;
                look_at_partition(look, &parts[i]);
        }
        look_at_grub(look, NULL);
        return INGOT_OK;
}

/* No table: the disk as one file system. */
static enum ingot_code look_at_bare(struct look *look, struct ingot_error *err)
{
        struct ingot_partition_info *part = keep(look->owned, calloc(1, sizeof(*part)));

        if (!part)
                return ingot_fail_memory(err, sizeof(*part));
        look->info->partition_table = "none";
        part->size_bytes = look->info->size_bytes;
        look_at_partition(look, part);
        if (part->file_system) {
                look->info->partitions = part;
                look->info->partition_count = 1;
        } else if (look->info->size_bytes % SECTOR_BYTES) {
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "it is no disk: no partition table, no file system, and %" PRIu64
                                  " bytes, which is no multiple of 512",
                                  look->info->size_bytes);
        }
        return INGOT_OK;
}

static enum ingot_code look_at_table(struct look *look, struct ingot_error *err)
{
        struct gpt_table gpt = { 0 };
        struct mbr_table mbr;
        uint8_t sector[SECTOR_BYTES];
        enum ingot_code r;

        r = gpt_read(look->disk, look->info->size_bytes, &gpt, err);
        if (!r) {
                r = look_at_gpt(look, &gpt, err);
                gpt_table_release(&gpt);
                return r;
        }
        if (r == INGOT_E_FORMAT)
                warn(look, "%s", ingot_error_frame(err, 0) ? ingot_error_frame(err, 0) : "damaged GPT");
        else if (r != INGOT_E_NOT_FOUND)
                return r;
        if (look->info->size_bytes >= sizeof(sector)) {
                r = byte_source_read(look->disk, 0, sector, sizeof(sector), err);
                if (r)
                        return r;
                if (!mbr_decode(sector, look->info->size_bytes / SECTOR_BYTES, &mbr, NULL) &&
                    mbr.partition_count > 0)
                        return look_at_mbr(look, &mbr, err);
        }
        return look_at_bare(look, err);
}

/* ---- images ---- */

static enum ingot_code count_blocks(struct look *look, const struct block_map *map,
                                    const struct digest *image, struct ingot_error *err)
{
        char text[DIGEST_HEX_CHARS + 1];
        struct digest linear;
        enum ingot_code r = block_map_linear_digest(map, &linear, err);

        if (r)
                return r;
        look->info->data_blocks = block_map_data_count(map);
        look->info->zero_blocks = block_map_zero_count(map);
        look->info->absent_blocks =
                block_map_block_count(map) - look->info->data_blocks - look->info->zero_blocks;
        hex_encode(image->bytes, DIGEST_BYTES, text);
        look->info->image_digest = keep_text(look->owned, text);
        base64_encode(linear.bytes, DIGEST_BYTES, text);
        look->info->linear_digest = keep_text(look->owned, text);
        return INGOT_OK;
}

static enum ingot_code compute_digests(struct look *look, const struct ingot_observer *observer,
                                       struct ingot_error *err)
{
        struct block_map map = { 0 };
        struct digest image;
        char phase[300];
        enum ingot_code r;

        (void)snprintf(phase, sizeof(phase), "reading '%.200s'", look->info->path);
        if (look->reader)
                r = image_scan(look->reader, work_processor_count(), observer, phase, &map, err);
        else
                r = image_scan_input(look->source.input, work_processor_count(), observer, phase, &map, err);
        if (!r)
                r = block_map_image_digest(&map, &image, err);
        if (!r)
                r = count_blocks(look, &map, &image, err);
        block_map_release(&map);
        return r;
}

/* What the manifest knows and the image does not say. */
static enum ingot_code add_from_manifest(struct look *look, const struct manifest_volume *volume,
                                         struct ingot_error *err)
{
        look->info->device_name = keep_text(look->owned, volume->layout.device_name);
        look->info->volume_size_gib = volume->layout.volume_size_gib;
        for (size_t i = 0; i < look->info->partition_count; i++)
                for (size_t j = 0; j < volume->layout.partition_count; j++)
                        if (volume->layout.partitions[j].number == look->info->partitions[i].number)
                                look->info->partitions[i].mount =
                                        keep_text(look->owned, volume->layout.partitions[j].mount);
        return count_blocks(look, &volume->map, &volume->image_digest, err);
}

static void look_close(struct look *look)
{
        image_reader_free(look->reader);
        disk_source_release(&look->source);
}

/* Opens the image at path; what is no build's may be of any kind. */
static enum ingot_code look_open(const struct ingot_inspect_request *request, const char *path,
                                 const struct manifest_volume *volume, const struct ingot_observer *observer,
                                 struct look *look, struct ingot_error *err)
{
        const struct disk_source_request asked = { .path = path,
                                                   .input_fd = FD_NONE,
                                                   .temp_folder = request->temp_folder,
                                                   .environment = request->environment,
                                                   .observer = observer };
        struct ingot_image_info *info = look->info;
        struct stat status = { .st_size = 0 };
        enum ingot_code r;

        if (!stat(path, &status))
                info->allocated_bytes = (uint64_t)status.st_blocks * 512; /* stat(2): units of 512 bytes */
        if (volume || !request->temp_folder || !disk_source_is_needed(path)) {
                r = image_reader_open(path, IMAGE_CACHED, &look->reader, err);
                if (r)
                        return r;
                look->disk = image_reader_source(look->reader);
                info->format = image_format_name(image_reader_format(look->reader));
                info->size_bytes = image_reader_size_bytes(look->reader);
                info->file_bytes = image_reader_file_bytes(look->reader);
                return INGOT_OK;
        }
        r = disk_source_open(&asked, &look->source, err);
        if (r)
                return r;
        look->disk = image_input_source(look->source.input);
        info->format = keep_text(look->owned, look->source.format);
        info->size_bytes = image_input_size_bytes(look->source.input);
        info->file_bytes = (uint64_t)status.st_size;
        return info->format ? INGOT_OK : ingot_fail_memory(err, sizeof(look->source.format));
}

static enum ingot_code look_into(struct belongings *owned, const struct ingot_inspect_request *request,
                                 const char *path, const struct manifest_volume *volume,
                                 const struct ingot_observer *observer, struct ingot_image_info *info,
                                 struct ingot_error *err)
{
        OWNED(look_close)
        struct look look = { .owned = owned, .info = info, .source = DISK_SOURCE_NONE };
        enum ingot_code r = look_open(request, path, volume, observer, &look, err);

        if (r)
                return r;
        look.warnings = keep(owned, calloc(WARNINGS_MAX, sizeof(*look.warnings)));
        info->path = keep_text(owned, path);
        if (!look.warnings || !info->path)
                return ingot_fail_memory(err, WARNINGS_MAX * sizeof(*look.warnings));
        info->warnings = look.warnings;
        info->volume_size_gib = (info->size_bytes + (UINT64_C(1) << 30) - 1) >> 30;
        r = look_at_table(&look, err);
        if (!r && volume)
                r = add_from_manifest(&look, volume, err);
        else if (!r && request->digests)
                r = compute_digests(&look, observer, err);
        return r;
}

static enum ingot_code look_into_folder(struct ingot_inspection *made,
                                        const struct ingot_inspect_request *request,
                                        const struct ingot_observer *observer, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        const char *folder = request->path;
        enum ingot_code r = folder_read_manifest(folder, &manifest, err);

        if (r)
                return r;
        made->images = keep(made->owned, calloc(manifest->volume_count + 1, sizeof(*made->images)));
        if (!made->images)
                return ingot_fail_memory(err, manifest->volume_count * sizeof(*made->images));
        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                const struct manifest_volume *volume = &manifest->volumes[i];
                OWNED(heap_drop) char *path = NULL;

                if (volume->file_count == 0)
                        continue;
                path = folder_path(folder, volume->files[0].name);
                if (!path)
                        return ingot_fail_memory(err, strlen(folder));
                r = look_into(made->owned, request, path, volume, observer, &made->images[made->image_count],
                              err);
                if (r)
                        return ingot_while(err, r, "inspecting '%s'", path);
                made->image_count++;
        }
        return INGOT_OK;
}

enum ingot_code ingot_inspect(const struct ingot_inspect_request *request,
                              const struct ingot_observer *observer, struct ingot_inspection **ret_inspection,
                              struct ingot_error *err)
{
        const char *path = request->path;
        struct ingot_inspection *made = calloc(1, sizeof(*made));
        enum ingot_code r;

        if (made)
                made->owned = calloc(1, sizeof(struct belongings));
        if (!made || !made->owned) {
                free(made);
                return ingot_fail_memory(err, sizeof(*made));
        }
        if (folder_is_one(path)) {
                r = look_into_folder(made, request, observer, err);
        } else {
                made->images = keep(made->owned, calloc(1, sizeof(*made->images)));
                made->image_count = 1;
                r = made->images ? look_into(made->owned, request, path, NULL, observer, made->images, err)
                                 : ingot_fail_memory(err, sizeof(*made->images));
                r = ingot_while(err, r, "inspecting '%s'", path);
        }
        if (r) {
                ingot_inspection_free(made);
                return r;
        }
        *ret_inspection = made;
        return INGOT_OK;
}

void ingot_inspection_free(struct ingot_inspection *inspection)
{
        if (!inspection)
                return;
        belongings_free(inspection->owned);
        free(inspection);
}
