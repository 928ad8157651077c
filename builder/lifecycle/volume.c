/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "content/packages.h"
#include "lifecycle/volume.h"

enum ingot_code volume_identify(const struct template *template, const struct template_volume *asked,
                                const struct mapping_entry *entry, const struct guid *seed,
                                struct volume *ret_volume, struct ingot_error *err)
{
        OWNED(volume_release) struct volume made = { .template = template, .asked = asked, .entry = entry };
        enum ingot_code r;

        made.parts = calloc(asked->partition_count + 1, sizeof(*made.parts));
        if (!made.parts)
                return ingot_fail_memory(err, asked->partition_count * sizeof(*made.parts));
        r = layout_identify(template, asked, seed, &made.layout, err);
        if (!r)
                r = tree_new(&made.tree, err);
        if (r)
                return ingot_while(err, r, "starting volume '%s'", asked->device_name.text);
        *ret_volume = made;
        made = (struct volume){ 0 };
        return INGOT_OK;
}

/* ---- trees of partitions ---- */

static bool partition_holds_files(const struct template_partition *partition)
{
        return partition->file_system == FILE_SYSTEM_EXT4 || partition->file_system == FILE_SYSTEM_VFAT;
}

static bool volume_is_root(const struct volume *volume)
{
        return strcmp(volume->asked->device_name.text, volume->template->root_device.text) == 0;
}

/* The partition that keeps what no other takes: in a root volume the one mounted at '/', in a data volume,
 * whose paths start at its own root, the first that holds files. */
static bool partition_is_base(const struct volume *volume, size_t index)
{
        const struct template_partition *partition = &volume->asked->partitions[index];

        if (!partition_holds_files(partition))
                return false;
        if (volume_is_root(volume) && volume->asked->partition_table != PARTITION_TABLE_NONE)
                return partition->mount.text && strcmp(partition->mount.text, "/") == 0;
        while (index > 0)
                if (partition_holds_files(&volume->asked->partitions[--index]))
                        return false;
        return true;
}

static size_t mount_depth(const char *mount)
{
        size_t depth = 0;

        for (; *mount; mount++)
                depth += *mount == '/';
        return depth;
}

/* Splits off the partitions mounted exactly depth deep. */
static enum ingot_code split_depth(struct volume *volume, size_t depth, struct ingot_error *err)
{
        for (size_t i = 0; i < volume->asked->partition_count; i++) {
                const struct template_partition *partition = &volume->asked->partitions[i];
                struct tree_entry *entry;
                enum ingot_code r;

                if (!partition_holds_files(partition) || partition_is_base(volume, i) ||
                    volume->parts[i].tree)
                        continue;
                if (!partition->mount.text || mount_depth(partition->mount.text) != depth)
                        continue;
                if (tree_find(volume->tree, partition->mount.text, &entry, NULL))
                        continue; /* nothing was put there: an empty file system */
                r = tree_split(volume->tree, partition->mount.text, &volume->parts[i].tree, err);
                if (r)
                        return ingot_while(err, r, "giving partition '%s' its files", partition->name.text);
        }
        return INGOT_OK;
}

static enum ingot_code give_base_tree(struct volume *volume, struct ingot_error *err)
{
        struct tree_census census;

        for (size_t i = 0; i < volume->asked->partition_count; i++)
                if (partition_is_base(volume, i)) {
                        volume->parts[i].tree = TAKE(volume->tree);
                        return INGOT_OK;
                }
        tree_take_census(volume->tree, &census);
        if (census.entries > 1)
                return mark_fail(err, INGOT_E_LAYOUT, &volume->asked->device_name.mark,
                                 "volume '%s' has content and no partition mounted at '/' to hold it",
                                 volume->asked->device_name.text);
        return INGOT_OK;
}

enum ingot_code volume_split(struct volume *volume, int64_t epoch_seconds, struct ingot_error *err)
{
        enum ingot_code r = packages_mark(volume->tree, err);

