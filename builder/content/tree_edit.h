/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_TREE_EDIT_H
#define CONTENT_TREE_EDIT_H

/* builder/content/tree_edit.h
 * tree_edit: small changes to a tree, as a shell in a chroot would make them.
 *
 * Rules    (1) Paths are followed by tree_resolve(): symlinks inside the tree, never out of it.
 *          (2) A missing parent is an error that says to make it; only tree_edit_mkdir() makes parents.
 *          (3) What is made has owner 0:0 and the time of the build's epoch (TREE_EDIT_EPOCH, which
 *              tree_seal() clamps); what is changed gets that time too, but for a change of mode or owner.
 *          (4) A file written over another is a new one: mode and owner are those asked for, and hard links
 *              to the old one keep the old content.  A change in place (append, replace) keeps mode, owner,
 *              xattrs and links.
 *          (5) A symlink in the last part of a path that is written to is followed; one that leads nowhere
 *              is an error.
 * Tests    tests/unit/content/test_tree_edit.c
 */
#include "content/store.h"
#include "model/tree.h"

#define TREE_EDIT_EPOCH TREE_TIME_OF_EPOCH

enum { TREE_EDIT_TEXT_MAX_BYTES = 64 << 20 };

/*
 * Writes a file whole; replaces a file or a symlink's target (rules 4 and 5).
 *
 * text         size_bytes of it, any bytes
 * Fails with   INGOT_E_NOT_FOUND  the parent does not exist
 *              INGOT_E_FORMAT     path leads out of the tree, or to a directory
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code tree_edit_write(struct tree *tree, struct content_store *store, const char *path,
                                const void *bytes, size_t size_bytes, uint16_t mode,
                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code tree_edit_write_text(struct tree *tree, struct content_store *store, const char *path,
                                     const char *text, uint16_t mode,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Puts a file's inode at path, as tree_edit_write() does.
 *
 * inode        taken, also on failure
 * ret_entry    may be NULL
 */
enum ingot_code tree_edit_put(struct tree *tree, const char *path, struct tree_inode *inode,
                              struct tree_entry **ret_entry, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Appends to a file, or replaces its content, in place (rule 4).
 *
 * Fails with   as tree_edit_write(); INGOT_E_NOT_FOUND  the file does not exist
 */
enum ingot_code tree_edit_append_text(struct tree *tree, struct content_store *store, const char *path,
                                      const char *text, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code tree_edit_replace_text(struct tree *tree, struct content_store *store, const char *path,
                                       const char *text, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a whole file.
 *
 * ret_text     owned by the caller (free); a NUL follows that is not counted in ret_size_bytes (may be NULL)
 * Fails with   INGOT_E_NOT_FOUND
 *              INGOT_E_FORMAT     path leads out of the tree or to something that is not a file
 *              INGOT_E_MEMORY     the file is larger than ceiling_bytes
 */
enum ingot_code tree_edit_read_text(const struct tree *tree, const char *path, size_t ceiling_bytes,
                                    char **ret_text, size_t *ret_size_bytes,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes a directory and its missing parents (those 0755); one that exists is left as it is.
 *
 * ret_entry    may be NULL
 * Fails with   INGOT_E_FORMAT  a part of path is not a directory, or leads out of the tree
 *              INGOT_E_MEMORY
 */
enum ingot_code tree_edit_mkdir(struct tree *tree, const char *path, uint16_t mode,
                                struct tree_entry **ret_entry, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes a symlink; replaces a file or symlink of that name.
 *
 * Fails with   INGOT_E_NOT_FOUND  the parent does not exist
 *              INGOT_E_FORMAT     target is empty or too long; there is a directory; path leads out
 */
enum ingot_code tree_edit_symlink(struct tree *tree, const char *path, const char *target,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes path another name of the file at target; replaces a file or symlink of that name.
 *
 * Fails with   as tree_edit_symlink(); INGOT_E_NOT_FOUND  target does not exist
 *                                      INGOT_E_FORMAT     target is a directory
 */
enum ingot_code tree_edit_hard_link(struct tree *tree, const char *path, const char *target,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Removes what is at path; a symlink in its last part is removed itself.
 *
 * Fails with   INGOT_E_NOT_FOUND  it does not exist
 *              INGOT_E_FORMAT     it is a directory that is not empty and recursive is false; it is the root
 */
enum ingot_code tree_edit_remove(struct tree *tree, const char *path, bool recursive,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The same with everything below it; nothing there, or nothing above it, is fine.
 *
 * Fails with   INGOT_E_FORMAT  path leads out of the tree
 */
enum ingot_code tree_edit_remove_if_there(struct tree *tree, const char *path,
                                          struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Changes mode or owner, with recursive also of everything below; the mode of symlinks is left alone.
 *
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_FORMAT
 */
enum ingot_code tree_edit_mode(struct tree *tree, const char *path, uint16_t mode, bool recursive,
                               struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code tree_edit_owner(struct tree *tree, const char *path, const uint32_t *uid, const uint32_t *gid,
                                bool recursive, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes a file or symlink in one tree a copy of one in another (or the same): runs are shared, so the stores
 * behind from outlive to.  Mode, owner, time and xattrs are kept.
 *
 * Fails with   INGOT_E_NOT_FOUND; INGOT_E_FORMAT  from_path is no file; as tree_edit_put()
 */
enum ingot_code tree_edit_copy_file(const struct tree *from, const char *from_path, struct tree *to,
                                    const char *to_path, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes a copy of an inode of any kind, sharing what its runs point to; link_count 0.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code tree_edit_copy_inode(const struct tree_inode *from, struct tree_inode **ret_inode,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

#endif
