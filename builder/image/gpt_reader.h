/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GPT_READER_H
#define IMAGE_GPT_READER_H

/* builder/image/gpt_reader.h
 * gpt_reader: the GUID partition table of any disk, and what is wrong with it.
 *
 * Rules    (1) A copy is believed when its header is good (image/gpt.h, rule 2), its entries have the CRC that
 *              the header tells, each in use lies in the usable range and no two overlap.  The other copy's
 *              fault is told, not fatal.
 *          (2) A backup that the primary header points to, but that does not stand in the last sector, is a
 *              fault: the disk has grown since.
 *          (3) Nothing is read past the size that was given, and a table of at most 4 MiB.
 * Source   UEFI 2.10, 5.3.2.
 * Tests    tests/unit/image/test_gpt.c, tests/fuzz/fuzz_gpt.c
 */
#include "image/gpt.h"

struct gpt_table {
        uint64_t size_sectors;
        struct guid disk_guid;
        uint64_t first_usable_lba, end_usable_lba;
        struct gpt_entry *entries; /* those in use, ascending by start_lba */
        size_t entry_count;
        char mbr_fault[GPT_FAULT_BYTES];     /* "" when LBA 0 is a protective MBR */
        char primary_fault[GPT_FAULT_BYTES]; /* "" when the primary copy is good */
        char backup_fault[GPT_FAULT_BYTES];  /* "" when the backup copy is good and says the same */
        bool is_from_backup;                 /* the entries were read from the backup copy */
};

/*
 * Reads the table of a disk of size_bytes.
 *
 * ret_table    owned by the caller: gpt_table_release()
 * Fails with   INGOT_E_NOT_FOUND  there is no GPT signature in LBA 1 or in the last sector
 *              INGOT_E_FORMAT     there is, and neither copy is good; both faults are in the cause
 *              INGOT_E_MEMORY, and whatever source fails with
 */
enum ingot_code gpt_read(const struct byte_source *source, uint64_t size_bytes, struct gpt_table *ret_table,
                         struct ingot_error *err) INGOT_MUST_CHECK;
void gpt_table_release(struct gpt_table *table); /* also for OWNED */

#endif
