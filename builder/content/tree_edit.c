/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/plural.h"
#include "content/placement.h"
#include "content/run_writer.h"
#include "content/tree_edit.h"

static const struct tree_time edit_time = TREE_EDIT_EPOCH;

/* ---- where a write goes ---- */

/* The length of path without its last part and the slashes around that; *ret_name is the last part. */
static size_t split_path(const char *path, const char **ret_name, size_t *ret_name_bytes)
{
        size_t end = strlen(path), start;

        while (end > 0 && path[end - 1] == '/')
                end--;
        for (start = end; start > 0 && path[start - 1] != '/';)
                start--;
        *ret_name = path + start;
        *ret_name_bytes = end - start;
        while (start > 0 && path[start - 1] == '/')
                start--;
        return start;
}

static enum ingot_code find_parent(const struct tree *tree, const char *path, struct placement *ret_place,
                                   struct ingot_error *err)
{
        const char *name;
        size_t name_bytes, folder_bytes = split_path(path, &name, &name_bytes);
        OWNED(heap_drop) char *folder = strndup(path, folder_bytes);
        struct tree_entry *parent;
        enum ingot_code r;

        if (!folder)
                return ingot_fail_memory(err, folder_bytes + 1);
        if (name_bytes == 0)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is the root of the tree", path);
        r = tree_resolve(tree, folder, true, &parent, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, r,
                                  "'%s': the directory '%s' does not exist; make it first, with mkdir", path,
                                  folder);
        if (r)
                return r;
        if (parent->inode->kind != TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s': '%s' is not a directory", path, folder);
        *ret_place = (struct placement){ .parent = parent, .name = name, .name_bytes = name_bytes };
        return INGOT_OK;
}

/* Follows a symlink at place, so that place is where it leads (rule 5). */
static enum ingot_code follow_place(const struct tree *tree, const char *path, struct placement *place,
                                    struct ingot_error *err)
{
        struct tree_entry *entry = tree_child(place->parent, place->name, place->name_bytes), *target;
        enum ingot_code r;

        if (!entry || entry->inode->kind != TREE_SYMLINK)
                return INGOT_OK;
        r = tree_resolve_from(tree, place->parent, entry->name, true, &target, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(
                        err, r,
                        "'%s' is a symlink to '%s', which does not exist; delete it first, or write "
                        "to where it leads",
                        path, entry->inode->target);
        if (r)
                return r;
        if (!target->parent)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' leads to the root of the tree", path);
        *place = (struct placement){ .parent = target->parent,
                                     .name = target->name,
                                     .name_bytes = target->name_bytes };
        return INGOT_OK;
}

/* A place where something that is not a directory may go. */
static enum ingot_code find_place(const struct tree *tree, const char *path, bool follow_last,
                                  struct placement *ret_place, struct ingot_error *err)
{
        struct placement place;
        struct tree_entry *there;
        enum ingot_code r = find_parent(tree, path, &place, err);

