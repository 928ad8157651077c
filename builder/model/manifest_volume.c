/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/own.h"
#include "base/plural.h"
#include "model/extent.h"
#include "model/manifest_members.h"
#include "model/manifest_volume.h"
#include "model/partition_type.h"

#define VOLUME_MAX_GIB UINT64_C(65536)
#define GIB_SECTORS    (UINT64_C(1) << 21)

static enum ingot_code read_features(const struct json_value *object,
                                     struct manifest_file_system *file_system, struct ingot_error *err)
{
        const struct json_value *features;
        enum ingot_code r = INGOT_OK;

        if (!json_value_member(object, "features"))
                return INGOT_OK;
        r = member_need_list(object, "file_system", "features", 200, &features, err);
        for (size_t i = 0; !r && i < json_value_count(features); i++) {
                const char *text = json_value_text(json_value_at(features, i));

                r = text ? manifest_add_feature(file_system, text, err)
                         : ingot_fail(err, INGOT_E_FORMAT, "a feature of a file system is no text");
        }
        return r;
}

static enum ingot_code read_uuid(const struct json_value *object, struct layout_partition *partition,
                                 struct ingot_error *err)
{
        const char *text;
        char digits[9];
        uint8_t bytes[4];
        enum ingot_code r;

        if (partition->file_system != FILE_SYSTEM_VFAT) {
                r = member_need_guid(object, "file_system", "uuid", &partition->uuid, err);
                if (!r && partition->file_system == FILE_SYSTEM_EXT4)
                        r = member_need_guid(object, "file_system", "hash_seed", &partition->hash_seed, err);
                return r;
        }
        r = json_need_text(object, "file_system", "uuid", &text, err);
        if (r)
                return r;
        if (strlen(text) != 9 || text[4] != '-')
                return member_fail(err, "no serial of a vfat:", text);
        (void)snprintf(digits, sizeof(digits), "%.4s%.4s", text, text + 5);
        if (!hex_decode(digits, bytes, sizeof(bytes)))
                return member_fail(err, "no serial of a vfat:", text);
        partition->vfat_serial = get_be32(bytes);
        return INGOT_OK;
}

static enum ingot_code read_file_system(const struct json_value *object, struct layout_partition *partition,
                                        struct manifest_file_system *described, struct ingot_error *err)
{
        static const char where[] = "file_system";
        const struct json_value *from;
        const char *type;
        enum ingot_code r;

        if (!json_value_member(object, where))
                return member_copy("", &partition->label, err);
        r = json_need_object(object, "partition", where, &from, err);
        if (!r)
                r = json_need_text(from, where, "type", &type, err);
        if (r)
                return r;
        if (!file_system_parse(type, &partition->file_system) || partition->file_system == FILE_SYSTEM_NONE)
                return member_fail(err, "unknown file system", type);
        r = json_value_member(from, "label") ? member_need_copy(from, where, "label", &partition->label, err)
                                             : member_copy("", &partition->label, err);
        if (!r)
                r = member_may_copy(from, where, "mount", &partition->mount, err);
        if (!r)
                r = read_uuid(from, partition, err);
        if (!r)
                r = member_may_u64(from, where, "fit_bytes", &described->fit_bytes, err);
        if (!r)
                r = member_may_u64(from, where, "block_bytes", &described->block_bytes, err);
        if (!r)
                r = member_may_u64(from, where, "inode_count", &described->inode_count, err);
        if (!r)
                r = member_may_u64(from, where, "file_count", &described->file_count, err);
        return r ? r : read_features(from, described, err);
}

/* Name, number and GUIDs: what the partition table says. */
static enum ingot_code read_table_entry(const struct json_value *object, bool has_table,
                                        struct layout_partition *partition, struct ingot_error *err)
{
        static const char where[] = "partition";
        uint64_t number;
        const char *type;
        enum ingot_code r = json_need_text(object, where, "type", &type, err);

