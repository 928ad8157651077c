/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_BOOT_FILES_H
#define CONTENT_BOOT_FILES_H

/* builder/content/boot_files.h
 * boot_files: the files that GRUB needs to boot a root file system: grub.cfg, and what the ESP holds.
 *
 * Rules    (1) /boot/grub/grub.cfg is static: one entry for each kernel, newest version first; file systems by
 *              UUID; screen and serial console.  No program of the image or of the build machine is run.
 *          (2) The UEFI boot loader is the one the image's own packages brought, copied byte for byte to the
 *              removable path: Debian's signed shim and GRUB when both are there, else the prebuilt
 *              monolithic GRUB.  Either reads /EFI/debian/grub.cfg of the ESP, which leads to rule 1's file.
 *          (3) Everything is written before mount points are split off: paths are those of the running
 *              system.
 * Source   GRUB manual 2.06, chapters 5 and 16; UEFI 2.10, 3.5.1.1 (removable media path);
 *          Debian's grub-efi-amd64-bin 2.06-13+deb12u1 (embedded prefix /EFI/debian).
 * Tests    tests/unit/content/test_boot_files.c; booted by make check-boot
 */
#include "content/store.h"
#include "model/layout.h"
#include "model/tree.h"

struct boot_files_request {
        struct tree *tree; /* of the root volume, not yet split */
        struct content_store *store;
        const struct template *template;
        const struct layout *root_layout; /* identifiers and mounts of the root volume */
        struct tree *esp_tree;            /* where the ESP's files go when it is not mounted; else unused */
};

/*
 * Writes grub.cfg for either firmware.
 *
 * Fails with   INGOT_E_TEMPLATE  there is no kernel in /boot: the cause says which package to add
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM, INGOT_E_FORMAT
 */
enum ingot_code boot_files_write_grub(const struct boot_files_request *request,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Fills the ESP (rule 2).
 *
 * Fails with   INGOT_E_TEMPLATE  the image has no UEFI GRUB: the cause says which package to add
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM, INGOT_E_FORMAT
 */
enum ingot_code boot_files_fill_esp(const struct boot_files_request *request,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* The configuration that core.img carries inside: find the file system with /boot, read rule 1's file.
 * out is owned by the caller (free); prefix is "/boot/grub", or "/grub" when /boot is its own. */
enum ingot_code boot_files_core_config(const struct boot_files_request *request, char **ret_config,
                                       const char **ret_prefix, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
