/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "content/boot_files.h"
#include "content/fstab.h"
#include "image/grub_core.h"
#include "lifecycle/boot.h"

static const char grub_folder[] = "/usr/lib/grub/i386-pc";

/* What the core must bring to find /boot, show a menu on screen and serial line, and start Linux. */
static const char *const grub_modules[] = {
        "biosdisk",       "part_gpt", "part_msdos", "ext2",   "fat",        "search",
        "search_fs_uuid", "serial",   "terminal",   "normal", "configfile", "linux",
        "test",           "echo",     "ls",         "halt",   "reboot",
};

/* grub_files.read: a file of GRUB's folder in the image's tree. */
static enum ingot_code read_grub_file(void *context, const char *name, size_t ceiling_bytes,
                                      uint8_t **ret_bytes, size_t *ret_size_bytes, struct ingot_error *err)
{
        const struct tree *tree = context;
        struct tree_entry *entry;
        uint8_t *bytes;
        char path[256];
        enum ingot_code r;

        if (snprintf(path, sizeof(path), "%s/%s", grub_folder, name) >= (int)sizeof(path))
                return ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' is no file of GRUB's", name);
        r = tree_resolve(tree, path, true, &entry, err);
        if (r)
                return r;
        if (entry->inode->kind != TREE_FILE || entry->inode->size_bytes > ceiling_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' of the image is no file of at most %zu bytes",
                                  path, ceiling_bytes);
        bytes = malloc(entry->inode->size_bytes + 1);
        if (!bytes)
                return ingot_fail_memory(err, entry->inode->size_bytes);
        r = tree_inode_read(entry->inode, 0, bytes, entry->inode->size_bytes, err);
        if (r) {
                free(bytes);
                return r;
        }
        *ret_size_bytes = entry->inode->size_bytes;
        *ret_bytes = bytes;
        return INGOT_OK;
}

/* GRUB's modules are a source like any other: recorded by the digest of the core made of them. */
static enum ingot_code record_core(struct preparation *preparation, const struct volume *root,
                                   struct ingot_error *err)
{
        struct manifest_source source = { .kind = (char *)"grub",
                                          .name = (char *)grub_folder,
                                          .size_bytes = root->grub_core_bytes,
                                          .has_digest = true };
        enum ingot_code r = digest_of(root->grub_core, root->grub_core_bytes, &source.digest, err);

        return r ? r : manifest_add_source(preparation->manifest, &source, err);
}

static enum ingot_code build_core(struct preparation *preparation, const struct boot_files_request *files,
                                  struct volume *root, struct ingot_error *err)
{
        OWNED(heap_drop) char *config = NULL;
        struct grub_core_request asked = { .files = { .context = root->tree, .read = read_grub_file },
                                           .modules = grub_modules,
                                           .module_count = sizeof(grub_modules) / sizeof(grub_modules[0]) };
        enum ingot_code r;

        r = boot_files_core_config(files, &config, &asked.prefix, err);
        asked.early_config = config;
        if (!r)
                r = read_grub_file(root->tree, "boot.img", GRUB_FILE_MAX_BYTES, &root->grub_boot,
                                   &root->grub_boot_bytes, err);
        if (r == INGOT_E_NOT_FOUND)
                return mark_fail(err, INGOT_E_TEMPLATE, &preparation->inputs.template->boot.mark,
                                 "the image has no GRUB for BIOS ('%s/boot.img'); add package grub-pc-bin",
                                 grub_folder);
        if (!r)
                r = grub_core_build(&asked, &root->grub_core, &root->grub_core_bytes, err);
        if (!r)
                r = record_core(preparation, root, err);
        return ingot_while(err, r, "building GRUB's core image");
}

static enum ingot_code install_grub(struct preparation *preparation, struct volume *root,
                                    struct ingot_error *err)
{
        const struct template *template = preparation->inputs.template;
        struct boot_files_request files = { .tree = root->tree,
                                            .store = preparation->store,
                                            .template = template,
                                            .root_layout = &root->layout };
        enum ingot_code r = INGOT_OK;

        /* An ESP that is not mounted has a tree of its own, which volume_split() leaves alone. */
        for (size_t i = 0; !r && i < root->asked->partition_count; i++) {
                const struct template_partition *partition = &root->asked->partitions[i];

                if (partition->type != PARTITION_ESP || partition->mount.text ||
                    partition->file_system != FILE_SYSTEM_VFAT || template->boot.uefi == BOOT_NONE)
                        continue;
                r = tree_new(&root->parts[i].tree, err);
                files.esp_tree = root->parts[i].tree;
        }
        if (!r && (template->boot.bios == BOOT_GRUB || template->boot.uefi == BOOT_GRUB))
                r = boot_files_write_grub(&files, err);
        if (!r && template->boot.uefi == BOOT_GRUB)
                r = boot_files_fill_esp(&files, err);
        if (!r && template->boot.bios == BOOT_GRUB)
                r = build_core(preparation, &files, root, err);
        return r;
}

enum ingot_code boot_install(struct preparation *preparation, struct ingot_error *err)
{
        OWNED(heap_drop) struct layout *layouts = calloc(preparation->volume_count + 1, sizeof(*layouts));
        struct fstab_request fstab = { .store = preparation->store,
                                       .layouts = layouts,
                                       .layout_count = preparation->volume_count };
        struct volume *root = NULL;
        enum ingot_code r;

        if (!layouts)
                return ingot_fail_memory(err, preparation->volume_count * sizeof(*layouts));
        for (size_t i = 0; i < preparation->volume_count; i++) {
                layouts[i] = preparation->volumes[i].layout; /* borrowed: not released here */
                if (strcmp(layouts[i].device_name, preparation->inputs.template->root_device.text) == 0) {
                        root = &preparation->volumes[i];
                        fstab.root_layout = &layouts[i];
                }
        }
        if (!root)
                return ingot_fail(err, INGOT_E_BUG, "the template's root device has no volume");
        fstab.tree = root->tree;
        r = fstab_write(&fstab, err);
        if (!r)
                r = install_grub(preparation, root, err);
        return ingot_while(err, r, "making volume '%s' bootable", root->layout.device_name);
}
