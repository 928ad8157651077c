/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_IDENTITY_RESET_H
#define CONTENT_IDENTITY_RESET_H

/* builder/content/identity_reset.h
 * identity_reset: takes out of a root file system what must differ between machines, or leaked in from the
 * build machine.
 *
 * Rules    (1) Runs before the template's verbs: what a verb writes there stays.
 *          (2) /etc/machine-id becomes empty: systemd makes a new one at boot.  ("uninitialized" would also
 *              start systemd-firstboot, which asks questions on the console of a machine nobody sits at.)
 *          (3) Host keys, random seeds, leases, machine names and caches with build times are removed;
 *              /etc/resolv.conf is removed only when it is a file (a symlink is the image's own choice).
 *          (4) A tree without /etc is left alone: it is data, not a system.
 * Source   machine-id(5); facts on images of several builds compared.
 * Tests    tests/unit/content/test_boot_files.c
 */
#include "content/store.h"
#include "model/tree.h"

/*
 * Resets tree.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM, INGOT_E_FORMAT  a path leads out of the tree
 */
enum ingot_code identity_reset(struct tree *tree, struct content_store *store,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
