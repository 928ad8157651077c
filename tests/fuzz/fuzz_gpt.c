/* SPDX-License-Identifier: Apache-2.0 */
/* A disk of any bytes: gpt_read() and mbr_decode() neither crash nor look outside.  CRCs are mended first, or
 * nothing behind them would ever be reached. */
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/endian.h"
#include "image/gpt_reader.h"
#include "image/mbr.h"
#include "model/memory_source.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void mend_crcs(uint8_t *disk, size_t size_bytes, size_t header_at)
{
        uint64_t entries_at = get_le64(disk + header_at + 72);
        uint64_t entries_bytes = (uint64_t)get_le32(disk + header_at + 80) * get_le32(disk + header_at + 84);
        uint32_t header_bytes = get_le32(disk + header_at + 12);

        if (entries_at < size_bytes / SECTOR_BYTES && entries_bytes <= size_bytes - entries_at * SECTOR_BYTES)
                put_le32(disk + header_at + 88,
                         crc32_of(disk + entries_at * SECTOR_BYTES, (size_t)entries_bytes));
        if (header_bytes <= SECTOR_BYTES && header_bytes >= 20) {
                put_le32(disk + header_at + 16, 0);
                put_le32(disk + header_at + 16, crc32_of(disk + header_at, header_bytes));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        uint8_t *disk = malloc(size_bytes + 1);
        struct memory_source source;
        struct gpt_table table;
        struct mbr_table mbr;
        struct ingot_error err;

        if (!disk)
                return 0;
        memcpy(disk, bytes, size_bytes);
        if (size_bytes >= 3 * (size_t)SECTOR_BYTES && (disk[0] & 1)) {
                mend_crcs(disk, size_bytes, SECTOR_BYTES);
                mend_crcs(disk, size_bytes, (size_bytes / SECTOR_BYTES - 1) * SECTOR_BYTES);
        }
        memory_source_init(&source, disk, size_bytes);
        if (!gpt_read(&source.source, size_bytes, &table, &err))
                gpt_table_release(&table);
        if (size_bytes >= SECTOR_BYTES)
                (void)!mbr_decode(disk, size_bytes / SECTOR_BYTES, &mbr, &err);
        free(disk);
        return 0;
}
