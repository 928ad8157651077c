/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "filesystem/fat_boot.h"

enum {
        JUMP_AT = 0,
        OEM_AT = 3,
        SECTOR_BYTES_AT = 11,
        CLUSTER_SECTORS_AT = 13,
        RESERVED_AT = 14,
        FAT_COUNT_AT = 16,
        ROOT_ENTRIES_AT = 17,
        SIZE_16_AT = 19,
        MEDIA_AT = 21,
        FAT_SECTORS_16_AT = 22,
        TRACK_AT = 24,
        HEADS_AT = 26,
        HIDDEN_AT = 28,
        SIZE_32_AT = 32,
        /* FAT32 alone */
        FAT_SECTORS_32_AT = 36,
        VERSION_AT = 42,
        ROOT_CLUSTER_AT = 44,
        INFO_SECTOR_AT = 48,
        BACKUP_SECTOR_AT = 50,
        /* From where the drive number stands: 36 in FAT16, 64 in FAT32 */
        DRIVE_16_AT = 36,
        DRIVE_32_AT = 64,
        DRIVE_SIGNATURE = 2,
        DRIVE_SERIAL = 3,
        DRIVE_LABEL = 7,
        DRIVE_KIND = 18,
        DRIVE_CODE = 26,
        MAGIC_AT = 510,
        MEDIA_FIXED = 0xF8,
        INFO_SECTOR = 1,
        BACKUP_SECTOR = 6,
        INFO_SIGNATURE_AT = 484,
        INFO_FREE_AT = 488,
        INFO_NEXT_AT = 492,
};
_Static_assert(DRIVE_16_AT + DRIVE_CODE == 62 && DRIVE_32_AT + DRIVE_CODE == 90,
               "boot code follows the parameters");

/* ---- encoding ---- */

static const uint8_t oem_name[8] = { 'M', 'S', 'W', 'I', 'N', '4', '.', '1' };
static const uint8_t info_lead[4] = { 'R', 'R', 'a', 'A' }, info_signature[4] = { 'r', 'r', 'A', 'a' };

static void put_magic(uint8_t *sector)
{
        sector[MAGIC_AT] = 0x55;
        sector[MAGIC_AT + 1] = 0xAA;
}

static void put_drive(const struct fat_boot *boot, const char *kind, uint8_t *drive)
{
        static const uint8_t code[] = { 0xCD, 0x18, 0xEB,
                                        0xFE }; /* int 18h: the next boot device; else stay */

        drive[0] = 0x80;
        drive[DRIVE_SIGNATURE] = 0x29;
        put_le32(drive + DRIVE_SERIAL, boot->serial);
        memcpy(drive + DRIVE_LABEL, boot->label, FAT_SHORT_NAME_BYTES);
        memcpy(drive + DRIVE_KIND, kind, 8);
        memcpy(drive + DRIVE_CODE, code, sizeof(code));
}

static void put_info(const struct fat_boot *boot, uint8_t *sector)
{
        uint32_t next = FAT_FIRST_CLUSTER + boot->geometry.cluster_count - boot->free_clusters;

        memcpy(sector, info_lead, sizeof(info_lead));
        memcpy(sector + INFO_SIGNATURE_AT, info_signature, sizeof(info_signature));
        put_le32(sector + INFO_FREE_AT, boot->free_clusters);
        put_le32(sector + INFO_NEXT_AT, boot->free_clusters ? next : UINT32_MAX);
        put_magic(sector);
}

void fat_boot_encode(const struct fat_boot *boot, uint8_t *out)
{
        const struct fat_geometry *geometry = &boot->geometry;
        bool is_32 = geometry->fat_bits == 32;
        bool is_small = !is_32 && geometry->size_sectors <= UINT16_MAX;

        out[JUMP_AT] = 0xEB;
        out[JUMP_AT + 1] = (uint8_t)((is_32 ? DRIVE_32_AT : DRIVE_16_AT) + DRIVE_CODE - 2);
        out[JUMP_AT + 2] = 0x90;
        memcpy(out + OEM_AT, oem_name, sizeof(oem_name));
        put_le16(out + SECTOR_BYTES_AT, FAT_BOOT_SECTOR_BYTES);
        out[CLUSTER_SECTORS_AT] = (uint8_t)geometry->cluster_sectors;
        put_le16(out + RESERVED_AT, (uint16_t)geometry->reserved_sectors);
        out[FAT_COUNT_AT] = FAT_COPIES;
        put_le16(out + ROOT_ENTRIES_AT, is_32 ? 0 : FAT_ROOT_ENTRIES);
        put_le16(out + SIZE_16_AT, is_small ? (uint16_t)geometry->size_sectors : 0);
        out[MEDIA_AT] = MEDIA_FIXED;
        put_le16(out + TRACK_AT, 63);
        put_le16(out + HEADS_AT, 255);
        put_le32(out + HIDDEN_AT, boot->hidden_sectors);
        put_le32(out + SIZE_32_AT, is_small ? 0 : geometry->size_sectors);
        put_magic(out);
        if (!is_32) {
                put_le16(out + FAT_SECTORS_16_AT, (uint16_t)geometry->fat_sectors);
                put_drive(boot, "FAT16   ", out + DRIVE_16_AT);
                return;
        }
        put_le32(out + FAT_SECTORS_32_AT, geometry->fat_sectors);
        put_le32(out + ROOT_CLUSTER_AT, FAT_FIRST_CLUSTER);
        put_le16(out + INFO_SECTOR_AT, INFO_SECTOR);
        put_le16(out + BACKUP_SECTOR_AT, BACKUP_SECTOR);
        put_drive(boot, "FAT32   ", out + DRIVE_32_AT);
        put_info(boot, out + (size_t)INFO_SECTOR * FAT_BOOT_SECTOR_BYTES);
        memcpy(out + (size_t)BACKUP_SECTOR * FAT_BOOT_SECTOR_BYTES, out, (size_t)2 * FAT_BOOT_SECTOR_BYTES);
}