        if (!r && follow_last)
                r = follow_place(tree, path, &place, err);
        if (r)
                return r;
        there = tree_child(place.parent, place.name, place.name_bytes);
        if (there && there->inode->kind == TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a directory", path);
        *ret_place = place;
        return INGOT_OK;
}

enum ingot_code tree_edit_put(struct tree *tree, const char *path, struct tree_inode *inode,
                              struct tree_entry **ret_entry, struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *taken = inode;
        struct placement place;
        enum ingot_code r = find_place(tree, path, inode->kind != TREE_SYMLINK, &place, err);

        if (r)
                return r;
        return tree_put(tree, place.parent, place.name, place.name_bytes, TAKE(taken), ret_entry, err);
}

/* ---- contents ---- */

static enum ingot_code put_bytes(struct run_writer *writer, const void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        const struct run_piece piece = { .file_offset_bytes = writer->next_offset_bytes,
                                         .bytes = bytes,
                                         .size_bytes = size_bytes };

        return run_writer_put(writer, &piece, err);
}

/* Gives inode the content that it has up to keep_bytes, which is a multiple of a block, and then bytes. */
static enum ingot_code set_content(struct tree_inode *inode, struct content_store *store, uint64_t keep_bytes,
                                   const void *bytes, size_t size_bytes, struct ingot_error *err)
{
        struct run_writer writer;
        enum ingot_code r;

        while (inode->run_count > 0 && inode->runs[inode->run_count - 1].file_offset_bytes >= keep_bytes)
                inode->run_count--;
        if (inode->run_count > 0) {
                struct tree_run *last = &inode->runs[inode->run_count - 1];

                if (last->file_offset_bytes + last->size_bytes > keep_bytes)
                        last->size_bytes = keep_bytes - last->file_offset_bytes;
        }
        run_writer_init(&writer, inode, store, keep_bytes);
        r = put_bytes(&writer, bytes, size_bytes, err);
        if (!r)
                r = run_writer_finish(&writer, keep_bytes + size_bytes, err);
        if (!r)
                inode->mtime = edit_time;
        return r;
}

enum ingot_code tree_edit_write(struct tree *tree, struct content_store *store, const char *path,
                                const void *bytes, size_t size_bytes, uint16_t mode, struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = tree_inode_new(TREE_FILE);
        enum ingot_code r;

        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        inode->mode = mode;
        r = set_content(inode, store, 0, bytes, size_bytes, err);
        return r ? r : tree_edit_put(tree, path, TAKE(inode), NULL, err);
}

enum ingot_code tree_edit_write_text(struct tree *tree, struct content_store *store, const char *path,
                                     const char *text, uint16_t mode, struct ingot_error *err)
{
        return tree_edit_write(tree, store, path, text, strlen(text), mode, err);
}

static enum ingot_code find_file(const struct tree *tree, const char *path, struct tree_inode **ret_inode,
                                 struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(tree, path, true, &entry, err);

        if (r)
                return r;
        if (entry->inode->kind != TREE_FILE)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is not a regular file", path);
        *ret_inode = entry->inode;
        return INGOT_OK;
}

enum ingot_code tree_edit_append_text(struct tree *tree, struct content_store *store, const char *path,
                                      const char *text, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *bytes = NULL;
        size_t text_bytes = strlen(text), tail_bytes;
        struct tree_inode *inode = NULL;
        enum ingot_code r = find_file(tree, path, &inode, err);

        if (r)
                return r;
        tail_bytes = (size_t)(inode->size_bytes % TREE_HOLE_BYTES);
        bytes = malloc(tail_bytes + text_bytes + 1);
        if (!bytes)
                return ingot_fail_memory(err, tail_bytes + text_bytes + 1);
        r = tree_inode_read(inode, inode->size_bytes - tail_bytes, bytes, tail_bytes, err);
        if (r)
                return r;
        memcpy(bytes + tail_bytes, text, text_bytes + 1);
        return set_content(inode, store, inode->size_bytes - tail_bytes, bytes, tail_bytes + text_bytes, err);
}

enum ingot_code tree_edit_replace_text(struct tree *tree, struct content_store *store, const char *path,
                                       const char *text, struct ingot_error *err)
{
        struct tree_inode *inode = NULL;
        enum ingot_code r = find_file(tree, path, &inode, err);

        return r ? r : set_content(inode, store, 0, text, strlen(text), err);
}

enum ingot_code tree_edit_read_text(const struct tree *tree, const char *path, size_t ceiling_bytes,
                                    char **ret_text, size_t *ret_size_bytes, struct ingot_error *err)
{
        OWNED(heap_drop) char *text = NULL;
        struct tree_inode *inode = NULL;
        size_t size_bytes;
        enum ingot_code r = find_file(tree, path, &inode, err);

        if (r)
                return r;
        if (inode->size_bytes > ceiling_bytes)
                return ingot_fail(err, INGOT_E_MEMORY, "'%s' has more than %zu bytes", path, ceiling_bytes);
        size_bytes = (size_t)inode->size_bytes;
        text = malloc(size_bytes + 1);
        if (!text)
                return ingot_fail_memory(err, size_bytes + 1);
        r = tree_inode_read(inode, 0, text, size_bytes, err);
        if (r)
                return r;
        text[size_bytes] = '\0';
        *ret_text = TAKE(text);
        if (ret_size_bytes)
                *ret_size_bytes = size_bytes;
        return INGOT_OK;
}

/* ---- names ---- */

enum ingot_code tree_edit_mkdir(struct tree *tree, const char *path, uint16_t mode,
                                struct tree_entry **ret_entry, struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(tree, path, true, &entry, err);

        if (r == INGOT_E_NOT_FOUND) {
                r = placement_make_directory(tree, path, &entry, err);
                if (!r)
                        entry->inode->mode = mode;
        } else if (!r && entry->inode->kind != TREE_DIRECTORY) {
                r = ingot_fail(err, INGOT_E_FORMAT, "'%s' is there already and not a directory", path);
        }
        if (!r && ret_entry)
                *ret_entry = entry;
        return r;
}

enum ingot_code tree_edit_symlink(struct tree *tree, const char *path, const char *target,
                                  struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;

        if (!*target || strlen(target) > TREE_TARGET_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s': the target of a symlink has 1 to %d bytes, this one %zu", path,
                                  TREE_TARGET_MAX_BYTES, strlen(target));
        inode = tree_inode_new(TREE_SYMLINK);
        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        inode->mode = 0777;
        inode->mtime = edit_time;
        inode->target = strdup(target);
        if (!inode->target)
                return ingot_fail_memory(err, strlen(target) + 1);
        return tree_edit_put(tree, path, TAKE(inode), NULL, err);
}

enum ingot_code tree_edit_hard_link(struct tree *tree, const char *path, const char *target,
                                    struct ingot_error *err)
{
        struct placement place;
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(tree, target, false, &entry, err);

