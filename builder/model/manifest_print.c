/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/clock.h"
#include "base/own.h"
#include "model/manifest.h"
#include "model/manifest_release.h"
#include "model/partition_type.h"

static void put_hex(struct json_doc *doc, struct json_value *object, const char *key,
                    const struct digest *digest)
{
        char text[DIGEST_HEX_CHARS + 1];

        hex_encode(digest->bytes, DIGEST_BYTES, text);
        json_doc_put_text(doc, object, key, text);
}

static void put_guid(struct json_doc *doc, struct json_value *object, const char *key,
                     const struct guid *guid)
{
        char text[GUID_TEXT_CHARS + 1];

        guid_print(guid, text);
        json_doc_put_text(doc, object, key, text);
}

/* Leaves the member out when there is no text. */
static void put_text_if(struct json_doc *doc, struct json_value *object, const char *key, const char *text)
{
        if (text && *text)
                json_doc_put_text(doc, object, key, text);
}

static void put_u64_if(struct json_doc *doc, struct json_value *object, const char *key, uint64_t value)
{
        if (value)
                json_doc_put_u64(doc, object, key, value);
}

static void put_pairs(struct json_doc *doc, struct json_value *object, const char *key,
                      const struct manifest_tag *pairs, size_t count)
{
        struct json_value *made = json_doc_put_object(doc, object, key);

        for (size_t i = 0; i < count; i++)
                json_doc_put_text(doc, made, pairs[i].key, pairs[i].value);
}

static void put_file_system(struct json_doc *doc, struct json_value *object,
                            const struct layout_partition *partition,
                            const struct manifest_file_system *described)
{
        struct json_value *made, *features;
        char serial[16];

        if (partition->file_system == FILE_SYSTEM_NONE)
                return;
        made = json_doc_put_object(doc, object, "file_system");
        json_doc_put_text(doc, made, "type", file_system_name(partition->file_system));
        put_text_if(doc, made, "label", partition->label);
        put_text_if(doc, made, "mount", partition->mount);
        if (partition->file_system == FILE_SYSTEM_VFAT) {
                (void)snprintf(serial, sizeof(serial), "%04X-%04X", (unsigned)(partition->vfat_serial >> 16),
                               (unsigned)(partition->vfat_serial & 0xffff));
                json_doc_put_text(doc, made, "uuid", serial);
        } else {
                put_guid(doc, made, "uuid", &partition->uuid);
        }
        if (partition->file_system == FILE_SYSTEM_EXT4)
                put_guid(doc, made, "hash_seed", &partition->hash_seed);
        put_u64_if(doc, made, "fit_bytes", described->fit_bytes);
        put_u64_if(doc, made, "block_bytes", described->block_bytes);
        put_u64_if(doc, made, "inode_count", described->inode_count);
        put_u64_if(doc, made, "file_count", described->file_count);
        if (!described->feature_count)
                return;
        features = json_doc_put_array(doc, made, "features");
        for (size_t i = 0; i < described->feature_count; i++)
                json_doc_push_text(doc, features, described->features[i]);
}

static void put_layout(struct json_doc *doc, struct json_value *object, const struct manifest_volume *volume)
{
        const struct layout *layout = &volume->layout;
        struct json_value *partitions;
        bool has_table = layout->table == PARTITION_TABLE_GPT;

        json_doc_put_text(doc, object, "device_name", layout->device_name);
        json_doc_put_u64(doc, object, "size_bytes", layout->size_sectors * 512);
        json_doc_put_u64(doc, object, "volume_size_gib", layout->volume_size_gib);
        json_doc_put_text(doc, object, "partition_table", has_table ? "gpt" : "none");
        if (has_table)
                put_guid(doc, object, "disk_guid", &layout->disk_guid);
        partitions = json_doc_put_array(doc, object, "partitions");
        for (size_t i = 0; i < layout->partition_count; i++) {
                const struct layout_partition *partition = &layout->partitions[i];
                struct json_value *made = json_doc_push_object(doc, partitions);

                json_doc_put_u64(doc, made, "number", partition->number);
                json_doc_put_text(doc, made, "type", partition_type_name(partition->type));
                json_doc_put_u64(doc, made, "start_lba", partition->start_lba);
                json_doc_put_u64(doc, made, "end_lba", partition->end_lba);
                json_doc_put_u64(doc, made, "offset_bytes", partition->start_lba * 512);
                json_doc_put_u64(doc, made, "size_bytes", (partition->end_lba - partition->start_lba) * 512);
                if (has_table) {
                        json_doc_put_text(doc, made, "name", partition->name);
                        put_guid(doc, made, "type_guid", &partition->type_guid);
                        put_guid(doc, made, "unique_guid", &partition->unique_guid);
                }
                put_file_system(doc, made, partition, &volume->file_systems[i]);
        }
}

