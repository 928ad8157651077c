/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "model/extent.h"
#include "model/manifest.h"
#include "model/partition_type.h"

/* Far beyond what a build makes, and small beside the document that would have to hold them. */
enum { LIST_MAX = 100000, MAPPING_TEXT_MAX_BYTES = 1 << 20 };

#define VOLUME_MAX_GIB UINT64_C(65536)
#define GIB_SECTORS    (UINT64_C(1) << 21)

static enum ingot_code copy(const char *text, char **ret_copy, struct ingot_error *err)
{
        char *made = strdup(text);

        if (!made)
                return ingot_fail_memory(err, strlen(text) + 1);
        *ret_copy = made;
        return INGOT_OK;
}

static enum ingot_code need_copy(const struct json_value *object, const char *where, const char *key,
                                 char **ret_copy, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        return r ? r : copy(text, ret_copy, err);
}

/* A text that may be left out: *ret_copy is NULL then. */
static enum ingot_code may_copy(const struct json_value *object, const char *where, const char *key,
                                char **ret_copy, struct ingot_error *err)
{
        *ret_copy = NULL;
        return json_value_member(object, key) ? need_copy(object, where, key, ret_copy, err) : INGOT_OK;
}

static enum ingot_code may_u64(const struct json_value *object, const char *where, const char *key,
                               uint64_t *ret_value, struct ingot_error *err)
{
        *ret_value = 0;
        return json_value_member(object, key) ? json_need_u64(object, where, key, ret_value, err) : INGOT_OK;
}

static enum ingot_code need_hex(const struct json_value *object, const char *where, const char *key,
                                struct digest *ret_digest, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        if (!r && !hex_decode(text, ret_digest->bytes, DIGEST_BYTES))
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is no SHA-256 in hex", key, where);
        return r;
}

static enum ingot_code need_guid(const struct json_value *object, const char *where, const char *key,
                                 struct guid *ret_guid, struct ingot_error *err)
{
        const char *text;
        enum ingot_code r = json_need_text(object, where, key, &text, err);

        if (!r && !guid_parse(text, ret_guid))
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s is no GUID", key, where);
        return r;
}

static enum ingot_code need_list(const struct json_value *object, const char *where, const char *key,
                                 size_t most, const struct json_value **ret_list, struct ingot_error *err)
{
        enum ingot_code r = json_need_array(object, where, key, ret_list, err);

        if (!r && json_value_count(*ret_list) > most)
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' of %s has %zu items; at most %zu are possible", key,
                               where, json_value_count(*ret_list), most);
        return r;
}

static enum ingot_code fail_format(struct ingot_error *err, const char *what, const char *name)
{
        return ingot_fail(err, INGOT_E_FORMAT, "%s '%s'", what, name);
}

/* An object of texts: tags, settings. */
static enum ingot_code read_pairs(const struct json_value *object, const char *where, const char *key,
                                  struct manifest_tag **pairs, size_t *count, struct ingot_error *err)
{
        const struct json_value *from;
        enum ingot_code r = json_need_object(object, where, key, &from, err);
        size_t total = 0;

        if (r)
                return r;
        for (void *at = json_value_first(from); at; at = json_value_next(from, at))
                total++;
        *pairs = calloc(total ? total : 1, sizeof(**pairs));
        if (!*pairs)
                return ingot_fail_memory(err, total * sizeof(**pairs));
        for (void *at = json_value_first(from); at && !r; at = json_value_next(from, at)) {
                struct manifest_tag *pair = &(*pairs)[(*count)++];

                r = copy(json_value_key(at), &pair->key, err);
                if (!r)
                        r = need_copy(from, key, json_value_key(at), &pair->value, err);
        }
        return r;
}

static enum ingot_code read_features(const struct json_value *object,
                                     struct manifest_file_system *file_system, struct ingot_error *err)
{
        const struct json_value *features;
        enum ingot_code r = INGOT_OK;

