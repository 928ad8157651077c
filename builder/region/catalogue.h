/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_H
#define REGION_CATALOGUE_H

/* builder/region/catalogue.h
 * catalogue: what the regions of a store know, in one SQLite file. By noun: catalogue_snapshots.h,
 * catalogue_images.h, catalogue_tags.h.
 *
 * Rules    (1) Blocks live in files; the catalogue names their snapshots.
 *          (2) A change is made between catalogue_begin() and catalogue_end(); whoever opened the file in
 *              another process or thread waits meanwhile, up to 30 s.
 *          (3) What is committed survives the machine: write-ahead log, synchronous FULL.
 *          (4) user_version is the schema's; a file of a newer one is refused, not guessed at.
 *          (5) A text that does not fit its array was never written through here: it means damage.
 * Source   SQLite 3.40
 * Tests    tests/unit/region/test_catalogue.c
 */
#include <stdbool.h>

#include <ingot/error.h>

enum {
        REGION_NAME_CHARS = 64,
        RESOURCE_ID_CHARS = 64, /* "snap-" or "ami-" and 17 hex digits; the model allows this many */
        RESOURCE_DIGITS = 17,
        DESCRIPTION_CHARS = 255,
        DESCRIPTION_BYTES = 4 * DESCRIPTION_CHARS,
        CATALOGUE_VALUE_BYTES = 128,
};

struct catalogue; /* for one thread at a time */

/*
 * Opens the catalogue, or makes it.
 *
 * Fails with   INGOT_E_FORMAT  damaged, or of a newer schema
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code catalogue_new(const char *path, struct catalogue **ret_catalogue,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void catalogue_free(struct catalogue *catalogue);
void catalogue_drop(struct catalogue **catalogue);

/* Fails with   INGOT_E_SYSTEM, INGOT_E_FORMAT */
enum ingot_code catalogue_begin(struct catalogue *catalogue, struct ingot_error *err) INGOT_MUST_CHECK;
/* Ends the change: commits it when so_far is INGOT_OK, else takes it back.  Returns so_far or the failure. */
enum ingot_code catalogue_end(struct catalogue *catalogue, enum ingot_code so_far,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads the value that key has; gives it the value proposed when it has none yet.  Two processes that
 * propose at the same time read the same.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_FORMAT
 */
enum ingot_code catalogue_settle_value(struct catalogue *catalogue, const char *key, const char *proposed,
                                       char ret_value[CATALOGUE_VALUE_BYTES],
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads the value that key has. Fails with INGOT_E_NOT_FOUND, and ret_value is untouched; INGOT_E_SYSTEM, INGOT_E_FORMAT. */
enum ingot_code catalogue_find_value(struct catalogue *catalogue, const char *key,
                                     char ret_value[CATALOGUE_VALUE_BYTES],
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Gives key a value, whatever it had. */
enum ingot_code catalogue_set_value(struct catalogue *catalogue, const char *key, const char *value,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Lets SQLite compare its file with itself.
 *
 * Fails with   INGOT_E_FORMAT  and SQLite's first complaint
 *              INGOT_E_SYSTEM
 */
enum ingot_code catalogue_check(struct catalogue *catalogue, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