static void put_run(struct json_doc *doc, struct json_value *runs, const struct block_map *map,
                    const struct block_run *run)
{
        struct json_value *made = json_doc_push_object(doc, runs), *digests;
        char text[DIGEST_BASE64_CHARS + 1];

        json_doc_put_u64(doc, made, "first", run->first_index);
        json_doc_put_u64(doc, made, "end", run->end_index);
        json_doc_put_text(doc, made, "state", run->state == BLOCK_DATA ? "data" : "zero");
        if (run->state != BLOCK_DATA)
                return;
        digests = json_doc_put_array(doc, made, "sha256");
        for (uint64_t i = 0; i < run->end_index - run->first_index; i++) {
                base64_encode(map->digests[run->first_digest + i].bytes, DIGEST_BYTES, text);
                json_doc_push_text(doc, digests, text);
        }
}

static void put_blocks(struct json_doc *doc, struct json_value *object, const struct block_map *map)
{
        struct json_value *blocks = json_doc_put_object(doc, object, "blocks"), *runs;

        json_doc_put_u64(doc, blocks, "block_bytes", BLOCK_BYTES);
        json_doc_put_u64(doc, blocks, "block_count", block_map_block_count(map));
        json_doc_put_u64(doc, blocks, "data_count", block_map_data_count(map));
        json_doc_put_u64(doc, blocks, "zero_count", block_map_zero_count(map));
        runs = json_doc_put_array(doc, blocks, "runs");
        for (size_t i = 0; i < map->run_count; i++)
                put_run(doc, runs, map, &map->runs[i]);
}

static void put_files(struct json_doc *doc, struct json_value *object, const struct manifest_volume *volume)
{
        struct json_value *files = json_doc_put_array(doc, object, "files");

        for (size_t i = 0; i < volume->file_count; i++) {
                const struct manifest_file *file = &volume->files[i];
                struct json_value *made = json_doc_push_object(doc, files), *compressor;

                json_doc_put_text(doc, made, "format", manifest_format_name(file->format));
                json_doc_put_text(doc, made, "name", file->name);
                json_doc_put_u64(doc, made, "size_bytes", file->size_bytes);
                if (file->has_digest)
                        put_hex(doc, made, "sha256", &file->digest);
                if (!file->compressor)
                        continue;
                compressor = json_doc_put_object(doc, made, "compressor");
                json_doc_put_text(doc, compressor, "name", file->compressor);
                put_text_if(doc, compressor, "version", file->compressor_version);
                json_doc_put_u64(doc, compressor, "level", file->compression_level);
        }
}

static void put_lock(struct json_doc *doc, struct json_value *object, const struct manifest_lock *lock)
{
        struct json_value *made;

        if (!lock->name)
                return;
        made = json_doc_put_object(doc, object, "layout_lock");
        json_doc_put_text(doc, made, "name", lock->name);
        json_doc_put_u64(doc, made, "size_bytes", lock->size_bytes);
        put_hex(doc, made, "sha256", &lock->digest);
        if (lock->has_followed)
                put_hex(doc, made, "followed_sha256", &lock->followed);
}

static enum ingot_code put_volumes(struct json_doc *doc, const struct manifest *manifest,
                                   struct ingot_error *err)
{
        struct json_value *volumes = json_doc_put_array(doc, doc->root, "volumes");

        for (size_t i = 0; i < manifest->volume_count; i++) {
                const struct manifest_volume *volume = &manifest->volumes[i];
                struct json_value *made = json_doc_push_object(doc, volumes);
                char linear[DIGEST_BASE64_CHARS + 1];

                put_layout(doc, made, volume);
                put_lock(doc, made, &volume->lock);
                if (manifest->is_plan)
                        continue;
                if (!volume->built)
                        return ingot_fail(err, INGOT_E_BUG, "volume '%s' is not built",
                                          volume->layout.device_name);
                put_hex(doc, made, "image_digest", &volume->image_digest);
                base64_encode(volume->linear_digest.bytes, DIGEST_BYTES, linear);
                json_doc_put_text(doc, made, "linear_digest", linear);
                put_blocks(doc, made, &volume->map);
                put_files(doc, made, volume);
        }
        return INGOT_OK;
}

