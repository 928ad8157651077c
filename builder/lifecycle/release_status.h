/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_RELEASE_STATUS_H
#define LIFECYCLE_RELEASE_STATUS_H

/* builder/lifecycle/release_status.h
 * release_status: FOLDER/release.json: what a release has come to in each region.
 *
 * Rules    (1) Nothing is believed that the region itself can tell: what is read serves to know what an earlier run
 *              made, and to tell the user.
 *          (2) A file that is no status of this version, or breaks a bound, is INGOT_E_FORMAT.
 * Source   docs/release.md
 * Tests    tests/unit/lifecycle/test_release_status.c, tests/fuzz/fuzz_release_status.c
 */
#include <ingot/release.h>

extern const char release_status_name[]; /* "release.json" */

enum { RELEASE_STATUS_VERSION = 1, RELEASE_STATUS_REGIONS_MAX = 64, RELEASE_STATUS_VOLUMES_MAX = 64 };

/*
 * Reads a status.
 *
 * name         what messages call it
 * ret_release  zeroed by the caller; ingot_release_clear() whatever the result
 * Fails with   INGOT_E_FORMAT  rule 2; INGOT_E_MEMORY
 */
enum ingot_code release_status_parse(const char *bytes, size_t size_bytes, const char *name,
                                     struct ingot_release *ret_release,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes it whole.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code release_status_write(const struct ingot_release *release, const char *path,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* NULL when there is none. */
struct ingot_release_region *release_status_find(const struct ingot_release *release, const char *region);

/* Forgets what a region has. */
void release_status_forget(struct ingot_release_region *region);

#endif
