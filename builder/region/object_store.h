/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_OBJECT_STORE_H
#define REGION_OBJECT_STORE_H

/* builder/region/object_store.h
 * object_store: the bytes of objects and of parts, each in a file of FOLDER/objects.
 *
 * Rules    (1) A file is whole and flushed before the catalogue names it; one that is not named is nobody's.
 *          (2) Names are made by us.
 * Tests    tests/unit/region/test_s3_routes.c
 */
#include "region/catalogue_objects.h"
#include "region/store.h"

/* Writes bytes to a new file.  Fails with INGOT_E_SYSTEM, INGOT_E_MEMORY */
enum ingot_code object_store_write(const struct region_store *store, const void *bytes, size_t size_bytes,
                                   char ret_file[OBJECT_FILE_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Writes a new file that holds others, one behind the other. */
enum ingot_code object_store_join(const struct region_store *store, const struct part_record *parts,
                                  size_t count, char ret_file[OBJECT_FILE_CHARS + 1],
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* Opens a file for reading. */
enum ingot_code object_store_open(const struct region_store *store, const char *file, int *ret_fd,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes a file that the catalogue does not name any more. */
void object_store_remove(const struct region_store *store, const char *file);

#endif
