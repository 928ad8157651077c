/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VMDK_READER_H
#define IMAGE_VMDK_READER_H

/* builder/image/vmdk_reader.h
 * vmdk_reader: the disk inside a streamOptimized or monolithicSparse VMDK.
 *
 * Rules    (1) Read are files of one extent with an embedded descriptor, without a parent, closed cleanly; and,
 *              as extents, files without one (vmdk_set.h).
 *          (2) A number from the file is used only after it was checked: capacity up to 2^32 sectors, grains
 *              of 4 KiB to 1 MiB, up to 512 entries in a table and 2^20 in the directory, every sector inside
 *              the file, every packed grain at most twice as long as the grain.
 *          (3) A packed grain says which part of the disk it is; one that says another is damage.  The grains
 *              of a monolithicSparse file cannot be more than the file has room for: none is shared.
 *          (4) Memory: the directory, one table, one grain packed and unpacked.
 * Source   VMware "Virtual Disk Format 5.0"; qemu block/vmdk.c where writers differ.
 * Tests    tests/unit/image/test_image_reader.c, tests/fuzz/fuzz_vmdk_reader.c
 */
#include "image/image_file.h"
#include "image/vmdk_format.h"

struct vmdk_reader;

/* Whether a file that begins so is a VMDK with an embedded header. */
bool vmdk_is_header(const uint8_t *bytes, size_t size_bytes);

/*
 * Reads header, footer, descriptor and directory.
 *
 * file         borrowed; outlives the reader
 * Fails with   INGOT_E_FORMAT  damaged, or of a kind that is not read (rule 1); INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code vmdk_reader_new(struct image_file *file, struct vmdk_reader **ret_reader,
                                struct ingot_error *err) INGOT_MUST_CHECK;
/*
 * The same for a sparse extent of a disk in several files, whose descriptor is in another.
 */
enum ingot_code vmdk_reader_new_extent(struct image_file *file, struct vmdk_reader **ret_reader,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
void vmdk_reader_free(struct vmdk_reader *reader);
void vmdk_reader_drop(struct vmdk_reader **reader);

bool vmdk_reader_is_stream(const struct vmdk_reader *reader);
uint64_t vmdk_reader_size_bytes(const struct vmdk_reader *reader); /* of the disk */

/*
 * Fails with   INGOT_E_FORMAT  a grain is damaged, or past the end of the disk; INGOT_E_SYSTEM
 */
enum ingot_code vmdk_reader_read(struct vmdk_reader *reader, uint64_t offset_bytes, void *bytes,
                                 size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the next grains, one after another, that are in the file; both ends at the disk's when there are none.
 *
 * Fails with   INGOT_E_FORMAT  a table is damaged; INGOT_E_SYSTEM
 */
enum ingot_code vmdk_reader_next_data(struct vmdk_reader *reader, uint64_t from_bytes,
                                      uint64_t *ret_start_bytes, uint64_t *ret_end_bytes,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
