/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_BOOT_H
#define LIFECYCLE_BOOT_H

/* builder/lifecycle/boot.h
 * boot: makes the root volume of a preparation bootable: fstab, grub.cfg, the ESP, GRUB's core for BIOS.
 *
 * Rules    (1) GRUB comes from the image's own packages, and none of its programs is run: the core is laid
 *              out by image/grub_core.
 *          (2) fstab is written whatever the boot loader is.
 */
#include "lifecycle/prepare.h"

/*
 * Fails with   INGOT_E_TEMPLATE  a kernel or GRUB is missing from the image: the cause names the package
 *              INGOT_E_FORMAT, INGOT_E_LAYOUT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code boot_install(struct preparation *preparation, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
