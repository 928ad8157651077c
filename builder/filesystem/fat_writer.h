/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_WRITER_H
#define FILESYSTEM_FAT_WRITER_H

/* builder/filesystem/fat_writer.h
 * fat_writer: a tree laid out as FAT32 or FAT16, without being written.
 *
 *   FAT32   boot sector, FSInfo, 4 empty, backup of both, ... | FAT | FAT | clusters, the root among them
 *   FAT16   boot sector | FAT | FAT | 512 root entries | clusters
 *
 * Unit     sector = 512 bytes; cluster = 1 to 64 sectors.
 * Rules    (1) FAT32 where the size allows enough clusters of 512 bytes, else FAT16; what would be FAT12 is
 *              refused (filesystem/fat_geometry: which sizes, which clusters).
 *          (2) Hidden sectors, 255 heads, 63 sectors a track, media F8, OEM name "MSWIN4.1".
 *          (3) Clusters are given in the order of a walk of the tree, each file and each directory in one run:
 *              equal trees make equal bytes.
 *          (4) Names as in filesystem/fat_name: equal directories get equal aliases.
 *          (5) Times are the tree's mtime in UTC, 2-second steps, from 1980-01-01 to 2107-12-31; creation and
 *              access are the same.  Owners, modes and xattrs are dropped: FAT has none.  Every entry has the
 *              archive attribute but directories.
 *          (6) A file is extents of its runs; a hole, the tail of a cluster and the tail of a FAT are zero on
 *              purpose.  Free clusters are left out.
 *          (7) A hard link is written as a file of its own.  Anything but files and directories, names that
 *              fat_name refuses or that differ from another only in ASCII case, files of 4 GiB or more and
 *              directories of over 65,536 entries are refused, with their path.
 * Source   Microsoft FAT32 File System Specification 1.03.
 * Tests    tests/unit/filesystem/test_fat_writer.c
 */
#include "model/extent.h"
#include "model/tree.h"

struct fat_request {
        const struct tree *tree; /* sealed; borrowed, and so are its sources, as long as the image */
        uint64_t size_bytes;     /* of the partition; a multiple of 512.  Ignored by fat_measure() */
        uint32_t serial;         /* the volume's "UUID" */
        const char *label; /* "" or NULL: none; at most 11 characters of the 8.3 alphabet and ' '; kept in
                                    upper case */
        uint32_t hidden_sectors; /* the partition's start LBA */
        int64_t epoch_seconds;   /* the label's time */
};

struct fat_numbers {
        unsigned fat_bits; /* 16 or 32 */
        uint32_t cluster_bytes;
        uint64_t cluster_count, used_clusters;
        uint64_t used_bytes, free_bytes; /* of the cluster area */
};

struct fat_image; /* owns boot sectors, FATs and directories */

/*
 * Tells the smallest size, a multiple of 1 MiB, that holds the tree.
 *
 * request      borrowed for this call
 * Fails with   INGOT_E_LAYOUT  an entry is refused (rule 7), or a file is 4 GiB or more
 *              INGOT_E_MEMORY
 */
enum ingot_code fat_measure(const struct fat_request *request, uint64_t *ret_fit_bytes,
                            struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lays the tree out.
 *
 * request      borrowed for this call; its tree as long as the image
 * ret_image    owned by the caller: fat_image_free(); outlives every extent taken from it
 * Fails with   INGOT_E_LAYOUT  it does not fit, and how much is needed; the size is too small for FAT16 or too
 *                              large for FAT32; an entry or the label is refused
 *              INGOT_E_MEMORY
 */
enum ingot_code fat_image_new(const struct fat_request *request, struct fat_image **ret_image,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void fat_image_free(struct fat_image *image);
void fat_image_drop(struct fat_image **image);

/*
 * Adds the file system's extents, from LBA 0 of the partition, ascending.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code fat_image_extents(const struct fat_image *image, struct extent_list *list,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

void fat_image_numbers(const struct fat_image *image, struct fat_numbers *ret_numbers);

#endif
