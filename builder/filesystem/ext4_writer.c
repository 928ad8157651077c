/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_entries.h"
#include "filesystem/ext4_features.h"
#include "filesystem/ext4_fit.h"
#include "filesystem/ext4_inventory.h"
#include "filesystem/ext4_lock.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_volume.h"
#include "filesystem/ext4_writer.h"

struct ext4_image {
        struct ext4_spool *spool;
        struct extent_list extents;
        struct ext4_usage usage;
        char features[EXT4_FEATURES_TEXT_BYTES];
        struct ext4_record record;
        char *lock_refusal; /* owned; NULL for none */
};

/* What one call of ext4_image_new() works with. */
struct writer {
        const struct ext4_request *request;
        struct ext4_inventory *inventory;
        struct ext4_placement *placement;
        struct ext4_volume *volume;
        struct extent_list *extents; /* borrowed */
        uint64_t content_blocks;     /* data and directories */
};

static void writer_release(struct writer *writer)
{
        ext4_volume_free(writer->volume);
        ext4_placement_free(writer->placement);
        ext4_inventory_free(writer->inventory);
}

void ext4_image_free(struct ext4_image *image)
{
        if (!image)
                return;
        extent_list_release(&image->extents);
        ext4_spool_free(image->spool);
        ext4_record_release(&image->record);
        free(image->lock_refusal);
        free(image);
}

void ext4_image_drop(struct ext4_image **image)
{
        ext4_image_free(*image);
}

const struct extent_list *ext4_image_extents(const struct ext4_image *image)
{
        return &image->extents;
}

const struct ext4_usage *ext4_image_usage(const struct ext4_image *image)
{
        return &image->usage;
}

const char *ext4_image_features(const struct ext4_image *image)
{
        return image->features;
}

enum ingot_code ext4_measure(const struct ext4_request *request, uint64_t *ret_fit_bytes,
                             struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = NULL;
        enum ingot_code r = ext4_inventory_new(request->tree, &request->hash_seed, NULL, &inventory, err);

        if (r)
                return r;
        return ext4_fit_measure(inventory, ret_fit_bytes, err);
}
static enum ingot_code check_request(const struct ext4_request *request, struct ingot_error *err)
{
        if (request->size_bytes % EXT4_BLOCK_BYTES)
                return ingot_fail(err, INGOT_E_USAGE, "%" PRIu64 " bytes are no multiple of %d",
                                  request->size_bytes, EXT4_BLOCK_BYTES);
        if (request->label && strlen(request->label) > EXT4_LABEL_MAX_BYTES)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the label '%s' of an ext4 file system has over %d bytes", request->label,
                                  EXT4_LABEL_MAX_BYTES);
        return INGOT_OK;
}

static void count_usage(const struct writer *writer, struct ext4_usage *usage)
{
        const struct ext4_geometry *geometry = &writer->volume->geometry;
        uint64_t used_blocks = geometry->block_count - writer->volume->free_blocks;

        *usage = (struct ext4_usage){
                .size_bytes = (uint64_t)geometry->block_count * EXT4_BLOCK_BYTES,
                .used_bytes = used_blocks * EXT4_BLOCK_BYTES,
                .free_bytes = (uint64_t)writer->volume->free_blocks * EXT4_BLOCK_BYTES,
                .metadata_bytes = (used_blocks - writer->content_blocks) * EXT4_BLOCK_BYTES,
                .journal_bytes = (uint64_t)geometry->journal_blocks * EXT4_BLOCK_BYTES,
                .reserved_bytes = (uint64_t)geometry->root_blocks * EXT4_BLOCK_BYTES,
                .inode_count = geometry->inode_count,
                .used_inodes = writer->inventory->used_inodes,
        };
        usage->reserved_bytes = min_u64(usage->reserved_bytes, usage->free_bytes);
}

/* Follows the lock, if it can be. */
static enum ingot_code place_by_lock(const struct ext4_request *request,
                                     struct ext4_inventory **ret_inventory,
                                     struct ext4_placement **ret_placement, struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = NULL;
        struct ext4_geometry was, geometry;
        enum ingot_code r;

        ext4_lock_geometry(&request->lock->ext4, &was);
        if ((r = ext4_geometry_regrow(request->size_bytes, &was, &geometry, err)) ||
            (r = ext4_inventory_new(request->tree, &request->hash_seed, request->lock, &inventory, err)))
                return r;
        if (inventory->last_inode > geometry.inode_count)
                return ingot_fail(err, INGOT_E_LAYOUT, "its %" PRIu32 " inodes are too few",
                                  geometry.inode_count);
        r = ext4_placement_new(inventory, &geometry, request->lock, false, ret_placement, err);
        if (!r)
                *ret_inventory = TAKE(inventory);
        return r;
}