        if (!r && !partition_type_parse(type, &partition->type))
                r = member_fail(err, "unknown partition type", type);
        if (!r)
                r = json_need_u64(object, where, "number", &number, err);
        if (!r && (has_table ? number < 1 || number > LAYOUT_PARTITIONS_MAX : number != 0))
                r = ingot_fail(err, INGOT_E_FORMAT, "%" PRIu64 " is no number of a partition", number);
        if (r)
                return r;
        partition->number = (uint32_t)number;
        if (!has_table)
                return member_copy("", &partition->name, err);
        r = member_need_copy(object, where, "name", &partition->name, err);
        if (!r)
                r = member_need_guid(object, where, "type_guid", &partition->type_guid, err);
        if (!r)
                r = member_need_guid(object, where, "unique_guid", &partition->unique_guid, err);
        return r;
}

static enum ingot_code read_partition(const struct json_value *object, const struct layout *layout,
                                      struct layout_partition *partition,
                                      struct manifest_file_system *described, struct ingot_error *err)
{
        enum ingot_code r = read_table_entry(object, layout->table == PARTITION_TABLE_GPT, partition, err);

        if (!r)
                r = json_need_u64(object, "partition", "start_lba", &partition->start_lba, err);
        if (!r)
                r = json_need_u64(object, "partition", "end_lba", &partition->end_lba, err);
        if (!r)
                r = read_file_system(object, partition, described, err);
        if (!r && (partition->start_lba >= partition->end_lba || partition->end_lba > layout->size_sectors))
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "partition %" PRIu32 ", sectors %" PRIu64 " to %" PRIu64
                               ", is not within the image's %" PRIu64,
                               partition->number, partition->start_lba, partition->end_lba,
                               layout->size_sectors);
        return r;
}

static enum ingot_code read_partitions(const struct json_value *object, struct manifest_volume *volume,
                                       struct ingot_error *err)
{
        struct layout *layout = &volume->layout;
        const struct json_value *list;
        enum ingot_code r =
                member_need_list(object, "volume", "partitions", LAYOUT_PARTITIONS_MAX, &list, err);
        size_t count;

        if (r)
                return r;
        count = json_value_count(list);
        layout->partitions = calloc(count ? count : 1, sizeof(*layout->partitions));
        volume->file_systems = calloc(count ? count : 1, sizeof(*volume->file_systems));
        if (!layout->partitions || !volume->file_systems)
                return ingot_fail_memory(err, count * sizeof(*layout->partitions));
        for (size_t i = 0; i < count && !r; i++) {
                layout->partition_count++;
                r = read_partition(json_value_at(list, i), layout, &layout->partitions[i],
                                   &volume->file_systems[i], err);
                for (size_t j = 0; j < i && !r; j++) {
                        const struct layout_partition *a = &layout->partitions[j],
                                                      *b = &layout->partitions[i];

                        if (a->number == b->number ||
                            (a->start_lba < b->end_lba && b->start_lba < a->end_lba))
                                r = ingot_fail(err, INGOT_E_FORMAT,
                                               "partitions %" PRIu32 " and %" PRIu32
                                               " have one number or overlap",
                                               a->number, b->number);
                }
        }
        return r;
}

static enum ingot_code read_layout(const struct json_value *object, struct manifest_volume *volume,
                                   struct ingot_error *err)
{
        static const char where[] = "volume";
        struct layout *layout = &volume->layout;
        const char *table;
        uint64_t size_bytes;
        enum ingot_code r = member_need_copy(object, where, "device_name", &layout->device_name, err);

        if (!r)
                r = json_need_text(object, where, "partition_table", &table, err);
        if (!r)
                r = json_need_u64(object, where, "size_bytes", &size_bytes, err);
        if (!r)
                r = json_need_u64(object, where, "volume_size_gib", &layout->volume_size_gib, err);
        if (r)
                return r;
        if (strcmp(table, "gpt") != 0 && strcmp(table, "none") != 0)
                return member_fail(err, "unknown partition table", table);
        layout->table = *table == 'g' ? PARTITION_TABLE_GPT : PARTITION_TABLE_NONE;
        layout->size_sectors = size_bytes / SECTOR_BYTES;
        if (!size_bytes || size_bytes % SECTOR_BYTES || !layout->volume_size_gib ||
            layout->volume_size_gib > VOLUME_MAX_GIB ||
            layout->size_sectors > layout->volume_size_gib * GIB_SECTORS)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "an image of %" PRIu64 " bytes cannot be a volume of %" PRIu64 " GiB",
                                  size_bytes, layout->volume_size_gib);
        if (layout->table == PARTITION_TABLE_GPT)
                r = member_need_guid(object, where, "disk_guid", &layout->disk_guid, err);
        return r ? r : read_partitions(object, volume, err);
}