static void put_sources(struct json_doc *doc, const struct manifest *manifest)
{
        struct json_value *sources = json_doc_put_array(doc, doc->root, "sources");

        for (size_t i = 0; i < manifest->source_count; i++) {
                const struct manifest_source *source = &manifest->sources[i];
                struct json_value *made = json_doc_push_object(doc, sources);

                put_text_if(doc, made, "device_name", source->device_name);
                json_doc_put_text(doc, made, "kind", source->kind);
                json_doc_put_text(doc, made, "name", source->name);
                json_doc_put_u64(doc, made, "size_bytes", source->size_bytes);
                if (source->has_digest)
                        put_hex(doc, made, "sha256", &source->digest);
        }
}

static void put_ami(struct json_doc *doc, const struct manifest *manifest)
{
        const struct manifest_ami *ami = &manifest->ami;
        struct json_value *made = json_doc_put_object(doc, doc->root, "ami");

        put_text_if(doc, made, "boot_mode", ami->boot_mode);
        json_doc_put_bool(doc, made, "ena", ami->ena);
        put_text_if(doc, made, "imds", ami->imds);
        put_text_if(doc, made, "sriov", ami->sriov);
        put_text_if(doc, made, "tpm", ami->tpm);
        manifest_put_ami_extras(doc, made, ami);
        put_pairs(doc, made, "tags", ami->tags, ami->tag_count);
        manifest_put_release(doc, manifest);
}

static void put_head(struct json_doc *doc, const struct manifest *manifest)
{
        struct json_value *made, *tools, *warnings;
        char date[CLOCK_ISO_CHARS + 1];

        json_doc_put_text(doc, doc->root, "format", manifest->is_plan ? "ingot-plan" : "ingot-manifest");
        json_doc_put_u64(doc, doc->root, "format_version", MANIFEST_VERSION);
        json_doc_put_text(doc, doc->root, "ingot_version", manifest->ingot_version);
        json_doc_put_text(doc, doc->root, "name", manifest->name);
        if (manifest->description)
                json_doc_put_text(doc, doc->root, "description", manifest->description);
        json_doc_put_text(doc, doc->root, "architecture", manifest->architecture);
        put_text_if(doc, doc->root, "version", manifest->version);
        json_doc_put_text(doc, doc->root, "root_device", manifest->root_device);
        put_guid(doc, doc->root, "seed", &manifest->seed);
        json_doc_put_u64(doc, doc->root, "source_date_epoch", manifest->source_date_epoch);
        clock_print_iso((int64_t)manifest->source_date_epoch, date);
        json_doc_put_text(doc, doc->root, "source_date", date);
        made = json_doc_put_object(doc, doc->root, "template");
        json_doc_put_text(doc, made, "file", manifest->template_name);
        put_hex(doc, made, "sha256", &manifest->template_digest);
        put_pairs(doc, made, "settings", manifest->settings, manifest->setting_count);
        tools = json_doc_put_array(doc, doc->root, "tools");
        for (size_t i = 0; i < manifest->tool_count; i++) {
                made = json_doc_push_object(doc, tools);
                json_doc_put_text(doc, made, "name", manifest->tools[i].name);
                json_doc_put_text(doc, made, "version", manifest->tools[i].version);
        }
        warnings = json_doc_put_array(doc, doc->root, "warnings");
        for (size_t i = 0; i < manifest->warning_count; i++)
                json_doc_push_text(doc, warnings, manifest->warnings[i]);
        json_doc_put_copy(doc, doc->root, "block_device_mapping", manifest->mapping_json);
}

enum ingot_code manifest_print(const struct manifest *manifest, struct buffer *out, struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        enum ingot_code r;

        json_doc_init(&doc);
        put_head(&doc, manifest);
        put_ami(&doc, manifest);
        put_sources(&doc, manifest);
        r = put_volumes(&doc, manifest, err);
        if (!r)
                r = json_doc_print(&doc, false, out, err);
        return r;
}
