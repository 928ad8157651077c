/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/fat_boot.h"
#include "filesystem/fat_plan.h"
#include "filesystem/fat_writer.h"
#include "model/memory_source.h"

static const uint64_t mib = UINT64_C(1) << 20;
static const uint8_t dot_name[] = ".          ", dot_dot_name[] = "..         ";

struct fat_image {
        struct fat_geometry geometry;
        struct fat_plan plan;
        uint8_t *boot, *fat, *directories; /* owned */
        size_t boot_bytes, fat_bytes;
        struct memory_source boot_source, fat_source, directory_source;
};

static bool has_label(const struct fat_request *request)
{
        return request->label && request->label[0];
}

/* ---- sizes ---- */

/* Grows size_bytes until the plan fits; a step is never more than what is missing. */
static enum ingot_code find_fit(struct fat_plan *plan, uint64_t *ret_fit_bytes, struct ingot_error *err)
{
        uint64_t size_bytes = mib, step_bytes;
        struct fat_geometry geometry;

        for (;; size_bytes += step_bytes) {
                if (size_bytes / SECTOR_BYTES > UINT32_MAX)
                        return ingot_fail(err, INGOT_E_LAYOUT,
                                          "the tree is larger than a FAT file system can be");
                step_bytes = mib;
                if (!fat_geometry_choose(size_bytes, &geometry))
                        continue;
                if (fat_plan_place(plan, &geometry))
                        break;
                if (plan->used_clusters > geometry.cluster_count)
                        step_bytes = (plan->used_clusters - geometry.cluster_count) *
                                     geometry.cluster_sectors * SECTOR_BYTES / mib * mib;
                step_bytes = max_u64(step_bytes, mib);
        }
        *ret_fit_bytes = size_bytes;
        return INGOT_OK;
}

enum ingot_code fat_measure(const struct fat_request *request, uint64_t *ret_fit_bytes,
                            struct ingot_error *err)
{
        OWNED(fat_plan_release) struct fat_plan plan = { .nodes = NULL };
        enum ingot_code r = fat_plan_make(request->tree, has_label(request), &plan, err);

        return r ? r : find_fit(&plan, ret_fit_bytes, err);
}

static enum ingot_code fail_size(struct fat_image *image, uint64_t size_bytes, struct ingot_error *err)
{
        uint64_t fit_bytes;
        enum ingot_code r = find_fit(&image->plan, &fit_bytes, err);

        if (r)
                return r;
        return ingot_fail(err, INGOT_E_LAYOUT,
                          "a FAT file system of %" PRIu64 " bytes cannot hold the tree; give it %" PRIu64
                          "MiB",
                          size_bytes, fit_bytes / mib);
}

/* ---- directories ---- */

static uint8_t *put_name(const struct fat_node *node, const struct fat_entry *entry, uint8_t *out)
{
        uint16_t units[FAT_LONG_NAME_UNITS];
        struct fat_name name;

        if (node->name.long_units) {
                /* The name was read before: it can be read again. */
                (void)fat_name_read(node->entry->name, node->entry->name_bytes, units, &name);
                for (unsigned ordinal = fat_long_parts(node->name.long_units); ordinal > 0; ordinal--) {
                        fat_long_encode(units, node->name.long_units, ordinal,
                                        fat_entry_checksum(entry->short_name), out);
                        out += FAT_ENTRY_BYTES;
                }
        }
        fat_entry_encode(entry, out);
        return out + FAT_ENTRY_BYTES;
}

static struct fat_entry entry_of(const struct fat_node *node)
{
        bool is_directory = fat_node_is_directory(node);
        struct fat_entry entry = {
                .attributes = is_directory ? FAT_ATTRIBUTE_DIRECTORY : FAT_ATTRIBUTE_ARCHIVE,
                .case_bits = node->name.case_bits,
                .mtime_seconds = node->entry->inode->mtime.seconds,
                .first_cluster = node->first_cluster,
                .size_bytes = is_directory ? 0 : (uint32_t)node->size_bytes,
        };

        memcpy(entry.short_name, node->name.short_name, FAT_SHORT_NAME_BYTES);
        return entry;
}

static uint8_t *put_dots(const struct fat_plan *plan, const struct fat_node *node, uint8_t *out)
{
        struct fat_entry entry = entry_of(node);

        entry.case_bits = 0;
        memcpy(entry.short_name, dot_name, FAT_SHORT_NAME_BYTES);
        fat_entry_encode(&entry, out);
        memcpy(entry.short_name, dot_dot_name, FAT_SHORT_NAME_BYTES);
        /* ".." of the root's children is cluster 0, also where the root has clusters. */
        entry.first_cluster = node->parent_index == 0 ? 0 : plan->nodes[node->parent_index].first_cluster;
        entry.mtime_seconds = plan->nodes[node->parent_index].entry->inode->mtime.seconds;
        fat_entry_encode(&entry, out + FAT_ENTRY_BYTES);
        return out + (size_t)2 * FAT_ENTRY_BYTES;
}

