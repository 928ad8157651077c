/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TREE_PATH_H
#define MODEL_TREE_PATH_H

/* builder/model/tree_path.h
 * tree_path: names and paths in a tree, and what they lead to.
 *
 * Rules    tree.h, 1 and 5.
 * Tests    tests/unit/model/test_tree.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

struct tree;
struct tree_entry;

enum { TREE_NAME_MAX_BYTES = 255 };

/*
 * Fails with   INGOT_E_FORMAT  the name breaks rule 1
 */
enum ingot_code tree_name_check(const char *name, size_t name_bytes,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the entry at path without following a symlink at any step.
 *
 * ret_entry    borrowed from tree
 * Fails with   INGOT_E_NOT_FOUND  the first part that is missing is named
 *              INGOT_E_FORMAT     path breaks rule 1 or 5
 */
enum ingot_code tree_find(const struct tree *tree, const char *path, struct tree_entry **ret_entry,
                          struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds what path leads to when symlinks are followed inside the tree (rule 5).
 *
 * follow_last  whether a symlink in the last part is followed too
 * Fails with   INGOT_E_NOT_FOUND  a part is missing
 *              INGOT_E_FORMAT     a path or link climbs out of the tree; more than 40 links are met; a part
 *                                 that must be a directory is not
 */
enum ingot_code tree_resolve(const struct tree *tree, const char *path, bool follow_last,
                             struct tree_entry **ret_entry, struct ingot_error *err) INGOT_MUST_CHECK;

/* As tree_resolve(), from the directory start; an absolute link still begins at the root. */
enum ingot_code tree_resolve_from(const struct tree *tree, struct tree_entry *start, const char *path,
                                  bool follow_last, struct tree_entry **ret_entry,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* The path from the root, "/" for the root itself; owned by the caller (free), NULL when out of memory. */
char *tree_entry_path(const struct tree_entry *entry);

#endif
