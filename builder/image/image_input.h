/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_IMAGE_INPUT_H
#define IMAGE_IMAGE_INPUT_H

/* builder/image/image_input.h
 * image_input: the disk inside an image of any kind, as bytes and as extents.
 *
 *   raw, block device, fixed VHD, VMDK of one file   image_reader
 *   VMDK of several files                            vmdk_set
 *   qcow2, dynamic VHD, VHDX, VDI                    qemu_export, nbd_source
 *
 * Rules    (1) The kind is told by the content (image_kind.h); what cannot be read is refused by the name of its kind.
 *          (2) Extents say what may hold data; the rest was never written, or is zero.
 *          (3) A compressed file is not unpacked here: INGOT_E_FORMAT, as it needs room that is the caller's to give.
 * Tests    tests/unit/image/test_image_input.c, tests/cli/upload.sh
 */
#include <ingot/observer.h>

#include "image/image_kind.h"
#include "model/extent.h"

struct image_input;

/* Borrowed for the call, but for fd, path and environment, which the input borrows. */
struct image_input_request {
        int fd;                         /* a regular file or block device, readable */
        const char *path;               /* for messages */
        int folder_fd;                  /* where files that a VMDK's descriptor names are; FD_NONE: nowhere */
        const char *temp_folder;        /* qemu_export_request's */
        const char *const *environment; /* qemu_export_request's */
        const struct ingot_observer *observer;
};

/*
 * Opens an image.
 *
 * ret_input    owned by the caller: image_input_free()
 * Fails with   INGOT_E_FORMAT, INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code image_input_open(const struct image_input_request *request, struct image_input **ret_input,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
void image_input_free(struct image_input *input);
void image_input_drop(struct image_input **input);

/*
 * Tells a file's kind without opening more of it.
 *
 * ret_name     a constant; may be NULL
 * Fails with   INGOT_E_FORMAT  it is empty; INGOT_E_USAGE  neither regular file nor block device
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code image_input_kind(int fd, const char *path, enum image_kind *ret_kind, const char **ret_name,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

const char *image_input_format_name(const struct image_input *input); /* "raw", "qcow2" ... */
uint64_t image_input_size_bytes(const struct image_input *input);     /* of the disk */
const struct byte_source *image_input_source(const struct image_input *input);

/*
 * Adds rule 2's extents; they borrow from input.
 *
 * Fails with   INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code image_input_extents(struct image_input *input, struct extent_list *list,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