        for (size_t depth = volume_is_root(volume) ? 64 : 0; !r && depth > 0; depth--)
                r = split_depth(volume, depth, err);
        if (!r)
                r = give_base_tree(volume, err);
        for (size_t i = 0; !r && i < volume->asked->partition_count; i++) {
                if (!volume->parts[i].tree && partition_holds_files(&volume->asked->partitions[i]))
                        r = tree_new(&volume->parts[i].tree, err);
                if (!r && volume->parts[i].tree)
                        r = tree_seal(volume->parts[i].tree, epoch_seconds, err);
        }
        return ingot_while(err, r, "dividing the files of volume '%s'", volume->asked->device_name.text);
}

uint64_t volume_clamped_count(const struct volume *volume)
{
        uint64_t count = 0;

        for (size_t i = 0; i < volume->asked->partition_count; i++)
                if (volume->parts[i].tree)
                        count += tree_clamped_count(volume->parts[i].tree);
        return count;
}

/* ---- sizes ---- */

static struct ext4_request ext4_request_for(const struct volume *volume, size_t index, int64_t epoch_seconds,
                                            const char *spool_folder)
{
        const struct layout_partition *placed = &volume->layout.partitions[index];

        return (struct ext4_request){ .tree = volume->parts[index].tree,
                                      .size_bytes = (placed->end_lba - placed->start_lba) * SECTOR_BYTES,
                                      .uuid = placed->uuid,
                                      .hash_seed = placed->hash_seed,
                                      .label = placed->label,
                                      .epoch_seconds = epoch_seconds,
                                      .lock = layout_lock_find(volume->lock, placed->number,
                                                               FILE_SYSTEM_EXT4),
                                      .spool_folder = spool_folder };
}

static struct fat_request fat_request_for(const struct volume *volume, size_t index, int64_t epoch_seconds)
{
        const struct layout_partition *placed = &volume->layout.partitions[index];

        return (struct fat_request){ .tree = volume->parts[index].tree,
                                     .size_bytes = (placed->end_lba - placed->start_lba) * SECTOR_BYTES,
                                     .serial = placed->vfat_serial,
                                     .label = placed->label,
                                     .hidden_sectors = (uint32_t)placed->start_lba,
                                     .epoch_seconds = epoch_seconds };
}

/* Also whether what the lock tells of is large enough. */
static enum ingot_code measure_ext4(const struct ext4_request *request, struct volume_part *part,
                                    struct ingot_error *err)
{
        struct ext4_request at_lock = *request;
        enum ingot_code r = ext4_measure(request, &part->fit_bytes, err);

        if (r || !request->lock)
                return r;
        at_lock.size_bytes = (request->lock->end_lba - request->lock->start_lba) * SECTOR_BYTES;
        r = ext4_check_lock(&at_lock, err);
        part->outgrew_lock = r == INGOT_E_LAYOUT;
        return part->outgrew_lock ? INGOT_OK : r;
}

static enum ingot_code measure_part(struct volume *volume, size_t index, int64_t epoch_seconds,
                                    const char *spool_folder, struct ingot_error *err)
{
        struct ext4_request ext4 = ext4_request_for(volume, index, epoch_seconds, spool_folder);
        struct fat_request fat = fat_request_for(volume, index, epoch_seconds);

        switch (volume->asked->partitions[index].file_system) {
        case FILE_SYSTEM_EXT4: return measure_ext4(&ext4, &volume->parts[index], err);
        case FILE_SYSTEM_VFAT: return fat_measure(&fat, &volume->parts[index].fit_bytes, err);
        case FILE_SYSTEM_SWAP:
        case FILE_SYSTEM_NONE: break;
        }
        return INGOT_OK;
}

static struct layout_need need_of(const struct volume *volume, size_t index)
{
        const struct volume_part *part = &volume->parts[index];
        const struct layout_partition *partition = &volume->layout.partitions[index];
        const struct lock_partition *locked =
                layout_lock_find(volume->lock, partition->number, FILE_SYSTEM_EXT4);
        struct layout_need need = { .fit_bytes = part->fit_bytes, .outgrew_lock = part->outgrew_lock };

