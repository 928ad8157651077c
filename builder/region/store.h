/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_STORE_H
#define REGION_STORE_H

/* builder/region/store.h
 * store: one opening of the folder that holds regions: its catalogue, its blocks, its key.
 *
 *   FOLDER/catalogue.db   SQLite, with -wal and -shm beside it while open
 *   FOLDER/credentials    AWS shared credentials file, mode 0600
 *   FOLDER/blocks/        the block store
 *
 * Rules    (1) An opening belongs to one thread; a process may have several.
 *          (2) The key is made once; the credentials file is written anew when it is missing or differs.
 * Tests    tests/unit/region/test_store.c, tests/fault/test_region_fault.c
 */
#include "base/clock.h"
#include "base/digest.h"
#include "base/guid.h"
#include "region/block_store.h"
#include "region/catalogue.h"
#include "region/catalogue_snapshots.h"

/* The account that owns everything: one of those that AWS's documentation uses. */
#define STORE_ACCOUNT_ID "111122223333"

enum { ACCESS_KEY_ID_CHARS = 20, SECRET_ACCESS_KEY_CHARS = 40 };

struct chaos;
struct import_jobs;

struct region_store {
        char *folder, *credentials_path;
        struct catalogue *catalogue;
        struct block_store *blocks;
        const struct clock *clock;
        uint32_t copy_delay_seconds; /* how long CopySnapshot and CopyImage take; 0 at first */
        char access_key_id[ACCESS_KEY_ID_CHARS + 1], secret_access_key[SECRET_ACCESS_KEY_CHARS + 1];
        struct digest token_key; /* what tokens are signed with */
        char boot_id[BOOT_ID_CHARS + 1];
        void (*log)(void *context, const char *line); /* NULL: nobody listens */
        void *log_context;
        struct import_jobs *imports; /* NULL: none yet */
        struct chaos *chaos;         /* borrowed; NULL: a good day */
        struct ingot_error trouble;  /* what last kept a request from its answer; code INGOT_OK: nothing */
};

/*
 * Opens the store in folder.
 *
 * is_new_allowed   make the folder (mode 0700) and what belongs in it when missing
 * clock            borrowed for the life of the store
 * ret_store        owned by the caller
 * Fails with       INGOT_E_NOT_FOUND  no store there, and none may be made
 *                  INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_FORMAT (the catalogue)
 */
enum ingot_code region_store_new(const char *folder, bool is_new_allowed, const struct clock *clock,
                                 struct region_store **ret_store, struct ingot_error *err) INGOT_MUST_CHECK;
void region_store_free(struct region_store *store);
void region_store_drop(struct region_store **store);

/* Hands a line to whoever listens. */
void region_store_log(const struct region_store *store, const char *format, ...) INGOT_PRINTF(2, 3);

/* Fills out with bytes nobody can guess. Fails with INGOT_E_SYSTEM. */
enum ingot_code random_bytes(void *out, size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* Makes an id: prefix ("snap-") and 17 random hex digits. Fails with INGOT_E_SYSTEM. */
enum ingot_code random_resource_id(const char *prefix, char ret_id[RESOURCE_ID_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
