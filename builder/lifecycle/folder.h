/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_FOLDER_H
#define LIFECYCLE_FOLDER_H

/* builder/lifecycle/folder.h
 * folder: a build folder: its manifest, and the paths of the files beside it.
 *
 * Rules    (1) A folder with a manifest is a finished build; one without is not a build.
 *          (2) A name from a manifest never leaves the folder: the manifest's reader refuses a '/'.
 */
#include "model/manifest.h"

enum { FOLDER_IMAGE_NAME_BYTES = 128 };

/* "manifest.json" */
extern const char folder_manifest_name[];

/* "FOLDER/NAME"; owned by the caller (free), NULL when out of memory. */
char *folder_path(const char *folder, const char *name);

/* The name of a device's image: of "/dev/xvda" with "raw", "xvda.raw". */
void folder_image_name(const char *device_name, const char *ending, char out[FOLDER_IMAGE_NAME_BYTES]);

/* Whether path is a folder. */
bool folder_is_one(const char *path);

/*
 * Reads the manifest of a build folder.
 *
 * ret_manifest owned by the caller: manifest_free()
 * Fails with   INGOT_E_NOT_FOUND  no manifest there: the cause says what a build folder is
 *              INGOT_E_FORMAT, INGOT_E_CHECKSUM, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code folder_read_manifest(const char *folder, struct manifest **ret_manifest,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The same of a build that is to be published.
 *
 * Fails with   INGOT_E_NOT_FOUND  also: it holds only a plan
 */
enum ingot_code folder_read_build(const char *folder, struct manifest **ret_manifest,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
