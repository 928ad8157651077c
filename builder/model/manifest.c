/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/manifest.h"
#include "model/manifest_release.h"

static void tags_release(struct manifest_tag *tags, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                free(tags[i].key);
                free(tags[i].value);
        }
        free(tags);
}

static void texts_release(char **texts, size_t count)
{
        for (size_t i = 0; i < count; i++)
                free(texts[i]);
        free(texts);
}

static void file_release(struct manifest_file *file)
{
        free(file->name);
        free(file->compressor);
        free(file->compressor_version);
}

static void source_release(struct manifest_source *source)
{
        free(source->device_name);
        free(source->kind);
        free(source->name);
}

static void volume_release(struct manifest_volume *volume)
{
        for (size_t i = 0; volume->file_systems && i < volume->layout.partition_count; i++)
                texts_release(volume->file_systems[i].features, volume->file_systems[i].feature_count);
        free(volume->file_systems);
        for (size_t i = 0; i < volume->file_count; i++)
                file_release(&volume->files[i]);
        free(volume->files);
        free(volume->lock.name);
        block_map_release(&volume->map);
        layout_release(&volume->layout);
}

static void ami_release(struct manifest_ami *ami)
{
        free(ami->boot_mode);
        free(ami->imds);
        free(ami->sriov);
        free(ami->tpm);
        manifest_ami_extras_free(ami);
        tags_release(ami->tags, ami->tag_count);
}

void manifest_free(struct manifest *manifest)
{
        if (!manifest)
                return;
        free(manifest->ingot_version);
        free(manifest->name);
        free(manifest->description);
        free(manifest->architecture);
        free(manifest->version);
        free(manifest->root_device);
        free(manifest->template_name);
        tags_release(manifest->settings, manifest->setting_count);
        ami_release(&manifest->ami);
        manifest_release_free(&manifest->release);
        json_value_free(manifest->mapping_json);
        mapping_free(manifest->mapping);
        for (size_t i = 0; i < manifest->volume_count; i++)
                volume_release(&manifest->volumes[i]);
        free(manifest->volumes);
        for (size_t i = 0; i < manifest->source_count; i++)
                source_release(&manifest->sources[i]);
        free(manifest->sources);
        for (size_t i = 0; i < manifest->tool_count; i++) {
                free(manifest->tools[i].name);
                free(manifest->tools[i].version);
        }
        free(manifest->tools);
        texts_release(manifest->warnings, manifest->warning_count);
        free(manifest);
}

void manifest_drop(struct manifest **manifest)
{
        manifest_free(*manifest);
        *manifest = NULL;
}

/* Copies text, which may be NULL; false: out of memory. */
static bool copy_text(const char *text, char **ret_copy)
{
        char *copy = text ? strdup(text) : NULL;

        if (text && !copy)
                return false;
        *ret_copy = copy;
        return true;
}

/* Makes room for one zeroed item more and counts it; NULL: out of memory, and array is as it was. */
static void *grow(void *array, size_t *count, size_t item_bytes)
{
        char *grown = reallocarray(array, *count + 1, item_bytes);

        if (grown)
                memset(grown + (*count)++ * item_bytes, 0, item_bytes);
        return grown;
}

/* Yields a pointer to a new last item of array; NULL: out of memory. */
#define GROW(array, count)                                                                                   \
        __extension__({                                                                                      \
                __typeof__(array) grown_ = grow((array), &(count), sizeof(*(array)));                        \
                if (grown_)                                                                                  \
                        (array) = grown_;                                                                    \
                grown_ ? &(array)[(count)-1] : NULL;                                                         \
        })

static bool copy_tags(const struct template_ami *from, struct manifest_ami *ami)
{
        for (size_t i = 0; i < from->tag_count; i++) {
                struct manifest_tag *tag = GROW(ami->tags, ami->tag_count);

                if (!tag || !copy_text(from->tags[i].key.text, &tag->key) ||
                    !copy_text(from->tags[i].value.text, &tag->value))
                        return false;
        }
        return true;
}

/* "none" means that RegisterImage is not given the parameter. */
static const char *unless_none(const char *text)
{
        return text && strcmp(text, "none") == 0 ? NULL : text;
}

