/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_READER_H
#define FILESYSTEM_FAT_READER_H

/* builder/filesystem/fat_reader.h
 * fat_reader: FAT12, FAT16 and FAT32 read from a byte_source.
 *
 * Rules    (1) Nothing that the bytes say can crash, loop or allocate without bound: a chain is followed for at
 *              most as many clusters as there are, a directory for at most 65,536 entries, a path for 32 parts,
 *              and a FAT may have at most 2^28 - 11 clusters, of which counting reads 64 KiB at a time.
 *          (2) Names are long names where they are whole and their checksum agrees with the short one, else
 *              short names with their case bits; UTF-8, looked up without regard to ASCII case.
 *          (3) A hostile directory may contain itself: a walk of the caller's bounds its own depth.
 *          (4) The source is borrowed and outlives the reader.
 * Source   Microsoft FAT32 File System Specification 1.03.
 * Tests    tests/unit/filesystem/test_fat_reader.c, tests/fuzz/fuzz_fat_reader.c
 */
#include <stdbool.h>

#include "model/byte_source.h"

enum { FAT_NAME_BYTES = 765, FAT_LABEL_BYTES = 11 };

struct fat_reader;

struct fat_facts {
        unsigned fat_bits; /* 12, 16 or 32 */
        uint32_t serial;
        char label[FAT_LABEL_BYTES + 1]; /* of the root folder's label entry, else the boot sector's; "" */
        uint32_t cluster_bytes;
        uint64_t cluster_count, free_clusters;
        uint64_t size_bytes; /* as its boot sector says */
};

struct fat_file {
        char name[FAT_NAME_BYTES + 1]; /* "" for the root */
        bool is_directory;
        uint32_t first_cluster; /* 0: no data, or the root */
        uint32_t size_bytes;    /* of a file */
        int64_t mtime_seconds;
};

/*
 * Fails with   INGOT_E_NOT_FOUND  the boot sector is not one of a FAT file system
 *              INGOT_E_FORMAT     it is, and its numbers contradict each other or size_bytes
 *              INGOT_E_MEMORY, and whatever source fails with
 */
enum ingot_code fat_reader_open(const struct byte_source *source, uint64_t size_bytes,
                                struct fat_reader **ret_reader, struct ingot_error *err) INGOT_MUST_CHECK;
void fat_reader_free(struct fat_reader *reader);
void fat_reader_drop(struct fat_reader **reader);

/*
 * Reads the label and counts free clusters in the first FAT.
 *
 * Fails with   INGOT_E_FORMAT, and whatever source fails with
 */
enum ingot_code fat_reader_facts(struct fat_reader *reader, struct fat_facts *ret_facts,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Calls visit for each entry of a directory in the order of the disk, without "." and "..", until it returns
 * false.
 *
 * Fails with   INGOT_E_FORMAT  the directory's chain is broken; INGOT_E_USAGE  it is no directory
 */
enum ingot_code fat_reader_list(struct fat_reader *reader, const struct fat_file *directory,
                                bool (*visit)(void *context, const struct fat_file *file), void *context,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the file at a path from the root: "EFI/BOOT/BOOTX64.EFI"; "" is the root.
 *
 * Fails with   INGOT_E_NOT_FOUND  the first part that is missing is named
 *              INGOT_E_FORMAT
 */
enum ingot_code fat_reader_find(struct fat_reader *reader, const char *path, struct fat_file *ret_file,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads size_bytes of a file at offset_bytes.
 *
 * Fails with   INGOT_E_FORMAT  past the file's end, or its chain is broken
 */
enum ingot_code fat_reader_read(struct fat_reader *reader, const struct fat_file *file, uint64_t offset_bytes,
                                void *bytes, size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