        if (locked && partition->file_system == FILE_SYSTEM_EXT4)
                need.locked_bytes = (locked->end_lba - locked->start_lba) * SECTOR_BYTES;
        return need;
}

enum ingot_code volume_place(struct volume *volume, const struct guid *seed, int64_t epoch_seconds,
                             const char *spool_folder, struct ingot_error *err)
{
        OWNED(heap_drop)
        struct layout_need *needs = calloc(volume->asked->partition_count + 1, sizeof(*needs));
        struct layout placed = { 0 };
        enum ingot_code r = INGOT_OK;

        if (!needs)
                return ingot_fail_memory(err, volume->asked->partition_count * sizeof(*needs));
        for (size_t i = 0; !r && i < volume->asked->partition_count; i++) {
                r = measure_part(volume, i, epoch_seconds, spool_folder, err);
                needs[i] = need_of(volume, i);
        }
        if (!r)
                r = layout_place(volume->template, volume->asked, volume->entry, needs, seed, &placed, err);
        if (r)
                return ingot_while(err, r, "placing the partitions of volume '%s'",
                                   volume->asked->device_name.text);
        layout_release(&volume->layout);
        volume->layout = placed;
        if (volume->lock)
                layout_lock_pin(volume->lock, &volume->layout);
        return INGOT_OK;
}

/* ---- extents ---- */

static enum ingot_code lay_out_part(struct volume *volume, size_t index, int64_t epoch_seconds,
                                    const char *spool_folder, struct ingot_error *err)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        const struct layout_partition *placed = &volume->layout.partitions[index];
        struct ext4_request ext4 = ext4_request_for(volume, index, epoch_seconds, spool_folder);
        struct fat_request fat = fat_request_for(volume, index, epoch_seconds);
        struct volume_part *part = &volume->parts[index];
        enum ingot_code r = INGOT_OK;

        switch (placed->file_system) {
        case FILE_SYSTEM_EXT4:
                r = ext4_image_new(&ext4, &part->ext4, err);
                if (!r)
                        r = extent_list_add_all(&extents, ext4_image_extents(part->ext4), 0, err);
                break;
        case FILE_SYSTEM_VFAT:
                r = fat_image_new(&fat, &part->fat, err);
                if (!r)
                        r = fat_image_extents(part->fat, &extents, err);
                break;
        case FILE_SYSTEM_SWAP:
                r = swap_image_new((placed->end_lba - placed->start_lba) * SECTOR_BYTES, &placed->uuid,
                                   placed->label, &part->swap, err);
                if (!r)
                        r = swap_image_extents(part->swap, &extents, err);
                break;
        case FILE_SYSTEM_NONE: break;
        }
        if (!r)
                r = extent_list_add_all(&volume->extents, &extents, placed->start_lba, err);
        return ingot_while(err, r, "laying out partition '%s'", placed->name);
}

static const struct layout_partition *find_type(const struct layout *layout, enum partition_type type)
{
        for (size_t i = 0; i < layout->partition_count; i++)
                if (layout->partitions[i].type == type)
                        return &layout->partitions[i];
        return NULL;
}

static enum ingot_code lay_out_boot(struct volume *volume, struct ingot_error *err)
{
        const struct layout_partition *bios_boot = find_type(&volume->layout, PARTITION_BIOS_BOOT);
        enum ingot_code r;

        if (!volume->grub_core)
                return INGOT_OK;
        if (!bios_boot)
                return mark_fail(err, INGOT_E_LAYOUT, &volume->template->boot.mark,
                                 "boot.bios needs a partition of type bios-boot for GRUB's core");
        r = grub_embed_new(volume->grub_boot, volume->grub_boot_bytes, volume->grub_core,
                           volume->grub_core_bytes, bios_boot->start_lba, bios_boot->end_lba, &volume->grub,
                           err);
        if (r)
                return ingot_while(err, r, "embedding GRUB into partition '%s'", bios_boot->name);
        grub_embed_patch_mbr(volume->grub, gpt_image_mbr(volume->gpt));
        return grub_embed_extents(volume->grub, &volume->extents, err);
}