static enum ingot_code read_digests(const struct json_value *object, uint64_t first, uint64_t end,
                                    struct block_map *map, struct ingot_error *err)
{
        const struct json_value *digests;
        enum ingot_code r = json_need_array(object, "run", "sha256", &digests, err);

        if (!r && json_value_count(digests) != end - first)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "the run of blocks %" PRIu64 " to %" PRIu64 " has %zu digests", first, end,
                               json_value_count(digests));
        for (uint64_t i = first; !r && i < end; i++) {
                const char *text = json_value_text(json_value_at(digests, (size_t)(i - first)));
                struct digest digest = { { 0 } };

                if (!text || !base64_decode(text, digest.bytes, DIGEST_BYTES) ||
                    digest_equal(&digest, &block_map_zero_digest))
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "block %" PRIu64 " has no SHA-256 in base64, or that of zeros", i);
                r = block_map_append_data(map, i, &digest, err);
        }
        return r;
}

static enum ingot_code read_run(const struct json_value *object, uint64_t *next, struct block_map *map,
                                struct ingot_error *err)
{
        uint64_t first, end;
        const char *state;
        enum ingot_code r = json_need_u64(object, "run", "first", &first, err);

        if (!r)
                r = json_need_u64(object, "run", "end", &end, err);
        if (!r)
                r = json_need_text(object, "run", "state", &state, err);
        if (r)
                return r;
        if (first < *next || first >= end || end > block_map_block_count(map))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the run of blocks %" PRIu64 " to %" PRIu64
                                  " does not ascend, or ends past the image's %" PRIu64,
                                  first, end, block_map_block_count(map));
        *next = end;
        if (strcmp(state, "zero") == 0)
                return block_map_append_zero(map, first, end, err);
        if (strcmp(state, "data") == 0)
                return read_digests(object, first, end, map, err);
        return member_fail(err, "unknown state of a run:", state);
}

static enum ingot_code read_runs(const struct json_value *blocks, struct block_map *map,
                                 struct ingot_error *err)
{
        const struct json_value *runs;
        uint64_t block_bytes, block_count, next = 0;
        enum ingot_code r = json_need_u64(blocks, "blocks", "block_bytes", &block_bytes, err);

        if (!r && block_bytes != BLOCK_BYTES)
                r = ingot_fail(err, INGOT_E_FORMAT, "blocks have %" PRIu64 " bytes, not %d", block_bytes,
                               BLOCK_BYTES);
        if (!r)
                r = json_need_u64(blocks, "blocks", "block_count", &block_count, err);
        if (!r && block_count != block_map_block_count(map))
                r = ingot_fail(err, INGOT_E_FORMAT, "there %s %" PRIu64 " %s, and the image has %" PRIu64,
                               plural(block_count, "is", "are"), block_count,
                               plural(block_count, "block", "blocks"), block_map_block_count(map));
        if (!r)
                r = json_need_array(blocks, "blocks", "runs", &runs, err);
        for (size_t i = 0; !r && i < json_value_count(runs); i++)
                r = read_run(json_value_at(runs, i), &next, map, err);
        return r;
}

/* The block map, and the two digests that follow from it. */
static enum ingot_code read_blocks(const struct json_value *object, struct manifest_volume *volume,
                                   struct ingot_error *err)
{
        OWNED(block_map_release) struct block_map map;
        const struct json_value *blocks;
        struct digest image = { { 0 } }, linear = { { 0 } };
        const char *text;
        enum ingot_code r;

        block_map_init(&map, volume->layout.size_sectors * SECTOR_BYTES);
        r = member_need_hex(object, "volume", "image_digest", &image, err);
        if (!r)
                r = json_need_text(object, "volume", "linear_digest", &text, err);
        if (!r && !base64_decode(text, linear.bytes, DIGEST_BYTES))
                r = member_fail(err, "no SHA-256 in base64:", text);
        if (!r)
                r = json_need_object(object, "volume", "blocks", &blocks, err);
        if (!r)
                r = read_runs(blocks, &map, err);
        if (!r)
                r = manifest_volume_seal(volume, &map, err);
        if (!r &&
            !(digest_equal(&image, &volume->image_digest) && digest_equal(&linear, &volume->linear_digest)))
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "the image and LINEAR digests of '%s' are not those of its blocks",
                               volume->layout.device_name);
        return r;
}

