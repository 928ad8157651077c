/* SPDX-License-Identifier: Apache-2.0 */
#include "filesystem/fat_geometry.h"
#include "base/checked.h"

enum { SECTOR = 512, RESERVED_32 = 32, RESERVED_16 = 1, ROOT_SECTORS = FAT_ROOT_ENTRIES * 32 / SECTOR };

static const uint64_t mib = UINT64_C(1) << 20, gib = UINT64_C(1) << 30;

static uint32_t fat32_cluster_sectors(uint64_t size_bytes)
{
        return size_bytes <= 260 * mib  ? 1
               : size_bytes <= 8 * gib  ? 8
               : size_bytes <= 16 * gib ? 16
               : size_bytes <= 32 * gib ? 32
                                        : 64;
}

/*
 * Places the parts.  With E entries in a sector of FAT, c sectors in a cluster and s sectors for FATs and clusters,
 * f sectors of FAT suffice when f * E >= (s - 2f) / c + 2, which is f >= (s + 2c) / (E * c + 2).
 */
static bool place(struct fat_geometry *geometry, uint32_t clusters_min, uint32_t clusters_max)
{
        uint64_t entries = SECTOR * 8 / geometry->fat_bits, cluster = geometry->cluster_sectors, space,
                 fat_sectors;
        uint64_t fixed = (uint64_t)geometry->reserved_sectors + geometry->root_sectors;

        if (geometry->size_sectors <= fixed)
                return false;
        space = geometry->size_sectors - fixed;
        fat_sectors = div_up_u64(space + 2 * cluster, entries * cluster + 2);
        if (space <= FAT_COPIES * fat_sectors)
                return false;
        geometry->fat_sectors = (uint32_t)fat_sectors;
        geometry->cluster_count = (uint32_t)((space - FAT_COPIES * fat_sectors) / cluster);
        geometry->data_lba = (uint32_t)(fixed + FAT_COPIES * fat_sectors);
        return geometry->cluster_count >= clusters_min && geometry->cluster_count <= clusters_max;
}

static bool place_fat16(struct fat_geometry *geometry, uint32_t cluster_sectors)
{
        geometry->fat_bits = 16;
        geometry->cluster_sectors = cluster_sectors;
        geometry->reserved_sectors = RESERVED_16;
        geometry->root_sectors = ROOT_SECTORS;
        return place(geometry, FAT16_CLUSTERS_MIN + FAT_CLUSTERS_MARGIN,
                     FAT32_CLUSTERS_MIN - 1 - FAT_CLUSTERS_MARGIN);
}

bool fat_geometry_choose(uint64_t size_bytes, struct fat_geometry *ret_geometry)
{
        struct fat_geometry geometry = {
                .fat_bits = 32,
                .cluster_sectors = fat32_cluster_sectors(size_bytes),
                .reserved_sectors = RESERVED_32,
        };

        if (size_bytes / SECTOR > UINT32_MAX)
                return false;
        geometry.size_sectors = (uint32_t)(size_bytes / SECTOR);
        if (!place(&geometry, FAT32_CLUSTERS_MIN + FAT_CLUSTERS_MARGIN, 0x0FFFFFF5) &&
            !place_fat16(&geometry, 1) && !place_fat16(&geometry, 2))
                return false;
        *ret_geometry = geometry;
        return true;
}
