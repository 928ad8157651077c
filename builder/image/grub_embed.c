/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "image/grub_embed.h"
#include "image/mbr.h"
#include "model/memory_source.h"

/* boot.img and diskboot.img, GRUB 2.06 and 2.12 */
enum {
        BOOT_PARAMETERS_AT = 0x03, /* the BIOS parameter block of whoever was here before */
        BOOT_PARAMETERS_END = 0x5A,
        BOOT_CORE_LBA_AT = 0x5C,
        BOOT_DRIVE_AT = 0x64,
        BOOT_DRIVE_CHECK_AT = 0x66,
        DISKBOOT_BLOCKS_AT =
                0x1F4, /* u64: where the rest lies; u16: its sectors; u16: the segment it goes to */
        DISKBOOT_SECTORS_AT = 0x1FC,
        DISKBOOT_SEGMENT_AT = 0x1FE,
        DISKBOOT_SEGMENT = 0x0820,
        DRIVE_OF_BIOS = 0xFF,
        CORE_REST_AT = SECTOR_BYTES,
        LZMA_SIZES_AT = 8, /* from the rest's start: compressed, uncompressed */
        LZMA_BYTES_MAX = 0x78000,
};

/* A jump over the parameter block, then "cli" behind the drive's number. */
static const uint8_t boot_jump[] = { 0xEB, 0x63, 0x90 };
/* A short jump past the check of the drive's number, and the two no-ops in its place that enable it (rule 2). */
static const uint8_t drive_check_off[] = { 0xEB, 0x05 }, drive_check_on[] = { 0x90, 0x90 };

struct grub_embed {
        uint64_t core_lba, core_sectors;
        size_t core_bytes;
        uint8_t boot[SECTOR_BYTES];
        uint8_t *core; /* owned */
        struct memory_source core_source;
};

static bool is_boot_code(const uint8_t *boot)
{
        return memcmp(boot, boot_jump, sizeof(boot_jump)) == 0 &&
               (memcmp(boot + BOOT_DRIVE_CHECK_AT, drive_check_off, sizeof(drive_check_off)) == 0 ||
                memcmp(boot + BOOT_DRIVE_CHECK_AT, drive_check_on, sizeof(drive_check_on)) == 0) &&
               memmem(boot, MBR_CODE_BYTES, "GRUB ", 5) != NULL;
}

static bool is_core(const uint8_t *core, size_t core_bytes)
{
        return core_bytes > 2 * (size_t)SECTOR_BYTES && core_bytes < LZMA_BYTES_MAX &&
               get_le16(core + DISKBOOT_SEGMENT_AT) == DISKBOOT_SEGMENT &&
               get_le16(core + DISKBOOT_SECTORS_AT) == div_up_u64(core_bytes, SECTOR_BYTES) - 1;
}

enum ingot_code grub_embed_new(const uint8_t *boot, size_t boot_bytes, const uint8_t *core, size_t core_bytes,
                               uint64_t core_lba, uint64_t end_lba, struct grub_embed **ret_embed,
                               struct ingot_error *err)
{
        OWNED(grub_embed_drop) struct grub_embed *embed = NULL;
        uint64_t core_sectors = div_up_u64(core_bytes, SECTOR_BYTES);

        if (boot_bytes != SECTOR_BYTES || !is_boot_code(boot) || boot[BOOT_DRIVE_AT] != DRIVE_OF_BIOS)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the %zu bytes of 'boot.img' are not GRUB's boot sector", boot_bytes);
        if (!is_core(core, core_bytes))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the %zu bytes of GRUB's core do not begin with diskboot", core_bytes);
        if (core_lba == 0 || end_lba < core_lba || end_lba - core_lba < core_sectors)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "GRUB's core needs %" PRIu64 " sectors, and there are %" PRIu64
                                  " from LBA %" PRIu64 "; give the bios-boot partition 1MiB",
                                  core_sectors, end_lba < core_lba ? 0 : end_lba - core_lba, core_lba);
        embed = calloc(1, sizeof(*embed));
        if (!embed)
                return ingot_fail_memory(err, sizeof(*embed));
        embed->core = malloc(core_bytes);
        if (!embed->core)
                return ingot_fail_memory(err, core_bytes);
        embed->core_lba = core_lba;
        embed->core_sectors = core_sectors;
        embed->core_bytes = core_bytes;
        memcpy(embed->boot, boot, SECTOR_BYTES);
        put_le64(embed->boot + BOOT_CORE_LBA_AT, core_lba);
        memcpy(embed->boot + BOOT_DRIVE_CHECK_AT, drive_check_on, sizeof(drive_check_on));
        memcpy(embed->core, core, core_bytes);
        put_le64(embed->core + DISKBOOT_BLOCKS_AT, core_lba + 1);
        memory_source_init(&embed->core_source, embed->core, core_bytes);
        *ret_embed = TAKE(embed);
        return INGOT_OK;
}

