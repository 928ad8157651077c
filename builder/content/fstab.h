/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_FSTAB_H
#define CONTENT_FSTAB_H

/* builder/content/fstab.h
 * fstab: which file system of which volume is mounted where.
 *
 * Rules    (1) File systems are named by UUID, never by device: EC2 gives /dev/xvda another name.
 *          (2) ingot's lines come first, one for each mounted file system of every volume and for each swap;
 *              lines that were there for other mount points are kept behind them.
 *          (3) Data volumes are nofail, so that a machine started without them still boots; so is the ESP,
 *              which nothing that runs needs.
 *          (4) Every mount point is made where it is missing, 0755 root:root.
 * Source   fstab(5), systemd.mount(5).
 * Tests    tests/unit/content/test_boot_files.c
 */
#include "content/store.h"
#include "model/layout.h"
#include "model/tree.h"

struct fstab_request {
        struct tree *tree; /* of the root volume, not yet split */
        struct content_store *store;
        const struct layout *layouts; /* of every volume of the template: identifiers and mounts */
        size_t layout_count;
        const struct layout *root_layout; /* the one of them that holds '/' */
};

/*
 * Writes /etc/fstab.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM
 *              INGOT_E_FORMAT  a mount point is no directory, or leads out of the tree
 */
enum ingot_code fstab_write(const struct fstab_request *request, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
