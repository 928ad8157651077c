/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_IMAGE_KIND_H
#define IMAGE_IMAGE_KIND_H

/* builder/image/image_kind.h
 * image_kind: what a file is, told by its first and last bytes, never by its name.
 *
 * Rules    (1) What is nothing else is a raw disk.
 *          (2) A fixed VHD is told by its footer alone: the rest of it looks like a raw disk, and uploaded as one it
 *              would have a footer on its last sector.
 *          (3) Pure: the same bytes, the same kind; every length is fine.
 * Tests    tests/unit/image/test_image_kind.c, tests/fuzz/fuzz_image_kind.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_KIND_HEAD_BYTES = 4096, IMAGE_KIND_TAIL_BYTES = 512 };

enum image_kind {
        IMAGE_KIND_RAW,
        IMAGE_KIND_VMDK, /* with a header of its own: streamOptimized, monolithicSparse, an extent */
        IMAGE_KIND_VMDK_DESCRIPTOR, /* text that names the files that hold the disk */
        IMAGE_KIND_QCOW2,
        IMAGE_KIND_VHD_FIXED,
        IMAGE_KIND_VHD_DYNAMIC,
        IMAGE_KIND_VHDX,
        IMAGE_KIND_VDI,
        IMAGE_KIND_GZIP,
        IMAGE_KIND_XZ,
        IMAGE_KIND_ZSTD,
        IMAGE_KIND_BZIP2,
        IMAGE_KIND_LZ4,
        IMAGE_KIND_FOREIGN /* something else that is no raw disk */
};

/*
 * Tells the kind.
 *
 * head         the first head_bytes, at most IMAGE_KIND_HEAD_BYTES are looked at
 * tail         the last tail_bytes, at most IMAGE_KIND_TAIL_BYTES; they may be part of head
 * ret_name     "a qcow2 image", "an xz file"; a constant; may be NULL
 */
enum image_kind image_kind_of(const uint8_t *head, size_t head_bytes, const uint8_t *tail, size_t tail_bytes,
                              const char **ret_name);

/* Whether its bytes are another file's, compressed. */
bool image_kind_is_compressed(enum image_kind kind);

#endif