        if (!json_value_member(object, "features"))
                return INGOT_OK;
        r = need_list(object, "file_system", "features", 200, &features, err);
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
                r = need_guid(object, "file_system", "uuid", &partition->uuid, err);
                if (!r && partition->file_system == FILE_SYSTEM_EXT4)
                        r = need_guid(object, "file_system", "hash_seed", &partition->hash_seed, err);
                return r;
        }
        r = json_need_text(object, "file_system", "uuid", &text, err);
        if (r)
                return r;
        if (strlen(text) != 9 || text[4] != '-')
                return fail_format(err, "no serial of a vfat:", text);
        (void)snprintf(digits, sizeof(digits), "%.4s%.4s", text, text + 5);
        if (!hex_decode(digits, bytes, sizeof(bytes)))
                return fail_format(err, "no serial of a vfat:", text);
        partition->vfat_serial =
                (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
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
                return copy("", &partition->label, err);
        r = json_need_object(object, "partition", where, &from, err);
        if (!r)
                r = json_need_text(from, where, "type", &type, err);
        if (r)
                return r;
        if (!file_system_parse(type, &partition->file_system) || partition->file_system == FILE_SYSTEM_NONE)
                return fail_format(err, "unknown file system", type);
        r = json_value_member(from, "label") ? need_copy(from, where, "label", &partition->label, err)
                                             : copy("", &partition->label, err);
        if (!r)
                r = may_copy(from, where, "mount", &partition->mount, err);
        if (!r)
                r = read_uuid(from, partition, err);
        if (!r)
                r = may_u64(from, where, "fit_bytes", &described->fit_bytes, err);
        if (!r)
                r = may_u64(from, where, "block_bytes", &described->block_bytes, err);
        if (!r)
                r = may_u64(from, where, "inode_count", &described->inode_count, err);
        if (!r)
                r = may_u64(from, where, "file_count", &described->file_count, err);
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
                r = fail_format(err, "unknown partition type", type);
        if (!r)
                r = json_need_u64(object, where, "number", &number, err);
        if (!r && (has_table ? number < 1 || number > LAYOUT_PARTITIONS_MAX : number != 0))
                r = ingot_fail(err, INGOT_E_FORMAT, "%" PRIu64 " is no number of a partition", number);
        if (r)
                return r;
        partition->number = (uint32_t)number;
        if (!has_table)
                return copy("", &partition->name, err);
        r = need_copy(object, where, "name", &partition->name, err);
        if (!r)
                r = need_guid(object, where, "type_guid", &partition->type_guid, err);
        if (!r)
                r = need_guid(object, where, "unique_guid", &partition->unique_guid, err);
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
        enum ingot_code r = need_list(object, "volume", "partitions", LAYOUT_PARTITIONS_MAX, &list, err);
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
        enum ingot_code r = need_copy(object, where, "device_name", &layout->device_name, err);

        if (!r)
                r = json_need_text(object, where, "partition_table", &table, err);
        if (!r)
                r = json_need_u64(object, where, "size_bytes", &size_bytes, err);
        if (!r)
                r = json_need_u64(object, where, "volume_size_gib", &layout->volume_size_gib, err);
        if (r)
                return r;
        if (strcmp(table, "gpt") != 0 && strcmp(table, "none") != 0)
                return fail_format(err, "unknown partition table", table);
        layout->table = *table == 'g' ? PARTITION_TABLE_GPT : PARTITION_TABLE_NONE;
        layout->size_sectors = size_bytes / SECTOR_BYTES;
        if (!size_bytes || size_bytes % SECTOR_BYTES || !layout->volume_size_gib ||
            layout->volume_size_gib > VOLUME_MAX_GIB ||
            layout->size_sectors > layout->volume_size_gib * GIB_SECTORS)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "an image of %" PRIu64 " bytes cannot be a volume of %" PRIu64 " GiB",
                                  size_bytes, layout->volume_size_gib);
        if (layout->table == PARTITION_TABLE_GPT)
                r = need_guid(object, where, "disk_guid", &layout->disk_guid, err);
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
                struct digest digest;

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
        return fail_format(err, "unknown state of a run:", state);
}

static enum ingot_code read_runs(const struct json_value *blocks, struct block_map *map,
                                 struct ingot_error *err)
{
        const struct json_value *runs;
        uint64_t block_bytes, next = 0;
        enum ingot_code r = json_need_u64(blocks, "blocks", "block_bytes", &block_bytes, err);

        if (!r && block_bytes != BLOCK_BYTES)
                r = ingot_fail(err, INGOT_E_FORMAT, "blocks have %" PRIu64 " bytes, not %d", block_bytes,
                               BLOCK_BYTES);
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
        struct digest image, linear;
        const char *text;
        enum ingot_code r;

        block_map_init(&map, volume->layout.size_sectors * SECTOR_BYTES);
        r = need_hex(object, "volume", "image_digest", &image, err);
        if (!r)
                r = json_need_text(object, "volume", "linear_digest", &text, err);
        if (!r && !base64_decode(text, linear.bytes, DIGEST_BYTES))
                r = fail_format(err, "no SHA-256 in base64:", text);
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
                r = need_copy(from, "compressor", "name", &file->compressor, err);
        if (!r)
                r = may_copy(from, "compressor", "version", &file->compressor_version, err);
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
                r = fail_format(err, "unknown format of a file:", format);
        if (!r)
                r = need_copy(object, "file", "name", &file->name, err);
        if (r)
                return r;
        file->format = *format == 'r' ? MANIFEST_RAW : MANIFEST_VMDK;
        if (!is_file_name(file->name))
                return fail_format(err, "no name of a file beside the manifest:", file->name);
        r = json_need_u64(object, "file", "size_bytes", &file->size_bytes, err);
        file->has_digest = json_value_member(object, "sha256") != NULL;
        if (!r && file->has_digest)
                r = need_hex(object, "file", "sha256", &file->digest, err);
        return r ? r : read_compressor(object, file, err);
}

