/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_LOCKS_H
#define LIFECYCLE_LOCKS_H

/* builder/lifecycle/locks.h
 * locks: the layout locks that a build follows, and the one that each of its volumes leaves behind.
 *
 * Rules    (1) The lock of volume '/dev/xvda' is the file 'xvda.lock' beside the manifest, which names its digest.
 *          (2) A folder gives its volumes' locks; where it has a manifest that tells of them, it tells the truth, or
 *              nothing is built.  A file gives one.  A volume without a lock is laid out afresh, and the manifest
 *              warns of it.
 * Tests    tests/cli/lock.sh
 */
#include "lifecycle/volume.h"

struct locks {
        struct layout_lock **locks; /* owned */
        struct digest *digests;     /* of their files; owned */
        size_t count;
};

/*
 * Reads the locks of a build folder, or the lock in a file.
 *
 * path         NULL for none
 * ret_locks    locks_release()
 * Fails with   INGOT_E_NOT_FOUND  no lock there; INGOT_E_CHECKSUM  not the one of the folder's manifest
 *              INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code locks_read(const char *path, struct locks *ret_locks,
                           struct ingot_error *err) INGOT_MUST_CHECK;
void locks_release(struct locks *locks);

/* Gives volume its lock, and its identifiers. */
void locks_give(const struct locks *locks, struct volume *volume);

/*
 * Writes the lock that a volume leaves behind as text, into volume->lock_text, and tells the manifest of it and
 * of the one it followed, with a warning where it could not.
 *
 * has_locks    whether any were asked for
 * described    the volume in manifest
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code locks_record(struct volume *volume, bool has_locks, struct manifest *manifest,
                             struct manifest_volume *described, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes the volume's lock beside the manifest.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code locks_write(const char *folder, const struct volume *volume,
                            struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Proves that the lock beside a manifest is the one it names; a volume without one is fine.
 *
 * Fails with   INGOT_E_CHECKSUM, INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code locks_verify(const char *folder, const struct manifest_volume *volume,
                             struct ingot_error *err) INGOT_MUST_CHECK;

#endif
