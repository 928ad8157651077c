/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_LAST_PUBLISHED_H
#define LIFECYCLE_LAST_PUBLISHED_H

/* builder/lifecycle/last_published.h
 * last_published: what a folder's last publication into a region was: its snapshots, and the manifest they hold.
 *
 *   FOLDER/published-REGION.json   the manifest as it was published
 *   FOLDER/receipt-REGION.json     its snapshots, with the image digest of each
 *
 * Rules    (1) The manifest is written first.  A receipt counts, volume by volume, only where its image digest is the
 *              manifest's: a run that was stopped between the two costs a full upload, not a wrong one.
 *          (2) Nothing here decides whether a snapshot can be a parent: volume_parent does.
 * Tests    tests/unit/lifecycle/test_last_published.c, tests/cli/delta.sh
 */
#include "lifecycle/volume_parent.h"

struct last_published {
        struct manifest *manifest;  /* NULL: none */
        struct json_value *receipt; /* NULL: none */
};

/*
 * Reads what there is.
 *
 * ret_last     owned by the caller: last_published_release(); empty when nothing was published
 * Fails with   INGOT_E_FORMAT, INGOT_E_CHECKSUM, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code last_published_read(const char *folder, const char *region, struct last_published *ret_last,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
void last_published_release(struct last_published *last); /* also for OWNED */

/* Fills in the wish for a volume; false when there is none.  It borrows from last. */
bool last_published_wish(const struct last_published *last, const char *device_name,
                         struct parent_wish *ret_wish);
/* The same by snapshot id. */
bool last_published_find(const struct last_published *last, const char *snapshot_id,
                         struct parent_wish *ret_wish);

/*
 * Copies the folder's manifest to where the next publication finds it (rule 1).
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code last_published_keep(const char *folder, const char *region,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