static enum ingot_code lay_out_all(struct volume *volume, int64_t epoch_seconds, const char *spool_folder,
                                   struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < volume->layout.partition_count; i++)
                r = lay_out_part(volume, i, epoch_seconds, spool_folder, err);
        if (!r && volume->layout.table == PARTITION_TABLE_GPT) {
                r = gpt_layout(&volume->layout, &volume->gpt, err);
                if (!r)
                        r = lay_out_boot(volume, err);
                if (!r)
                        r = gpt_image_extents(volume->gpt, &volume->extents, err);
        }
        if (!r)
                r = extent_list_settle(&volume->extents, volume->layout.size_sectors, err);
        return r;
}

enum ingot_code volume_lay_out(struct volume *volume, int64_t epoch_seconds, const char *spool_folder,
                               struct ingot_error *err)
{
        enum ingot_code r = lay_out_all(volume, epoch_seconds, spool_folder, err);

        return ingot_while(err, r, "laying out volume '%s'", volume->asked->device_name.text);
}

/* ---- the manifest ---- */

/* Adds "a b c" as three features. */
static enum ingot_code describe_features(struct manifest_file_system *described, const char *features,
                                         struct ingot_error *err)
{
        while (*features) {
                size_t size_bytes = strcspn(features, " ");
                char name[64];
                enum ingot_code r;

                (void)snprintf(name, sizeof(name), "%.*s", (int)size_bytes, features);
                r = manifest_add_feature(described, name, err);
                if (r)
                        return r;
                features += size_bytes + (features[size_bytes] == ' ');
        }
        return INGOT_OK;
}

static enum ingot_code describe_part(const struct volume_part *part, struct manifest_file_system *described,
                                     struct ingot_error *err)
{
        struct tree_census census = { 0 };
        struct fat_numbers numbers;
        char name[16];

        described->fit_bytes = part->fit_bytes;
        if (part->tree) {
                tree_take_census(part->tree, &census);
                described->file_count = census.files;
        }
        if (part->ext4) {
                described->block_bytes = EXT4_BLOCK_BYTES;
                described->inode_count = ext4_image_usage(part->ext4)->inode_count;
                return describe_features(described, ext4_image_features(part->ext4), err);
        }
        if (part->fat) {
                fat_image_numbers(part->fat, &numbers);
                described->block_bytes = numbers.cluster_bytes;
                (void)snprintf(name, sizeof(name), "fat%u", numbers.fat_bits);
                return manifest_add_feature(described, name, err);
        }
        if (part->swap)
                described->block_bytes = SWAP_PAGE_BYTES;
        return INGOT_OK;
}

enum ingot_code volume_describe(const struct volume *volume, struct manifest *manifest,
                                struct manifest_volume **ret_described, struct ingot_error *err)
{
        struct manifest_volume *described;
        enum ingot_code r = manifest_add_volume(manifest, &volume->layout, &described, err);

        for (size_t i = 0; !r && i < volume->layout.partition_count; i++)
                r = describe_part(&volume->parts[i], &described->file_systems[i], err);
        if (r)
                return r;
        *ret_described = described;
        return INGOT_OK;
}

void volume_release(struct volume *volume)
{
        extent_list_release(&volume->extents);
        free(volume->lock_text);
        grub_embed_free(volume->grub);
        gpt_image_free(volume->gpt);
        free(volume->grub_boot);
        free(volume->grub_core);
        for (size_t i = 0; volume->parts && i < volume->asked->partition_count; i++) {
                ext4_image_free(volume->parts[i].ext4);
                fat_image_free(volume->parts[i].fat);
                swap_image_free(volume->parts[i].swap);
                tree_free(volume->parts[i].tree);
        }
        free(volume->parts);
        tree_free(volume->tree);
        layout_release(&volume->layout);
        *volume = (struct volume){ 0 };
}
