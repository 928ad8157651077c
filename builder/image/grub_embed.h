/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GRUB_EMBED_H
#define IMAGE_GRUB_EMBED_H

/* builder/image/grub_embed.h
 * grub_embed: GRUB for BIOS put where it boots from, and found there again.
 *
 *   LBA 0, bytes 0..439   boot.img: loads one sector from core_lba
 *   core_lba              diskboot.img: loads the rest of the core from core_lba + 1
 *   core_lba + 1 ...      the rest of core.img
 *
 * GRUB for UEFI needs none of this: Debian's prebuilt usr/lib/grub/x86_64-efi/monolithic/grubx64.efi is copied
 * to EFI/BOOT/BOOTX64.EFI of the ESP.  Its built-in prefix is /EFI/debian on the device it was loaded from, and
 * grub.cfg lies at EFI/debian/grub.cfg of the ESP: Debian 12's (2.06) and 13's (2.12) both read it there at once
 * (seen in QEMU under OVMF).  Where EFI/debian is absent they fall back to EFI/BOOT/grub.cfg; 2.06 complains that
 * there is no /.disk/info and sets prefix to boot/grub before it does.
 *
 * Rules    (1) Bytes 440..511 of LBA 0 belong to the partition table and are not touched; bytes 3..89 stay as
 *              they are on the disk (zeros on a new one).
 *          (2) The core is read from the drive that the BIOS tells; a number that is no hard disk's, which some
 *              BIOSes pass, is taken for the first hard disk.
 *          (3) The core, without Reed-Solomon redundancy, fits the partition whole.
 * Source   GRUB 2.06, format of boot.img and diskboot.img.
 * Tests    tests/unit/image/test_grub_embed.c
 */
#include <stdbool.h>

#include "model/extent.h"

enum { GRUB_FAULT_BYTES = 160 };

struct grub_embed; /* owns boot code and core */

/*
 * Makes boot.img and core.img point at each other for a core that starts at core_lba.
 *
 * boot, core   bytes of boot.img and of what grub_core_build() made; borrowed for this call
 * core_lba, end_lba  the BIOS boot partition; or, on a disk with an MBR, LBA 1 and the first partition's start
 * ret_embed    owned by the caller: grub_embed_free(); outlives every extent taken from it
 * Fails with   INGOT_E_FORMAT  boot or core is not GRUB's for i386-pc
 *              INGOT_E_LAYOUT  the core does not fit; both sizes are in the cause
 *              INGOT_E_MEMORY
 */
enum ingot_code grub_embed_new(const uint8_t *boot, size_t boot_bytes, const uint8_t *core, size_t core_bytes,
                               uint64_t core_lba, uint64_t end_lba, struct grub_embed **ret_embed,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void grub_embed_free(struct grub_embed *embed);
void grub_embed_drop(struct grub_embed **embed);

/* Puts the boot code into LBA 0 (rule 1): gpt_image_mbr(). */
void grub_embed_patch_mbr(const struct grub_embed *embed, uint8_t sector[SECTOR_BYTES]);

/*
 * Adds the extent of the core at core_lba.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code grub_embed_extents(const struct grub_embed *embed, struct extent_list *list,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* What was found on a disk. */
struct grub_found {
        uint64_t core_lba;
        uint64_t core_sectors;
        char fault[GRUB_FAULT_BYTES]; /* "" when boot code and core agree */
};

/*
 * Looks for GRUB's boot code in LBA 0 and follows it.
 *
 * start_lba, end_lba  the BIOS boot partition; both 0 when there is none: the gap after LBA 0 is meant
 * Fails with   INGOT_E_NOT_FOUND  the boot code in LBA 0 is not GRUB's
 *              and whatever source fails with; a core that is wrong is a fault, not a failure
 */
enum ingot_code grub_embed_find(const struct byte_source *source, uint64_t size_bytes, uint64_t start_lba,
                                uint64_t end_lba, struct grub_found *ret_found,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
