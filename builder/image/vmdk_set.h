/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VMDK_SET_H
#define IMAGE_VMDK_SET_H

/* builder/image/vmdk_set.h
 * vmdk_set: the disk of a VMDK that is a text, the descriptor, and the files it names.
 *
 * Unit     sector = 512 bytes.
 * Rules    (1) A descriptor is input: a name in it is a plain one, beside the descriptor, of a regular file that is
 *              no link.  One that names anything else is refused before that is opened.
 *          (2) Extents are FLAT and VMFS (their bytes as they are), SPARSE (vmdk_reader.h) and ZERO.  Others, and
 *              a disk with a parent, are refused.
 *          (3) At most VMDK_SET_EXTENTS_MAX extents, 64 KiB of descriptor.
 * Source   VMware "Virtual Disk Format 5.0", "The Descriptor File".
 * Tests    tests/unit/image/test_vmdk_set.c, tests/fuzz/fuzz_image_kind.c
 */
#include "image/image_file.h"
#include "model/extent.h"

enum { VMDK_SET_EXTENTS_MAX = 256, VMDK_SET_DESCRIPTOR_BYTES_MAX = 65536 };

enum vmdk_extent_type { VMDK_EXTENT_FLAT, VMDK_EXTENT_SPARSE, VMDK_EXTENT_ZERO };

/* One line "RW 4192256 SPARSE "disk-s001.vmdk" 0". */
struct vmdk_extent {
        uint64_t sectors;
        enum vmdk_extent_type type;
        char name[256];         /* "" for ZERO */
        uint64_t offset_sector; /* in the file, for FLAT */
};

/*
 * Reads a descriptor.
 *
 * extents      room for VMDK_SET_EXTENTS_MAX
 * Fails with   INGOT_E_FORMAT  rules 1 to 3, or no extent at all
 */
enum ingot_code vmdk_set_parse(const char *text, size_t size_bytes, const char *path,
                               struct vmdk_extent *extents, size_t *ret_count,
                               struct ingot_error *err) INGOT_MUST_CHECK;

struct vmdk_set;

/*
 * Opens a descriptor and the files it names.
 *
 * descriptor   borrowed for this call
 * folder_fd    borrowed for this call: where the files are
 * Fails with   INGOT_E_FORMAT; INGOT_E_NOT_FOUND  a file is missing; INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code vmdk_set_open(struct image_file *descriptor, int folder_fd, struct vmdk_set **ret_set,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void vmdk_set_free(struct vmdk_set *set);
void vmdk_set_drop(struct vmdk_set **set);

uint64_t vmdk_set_size_bytes(const struct vmdk_set *set);
const struct byte_source *vmdk_set_source(const struct vmdk_set *set);

/*
 * Adds what may hold data.
 *
 * Fails with   INGOT_E_FORMAT  a grain table is damaged; INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code vmdk_set_extents(struct vmdk_set *set, struct extent_list *list,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