static enum ingot_code put_directories(struct fat_image *image, const struct fat_request *request,
                                       const uint8_t label[FAT_SHORT_NAME_BYTES], struct ingot_error *err)
{
        const struct fat_plan *plan = &image->plan;

        image->directories = calloc(1, plan->directory_bytes);
        if (!image->directories)
                return ingot_fail_memory(err, plan->directory_bytes);
        memory_source_init(&image->directory_source, image->directories, plan->directory_bytes);
        for (size_t i = 0; i < plan->node_count; i++) {
                const struct fat_node *node = &plan->nodes[i];
                uint8_t *out = image->directories + node->directory_offset_bytes;

                if (!fat_node_is_directory(node))
                        continue;
                if (i > 0) {
                        out = put_dots(plan, node, out);
                } else if (has_label(request)) {
                        struct fat_entry entry = { .attributes = FAT_ATTRIBUTE_LABEL,
                                                   .mtime_seconds = request->epoch_seconds };

                        memcpy(entry.short_name, label, FAT_SHORT_NAME_BYTES);
                        fat_entry_encode(&entry, out);
                        out += FAT_ENTRY_BYTES;
                }
                for (size_t child = i + 1; child < node->end_index; child = plan->nodes[child].end_index) {
                        struct fat_entry entry = entry_of(&plan->nodes[child]);

                        out = put_name(&plan->nodes[child], &entry, out);
                }
        }
        return INGOT_OK;
}

/* ---- the FAT: only as far as it is used ---- */

static void put_fat_entry(struct fat_image *image, uint32_t cluster, uint32_t value)
{
        if (image->geometry.fat_bits == 32)
                put_le32(image->fat + (size_t)cluster * 4, value);
        else
                put_le16(image->fat + (size_t)cluster * 2, (uint16_t)value);
}

static enum ingot_code put_fat(struct fat_image *image, struct ingot_error *err)
{
        uint64_t entries = FAT_FIRST_CLUSTER + image->plan.used_clusters;

        image->fat_bytes = (size_t)(entries * image->geometry.fat_bits / 8);
        image->fat = calloc(1, image->fat_bytes);
        if (!image->fat)
                return ingot_fail_memory(err, image->fat_bytes);
        memory_source_init(&image->fat_source, image->fat, image->fat_bytes);
        put_fat_entry(image, 0, 0x0FFFFFF8); /* the media byte */
        put_fat_entry(image, 1, 0x0FFFFFFF); /* clean, no errors */
        for (size_t i = 0; i < image->plan.node_count; i++) {
                const struct fat_node *node = &image->plan.nodes[i];

                for (uint32_t k = 0; k < node->cluster_count; k++)
                        put_fat_entry(image, node->first_cluster + k,
                                      k + 1 < node->cluster_count ? node->first_cluster + k + 1 : 0x0FFFFFFF);
        }
        return INGOT_OK;
}

static enum ingot_code put_boot(struct fat_image *image, const struct fat_request *request,
                                const uint8_t label[FAT_SHORT_NAME_BYTES], struct ingot_error *err)
{
        struct fat_boot boot = {
                .geometry = image->geometry,
                .hidden_sectors = request->hidden_sectors,
                .serial = request->serial,
                .free_clusters = (uint32_t)(image->geometry.cluster_count - image->plan.used_clusters),
        };

        memcpy(boot.label, has_label(request) ? label : (const uint8_t *)"NO NAME    ", FAT_SHORT_NAME_BYTES);
        image->boot_bytes = image->geometry.fat_bits == 32 ? FAT_BOOT_32_BYTES : SECTOR_BYTES;
        image->boot = calloc(1, image->boot_bytes);
        if (!image->boot)
                return ingot_fail_memory(err, image->boot_bytes);
        memory_source_init(&image->boot_source, image->boot, image->boot_bytes);
        fat_boot_encode(&boot, image->boot);
        return INGOT_OK;
}

enum ingot_code fat_image_new(const struct fat_request *request, struct fat_image **ret_image,
                              struct ingot_error *err)
{
        OWNED(fat_image_drop) struct fat_image *image = calloc(1, sizeof(*image));
        uint8_t label[FAT_SHORT_NAME_BYTES] = { 0 };
        enum ingot_code r;

        if (!image)
                return ingot_fail_memory(err, sizeof(*image));
        if (has_label(request) && !fat_label_read(request->label, label))
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "'%s' cannot be a FAT label; give at most 11 letters, digits, spaces or "
                                  "$%%'-_@~`!(){}^#&",
                                  request->label);
        r = fat_plan_make(request->tree, has_label(request), &image->plan, err);
        if (r)
                return r;
        if (!fat_geometry_choose(request->size_bytes, &image->geometry) ||
            !fat_plan_place(&image->plan, &image->geometry))
                return fail_size(image, request->size_bytes, err);
        r = put_directories(image, request, label, err);
        if (!r)
                r = put_fat(image, err);
        if (!r)
                r = put_boot(image, request, label, err);
        if (r)
                return r;
        *ret_image = TAKE(image);
        return INGOT_OK;
}

