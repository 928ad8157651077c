/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "image/mbr.h"

/* UEFI 2.10, table 5.1 and table 5.2 */
enum {
        SIGNATURE_AT = 440,
        ENTRIES_AT = 446,
        ENTRY_BYTES = 16,
        ENTRY_ACTIVE_AT = 0,
        ENTRY_START_CHS_AT = 1,
        ENTRY_TYPE_AT = 4,
        ENTRY_END_CHS_AT = 5,
        ENTRY_START_LBA_AT = 8,
        ENTRY_SECTORS_AT = 12,
        MAGIC_AT = 510,
};

_Static_assert(ENTRIES_AT + MBR_PARTITIONS * ENTRY_BYTES == MAGIC_AT,
               "four entries end where the magic starts");

void mbr_encode_protective(uint64_t size_sectors, uint8_t out[SECTOR_BYTES])
{
        static const uint8_t start_chs[3] = { 0x00, 0x02, 0x00 }, end_chs[3] = { 0xFF, 0xFF, 0xFF };
        uint8_t *entry = out + ENTRIES_AT;

        memset(out, 0, SECTOR_BYTES);
        memcpy(entry + ENTRY_START_CHS_AT, start_chs, sizeof(start_chs));
        entry[ENTRY_TYPE_AT] = MBR_TYPE_PROTECTIVE;
        memcpy(entry + ENTRY_END_CHS_AT, end_chs, sizeof(end_chs));
        put_le32(entry + ENTRY_START_LBA_AT, 1);
        put_le32(entry + ENTRY_SECTORS_AT, (uint32_t)min_u64(size_sectors - 1, UINT32_MAX));
        out[MAGIC_AT] = 0x55;
        out[MAGIC_AT + 1] = 0xAA;
}

/* A protective entry may say more than the disk has: older tools write 2^32 - 1 whatever the size. */
static bool partition_is_possible(const struct mbr_partition *partition, uint64_t size_sectors)
{
        return partition->start_lba < size_sectors &&
               (partition->end_lba <= size_sectors || partition->type == MBR_TYPE_PROTECTIVE);
}

static bool overlaps_any(const struct mbr_table *table, const struct mbr_partition *partition)
{
        for (size_t i = 0; i < table->partition_count; i++)
                if (partition->start_lba < table->partitions[i].end_lba &&
                    table->partitions[i].start_lba < partition->end_lba)
                        return true;
        return false;
}

enum ingot_code mbr_decode(const uint8_t sector[SECTOR_BYTES], uint64_t size_sectors,
                           struct mbr_table *ret_table, struct ingot_error *err)
{
        struct mbr_table table = { .disk_signature = get_le32(sector + SIGNATURE_AT) };

        if (sector[MAGIC_AT] != 0x55 || sector[MAGIC_AT + 1] != 0xAA)
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "sector 0 does not end in 55 AA: no MBR partition table");
        for (uint32_t i = 0; i < MBR_PARTITIONS; i++) {
                const uint8_t *entry = sector + ENTRIES_AT + (size_t)i * ENTRY_BYTES;
                struct mbr_partition partition = {
                        .number = i + 1,
                        .is_active = entry[ENTRY_ACTIVE_AT] == 0x80,
                        .type = entry[ENTRY_TYPE_AT],
                        .start_lba = get_le32(entry + ENTRY_START_LBA_AT),
                        .end_lba = (uint64_t)get_le32(entry + ENTRY_START_LBA_AT) +
                                   get_le32(entry + ENTRY_SECTORS_AT),
                };

                if ((entry[ENTRY_ACTIVE_AT] & 0x7F) != 0)
                        return ingot_fail(
                                err, INGOT_E_NOT_FOUND,
                                "entry %u of sector 0 has the active flag %02x: no MBR partition table",
                                partition.number, entry[ENTRY_ACTIVE_AT]);
                if (partition.type == 0 || partition.end_lba == partition.start_lba)
                        continue;
                if (!partition_is_possible(&partition, size_sectors) || overlaps_any(&table, &partition))
                        return ingot_fail(
                                err, INGOT_E_NOT_FOUND,
                                "entry %u of sector 0 overlaps another or ends past the disk: no MBR "
                                "partition table",
                                partition.number);
                table.is_protective |= partition.type == MBR_TYPE_PROTECTIVE;
                table.partitions[table.partition_count++] = partition;
        }
        *ret_table = table;
        return INGOT_OK;
}

const char *mbr_type_name(uint8_t type)
{
        switch (type) {
        case 0x05:
        case 0x0F:
        case 0x85: return "extended";
        case 0x01:
        case 0x04:
        case 0x06:
        case 0x0B:
        case 0x0C:
        case 0x0E: return "fat";
        case 0x07: return "ntfs";
        case 0x82: return "swap";
        case 0x83: return "linux";
        case 0x8E: return "lvm";
        case 0xFD: return "raid";
        case MBR_TYPE_PROTECTIVE: return "protective";
        case 0xEF: return "esp";
        default: return NULL;
        }
}