static enum ingot_code read_files(const struct json_value *object, struct manifest_volume *volume,
                                  struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = need_list(object, "volume", "files", 16, &list, err);

        if (r)
                return r;
        volume->files = calloc(json_value_count(list) + 1, sizeof(*volume->files));
        if (!volume->files)
                return ingot_fail_memory(err, sizeof(*volume->files));
        for (size_t i = 0; i < json_value_count(list) && !r; i++)
                r = read_file(json_value_at(list, i), &volume->files[volume->file_count++], err);
        return r;
}

static enum ingot_code read_volumes(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = need_list(root, "manifest", "volumes", MANIFEST_VOLUMES_MAX, &list, err);

        if (r)
                return r;
        manifest->volumes = calloc(json_value_count(list) + 1, sizeof(*manifest->volumes));
        if (!manifest->volumes)
                return ingot_fail_memory(err, sizeof(*manifest->volumes));
        for (size_t i = 0; i < json_value_count(list) && !r; i++) {
                struct manifest_volume *volume = &manifest->volumes[i];
                const struct json_value *object = json_value_at(list, i);

                manifest->volume_count++;
                r = read_layout(object, volume, err);
                for (size_t j = 0; j < i && !r; j++) {
                        if (strcmp(manifest->volumes[j].layout.device_name, volume->layout.device_name) == 0)
                                r = fail_format(err, "two volumes are", volume->layout.device_name);
                }
                if (!r && !manifest->is_plan)
                        r = read_blocks(object, volume, err);
                if (!r && !manifest->is_plan)
                        r = read_files(object, volume, err);
        }
        return r;
}

static enum ingot_code read_source(const struct json_value *object, struct manifest_source *source,
                                   struct ingot_error *err)
{
        enum ingot_code r = may_copy(object, "source", "device_name", &source->device_name, err);

        if (!r)
                r = need_copy(object, "source", "kind", &source->kind, err);
        if (!r)
                r = need_copy(object, "source", "name", &source->name, err);
        if (!r)
                r = json_need_u64(object, "source", "size_bytes", &source->size_bytes, err);
        source->has_digest = json_value_member(object, "sha256") != NULL;
        if (!r && source->has_digest)
                r = need_hex(object, "source", "sha256", &source->digest, err);
        return r;
}

static enum ingot_code read_sources(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = need_list(root, "manifest", "sources", LIST_MAX, &list, err);

        if (r)
                return r;
        manifest->sources = calloc(json_value_count(list) + 1, sizeof(*manifest->sources));
        if (!manifest->sources)
                return ingot_fail_memory(err, sizeof(*manifest->sources));
        for (size_t i = 0; i < json_value_count(list) && !r; i++)
                r = read_source(json_value_at(list, i), &manifest->sources[manifest->source_count++], err);
        return r;
}

static enum ingot_code read_tools(const struct json_value *root, struct manifest *manifest,
                                  struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = need_list(root, "manifest", "tools", 1000, &list, err);

        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                const char *name, *version;

                r = json_need_text(json_value_at(list, i), "tool", "name", &name, err);
                if (!r)
                        r = json_need_text(json_value_at(list, i), "tool", "version", &version, err);
                if (!r)
                        r = manifest_add_tool(manifest, name, version, err);
        }
        return r;
}

static enum ingot_code read_warnings(const struct json_value *root, struct manifest *manifest,
                                     struct ingot_error *err)
{
        const struct json_value *list;
        enum ingot_code r = need_list(root, "manifest", "warnings", LIST_MAX, &list, err);

        if (r)
                return r;
        manifest->warnings = calloc(json_value_count(list) + 1, sizeof(*manifest->warnings));
        if (!manifest->warnings)
                return ingot_fail_memory(err, sizeof(*manifest->warnings));
        for (size_t i = 0; !r && i < json_value_count(list); i++) {
                const char *text = json_value_text(json_value_at(list, i));

                if (!text)
                        return ingot_fail(err, INGOT_E_FORMAT, "a warning is no text");
                r = copy(text, &manifest->warnings[manifest->warning_count++], err);
        }
        return r;
}

