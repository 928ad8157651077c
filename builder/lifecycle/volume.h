/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_H
#define LIFECYCLE_VOLUME_H

/* builder/lifecycle/volume.h
 * volume: one volume on its way from trees of files to the extents of a disk.
 *
 *   volume_identify    identifiers, known before any size
 *   (gather)           fills tree; boot files are written into it
 *   volume_split       one tree for each partition that is mounted below it
 *   volume_place       measures, places
 *   volume_lay_out     file systems, partition table, boot loader: extents
 *
 * Rules    (1) Trees and images live until volume_release(): extents point into them.
 */
#include "filesystem/ext4_writer.h"
#include "filesystem/fat_writer.h"
#include "filesystem/swap_writer.h"
#include "image/gpt.h"
#include "image/grub_embed.h"
#include "model/layout.h"
#include "model/layout_lock.h"
#include "model/manifest.h"
#include "model/tree.h"

/* One partition: its files, and the file system they became. */
struct volume_part {
        bool outgrew_lock; /* its content does not fit the size that the lock tells of */
        struct tree *tree; /* owned; NULL where there is no file system with files */
        struct ext4_image *ext4;
        struct fat_image *fat;
        struct swap_image *swap;
        uint64_t fit_bytes;
};

struct volume {
        const struct template *template;
        const struct template_volume *asked;
        const struct mapping_entry *entry;
        struct layout layout;
        struct tree *tree;         /* owned; all files of the volume until volume_split() gives them out */
        struct volume_part *parts; /* one for each partition of asked */
        uint8_t *grub_boot, *grub_core; /* owned; NULL: no BIOS boot loader */
        size_t grub_boot_bytes, grub_core_bytes;
        struct gpt_image *gpt;
        struct grub_embed *grub;
        const struct layout_lock *lock; /* to follow; borrowed; NULL for none */
        struct digest lock_digest;      /* of its file */
        char *lock_text;                /* the lock that it leaves behind; owned */
        size_t lock_text_bytes;
        struct extent_list extents; /* settled after volume_lay_out() */
};

/*
 * Starts a volume: its empty tree and its identifiers.
 *
 * template, asked, entry   borrowed; outlive the volume
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code volume_identify(const struct template *template, const struct template_volume *asked,
                                const struct mapping_entry *entry, const struct guid *seed,
                                struct volume *ret_volume, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Gives each partition its tree, deepest mount point first, and seals them.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_FORMAT  a mount point is no directory, or a hard link crosses one
 *              INGOT_E_LAYOUT  the volume has files and no partition to hold them
 */
enum ingot_code volume_split(struct volume *volume, int64_t epoch_seconds,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* How many inodes of it were given an earlier time than their source did (tree.h, rule 8). */
uint64_t volume_clamped_count(const struct volume *volume);

/*
 * Measures what each file system needs and places the partitions.
 *
 * Fails with   INGOT_E_LAYOUT, INGOT_E_MEMORY
 */
enum ingot_code volume_place(struct volume *volume, const struct guid *seed, int64_t epoch_seconds,
                             const char *spool_folder, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lays out everything: volume->extents is settled afterwards.
 *
 * Fails with   INGOT_E_LAYOUT, INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code volume_lay_out(struct volume *volume, int64_t epoch_seconds, const char *spool_folder,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds the volume to a manifest: layout, file systems, features.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code volume_describe(const struct volume *volume, struct manifest *manifest,
                                struct manifest_volume **ret_described,
                                struct ingot_error *err) INGOT_MUST_CHECK;

void volume_release(struct volume *volume);

#endif
