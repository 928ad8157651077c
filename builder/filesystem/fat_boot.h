/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_BOOT_H
#define FILESYSTEM_FAT_BOOT_H

/* builder/filesystem/fat_boot.h
 * fat_boot: a FAT file system's boot sector, and FAT32's FSInfo beside it.
 *
 * Unit     sector = 512 bytes when encoded; 512 to 4096 when decoded.
 * Rules    (1) Encoded: 255 heads, 63 sectors a track, media F8, drive 80h, OEM name "MSWIN4.1"; FSInfo in
 *              sector 1, both again in sectors 6 and 7; boot code that hands on to the next boot device.
 *          (2) Decoded: a boot sector whose numbers do not add up is refused, so that nothing derived from them
 *              can overflow or lead outside.
 * Source   Microsoft FAT32 File System Specification 1.03: boot sector and BPB, FSInfo, FAT type determination.
 * Tests    tests/unit/filesystem/test_fat_reader.c, tests/fuzz/fuzz_fat_reader.c
 */
#include <ingot/error.h>

#include "filesystem/fat_entry.h"
#include "filesystem/fat_geometry.h"

enum { FAT_BOOT_SECTOR_BYTES = 512, FAT_BOOT_32_BYTES = 8 * FAT_BOOT_SECTOR_BYTES };

struct fat_boot {
        struct fat_geometry geometry;
        uint32_t hidden_sectors, serial, free_clusters;
        uint8_t label[FAT_SHORT_NAME_BYTES];
};

/* Prints 512 bytes for FAT16, FAT_BOOT_32_BYTES for FAT32, into zeros. */
void fat_boot_encode(const struct fat_boot *boot, uint8_t *out);

struct fat_boot_facts {
        unsigned fat_bits; /* 12, 16, 32 */
        uint32_t sector_bytes, cluster_bytes, cluster_count;
        uint64_t fat_offset_bytes, fat_bytes; /* of the first FAT */
        uint64_t root_offset_bytes;           /* of FAT12 and FAT16 */
        uint32_t root_entries, root_cluster;  /* the former of FAT12 and FAT16, the latter of FAT32 */
        uint64_t data_offset_bytes, size_bytes;
        uint32_t serial;
        uint8_t label[FAT_SHORT_NAME_BYTES];
};

/*
 * Reads a boot sector of a file system in size_bytes.
 *
 * Fails with   INGOT_E_NOT_FOUND  it is not one of FAT
 *              INGOT_E_FORMAT     it is, and its numbers contradict each other or size_bytes
 */
enum ingot_code fat_boot_decode(const uint8_t sector[FAT_BOOT_SECTOR_BYTES], uint64_t size_bytes,
                                struct fat_boot_facts *ret_facts, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