static enum ingot_code place_freely(const struct ext4_request *request, struct ext4_inventory **ret_inventory,
                                    struct ext4_placement **ret_placement, struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = NULL;
        struct ext4_geometry geometry;
        enum ingot_code r;

        if ((r = ext4_inventory_new(request->tree, &request->hash_seed, NULL, &inventory, err)) ||
            (r = ext4_fit_geometry(inventory, request->size_bytes, &geometry, err)))
                return r;
        r = ext4_placement_new(inventory, &geometry, NULL, false, ret_placement, err);
        if (r == INGOT_E_LAYOUT)
                r = ext4_placement_new(inventory, &geometry, NULL, true, ret_placement, err);
        if (!r)
                *ret_inventory = TAKE(inventory);
        return r;
}

static enum ingot_code place(struct writer *writer, struct ext4_image *image, struct ingot_error *err)
{
        const struct ext4_request *request = writer->request;
        struct ingot_error why;
        enum ingot_code r;

        if (!request->lock)
                return place_freely(request, &writer->inventory, &writer->placement, err);
        r = place_by_lock(request, &writer->inventory, &writer->placement, &why);
        if (r != INGOT_E_LAYOUT) {
                if (r && err)
                        *err = why;
                return r;
        }
        image->lock_refusal = strdup(ingot_error_frame(&why, 0));
        if (!image->lock_refusal)
                return ingot_fail_memory(err, 1);
        return place_freely(request, &writer->inventory, &writer->placement, err);
}

enum ingot_code ext4_check_lock(const struct ext4_request *request, struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = NULL;
        OWNED(ext4_placement_drop) struct ext4_placement *placement = NULL;

        return place_by_lock(request, &inventory, &placement, err);
}

static enum ingot_code write_entries(struct writer *writer, struct ingot_error *err)
{
        OWNED(ext4_entries_release)
        struct ext4_entries entries = { .hash_seed = &writer->request->hash_seed,
                                        .inventory = writer->inventory,
                                        .placement = writer->placement,
                                        .volume = writer->volume,
                                        .extents = writer->extents };
        enum ingot_code r = ext4_entries_write(&entries, err);

        writer->content_blocks = entries.content_blocks;
        return r;
}

static enum ingot_code write_all(struct writer *writer, struct ext4_image *image, struct ingot_error *err)
{
        const struct ext4_request *request = writer->request;
        uint64_t size_bytes = (uint64_t)writer->placement->geometry.block_count * EXT4_BLOCK_BYTES;
        enum ingot_code r;

        if ((r = ext4_spool_new(request->spool_folder, size_bytes, &image->spool, err)) ||
            (r = ext4_volume_new(request, writer->placement, image->spool, &writer->volume, err)) ||
            (r = write_entries(writer, err)) || (r = ext4_volume_finish(writer->volume, err)) ||
            (r = ext4_spool_list(image->spool, writer->extents, err)))
                return r;
        return ext4_volume_list_zeros(writer->volume, writer->extents, err);
}

static enum ingot_code lay_out(struct writer *writer, struct ext4_image *image, struct ingot_error *err)
{
        const struct ext2_super_block *super;
        enum ingot_code r;

        if ((r = place(writer, image, err)) || (r = write_all(writer, image, err)) ||
            (r = ext4_record_make(writer->inventory, writer->placement, writer->volume->made_seconds,
                                  &image->record, err)))
                return r;
        count_usage(writer, &image->usage);
        super = writer->volume->fs->super;
        ext4_features_print(super->s_feature_compat, super->s_feature_incompat, super->s_feature_ro_compat,
                            image->features);
        return extent_list_settle(writer->extents, image->usage.size_bytes / SECTOR_BYTES, err);
}

const char *ext4_image_lock_refusal(const struct ext4_image *image)
{
        return image->lock_refusal;
}

enum ingot_code ext4_image_lock(const struct ext4_image *image, struct lock_partition *partition,
                                struct ingot_error *err)
{
        const struct lock_partition *from = &image->record.partition;
        enum ingot_code r = INGOT_OK;

        partition->ext4 = from->ext4;
        for (size_t i = 0; !r && i < from->inode_count; i++)
                r = lock_partition_add_inode(partition, &from->inodes[i], err);
        for (size_t i = 0; !r && i < from->range_count; i++)
                r = lock_partition_add_range(partition, from->ranges[i], err);
        return r;
}

enum ingot_code ext4_image_new(const struct ext4_request *request, struct ext4_image **ret_image,
                               struct ingot_error *err)
{
        OWNED(ext4_image_drop) struct ext4_image *image = calloc(1, sizeof(*image));
        OWNED(writer_release) struct writer writer = { .request = request };
        enum ingot_code r;

        if (!image)
                return ingot_fail_memory(err, sizeof(*image));
        writer.extents = &image->extents;
        if ((r = check_request(request, err)) || (r = lay_out(&writer, image, err)))
                return r;
        *ret_image = TAKE(image);
        return INGOT_OK;
}

const char *ext4_library_version(void)
{
        const char *version = "";

        (void)ext2fs_get_library_version(&version, NULL);
        return version;
}
