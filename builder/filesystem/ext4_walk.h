/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_EXT4_WALK_H
#define FILESYSTEM_EXT4_WALK_H

/* builder/filesystem/ext4_walk.h
 * ext4_walk: every entry of an ext4 file system, in a tree's canonical order.
 *
 * Rules    (1) Parents come before children, children in bytewise order of their names.
 *          (2) Memory is that of the names in the directories on the way down.
 * Tests    tests/unit/filesystem/test_ext4_reader.c
 */
#include "filesystem/ext4_reader.h"

/* One entry; all of it is borrowed for the call of the visitor. */
struct ext4_visit {
        const char *path; /* "/" for the root; names are bytes as they stand on disk */
        struct ext4_node node;
        const char *target; /* of a symlink; else NULL */
        const struct tree_xattr
                *xattrs; /* bytewise order of names; ACLs in the kernel's form, as in a tree */
        size_t xattr_count;
};

/* What a walk calls; anything but INGOT_OK ends it.  It must not use the reader. */
typedef enum ingot_code (*ext4_walk_visit)(void *context, const struct ext4_visit *entry,
                                           struct ingot_error *err);

/*
 * Shows every entry to visit.
 *
 * Fails with   INGOT_E_FORMAT  damaged, or a directory is met twice; INGOT_E_MEMORY; whatever visit returns
 */
enum ingot_code ext4_reader_walk(struct ext4_reader *reader, ext4_walk_visit visit, void *context,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
