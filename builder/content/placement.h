/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_PLACEMENT_H
#define CONTENT_PLACEMENT_H

/* builder/content/placement.h
 * placement: where an entry of a source goes in a tree that already holds others.
 *
 * Rules    (1) Missing parents are made: mode 0755, owner 0:0, time of the build's epoch.
 *          (2) A parent that is a symlink is followed inside the tree; one that leads nowhere, out of the
 *              tree or to something that is not a directory is refused.
 *          (3) A directory over a symlink to a directory is the directory it leads to.
 *          (4) A source may not replace the directory it is being read into, nor one above that.
 * Tests    tests/unit/content/test_archive_placement.c, test_directory_reader.c
 */
#include <stdbool.h>

#include "model/tree.h"

/* Whom entries belong to, instead of whom the source says. */
struct placement_owner {
        bool has_uid, has_gid;
        uint32_t uid, gid;
};

struct placement {
        struct tree_entry *parent;
        const char *name; /* the last part; points into the path that was given */
        size_t name_bytes;
};

/*
 * Finds the place of path below start.  A path without parts is start itself: parent is NULL then.
 *
 * path         relative, no ".."
 * owner        of the directories that are made; NULL: 0:0
 * made_count   goes up by the directories that were made
 * Fails with   INGOT_E_FORMAT  rule 2, or a name that no file can have; INGOT_E_MEMORY
 */
enum ingot_code placement_find(struct tree *tree, struct tree_entry *start, const char *path,
                               const struct placement_owner *owner, struct placement *ret_place,
                               uint64_t *made_count, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the directory that is at a place already, itself or by rule 3; NULL when there is none.
 *
 * ret_through_link  whether it was rule 3
 */
struct tree_entry *placement_directory(const struct tree *tree, const struct placement *place,
                                       bool *ret_through_link);

/*
 * Refuses a place where something that is not a directory would replace the directory kept, or one above it:
 * whoever reads a source holds on to kept, and a link of the source may lead above it.
 *
 * Fails with   INGOT_E_FORMAT
 */
enum ingot_code placement_check(const struct placement *place, const struct tree_entry *kept,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* A directory by rule 1, for tree_put(); owner may be NULL.  NULL when out of memory. */
struct tree_inode *placement_new_directory(const struct placement_owner *owner);

/* Gives an inode to owner; NULL leaves it alone. */
void placement_own(struct tree_inode *inode, const struct placement_owner *owner);

/*
 * Finds the directory at path, from the root, and makes what is missing.
 *
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code placement_make_directory(struct tree *tree, const char *path, struct tree_entry **ret_entry,
                                         struct ingot_error *err) INGOT_MUST_CHECK;

#endif