void fat_image_free(struct fat_image *image)
{
        if (!image)
                return;
        fat_plan_release(&image->plan);
        free(image->boot);
        free(image->fat);
        free(image->directories);
        free(image);
}

void fat_image_drop(struct fat_image **image)
{
        fat_image_free(*image);
}

void fat_image_numbers(const struct fat_image *image, struct fat_numbers *ret_numbers)
{
        uint64_t cluster_bytes = (uint64_t)image->geometry.cluster_sectors * SECTOR_BYTES;

        *ret_numbers = (struct fat_numbers){
                .fat_bits = image->geometry.fat_bits,
                .cluster_bytes = (uint32_t)cluster_bytes,
                .cluster_count = image->geometry.cluster_count,
                .used_clusters = image->plan.used_clusters,
                .used_bytes = image->plan.used_clusters * cluster_bytes,
                .free_bytes = (image->geometry.cluster_count - image->plan.used_clusters) * cluster_bytes,
        };
}

/* ---- extents ---- */

/* Adds [start_lba, end_lba) whose first size_bytes are source's and whose whole sectors beyond are zero. */
static enum ingot_code add_filled(struct extent_list *list, uint64_t start_lba, uint64_t end_lba,
                                  const struct byte_source *source, uint64_t source_offset_bytes,
                                  uint64_t size_bytes, struct ingot_error *err)
{
        uint64_t data_end_lba = start_lba + div_up_u64(size_bytes, SECTOR_BYTES);
        const struct extent data = { .start_lba = start_lba,
                                     .end_lba = data_end_lba,
                                     .source = source,
                                     .source_offset_bytes = source_offset_bytes,
                                     .size_bytes = size_bytes };
        const struct extent zeros = { .start_lba = data_end_lba, .end_lba = end_lba };
        enum ingot_code r = data_end_lba > start_lba ? extent_list_add(list, &data, err) : INGOT_OK;

        if (!r && end_lba > data_end_lba)
                r = extent_list_add(list, &zeros, err);
        return r;
}

/* A file's runs, with zeros for what lies between and behind them. */
static enum ingot_code add_file(struct extent_list *list, const struct tree_inode *inode, uint64_t start_lba,
                                uint64_t end_lba, struct ingot_error *err)
{
        uint64_t at_lba = start_lba;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < inode->run_count; i++) {
                const struct tree_run *run = &inode->runs[i];
                uint64_t run_lba = start_lba + run->file_offset_bytes / SECTOR_BYTES;

                r = add_filled(list, at_lba, run_lba, NULL, 0, 0, err);
                at_lba = run_lba + div_up_u64(run->size_bytes, SECTOR_BYTES);
                if (!r)
                        r = add_filled(list, run_lba, at_lba, run->source, run->source_offset_bytes,
                                       run->size_bytes, err);
        }
        return r ? r : add_filled(list, at_lba, end_lba, NULL, 0, 0, err);
}

static enum ingot_code add_node(const struct fat_image *image, const struct fat_node *node,
                                struct extent_list *list, struct ingot_error *err)
{
        const struct fat_geometry *geometry = &image->geometry;
        uint64_t start_lba = geometry->data_lba +
                             ((uint64_t)node->first_cluster - FAT_FIRST_CLUSTER) * geometry->cluster_sectors;
        uint64_t end_lba = start_lba + (uint64_t)node->cluster_count * geometry->cluster_sectors;

        if (node->cluster_count == 0)
                return INGOT_OK;
        if (!fat_node_is_directory(node))
                return add_file(list, node->entry->inode, start_lba, end_lba, err);
        return add_filled(list, start_lba, end_lba, &image->directory_source.source,
                          node->directory_offset_bytes, node->size_bytes, err);
}

enum ingot_code fat_image_extents(const struct fat_image *image, struct extent_list *list,
                                  struct ingot_error *err)
{
        const struct fat_geometry *geometry = &image->geometry;
        uint64_t at_lba = geometry->reserved_sectors;
        enum ingot_code r =
                add_filled(list, 0, at_lba, &image->boot_source.source, 0, image->boot_bytes, err);

        for (unsigned i = 0; !r && i < FAT_COPIES; i++) {
                r = add_filled(list, at_lba, at_lba + geometry->fat_sectors, &image->fat_source.source, 0,
                               image->fat_bytes, err);
                at_lba += geometry->fat_sectors;
        }
        if (!r && geometry->root_sectors)
                r = add_filled(list, at_lba, at_lba + geometry->root_sectors, &image->directory_source.source,
                               0, image->plan.nodes[0].size_bytes, err);
        for (size_t i = 0; !r && i < image->plan.node_count; i++)
                r = add_node(image, &image->plan.nodes[i], list, err);
        return r;
}
