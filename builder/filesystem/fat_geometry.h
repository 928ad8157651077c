/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_GEOMETRY_H
#define FILESYSTEM_FAT_GEOMETRY_H

/* builder/filesystem/fat_geometry.h
 * fat_geometry: which FAT a size makes, and where its parts lie.
 *
 *   FAT32   32 reserved sectors | FAT | FAT | clusters 2...
 *   FAT16   1 reserved sector | FAT | FAT | 32 sectors of root directory | clusters 2...
 *
 * Unit     sector = 512 bytes.
 * Rules    (1) The number of clusters decides which FAT it is: from 65,525 on FAT32, from 4,085 on FAT16.  16
 *              clusters' distance is kept from both, for readers that count one off.
 *          (2) FAT32 from 33 MiB on (66,599 sectors), with clusters of 512 bytes up to 260 MiB, 4 KiB up to
 *              8 GiB, 8 KiB up to 16 GiB, 16 KiB up to 32 GiB, 32 KiB above.
 *          (3) FAT16 below, with clusters of 512 bytes, or of 1 KiB where those would be too many.
 *          (4) Less than about 2.1 MiB would be FAT12, and 2^32 sectors are too many: refused.
 * Source   Microsoft FAT32 File System Specification 1.03: FAT type determination, volume initialisation.
 * Tests    tests/unit/filesystem/test_fat_geometry.c
 */
#include <stdbool.h>
#include <stdint.h>

enum {
        FAT16_CLUSTERS_MIN = 4085,
        FAT32_CLUSTERS_MIN = 65525,
        FAT_CLUSTERS_MARGIN = 16,
        FAT_ROOT_ENTRIES = 512, /* of FAT16 */
        FAT_COPIES = 2,
        FAT_FIRST_CLUSTER = 2,
};

struct fat_geometry {
        unsigned fat_bits; /* 16 or 32 */
        uint32_t size_sectors, cluster_sectors;
        uint32_t reserved_sectors, fat_sectors, root_sectors;
        uint32_t cluster_count;
        uint32_t data_lba; /* of cluster 2 */
};

/* Decides for a size; false when it makes neither FAT16 nor FAT32. */
bool fat_geometry_choose(uint64_t size_bytes, struct fat_geometry *ret_geometry);

#endif
