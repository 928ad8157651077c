/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_PACKAGES_H
#define CONTENT_PACKAGES_H

/* builder/content/packages.h
 * packages: which file of a tree belongs to which package, so that what changes together can stand together.
 *
 * Rules    (1) Debian's database is read: /var/lib/dpkg/info/NAME.list.  Packages are numbered from 1 in bytewise
 *              order of NAME; their files below /var/lib/dpkg/info are theirs too.
 *          (2) A path is followed through the tree's symlinks but for its last part, as dpkg does.  Directories,
 *              and files that are listed but not there, are passed over; of several packages the first has it.
 *          (3) What Python compiled, __pycache__/NAME.*.pyc, goes with NAME.py beside its folder.
 *          (4) This only orders things on the disk: a damaged database is none.
 * Tests    tests/unit/content/test_packages.c
 */
#include "model/tree.h"

/*
 * Sets the package of every inode of the tree.
 *
 * Fails with   INGOT_E_MEMORY, and what the sources of the database's files fail with
 */
enum ingot_code packages_mark(const struct tree *tree, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
