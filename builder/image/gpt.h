/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_GPT_H
#define IMAGE_GPT_H

/* builder/image/gpt.h
 * gpt: the GUID partition table, laid out from a layout; its header and entries encoded and decoded.
 *
 *   LBA 0           protective MBR; its first 440 bytes are boot code (image/grub_embed)
 *   LBA 1           primary header
 *   LBA 2..33       128 entries of 128 bytes
 *   last 33..2      the same entries again
 *   last LBA        backup header
 *
 * Unit     sector = 512 bytes.  Ranges are half-open here and inclusive on disk, as UEFI wants them.
 * Rules    (1) Laid out: 128 entries, the entry of partition number n at index n - 1, first usable LBA 34,
 *              last usable LBA size - 34.  Every identifier comes from the layout.
 *          (2) A header is good when its signature, revision, sizes, own CRC, own LBA and ranges are right.
 *          (3) Entries of 128 to 4096 bytes, a power of two, and up to 1024 of them are read.
 *          (4) A name that is not UTF-16 is read with U+FFFD in it; a name laid out is at most 36 units.
 * Source   UEFI 2.10, 5.2.3 (protective MBR), 5.3.2 (header), 5.3.3 (entries).
 * Tests    tests/unit/image/test_gpt.c
 */
#include "base/guid.h"
#include "model/extent.h"
#include "model/layout.h"

enum {
        GPT_HEADER_BYTES = 92,
        GPT_ENTRY_BYTES = 128,
        GPT_ENTRY_COUNT = 128,
        GPT_NAME_UNITS = 36,
        GPT_NAME_BYTES = 3 * GPT_NAME_UNITS,
        GPT_ENTRIES_SECTORS = GPT_ENTRY_COUNT * GPT_ENTRY_BYTES / SECTOR_BYTES,
        GPT_PRIMARY_SECTORS = 2 + GPT_ENTRIES_SECTORS,
        GPT_BACKUP_SECTORS = 1 + GPT_ENTRIES_SECTORS,
        GPT_READ_ENTRY_BYTES_MAX = 4096,
        GPT_READ_ENTRIES_MAX = 1024,
        GPT_FAULT_BYTES = 160,
};

struct gpt_header {
        uint64_t own_lba, other_lba;
        uint64_t first_usable_lba, end_usable_lba;
        struct guid disk_guid;
        uint64_t entries_lba;
        uint32_t entry_count, entry_bytes, entries_crc;
};

struct gpt_entry {
        uint32_t number; /* 1 is the first of the table */
        struct guid type_guid, unique_guid;
        uint64_t start_lba, end_lba;
        uint64_t attributes;
        char name[GPT_NAME_BYTES + 1];
};

/* Prints the header with its own CRC into the first 92 bytes of a sector. */
void gpt_header_encode(const struct gpt_header *header, uint8_t out[GPT_HEADER_BYTES]);
/* Prints one entry; false when its name is not UTF-8 or is over 36 units. */
bool gpt_entry_encode(const struct gpt_entry *entry, uint8_t out[GPT_ENTRY_BYTES]);
/* Reads one entry; number is not set.  A nil type GUID means that the entry is not used. */
void gpt_entry_decode(const uint8_t in[GPT_ENTRY_BYTES], struct gpt_entry *ret_entry);

/* Whether a sector begins with the signature of a GPT header. */
bool gpt_header_is_signed(const uint8_t sector[SECTOR_BYTES]);

/*
 * Reads a header sector that must stand at own_lba of a disk of size_sectors.
 *
 * fault        GPT_FAULT_BYTES; says what is wrong; "" when the header is good
 * Returns false when it is not; entries' CRC is for the caller to check.
 */
bool gpt_header_decode(const uint8_t sector[SECTOR_BYTES], uint64_t own_lba, uint64_t size_sectors,
                       struct gpt_header *ret_header, char *fault);

/* A type GUID as a template spells it, "esp", else in words, "Linux LVM"; NULL when it is not known. */
const char *gpt_type_name(const struct guid *type_guid);

struct gpt_image; /* owns the bytes of both copies */

/*
 * Lays out protective MBR, primary and backup table.
 *
 * layout       borrowed for this call; its table is PARTITION_TABLE_GPT
 * ret_image    owned by the caller: gpt_image_free(); outlives every extent taken from it
 * Fails with   INGOT_E_LAYOUT  the disk is too small; a partition is outside the usable LBAs, overlaps
 *                              another or shares its number; a name is over 36 UTF-16 units
 *              INGOT_E_MEMORY
 */
enum ingot_code gpt_layout(const struct layout *layout, struct gpt_image **ret_image,
                           struct ingot_error *err) INGOT_MUST_CHECK;
void gpt_image_free(struct gpt_image *image);
void gpt_image_drop(struct gpt_image **image);

/* The 512 bytes of LBA 0, borrowed from image, for boot code in bytes 0..439. */
uint8_t *gpt_image_mbr(struct gpt_image *image);

/*
 * Adds two extents: LBA 0..33 and the last 33 sectors.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code gpt_image_extents(const struct gpt_image *image, struct extent_list *list,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
