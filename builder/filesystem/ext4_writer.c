/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_features.h"
#include "filesystem/ext4_inventory.h"
#include "filesystem/ext4_lock.h"
#include "filesystem/ext4_placement.h"
#include "filesystem/ext4_volume.h"
#include "filesystem/ext4_writer.h"
#include "filesystem/ext4_xattr.h"

enum {
        SECTORS_PER_BLOCK = EXT4_BLOCK_BYTES / SECTOR_BYTES,
        MIB = 1 << 20,
        LINKS_MAX = 65000,
        OLD_DEVICE_MAX = 255,
        DEVICE_MAJOR_MAX = 0xfff,
        DEVICE_MINOR_MAX = 0xfffff,
        XATTR_CHECKSUM_AT = 16,
        PERMISSIONS = 07777,
        LOST_MODE = 0700,
};

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
        struct extent_list *extents;
        const struct ext4_site *site; /* of the entry being written, as all below */
        struct ext4_given given;      /* blocks of its data that are not used yet */
        struct ext4_pieces pieces;
        uint64_t content_blocks; /* data and directories */
};

static void writer_release(struct writer *writer)
{
        ext4_volume_free(writer->volume);
        ext4_placement_free(writer->placement);
        ext4_inventory_free(writer->inventory);
        ext4_pieces_release(&writer->pieces);
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

/* ---- how large ---- */

/* Goes up from what the content takes; every step adds what the last one lacked, at least 1 MiB. */
static enum ingot_code measure(const struct ext4_inventory *inventory, uint64_t *ret_fit_bytes,
                               struct ingot_error *err)
{
        uint64_t size_bytes = max_u64(align_up_u64(inventory->content_blocks * EXT4_BLOCK_BYTES, MIB), MIB);

        for (;;) {
                struct ext4_geometry geometry;
                uint64_t needed_bytes = 0;

                if (!ext4_geometry_plan(size_bytes, inventory->last_inode, EXT4_JOURNAL_BLOCKS_MAX, &geometry,
                                        NULL)) {
                        uint64_t bound = ext4_inventory_bound(inventory, &geometry);

                        if (bound <= geometry.block_count)
                                break;
                        needed_bytes = align_up_u64(bound * EXT4_BLOCK_BYTES, MIB);
                }
                size_bytes = max_u64(size_bytes + MIB, needed_bytes);
                if (size_bytes / EXT4_BLOCK_BYTES > UINT32_MAX)
                        return ingot_fail(err, INGOT_E_LAYOUT,
                                          "%" PRIu64 " bytes of content do not fit an ext4 file system below "
                                          "16 TiB",
                                          inventory->content_blocks * EXT4_BLOCK_BYTES);
        }
        *ret_fit_bytes = size_bytes;
        return INGOT_OK;
}

enum ingot_code ext4_measure(const struct ext4_request *request, uint64_t *ret_fit_bytes,
                             struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = NULL;
        enum ingot_code r = ext4_inventory_new(request->tree, &request->hash_seed, NULL, &inventory, err);

        if (r)
                return r;
        return measure(inventory, ret_fit_bytes, err);
}

static enum ingot_code does_not_fit(const struct ext4_inventory *inventory, uint64_t size_bytes,
                                    struct ingot_error *err)
{
        uint64_t fit_bytes;
        enum ingot_code r = measure(inventory, &fit_bytes, err);

        if (r)
                return r;
        return ingot_fail(err, INGOT_E_LAYOUT,
                          "the tree needs an ext4 file system of %" PRIu64 " MiB and has %" PRIu64
                          " MiB (%" PRIu64 " bytes)",
                          fit_bytes / MIB, size_bytes / MIB, size_bytes);
}

/* Where a size just past a step of the journal's rule is too small, a shorter journal makes it do. */
static enum ingot_code fit(const struct ext4_inventory *inventory, uint64_t size_bytes,
                           struct ext4_geometry *ret_geometry, struct ingot_error *err)
{
        uint32_t journal_blocks_max = EXT4_JOURNAL_BLOCKS_MAX;

        for (;;) {
                struct ext4_geometry geometry;
                enum ingot_code r = ext4_geometry_plan(size_bytes, inventory->last_inode, journal_blocks_max,
                                                       &geometry, err);

                if (r && size_bytes / EXT4_BLOCK_BYTES > UINT32_MAX)
                        return r;
                if (r)
                        return does_not_fit(inventory, size_bytes, err);
                if (ext4_inventory_bound(inventory, &geometry) <= geometry.block_count) {
                        *ret_geometry = geometry;
                        return INGOT_OK;
                }
                if (geometry.journal_blocks <= EXT4_JOURNAL_BLOCKS_MIN)
                        return does_not_fit(inventory, size_bytes, err);
                journal_blocks_max = geometry.journal_blocks / 2;
        }
}

/* ---- one entry ---- */

static void begin_site(struct writer *writer, size_t index)
{
        writer->site = &writer->placement->sites[index];
        writer->given = (struct ext4_given){ .ranges = writer->placement->data + writer->site->data_first,
                                             .count = writer->site->data_count };
        writer->pieces.count = 0;
}

static enum ingot_code take(struct writer *writer, uint64_t blocks_wanted, struct ext4_range *ret_range,
                            struct ingot_error *err)
{
        if (!ext4_given_take(&writer->given, (uint32_t)blocks_wanted, ret_range))
                return ingot_fail(err, INGOT_E_BUG, "%" PRIu64 " blocks have no place", blocks_wanted);
        return INGOT_OK;
}

static enum ingot_code set_pieces(struct writer *writer, uint32_t number, union ext4_inode *inode,
                                  struct ingot_error *err)
{
        return ext4_volume_set_pieces(writer->volume, number, inode, &writer->pieces,
                                      writer->placement->nodes + writer->site->node_first,
                                      writer->site->node_count, err);
}

static enum ingot_code add_data(struct writer *writer, const struct ext4_range *range,
                                const struct tree_run *run, uint64_t done_bytes, struct ingot_error *err)
{
        uint64_t room_bytes = (uint64_t)(range->end - range->start) * EXT4_BLOCK_BYTES;
        struct extent extent = {
                .start_lba = (uint64_t)range->start * SECTORS_PER_BLOCK,
                .end_lba = (uint64_t)range->end * SECTORS_PER_BLOCK,
                .source = run->source,
                .source_offset_bytes = run->source_offset_bytes + done_bytes,
                .size_bytes = min_u64(room_bytes, run->size_bytes - done_bytes),
        };

        return extent_list_add(writer->extents, &extent, err);
}

static enum ingot_code place_run(struct writer *writer, const struct tree_run *run, struct ingot_error *err)
{
        uint64_t blocks = div_up_u64(run->size_bytes, EXT4_BLOCK_BYTES), done = 0;
        uint32_t first = (uint32_t)(run->file_offset_bytes / EXT4_BLOCK_BYTES);

        while (done < blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if ((r = take(writer, blocks - done, &range, err)) ||
                    (r = ext4_pieces_add(&writer->pieces, first + (uint32_t)done, range.end - range.start,
                                         range.start, err)) ||
                    (r = add_data(writer, &range, run, done * EXT4_BLOCK_BYTES, err)))
                        return r;
                done += range.end - range.start;
        }
        writer->content_blocks += blocks;
        return INGOT_OK;
}

static enum ingot_code write_file(struct writer *writer, const struct tree_entry *entry,
                                  union ext4_inode *inode, struct ingot_error *err)
{
        const struct tree_inode *file = entry->inode;

        for (size_t i = 0; i < file->run_count; i++) {
                enum ingot_code r = place_run(writer, &file->runs[i], err);

                if (r)
                        return r;
        }
        ext4_inode_set_size(inode, file->size_bytes);
        return set_pieces(writer, file->mark, inode, err);
}

/* Writes planned blocks of a directory. */
static enum ingot_code write_directory_blocks(struct writer *writer, const struct ext4_directory *directory,
                                              uint32_t number, uint32_t parent_number,
                                              union ext4_inode *inode, struct ingot_error *err)
{
        uint32_t seed = ext4_volume_inode_seed(writer->volume, number), done = 0;
        enum ingot_code r;

        while (done < directory->block_count) {
                struct ext4_range range;

                if ((r = take(writer, directory->block_count - done, &range, err)) ||
                    (r = ext4_pieces_add(&writer->pieces, done, range.end - range.start, range.start, err)))
                        return r;
                for (uint32_t block = range.start; block < range.end; block++, done++) {
                        uint8_t bytes[EXT4_BLOCK_BYTES];

                        ext4_directory_fill(directory, done, number, parent_number, seed, bytes);
                        if ((r = ext4_volume_write_block(writer->volume, block, bytes, err)))
                                return r;
                }
        }
        writer->content_blocks += directory->block_count;
        if (directory->leaf_starts)
                inode->large.i_flags |= EXT2_INDEX_FL;
        ext4_inode_set_size(inode, (uint64_t)directory->block_count * EXT4_BLOCK_BYTES);
        return set_pieces(writer, number, inode, err);
}

static uint16_t directory_links(const struct tree_entry *entry, bool has_lost)
{
        uint64_t links = 2 + (uint64_t)has_lost;

        for (size_t i = 0; i < entry->child_count; i++)
                links += entry->children[i]->inode->kind == TREE_DIRECTORY;
        return links > LINKS_MAX ? 1 : (uint16_t)links; /* dir_nlink: 1 stands for too many to count */
}

static enum ingot_code write_directory(struct writer *writer, const struct tree_entry *entry,
                                       union ext4_inode *inode, struct ingot_error *err)
{
        OWNED(ext4_directory_release) struct ext4_directory directory = { .block_count = 0 };
        uint32_t parent_number = entry->parent ? entry->parent->inode->mark : EXT4_ROOT_INODE;
        enum ingot_code r = ext4_inventory_plan_directory(writer->inventory, entry,
                                                          &writer->request->hash_seed, &directory, err);

        if (r)
                return r;
        inode->large.i_links_count = directory_links(entry, !entry->parent && writer->inventory->makes_lost);
        return write_directory_blocks(writer, &directory, entry->inode->mark, parent_number, inode, err);
}

static enum ingot_code write_symlink(struct writer *writer, const struct tree_entry *entry,
                                     union ext4_inode *inode, struct ingot_error *err)
{
        const char *target = entry->inode->target;
        size_t target_bytes = strlen(target);
        uint8_t bytes[EXT4_BLOCK_BYTES] = { 0 };
        struct ext4_range range;
        enum ingot_code r;

        if (!target_bytes || target_bytes >= sizeof(bytes))
                return ingot_fail(err, INGOT_E_LAYOUT, "a symlink's target has %zu bytes; 1 to 4095 fit",
                                  target_bytes);
        ext4_inode_set_size(inode, target_bytes);
        if (target_bytes <= EXT4_FAST_LINK_BYTES) {
                memcpy(inode->large.i_block, target, target_bytes);
                return INGOT_OK;
        }
        memcpy(bytes, target, target_bytes); // NOLINT(bugprone-not-null-terminated-result): no string
        if ((r = take(writer, 1, &range, err)) ||
            (r = ext4_pieces_add(&writer->pieces, 0, 1, range.start, err)) ||
            (r = ext4_volume_write_block(writer->volume, range.start, bytes, err)))
                return r;
        writer->content_blocks++;
        return set_pieces(writer, entry->inode->mark, inode, err);
}

static enum ingot_code set_device(const struct tree_entry *entry, union ext4_inode *inode,
                                  struct ingot_error *err)
{
        uint32_t major = entry->inode->device_major, minor = entry->inode->device_minor;

        if (major > DEVICE_MAJOR_MAX || minor > DEVICE_MINOR_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "device %" PRIu32 ":%" PRIu32 " is beyond 4095:1048575", major, minor);
        if (major <= OLD_DEVICE_MAX && minor <= OLD_DEVICE_MAX)
                inode->large.i_block[0] = major << 8 | minor;
        else
                inode->large.i_block[1] = (minor & 0xff) | major << 8 | (minor & ~(uint32_t)0xff) << 12;
        return INGOT_OK;
}

static enum ingot_code write_xattr_block(struct writer *writer, uint8_t *bytes, union ext4_inode *inode,
                                         struct ingot_error *err)
{
        uint32_t block = writer->site->xattr_block, checksum;
        uint8_t block_number[8];

        if (!block)
                return ingot_fail(err, INGOT_E_BUG, "its xattrs have no place");
        put_le64(block_number, block);
        checksum = ext2fs_crc32c_le(writer->volume->fs->csum_seed, block_number, sizeof(block_number));
        put_le32(bytes + XATTR_CHECKSUM_AT, ext2fs_crc32c_le(checksum, bytes, EXT4_BLOCK_BYTES));
        inode->large.i_file_acl = block;
        ext4_inode_add_blocks(inode, 1);
        return ext4_volume_write_block(writer->volume, block, bytes, err);
}

static enum ingot_code write_xattrs(struct writer *writer, const struct tree_entry *entry,
                                    union ext4_inode *inode, struct ingot_error *err)
{
        struct ext4_xattr_image image;
        OWNED(heap_drop) uint8_t *block_bytes = NULL;
        enum ingot_code r;

        if (!entry->inode->xattr_count)
                return INGOT_OK;
        if ((r = ext4_xattr_encode(entry->inode->xattrs, entry->inode->xattr_count, &image, err)))
                return r;
        block_bytes = image.block_bytes;
        memcpy(inode->bytes + sizeof(inode->bytes) - EXT4_XATTR_INODE_BYTES, image.inode_bytes,
               EXT4_XATTR_INODE_BYTES);
        return block_bytes ? write_xattr_block(writer, block_bytes, inode, err) : INGOT_OK;
}

static uint16_t mode_bits(enum tree_kind kind)
{
        switch (kind) {
        case TREE_FILE: return LINUX_S_IFREG;
        case TREE_DIRECTORY: return LINUX_S_IFDIR;
        case TREE_SYMLINK: return LINUX_S_IFLNK;
        case TREE_CHARACTER_DEVICE: return LINUX_S_IFCHR;
        case TREE_BLOCK_DEVICE: return LINUX_S_IFBLK;
        case TREE_FIFO: return LINUX_S_IFIFO;
        case TREE_SOCKET: return LINUX_S_IFSOCK;
        }
        return 0;
}

static enum ingot_code write_kind(struct writer *writer, const struct tree_entry *entry,
                                  union ext4_inode *inode, struct ingot_error *err)
{
        switch (entry->inode->kind) {
        case TREE_FILE: return write_file(writer, entry, inode, err);
        case TREE_DIRECTORY: return write_directory(writer, entry, inode, err);
        case TREE_SYMLINK: return write_symlink(writer, entry, inode, err);
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE: return set_device(entry, inode, err);
        case TREE_FIFO:
        case TREE_SOCKET: return INGOT_OK;
        }
        return ingot_fail(err, INGOT_E_BUG, "an entry of kind %d", (int)entry->inode->kind);
}

static enum ingot_code write_entry(struct writer *writer, const struct tree_entry *entry,
                                   struct ingot_error *err)
{
        const struct tree_inode *from = entry->inode;
        union ext4_inode inode;
        enum ingot_code r;

        if (from->kind != TREE_DIRECTORY && from->link_count > LINKS_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT, "it has %" PRIu32 " hard links, more than ext4's %d",
                                  from->link_count, LINKS_MAX);
        ext4_inode_init(&inode, (uint16_t)(mode_bits(from->kind) | (from->mode & PERMISSIONS)), from->uid,
                        from->gid, &from->mtime);
        inode.large.i_links_count = (uint16_t)from->link_count;
        if ((r = write_kind(writer, entry, &inode, err)) || (r = write_xattrs(writer, entry, &inode, err)))
                return r;
        return ext4_volume_write_inode(writer->volume, from->mark, &inode, err);
}

static enum ingot_code write_lost(struct writer *writer, struct ingot_error *err)
{
        OWNED(ext4_directory_release) struct ext4_directory directory = { .block_count = 0 };
        union ext4_inode inode;
        enum ingot_code r =
                ext4_directory_plan(NULL, 0, &writer->request->hash_seed, EXT4_LOST_BLOCKS, &directory, err);

        if (r)
                return r;
        begin_site(writer, writer->inventory->count);
        ext4_inode_init(&inode, LINUX_S_IFDIR | LOST_MODE, 0, 0, &writer->volume->own_time);
        inode.large.i_links_count = 2;
        if ((r = write_directory_blocks(writer, &directory, EXT4_LOST_INODE, EXT4_ROOT_INODE, &inode, err)))
                return r;
        return ext4_volume_write_inode(writer->volume, EXT4_LOST_INODE, &inode, err);
}

static enum ingot_code write_entries(struct writer *writer, struct ingot_error *err)
{
        if (writer->inventory->makes_lost) {
                enum ingot_code r = write_lost(writer, err);

                if (r)
                        return r;
        }
        for (size_t i = 0; i < writer->inventory->count; i++) {
                const struct tree_entry *entry = writer->inventory->order[i];
                enum ingot_code r;

                begin_site(writer, i);
                r = write_entry(writer, entry, err);
                if (r) {
                        OWNED(heap_drop) char *path = tree_entry_path(entry);

                        return ingot_while(err, r, "laying out '%s'", path ? path : entry->name);
                }
        }
        return INGOT_OK;
}

/* ---- the whole ---- */

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
            (r = fit(inventory, request->size_bytes, &geometry, err)))
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
