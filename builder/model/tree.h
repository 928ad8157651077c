/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_TREE_H
#define MODEL_TREE_H

/* builder/model/tree.h
 * tree: the files of one file system, in canonical order, without their data.
 *
 * Rules    (1) Names are bytes: not empty, no '/' and no NUL, not "." or "..", at most 255 bytes.
 *          (2) Once sealed, children stand in bytewise order of their names and times are clamped; a walk
 *              meets parents before children.  Before that, order is that of insertion.
 *          (3) Hard links are entries that share one inode; links are those the sources recorded, never
 *              guessed from device and inode numbers of the build machine.
 *          (4) File data is runs that point into a byte_source; what no run covers reads as zeros.  Runs
 *              ascend, do not overlap, start and (but for the last of a file) end at multiples of 4096
 *              bytes of the file, and hold no aligned 4096 bytes that are all zero: holes are found by
 *              whoever makes the runs, never by the build machine's file system.
 *          (5) A path given to tree_* is relative to the root; a leading '/', "//" and "/./" are fine,
 *              ".." is refused.  tree_resolve() follows symlinks as if the root were "/"; a link that
 *              climbs above it is refused.
 *          (6) The tree owns entries, inodes, names and xattrs; sources are borrowed and outlive it.
 *          (7) Memory grows with the number of entries and runs: about 300 bytes an entry.
 *          (8) A time of a source that sealing clamped is counted, once for each inode, for somebody to
 *              tell the user; TREE_TIME_OF_EPOCH is no such time.
 * Tests    tests/unit/model/test_tree.c
 */
#include <stdbool.h>

#include "model/tree_inode.h"
#include "model/tree_path.h"

struct tree_entry {
        char *name; /* "" for the root */
        size_t name_bytes;
        struct tree_entry *parent; /* NULL for the root */
        struct tree_inode *inode;
        struct tree_entry **children; /* of a directory; sorted once sealed */
        size_t child_count, child_capacity;
        size_t position; /* among the parent's children; tree.c keeps it */
        void *index;     /* private to tree.c: finds children by name */
};

struct tree; /* opaque: the root entry and what it owns */

struct tree_census {
        uint64_t entries, inodes, directories, files, symlinks, specials;
        uint64_t data_bytes; /* that runs cover */
};

/*
 * Makes a tree of one directory: the root, mode 0755, owner 0:0, time 0.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code tree_new(struct tree **ret_tree, struct ingot_error *err) INGOT_MUST_CHECK;
void tree_free(struct tree *tree);
void tree_drop(struct tree **tree);

struct tree_entry *tree_root(const struct tree *tree);

/* The child of that name; NULL when there is none or entry is no directory. */
struct tree_entry *tree_child(const struct tree_entry *entry, const char *name, size_t name_bytes);

/*
 * Adds a child, or gives an existing one a new inode: a later entry replaces an earlier one.
 *
 * A directory over a directory keeps its children and takes mode, owner, time and xattrs of the new one.
 * Anything else over a directory with children, or a directory over anything else, replaces it whole.
 *
 * inode        taken, also on failure; its link_count is set here
 * ret_entry    borrowed; may be NULL
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_FORMAT  the name breaks rule 1
 *              INGOT_E_USAGE   parent is no directory
 */
enum ingot_code tree_put(struct tree *tree, struct tree_entry *parent, const char *name, size_t name_bytes,
                         struct tree_inode *inode, struct tree_entry **ret_entry,
                         struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds a child that shares the inode of another entry; replaces what was there, as tree_put() does.
 *
 * Fails with   as tree_put(); INGOT_E_USAGE  target is a directory
 */
enum ingot_code tree_put_link(struct tree *tree, struct tree_entry *parent, const char *name,
                              size_t name_bytes, struct tree_entry *target,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes an entry and everything below it; the root only loses its children. */
void tree_remove(struct tree *tree, struct tree_entry *entry);

/*
 * Moves everything below the directory at path into a tree of its own; the directory stays behind, empty:
 * a mount point.  The new root has the directory's mode, owner, time and xattrs.  Clears marks.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_NOT_FOUND; INGOT_E_FORMAT  not a directory, or a hard link crosses
 *              from the moved part to the rest
 */
enum ingot_code tree_split(struct tree *tree, const char *path, struct tree **ret_part,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Seals the tree: sorts children and xattrs, sets every time later than epoch to epoch, clears marks.
 * A sealed tree may be edited again and sealed again.  Times that become earlier are counted (rule 8).
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code tree_seal(struct tree *tree, int64_t epoch_seconds, struct ingot_error *err) INGOT_MUST_CHECK;

/* How many inodes tree_seal() has given an earlier time than their source did (rule 8). */
uint64_t tree_clamped_count(const struct tree *tree);

/*
 * The next entry of a walk of root and all below it, parents first; NULL after the last.  Start with root.
 * The order is canonical in a sealed tree, that of insertion in another.
 */
struct tree_entry *tree_walk_next(const struct tree_entry *root, const struct tree_entry *entry);

void tree_take_census(const struct tree *tree, struct tree_census *ret_census);

#endif
