/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_VHD_FOOTER_H
#define IMAGE_VHD_FOOTER_H

/* builder/image/vhd_footer.h
 * vhd_footer: the last sector of a VHD, which says what the file is.
 *
 * Unit     numbers are big-endian; the disk's size is in bytes.
 * Rules    (1) A footer whose checksum does not hold is not believed.
 *          (2) The disk is as large as its "current size"; the geometry, which rounds that down, is not asked.
 * Source   Microsoft "Virtual Hard Disk Image Format Specification" 1.0.
 * Tests    tests/unit/image/test_vhd_footer.c, tests/fuzz/fuzz_image_kind.c
 */
#include <stdint.h>

#include <ingot/error.h>

enum { VHD_FOOTER_BYTES = 512 };

enum vhd_type { VHD_FIXED = 2, VHD_DYNAMIC = 3, VHD_DIFFERENCING = 4 };

struct vhd_footer {
        enum vhd_type type;
        uint64_t size_bytes; /* of the disk; a multiple of 512, above 0 */
};

/*
 * Reads a footer.
 *
 * path         for messages
 * Fails with   INGOT_E_FORMAT  no cookie, another checksum, version or type, or a size that is none
 */
enum ingot_code vhd_footer_decode(const uint8_t bytes[VHD_FOOTER_BYTES], const char *path,
                                  struct vhd_footer *ret_footer, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