static enum ingot_code read_mapping(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(MAPPING_TEXT_MAX_BYTES);
        const struct json_value *from;
        enum ingot_code r = json_need_array(root, "manifest", "block_device_mapping", &from, err);

        if (!r)
                r = json_value_print(from, &text, err);
        if (!r)
                r = mapping_parse(text.bytes, text.size_bytes, "block_device_mapping", &complaints,
                                  &manifest->mapping, err);
        if (r == INGOT_E_TEMPLATE)
                r = ingot_fail(err, INGOT_E_FORMAT, "'block_device_mapping' is no good mapping: %s",
                               complaints.count ? complaints.complaints[0].text : "");
        if (!r)
                r = json_value_parse(text.bytes, text.size_bytes, "block_device_mapping",
                                     &manifest->mapping_json, err);
        return r;
}

static enum ingot_code read_ami(const struct json_value *root, struct manifest *manifest,
                                struct ingot_error *err)
{
        static const char where[] = "ami";
        struct manifest_ami *ami = &manifest->ami;
        const struct json_value *from;
        enum ingot_code r = json_need_object(root, "manifest", where, &from, err);

        if (!r)
                r = may_copy(from, where, "boot_mode", &ami->boot_mode, err);
        if (!r)
                r = may_copy(from, where, "imds", &ami->imds, err);
        if (!r)
                r = may_copy(from, where, "sriov", &ami->sriov, err);
        if (!r)
                r = may_copy(from, where, "tpm", &ami->tpm, err);
        if (!r && !json_value_bool(json_value_member(from, "ena"), &ami->ena))
                r = ingot_fail(err, INGOT_E_FORMAT, "ami has no truth value 'ena'");
        return r ? r : read_pairs(from, where, "tags", &ami->tags, &ami->tag_count, err);
}

static enum ingot_code read_head(const struct json_value *root, struct manifest *manifest,
                                 struct ingot_error *err)
{
        static const char where[] = "manifest";
        const struct json_value *template;
        enum ingot_code r = need_copy(root, where, "ingot_version", &manifest->ingot_version, err);

        if (!r)
                r = need_copy(root, where, "name", &manifest->name, err);
        if (!r)
                r = may_copy(root, where, "description", &manifest->description, err);
        if (!r)
                r = need_copy(root, where, "architecture", &manifest->architecture, err);
        if (!r)
                r = may_copy(root, where, "version", &manifest->version, err);
        if (!r)
                r = need_copy(root, where, "root_device", &manifest->root_device, err);
        if (!r)
                r = need_guid(root, where, "seed", &manifest->seed, err);
        if (!r)
                r = json_need_u64(root, where, "source_date_epoch", &manifest->source_date_epoch, err);
        if (!r && manifest->source_date_epoch > UINT32_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "'source_date_epoch' is past the year 2106");
        if (!r)
                r = json_need_object(root, where, "template", &template, err);
        if (!r)
                r = need_copy(template, "template", "file", &manifest->template_name, err);
        if (!r)
                r = need_hex(template, "template", "sha256", &manifest->template_digest, err);
        return r ? r
                 : read_pairs(template, "template", "settings", &manifest->settings, &manifest->setting_count,
                              err);
}

static enum ingot_code check_format(const struct json_value *root, struct manifest *manifest,
                                    struct ingot_error *err)
{
        const char *format;
        uint64_t version;
        enum ingot_code r = json_need_text(root, "manifest", "format", &format, err);

        if (!r && strcmp(format, "ingot-manifest") != 0 && strcmp(format, "ingot-plan") != 0)
                r = fail_format(err, "neither a manifest nor a plan of ingot, but", format);
        if (!r)
                r = json_need_u64(root, "manifest", "format_version", &version, err);
        if (!r && version != MANIFEST_VERSION)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "it is a manifest of version %" PRIu64 "; this ingot reads version %d",
                               version, MANIFEST_VERSION);
        if (!r)
                manifest->is_plan = strcmp(format, "ingot-plan") == 0;
        return r;
}

enum ingot_code manifest_parse(const char *bytes, size_t size_bytes, const char *name,
                               struct manifest **ret_manifest, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        OWNED(json_value_drop) struct json_value *root = NULL;
        enum ingot_code (*const readers[])(const struct json_value *, struct manifest *,
                                           struct ingot_error *) = { check_format,  read_head,    read_ami,
                                                                     read_mapping,  read_sources, read_tools,
                                                                     read_warnings, read_volumes };
        enum ingot_code r;

        if (size_bytes > MANIFEST_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' has %zu bytes; a manifest has at most %d", name,
                                  size_bytes, MANIFEST_MAX_BYTES);
        r = json_value_parse(bytes, size_bytes, name, &root, err);
        if (r)
                return r;
        manifest = calloc(1, sizeof(*manifest));
        if (!manifest)
                return ingot_fail_memory(err, sizeof(*manifest));
        for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && !r; i++)
                r = readers[i](root, manifest, err);
        if (r)
                return ingot_while(err, r, "reading manifest '%s'", name);
        *ret_manifest = TAKE(manifest);
        return INGOT_OK;
}