/* ---- decoding ---- */

static bool is_power_of_two(uint32_t value)
{
        return value && (value & (value - 1)) == 0;
}

/* Whether the bytes are those of a FAT boot sector at all, rather than of an MBR, NTFS or boot code. */
static bool is_fat(const uint8_t *sector)
{
        return (sector[JUMP_AT] == 0xEB || sector[JUMP_AT] == 0xE9) && sector[MAGIC_AT] == 0x55 &&
               sector[MAGIC_AT + 1] == 0xAA && sector[FAT_COUNT_AT] >= 1 && sector[FAT_COUNT_AT] <= 2 &&
               get_le16(sector + RESERVED_AT) >= 1 && is_power_of_two(sector[CLUSTER_SECTORS_AT]) &&
               is_power_of_two(get_le16(sector + SECTOR_BYTES_AT)) &&
               get_le16(sector + SECTOR_BYTES_AT) >= 512 && get_le16(sector + SECTOR_BYTES_AT) <= 4096 &&
               (sector[MEDIA_AT] >= 0xF8 || sector[MEDIA_AT] == 0xF0);
}

static unsigned bits_of(uint64_t cluster_count)
{
        return cluster_count < FAT16_CLUSTERS_MIN ? 12 : cluster_count < FAT32_CLUSTERS_MIN ? 16 : 32;
}

static bool fat_holds_clusters(const struct fat_boot_facts *facts)
{
        return facts->fat_bytes * 8 / facts->fat_bits >= (uint64_t)facts->cluster_count + FAT_FIRST_CLUSTER;
}

enum ingot_code fat_boot_decode(const uint8_t sector[FAT_BOOT_SECTOR_BYTES], uint64_t size_bytes,
                                struct fat_boot_facts *ret_facts, struct ingot_error *err)
{
        uint32_t sector_bytes = get_le16(sector + SECTOR_BYTES_AT);
        uint64_t fat_sectors = get_le16(sector + FAT_SECTORS_16_AT), sectors = get_le16(sector + SIZE_16_AT);
        uint64_t root_bytes = (uint64_t)get_le16(sector + ROOT_ENTRIES_AT) * FAT_ENTRY_BYTES, clusters;
        struct fat_boot_facts facts = { .sector_bytes = sector_bytes,
                                        .root_entries = get_le16(sector + ROOT_ENTRIES_AT) };
        const uint8_t *drive;

        if (!is_fat(sector))
                return ingot_fail(err, INGOT_E_NOT_FOUND, "the first sector is not the boot sector of a FAT");
        if (!fat_sectors)
                fat_sectors = get_le32(sector + FAT_SECTORS_32_AT);
        if (!sectors)
                sectors = get_le32(sector + SIZE_32_AT);
        facts.cluster_bytes = sector_bytes * sector[CLUSTER_SECTORS_AT];
        facts.size_bytes = sectors * sector_bytes;
        facts.fat_offset_bytes = (uint64_t)get_le16(sector + RESERVED_AT) * sector_bytes;
        facts.fat_bytes = fat_sectors * sector_bytes;
        facts.root_offset_bytes = facts.fat_offset_bytes + sector[FAT_COUNT_AT] * facts.fat_bytes;
        facts.data_offset_bytes =
                facts.root_offset_bytes + div_up_u64(root_bytes, sector_bytes) * sector_bytes;
        if (facts.size_bytes > size_bytes || facts.data_offset_bytes >= facts.size_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the FAT boot sector tells %" PRIu64 " bytes with clusters from %" PRIu64
                                  ", and there are %" PRIu64,
                                  facts.size_bytes, facts.data_offset_bytes, size_bytes);
        clusters = (facts.size_bytes - facts.data_offset_bytes) / facts.cluster_bytes;
        facts.fat_bits = bits_of(clusters);
        facts.cluster_count = (uint32_t)clusters; /* under 2^32: sectors are */
        if (!fat_holds_clusters(&facts) || clusters > 0x0FFFFFF5 ||
            (facts.fat_bits == 32) != (root_bytes == 0))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the FAT boot sector's FAT of %" PRIu64
                                  " bytes and root of %u entries do not suit "
                                  "its %" PRIu64 " clusters",
                                  facts.fat_bytes, facts.root_entries, clusters);
        if (facts.fat_bits == 32)
                facts.root_cluster = get_le32(sector + ROOT_CLUSTER_AT);
        drive = sector + (facts.fat_bits == 32 ? DRIVE_32_AT : DRIVE_16_AT);
        memset(facts.label, ' ', sizeof(facts.label));
        if (drive[DRIVE_SIGNATURE] == 0x29) {
                facts.serial = get_le32(drive + DRIVE_SERIAL);
                memcpy(facts.label, drive + DRIVE_LABEL, sizeof(facts.label));
        }
        *ret_facts = facts;
        return INGOT_OK;
}