static bool copy_ami(const struct template_ami *from, struct manifest_ami *ami)
{
        ami->ena = from->ena != TRI_NO;
        return copy_text(from->boot_mode.text, &ami->boot_mode) &&
               copy_text(unless_none(from->imds.text), &ami->imds) &&
               copy_text(unless_none(from->sriov.text), &ami->sriov) &&
               copy_text(unless_none(from->tpm.text), &ami->tpm) && copy_tags(from, ami);
}

static bool copy_template(const struct template *template, struct manifest *manifest)
{
        const char *slash = strrchr(template->file, '/');

        for (size_t i = 0; i < template->setting_count; i++) {
                struct manifest_tag *setting = GROW(manifest->settings, manifest->setting_count);

                if (!setting || !copy_text(template->settings[i].key, &setting->key) ||
                    !copy_text(template->settings[i].value, &setting->value))
                        return false;
        }
        manifest->template_digest = template->digest;
        return copy_text(INGOT_VERSION, &manifest->ingot_version) &&
               copy_text(template->name.text, &manifest->name) &&
               copy_text(template->description.text, &manifest->description) &&
               copy_text(template->architecture.text, &manifest->architecture) &&
               copy_text(template->version.text, &manifest->version) &&
               copy_text(template->root_device.text, &manifest->root_device) &&
               copy_text(slash ? slash + 1 : template->file, &manifest->template_name) &&
               copy_ami(&template->ami, &manifest->ami) && manifest_copy_release(template, manifest);
}

enum ingot_code manifest_new(const struct template *template, const struct guid *seed,
                             uint64_t source_date_epoch, const char *mapping_bytes, size_t mapping_size_bytes,
                             struct manifest **ret_manifest, struct ingot_error *err)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        OWNED(manifest_drop) struct manifest *manifest = calloc(1, sizeof(*manifest));
        enum ingot_code r;

        if (!manifest || !copy_template(template, manifest))
                return ingot_fail_memory(err, sizeof(*manifest));
        manifest->seed = *seed;
        manifest->source_date_epoch = source_date_epoch;
        r = mapping_parse(mapping_bytes, mapping_size_bytes, "mapping", &complaints, &manifest->mapping, err);
        if (!r)
                r = json_value_parse(mapping_bytes, mapping_size_bytes, "mapping", &manifest->mapping_json,
                                     err);
        if (!r)
                *ret_manifest = TAKE(manifest);
        return r;
}

static bool copy_partitions(const struct layout *from, struct layout *to)
{
        to->partitions = calloc(from->partition_count ? from->partition_count : 1, sizeof(*to->partitions));
        if (!to->partitions)
                return false;
        for (; to->partition_count < from->partition_count; to->partition_count++) {
                const struct layout_partition *partition = &from->partitions[to->partition_count];
                struct layout_partition *copy = &to->partitions[to->partition_count];

                *copy = *partition;
                copy->asked = NULL;
                copy->name = copy->label = copy->mount = NULL;
                if (!copy_text(partition->name, &copy->name) || !copy_text(partition->label, &copy->label) ||
                    !copy_text(partition->mount, &copy->mount)) {
                        to->partition_count++;
                        return false;
                }
        }
        return true;
}

enum ingot_code manifest_add_volume(struct manifest *manifest, const struct layout *layout,
                                    struct manifest_volume **ret_volume, struct ingot_error *err)
{
        struct manifest_volume *volume = GROW(manifest->volumes, manifest->volume_count);

        if (!volume)
                return ingot_fail_memory(err, sizeof(*volume));
        volume->layout = *layout;
        volume->layout.device_name = NULL;
        volume->layout.partitions = NULL;
        volume->layout.partition_count = 0;
        volume->file_systems =
                calloc(layout->partition_count ? layout->partition_count : 1, sizeof(*volume->file_systems));
        if (!volume->file_systems || !copy_text(layout->device_name, &volume->layout.device_name) ||
            !copy_partitions(layout, &volume->layout)) {
                volume_release(volume);
                manifest->volume_count--;
                return ingot_fail_memory(err, sizeof(*volume));
        }
        if (ret_volume)
                *ret_volume = volume;
        return INGOT_OK;
}

enum ingot_code manifest_add_feature(struct manifest_file_system *file_system, const char *feature,
                                     struct ingot_error *err)
{
        char **added = GROW(file_system->features, file_system->feature_count);

        if (!added || !copy_text(feature, added))
                return ingot_fail_memory(err, strlen(feature) + 1);
        return INGOT_OK;
}

