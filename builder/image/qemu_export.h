/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMAGE_QEMU_EXPORT_H
#define IMAGE_QEMU_EXPORT_H

/* builder/image/qemu_export.h
 * qemu_export: the disk inside an image of a format that QEMU knows best, read through qemu-nbd.
 *
 * Rules    (1) qemu-nbd gets the file as its standard input, the format by name, and nothing else: it guesses no
 *              format, opens no other file, and cannot write.
 *          (2) A qcow2 that names a backing file or an external data file, or is encrypted, is refused before
 *              qemu-nbd sees it.
 *          (3) The socket is in a folder of this call's own, and both are gone once it is connected; the program
 *              itself goes with the export, and with ingot, however that ends.
 *          (4) A file that is cut short would read as zeros: a qcow2 is checked by qemu-img first, a VDI by its
 *              header; the others tell QEMU themselves.
 * Tests    tests/unit/image/test_image_input.c, tests/cli/upload.sh
 */
#include <ingot/observer.h>

#include "image/image_kind.h"
#include "image/nbd_source.h"

struct qemu_export;

/* Borrowed for the call, but for environment and path, which the export borrows. */
struct qemu_export_request {
        int fd; /* of the image, at any position, readable; the export borrows it too */
        const char *path;
        enum image_kind kind;           /* IMAGE_KIND_QCOW2, _VHD_DYNAMIC, _VHDX or _VDI */
        const char *temp_folder;        /* where the socket's folder is made */
        const char *const *environment; /* NULL-terminated "KEY=VALUE": PATH is looked at */
        const struct ingot_observer *observer;
};

/*
 * Starts qemu-nbd and connects.
 *
 * Fails with   INGOT_E_NOT_FOUND  there is no qemu-nbd or qemu-img
 *              INGOT_E_FORMAT     rule 2, or QEMU cannot read the image; the cause holds what it said
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code qemu_export_open(const struct qemu_export_request *request, struct qemu_export **ret_export,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
void qemu_export_free(struct qemu_export *qemu);
void qemu_export_drop(struct qemu_export **qemu);

struct nbd_source *qemu_export_disk(const struct qemu_export *qemu); /* borrowed */

/*
 * Rule 2, of the file's first bytes.
 *
 * Fails with   INGOT_E_FORMAT
 */
enum ingot_code qcow2_check_header(const uint8_t *bytes, size_t size_bytes, const char *path,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Rule 4 for a VDI, of the file's first bytes.
 *
 * file_bytes   how large the file is
 * Fails with   INGOT_E_FORMAT
 */
enum ingot_code vdi_check_header(const uint8_t *bytes, size_t size_bytes, uint64_t file_bytes,
                                 const char *path, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
