/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_STORE_H
#define CONTENT_STORE_H

/* builder/content/store.h
 * store: where the bytes of a tree's files are: a spool file of ours, and source files read in place.
 *
 * Rules    (1) A byte_source that the store hands out lives until the store is freed.
 *          (2) The spool is an unnamed file in the folder given: nothing is left behind, also by SIGKILL.
 *              It is opened by the first append.
 *          (3) A file read in place is the one that was read first: its device, inode, size, mtime and ctime
 *              are remembered, compared whenever it is opened again, and once more by
 *              store_check_unchanged(), which whoever has used the bytes calls last.
 *          (4) Files adopted with STORE_OPEN_ON_DEMAND cost no descriptor: one of them is open at a time.
 *          (5) The spool holds at most the ceiling given.
 *          (6) The digest of a file that is kept open can be made meanwhile; of one file at a time, so that
 *              a template of many archives does not start as many threads.
 * Tests    tests/unit/content/test_store.c, tests/fault/test_content_fault.c
 */
#include <ingot/observer.h>

#include "base/digest.h"
#include "model/byte_source.h"

struct content_store;

enum store_opening { STORE_KEEP_OPEN, STORE_OPEN_ON_DEMAND };

#define STORE_SPOOL_CEILING_BYTES (UINT64_C(1) << 40)

/*
 * folder       where the spool will be; copied
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code store_new(const char *folder, struct content_store **ret_store,
                          struct ingot_error *err) INGOT_MUST_CHECK;
void store_free(struct content_store *store);
void store_drop(struct content_store **store);

/*
 * Appends bytes to the spool; ret_offset_bytes is where they begin in store_spool().
 *
 * Fails with   INGOT_E_MEMORY  STORE_SPOOL_CEILING_BYTES would be passed
 *              INGOT_E_SYSTEM  the spool could not be opened or written: no space left, for one
 */
enum ingot_code store_append(struct content_store *store, const void *bytes, size_t size_bytes,
                             uint64_t *ret_offset_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

const struct byte_source *store_spool(const struct content_store *store);
uint64_t store_spool_bytes(const struct content_store *store);

/*
 * Keeps a regular file that is being read in place (rule 3).
 *
 * path         for messages and for opening it again; copied
 * fd           open for reading; taken with STORE_KEEP_OPEN (FD_NONE afterwards, also on failure), borrowed
 *              for this call with STORE_OPEN_ON_DEMAND
 * ret_source   borrowed from the store
 * Fails with   INGOT_E_MEMORY; INGOT_E_SYSTEM  fstat failed; INGOT_E_USAGE  not a regular file
 */
enum ingot_code store_adopt(struct content_store *store, const char *path, int *fd,
                            enum store_opening opening, const struct byte_source **ret_source,
                            struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Begins the SHA-256 of a file that was adopted with STORE_KEEP_OPEN (rule 6); waits for an earlier one.
 *
 * source       what store_adopt() gave
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM, INGOT_E_CANCELLED, INGOT_E_FORMAT  an earlier one became shorter
 */
enum ingot_code store_begin_digest(struct content_store *store, const struct byte_source *source,
                                   const struct ingot_observer *observer,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Waits for a digest that was begun.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_CANCELLED; INGOT_E_FORMAT  the file has become shorter
 */
enum ingot_code store_await_digest(const struct byte_source *source, const struct ingot_observer *observer,
                                   struct digest *ret_digest, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Fails with   INGOT_E_CHECKSUM  a file changed while it was being read; it is named
 *              INGOT_E_SYSTEM    a file cannot be looked at any more
 */
enum ingot_code store_check_unchanged(const struct content_store *store,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
