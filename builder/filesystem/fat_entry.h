/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_ENTRY_H
#define FILESYSTEM_FAT_ENTRY_H

/* builder/filesystem/fat_entry.h
 * fat_entry: the 32 bytes of a FAT directory entry, short or part of a long name, and FAT's times.
 *
 * Rules    (1) Times are UTC, from 1980-01-01T00:00:00 to 2107-12-31T23:59:58 in steps of 2 seconds; others
 *              are moved to the nearer end, odd seconds down.
 *          (2) Created and accessed are the same as modified.
 * Source   Microsoft FAT32 File System Specification 1.03: directory structure, long directory entries.
 * Tests    tests/unit/filesystem/test_fat_entry.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
        FAT_ENTRY_BYTES = 32,
        FAT_SHORT_NAME_BYTES = 11,
        FAT_LONG_ENTRY_UNITS = 13,
        FAT_ATTRIBUTE_LABEL = 0x08,
        FAT_ATTRIBUTE_DIRECTORY = 0x10,
        FAT_ATTRIBUTE_ARCHIVE = 0x20,
        FAT_ATTRIBUTE_LONG = 0x0F,      /* all of the low four: part of a long name */
        FAT_ATTRIBUTE_LONG_MASK = 0x3F, /* the bits to compare with it */
        FAT_CASE_BASE_LOWER = 0x08,
        FAT_CASE_EXTENSION_LOWER = 0x10,
        FAT_ENTRY_FREE = 0xE5,
        FAT_ENTRY_END = 0x00,
        FAT_LONG_LAST = 0x40, /* in the ordinal of the part that stands first */
};

struct fat_entry {
        uint8_t short_name[FAT_SHORT_NAME_BYTES];
        uint8_t attributes, case_bits;
        int64_t mtime_seconds;
        uint32_t first_cluster, size_bytes;
};

void fat_entry_encode(const struct fat_entry *entry, uint8_t out[FAT_ENTRY_BYTES]);
void fat_entry_decode(const uint8_t in[FAT_ENTRY_BYTES], struct fat_entry *ret_entry);

/* The checksum of a short name, by which the parts of its long name know it. */
uint8_t fat_entry_checksum(const uint8_t short_name[FAT_SHORT_NAME_BYTES]);

/* Prints part ordinal (1 is the name's beginning) of a long name of unit_count units. */
void fat_long_encode(const uint16_t *units, size_t unit_count, unsigned ordinal, uint8_t checksum,
                     uint8_t out[FAT_ENTRY_BYTES]);
/* Reads the units of one part; FFFF where there are none. */
void fat_long_decode(const uint8_t in[FAT_ENTRY_BYTES], uint16_t units[FAT_LONG_ENTRY_UNITS]);

static inline unsigned fat_long_parts(size_t unit_count)
{
        return (unsigned)((unit_count + FAT_LONG_ENTRY_UNITS - 1) / FAT_LONG_ENTRY_UNITS);
}

#endif
