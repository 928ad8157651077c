/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VMDK_FORMAT_H
#define IMAGE_VMDK_FORMAT_H

/* builder/image/vmdk_format.h
 * vmdk_format: the header and the markers of a sparse VMDK extent, as bytes.
 *
 * Unit     sector = 512 bytes.  grain = 128 sectors = 64 KiB in what we write.  grain table = 512 entries of
 *          32 bits.  Numbers are little-endian.
 * Rules    (1) Encode and decode are twins: decode(encode(h)) == h.
 *          (2) decode says whether the bytes are a header; whether its numbers make sense is for the reader.
 * Source   VMware "Virtual Disk Format 5.0", section "Hosted Sparse Extent Header" and "Stream-Optimized".
 * Tests    tests/unit/image/test_vmdk_format.c
 */
#include <stdbool.h>
#include <stdint.h>

enum {
        VMDK_HEADER_BYTES = 512,
        VMDK_GRAIN_SECTORS = 128,
        VMDK_GRAIN_BYTES = 65536,
        VMDK_TABLE_ENTRIES = 512,
        VMDK_TABLE_BYTES = 4 * VMDK_TABLE_ENTRIES,
        VMDK_DESCRIPTOR_SECTORS = 20,
        VMDK_MARKER_BYTES = 12, /* of a grain: u64 LBA, u32 size; its data follow */
};

#define VMDK_MAGIC           0x564d444bU /* "KDMV" */
#define VMDK_FLAG_NEWLINES   0x1U
#define VMDK_FLAG_REDUNDANT  0x2U
#define VMDK_FLAG_ZERO_GRAIN 0x4U
#define VMDK_FLAG_COMPRESSED 0x10000U
#define VMDK_FLAG_MARKERS    0x20000U
#define VMDK_GD_AT_END       UINT64_MAX

enum vmdk_marker { VMDK_MARKER_EOS, VMDK_MARKER_TABLE, VMDK_MARKER_DIRECTORY, VMDK_MARKER_FOOTER };

struct vmdk_header {
        uint32_t version, flags;
        uint64_t capacity_sectors, grain_sectors;
        uint64_t descriptor_sector, descriptor_sectors;
        uint32_t table_entries;
        uint64_t redundant_directory_sector, directory_sector;
        uint64_t overhead_sectors;
        bool unclean_shutdown;
        uint16_t compression; /* 0 none, 1 deflate */
};

void vmdk_header_encode(const struct vmdk_header *header, uint8_t out[VMDK_HEADER_BYTES]);

/* Returns false when the magic, or the bytes that a text-mode transfer would have spoilt, are not there. */
bool vmdk_header_decode(const uint8_t in[VMDK_HEADER_BYTES], struct vmdk_header *ret_header);

/* A marker of metadata: size 0, the number of sectors that follow, and what they are. */
void vmdk_marker_encode(enum vmdk_marker type, uint64_t sectors, uint8_t out[VMDK_HEADER_BYTES]);

#endif