        if (r)
                return r;
        if (entry->inode->kind == TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a directory and cannot have a hard link",
                                  target);
        r = find_place(tree, path, false, &place, err);
        if (r)
                return r;
        return tree_put_link(tree, place.parent, place.name, place.name_bytes, entry, err);
}

enum ingot_code tree_edit_remove(struct tree *tree, const char *path, bool recursive, struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(tree, path, false, &entry, err);

        if (r)
                return r;
        if (!entry->parent)
                return ingot_fail(err, INGOT_E_FORMAT, "the root of the tree cannot be deleted");
        if (entry->child_count > 0 && !recursive)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' is a directory with %zu %s; say 'recursive: true' to delete it", path,
                                  entry->child_count, plural(entry->child_count, "entry", "entries"));
        tree_remove(tree, entry);
        return INGOT_OK;
}

enum ingot_code tree_edit_remove_if_there(struct tree *tree, const char *path, struct ingot_error *err)
{
        struct ingot_error why;
        enum ingot_code r = tree_edit_remove(tree, path, true, &why);

        if (r == INGOT_E_NOT_FOUND)
                return INGOT_OK;
        if (r && err)
                *err = why;
        return r;
}

/* ---- modes and owners ---- */

enum ingot_code tree_edit_mode(struct tree *tree, const char *path, uint16_t mode, bool recursive,
                               struct ingot_error *err)
{
        struct tree_entry *top;
        enum ingot_code r = tree_resolve(tree, path, true, &top, err);

        if (r)
                return r;
        top->inode->mode = mode;
        if (!recursive)
                return INGOT_OK;
        for (struct tree_entry *at = top; at; at = tree_walk_next(top, at))
                if (at->inode->kind != TREE_SYMLINK)
                        at->inode->mode = mode;
        return INGOT_OK;
}

enum ingot_code tree_edit_owner(struct tree *tree, const char *path, const uint32_t *uid, const uint32_t *gid,
                                bool recursive, struct ingot_error *err)
{
        struct tree_entry *top;
        enum ingot_code r = tree_resolve(tree, path, true, &top, err);

        if (r)
                return r;
        for (struct tree_entry *at = top; at; at = recursive ? tree_walk_next(top, at) : NULL) {
                if (uid)
                        at->inode->uid = *uid;
                if (gid)
                        at->inode->gid = *gid;
        }
        return INGOT_OK;
}

/* ---- copies ---- */

static enum ingot_code copy_xattrs(const struct tree_inode *from, struct tree_inode *to,
                                   struct ingot_error *err)
{
        for (size_t i = 0; i < from->xattr_count; i++) {
                const struct tree_xattr *xattr = &from->xattrs[i];
                enum ingot_code r =
                        tree_inode_set_xattr(to, xattr->name, xattr->value, xattr->value_bytes, err);

                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code tree_edit_copy_inode(const struct tree_inode *from, struct tree_inode **ret_inode,
                                     struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = tree_inode_new(from->kind);
        enum ingot_code r = INGOT_OK;

        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        inode->mode = from->mode;
        inode->uid = from->uid;
        inode->gid = from->gid;
        inode->mtime = from->mtime;
        inode->device_major = from->device_major;
        inode->device_minor = from->device_minor;
        inode->size_bytes = from->size_bytes;
        if (from->target) {
                inode->target = strdup(from->target);
                if (!inode->target)
                        return ingot_fail_memory(err, strlen(from->target) + 1);
        }
        for (size_t i = 0; !r && i < from->run_count; i++)
                r = tree_inode_add_run(inode, &from->runs[i], err);
        if (!r)
                r = copy_xattrs(from, inode, err);
        if (r)
                return r;
        *ret_inode = TAKE(inode);
        return INGOT_OK;
}

enum ingot_code tree_edit_copy_file(const struct tree *from, const char *from_path, struct tree *to,
                                    const char *to_path, struct ingot_error *err)
{
        struct tree_inode *inode = NULL;
        struct tree_entry *entry;
        enum ingot_code r = tree_resolve(from, from_path, false, &entry, err);

        if (r)
                return r;
        if (entry->inode->kind != TREE_FILE && entry->inode->kind != TREE_SYMLINK)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is neither a file nor a symlink", from_path);
        r = tree_edit_copy_inode(entry->inode, &inode, err);
        return r ? r : tree_edit_put(to, to_path, inode, NULL, err);
}