void grub_embed_free(struct grub_embed *embed)
{
        if (!embed)
                return;
        free(embed->core);
        free(embed);
}

void grub_embed_drop(struct grub_embed **embed)
{
        grub_embed_free(*embed);
}

void grub_embed_patch_mbr(const struct grub_embed *embed, uint8_t sector[SECTOR_BYTES])
{
        memcpy(sector, embed->boot, BOOT_PARAMETERS_AT);
        memcpy(sector + BOOT_PARAMETERS_END, embed->boot + BOOT_PARAMETERS_END,
               MBR_CODE_BYTES - BOOT_PARAMETERS_END);
}

enum ingot_code grub_embed_extents(const struct grub_embed *embed, struct extent_list *list,
                                   struct ingot_error *err)
{
        const struct extent extent = {
                .start_lba = embed->core_lba,
                .end_lba = embed->core_lba + embed->core_sectors,
                .source = &embed->core_source.source,
                .size_bytes = embed->core_bytes,
        };

        return extent_list_add(list, &extent, err);
}

static void find_fault(const uint8_t *diskboot, const uint8_t *rest, uint64_t start_lba, uint64_t end_lba,
                       struct grub_found *found)
{
        uint64_t rest_lba = get_le64(diskboot + DISKBOOT_BLOCKS_AT);
        uint32_t compressed = get_le32(rest + LZMA_SIZES_AT),
                 uncompressed = get_le32(rest + LZMA_SIZES_AT + 4);

        if (get_le16(diskboot + DISKBOOT_SEGMENT_AT) != DISKBOOT_SEGMENT)
                (void)snprintf(found->fault, sizeof(found->fault),
                               "there is no diskboot sector at LBA %" PRIu64, found->core_lba);
        else if (rest_lba != found->core_lba + 1)
                (void)snprintf(found->fault, sizeof(found->fault),
                               "diskboot at LBA %" PRIu64 " looks for the rest at LBA %" PRIu64,
                               found->core_lba, rest_lba);
        else if (compressed == 0 || uncompressed < compressed ||
                 compressed > (found->core_sectors - 1) * SECTOR_BYTES)
                (void)snprintf(found->fault, sizeof(found->fault),
                               "the decompressor is told %u bytes that become %u, in a core of %" PRIu64
                               " sectors",
                               compressed, uncompressed, found->core_sectors);
        else if (found->core_lba < start_lba || found->core_sectors > end_lba - found->core_lba)
                (void)snprintf(found->fault, sizeof(found->fault),
                               "the core, %" PRIu64 " sectors at LBA %" PRIu64 ", is not within LBA %" PRIu64
                               " to %" PRIu64,
                               found->core_sectors, found->core_lba, start_lba, end_lba);
}

enum ingot_code grub_embed_find(const struct byte_source *source, uint64_t size_bytes, uint64_t start_lba,
                                uint64_t end_lba, struct grub_found *ret_found, struct ingot_error *err)
{
        uint64_t size_sectors = size_bytes / SECTOR_BYTES;
        struct grub_found found = { .core_lba = 0 };
        uint8_t boot[SECTOR_BYTES], core[2 * SECTOR_BYTES];
        enum ingot_code r;

        if (end_lba == 0) {
                start_lba = 1;
                end_lba = size_sectors;
        }
        if (size_sectors == 0)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "a disk of %" PRIu64 " bytes has no boot code",
                                  size_bytes);
        r = byte_source_read(source, 0, boot, sizeof(boot), err);
        if (r)
                return ingot_while(err, r, "reading the boot code");
        if (!is_boot_code(boot))
                return ingot_fail(err, INGOT_E_NOT_FOUND, "the boot code in LBA 0 is not GRUB's");
        found.core_lba = get_le64(boot + BOOT_CORE_LBA_AT);
        if (found.core_lba == 0 || size_sectors < 2 || found.core_lba > size_sectors - 2) {
                (void)snprintf(found.fault, sizeof(found.fault),
                               "the core at LBA %" PRIu64 " is outside the disk", found.core_lba);
        } else {
                r = byte_source_read(source, found.core_lba * SECTOR_BYTES, core, sizeof(core), err);
                if (r)
                        return ingot_while(err, r, "reading GRUB's core at LBA %" PRIu64, found.core_lba);
                found.core_sectors = 1 + (uint64_t)get_le16(core + DISKBOOT_SECTORS_AT);
                find_fault(core, core + CORE_REST_AT, start_lba, min_u64(end_lba, size_sectors), &found);
        }
        *ret_found = found;
        return INGOT_OK;
}