enum ingot_code manifest_add_file(struct manifest_volume *volume, const struct manifest_file *file,
                                  struct ingot_error *err)
{
        struct manifest_file *added = GROW(volume->files, volume->file_count);

        if (!added)
                return ingot_fail_memory(err, sizeof(*added));
        *added = *file;
        added->name = added->compressor = added->compressor_version = NULL;
        if (!copy_text(file->name, &added->name) || !copy_text(file->compressor, &added->compressor) ||
            !copy_text(file->compressor_version, &added->compressor_version))
                return ingot_fail_memory(err, sizeof(*added));
        return INGOT_OK;
}

enum ingot_code manifest_add_source(struct manifest *manifest, const struct manifest_source *source,
                                    struct ingot_error *err)
{
        struct manifest_source *added = GROW(manifest->sources, manifest->source_count);

        if (!added)
                return ingot_fail_memory(err, sizeof(*added));
        *added = *source;
        added->device_name = added->kind = added->name = NULL;
        if (!copy_text(source->device_name, &added->device_name) || !copy_text(source->kind, &added->kind) ||
            !copy_text(source->name, &added->name))
                return ingot_fail_memory(err, sizeof(*added));
        return INGOT_OK;
}

static int compare_tools(const struct manifest_tool *tool, const char *name, const char *version)
{
        int order = strcmp(tool->name, name);

        return order ? order : strcmp(tool->version, version);
}

enum ingot_code manifest_add_tool(struct manifest *manifest, const char *name, const char *version,
                                  struct ingot_error *err)
{
        struct manifest_tool made = { 0 }, *tools;
        size_t at = 0;

        while (at < manifest->tool_count && compare_tools(&manifest->tools[at], name, version) < 0)
                at++;
        if (at < manifest->tool_count && compare_tools(&manifest->tools[at], name, version) == 0)
                return INGOT_OK;
        if (!copy_text(name, &made.name) || !copy_text(version, &made.version) ||
            !GROW(manifest->tools, manifest->tool_count)) {
                free(made.name);
                free(made.version);
                return ingot_fail_memory(err, sizeof(made));
        }
        tools = manifest->tools;
        memmove(tools + at + 1, tools + at, (manifest->tool_count - 1 - at) * sizeof(*tools));
        tools[at] = made;
        return INGOT_OK;
}

enum ingot_code manifest_add_warning(struct manifest *manifest, struct ingot_error *err, const char *format,
                                     ...)
{
        char *text = NULL, **added;
        va_list args;
        int printed;

        va_start(args, format);
        printed = vasprintf(&text, format, args);
        va_end(args);
        if (printed < 0)
                return ingot_fail_memory(err, 1);
        added = GROW(manifest->warnings, manifest->warning_count);
        if (!added) {
                free(text);
                return ingot_fail_memory(err, sizeof(*added));
        }
        *added = text;
        return INGOT_OK;
}

enum ingot_code manifest_volume_seal(struct manifest_volume *volume, struct block_map *map,
                                     struct ingot_error *err)
{
        enum ingot_code r;

        block_map_release(&volume->map);
        volume->map = *map;
        block_map_init(map, map->size_bytes);
        r = block_map_image_digest(&volume->map, &volume->image_digest, err);
        if (!r)
                r = block_map_linear_digest(&volume->map, &volume->linear_digest, err);
        if (!r && volume->map.size_bytes != volume->layout.size_sectors * 512)
                r = ingot_fail(err, INGOT_E_BUG, "the block map of '%s' is of another size than its layout",
                               volume->layout.device_name);
        volume->built = !r;
        return r;
}

const struct manifest_volume *manifest_find_volume(const struct manifest *manifest, const char *device_name)
{
        for (size_t i = 0; i < manifest->volume_count; i++) {
                if (strcmp(manifest->volumes[i].layout.device_name, device_name) == 0)
                        return &manifest->volumes[i];
        }
        return NULL;
}

const struct manifest_file *manifest_find_file(const struct manifest_volume *volume,
                                               enum manifest_format format)
{
        for (size_t i = 0; i < volume->file_count; i++) {
                if (volume->files[i].format == format)
                        return &volume->files[i];
        }
        return NULL;
}

const char *manifest_format_name(enum manifest_format format)
{
        return format == MANIFEST_RAW ? "raw" : "vmdk";
}
