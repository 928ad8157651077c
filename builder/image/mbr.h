/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_MBR_H
#define IMAGE_MBR_H

/* builder/image/mbr.h
 * mbr: the partition table of LBA 0: the protective one written, any one read.
 *
 * Rules    (1) The protective MBR is canonical: disk signature 0, one entry, type EE, CHS 00 02 00 to
 *              FF FF FF, LBA 1 to the end or 2^32 - 1 sectors; boot code is zeros.
 *          (2) Reading tells the four primary entries; an extended partition is one of them, its logical
 *              ones are not followed.
 * Source   UEFI 2.10, 5.2.1 and 5.2.3.
 * Tests    tests/unit/image/test_mbr.c
 */
#include <stdbool.h>

#include "model/extent.h"

enum { MBR_CODE_BYTES = 440, MBR_PARTITIONS = 4, MBR_TYPE_PROTECTIVE = 0xEE };

struct mbr_partition {
        uint32_t number; /* 1..4 */
        bool is_active;
        uint8_t type;
        uint64_t start_lba, end_lba;
};

struct mbr_table {
        uint32_t disk_signature;
        bool is_protective; /* an entry of type EE is there: look for a GPT */
        struct mbr_partition partitions[MBR_PARTITIONS];
        size_t partition_count; /* those in use, in the order of the table */
};

/* Prints the protective MBR of a disk of size_sectors. */
void mbr_encode_protective(uint64_t size_sectors, uint8_t out[SECTOR_BYTES]);

/*
 * Reads LBA 0 of a disk of size_sectors.
 *
 * Fails with   INGOT_E_NOT_FOUND  no 55 AA at its end, or the table's 64 bytes cannot be one (a file
 *                                 system's boot sector): an active flag other than 00 or 80, an entry past
 *                                 the end of the disk, two entries that overlap
 */
enum ingot_code mbr_decode(const uint8_t sector[SECTOR_BYTES], uint64_t size_sectors,
                           struct mbr_table *ret_table, struct ingot_error *err) INGOT_MUST_CHECK;

/* The name people use for a partition type: "linux", "efi-system", ...; NULL when it is not known. */
const char *mbr_type_name(uint8_t type);

#endif