/* The name of a file beside the manifest. */
static bool is_file_name(const char *name)
{
        return *name && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
               strlen(name) <= 255;
}

static enum ingot_code read_compressor(const struct json_value *object, struct manifest_file *file,
                                       struct ingot_error *err)
{
        const struct json_value *from;
        uint64_t level;
        enum ingot_code r;

        if (!json_value_member(object, "compressor"))
                return INGOT_OK;
        r = json_need_object(object, "file", "compressor", &from, err);
        if (!r)
                r = member_need_copy(from, "compressor", "name", &file->compressor, err);
        if (!r)
                r = member_may_copy(from, "compressor", "version", &file->compressor_version, err);
        if (!r)
                r = json_need_u64(from, "compressor", "level", &level, err);
        if (!r && level > UINT32_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "%" PRIu64 " is no level of compression", level);
        if (!r)
                file->compression_level = (uint32_t)level;
        return r;
}

static enum ingot_code read_file(const struct json_value *object, struct manifest_file *file,
                                 struct ingot_error *err)
{
        const char *format;
        enum ingot_code r = json_need_text(object, "file", "format", &format, err);

        if (!r && strcmp(format, "raw") != 0 && strcmp(format, "vmdk") != 0)
                r = member_fail(err, "unknown format of a file:", format);
        if (!r)
                r = member_need_copy(object, "file", "name", &file->name, err);
        if (r)
                return r;
        file->format = *format == 'r' ? MANIFEST_RAW : MANIFEST_VMDK;
        if (!is_file_name(file->name))
                return member_fail(err, "no name of a file beside the manifest:", file->name);
        r = json_need_u64(object, "file", "size_bytes", &file->size_bytes, err);
        file->has_digest = json_value_member(object, "sha256") != NULL;
        if (!r && file->has_digest)
                r = member_need_hex(object, "file", "sha256", &file->digest, err);
        return r ? r : read_compressor(object, file, err);
}

static enum ingot_code read_files(const struct json_value *object, struct manifest_volume *volume,
                                  struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = member_need_list(object, "volume", "files", 16, &list, err);

        if (r)
                return r;
        volume->files = calloc(json_value_count(list) + 1, sizeof(*volume->files));
        if (!volume->files)
                return ingot_fail_memory(err, sizeof(*volume->files));
        for (size_t i = 0; i < json_value_count(list) && !r; i++)
                r = read_file(json_value_at(list, i), &volume->files[volume->file_count++], err);
        return r;
}

static enum ingot_code read_lock(const struct json_value *object, struct manifest_lock *lock,
                                 struct ingot_error *err)
{
        static const char where[] = "layout_lock";
        const struct json_value *from;
        enum ingot_code r;

        if (!json_value_member(object, where))
                return INGOT_OK;
        if ((r = json_need_object(object, "volume", where, &from, err)) ||
            (r = member_need_copy(from, where, "name", &lock->name, err)))
                return r;
        if (!is_file_name(lock->name))
                return member_fail(err, "no name of a file beside the manifest:", lock->name);
        if ((r = json_need_u64(from, where, "size_bytes", &lock->size_bytes, err)) ||
            (r = member_need_hex(from, where, "sha256", &lock->digest, err)))
                return r;
        lock->has_followed = json_value_member(from, "followed_sha256") != NULL;
        return lock->has_followed ? member_need_hex(from, where, "followed_sha256", &lock->followed, err)
                                  : INGOT_OK;
}

enum ingot_code manifest_read_volume(const struct json_value *object, bool is_plan,
                                     struct manifest_volume *volume, struct ingot_error *err)
{
        enum ingot_code r = read_layout(object, volume, err);

        if (!r)
                r = read_lock(object, &volume->lock, err);
        if (!r && !is_plan)
                r = read_blocks(object, volume, err);
        if (!r && !is_plan)
                r = read_files(object, volume, err);
        return r;
}
