/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "model/tree.h"

enum {
        LINKS_MAX = 40,              /* as the kernel's MAXSYMLINKS */
        PENDING_MAX_BYTES = 1 << 20, /* of a path while links in it are being followed */
};

enum ingot_code tree_name_check(const char *name, size_t name_bytes, struct ingot_error *err)
{
        if (name_bytes == 0)
                return ingot_fail(err, INGOT_E_FORMAT, "a file name is empty");
        if (name_bytes > TREE_NAME_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "file name '%.40s...' has %zu bytes; %d is the limit of file systems", name,
                                  name_bytes, TREE_NAME_MAX_BYTES);
        if ((name_bytes == 1 && name[0] == '.') || (name_bytes == 2 && name[0] == '.' && name[1] == '.'))
                return ingot_fail(err, INGOT_E_FORMAT, "'%.*s' is no file name", (int)name_bytes, name);
        if (memchr(name, '/', name_bytes) || memchr(name, '\0', name_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "file name '%.*s' holds a '/' or a NUL",
                                  (int)name_bytes, name);
        return INGOT_OK;
}

/* Takes the next part off *path; false at the end.  Empty parts and "." are passed over. */
static bool next_part(const char **path, const char **ret_part, size_t *ret_part_bytes)
{
        for (;;) {
                size_t part_bytes;

                *path += strspn(*path, "/");
                part_bytes = strcspn(*path, "/");
                if (part_bytes == 0)
                        return false;
                *ret_part = *path;
                *ret_part_bytes = part_bytes;
                *path += part_bytes;
                if (part_bytes != 1 || **ret_part != '.')
                        return true;
        }
}

static bool part_is_dot_dot(const char *part, size_t part_bytes)
{
        return part_bytes == 2 && part[0] == '.' && part[1] == '.';
}

static enum ingot_code check_path(const char *path, struct ingot_error *err)
{
        const char *rest = path, *part;
        size_t part_bytes;

        while (next_part(&rest, &part, &part_bytes)) {
                enum ingot_code r;

                if (part_is_dot_dot(part, part_bytes))
                        return ingot_fail(err, INGOT_E_FORMAT, "path '%s' has a '..'", path);
                r = tree_name_check(part, part_bytes, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

/* Says which part of path is missing or is no directory. */
static enum ingot_code fail_at(struct ingot_error *err, enum ingot_code code, const char *fact,
                               const struct tree_entry *directory, const char *part, size_t part_bytes,
                               const char *path)
{
        OWNED(heap_drop) char *folder = tree_entry_path(directory);
        const char *shown = folder && folder[1] ? folder : "";

        return ingot_fail(err, code, "'%s%s%.*s' of path '%s' %s", shown, part_bytes ? "/" : "",
                          (int)part_bytes, part, path, fact);
}

enum ingot_code tree_find(const struct tree *tree, const char *path, struct tree_entry **ret_entry,
                          struct ingot_error *err)
{
        struct tree_entry *at = tree_root(tree);
        const char *rest = path, *part;
        size_t part_bytes;
        enum ingot_code r = check_path(path, err);

        if (r)
                return r;
        while (next_part(&rest, &part, &part_bytes)) {
                struct tree_entry *child = tree_child(at, part, part_bytes);

                if (!child)
                        return fail_at(err, INGOT_E_NOT_FOUND, "does not exist", at, part, part_bytes, path);
                at = child;
        }
        *ret_entry = at;
        return INGOT_OK;
}

/* What is left of a path while the links in it are being followed. */
struct pursuit {
        const char *path; /* as it was asked for */
        char *pending;    /* owned: the text that rest points into */
        const char *rest;
        unsigned links;
};

static void pursuit_release(struct pursuit *pursuit)
{
        free(pursuit->pending);
}

static enum ingot_code follow_link(struct pursuit *pursuit, const char *target, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(PENDING_MAX_BYTES);
        enum ingot_code r;

        if (++pursuit->links > LINKS_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "path '%s' meets more than %d symlinks", pursuit->path,
                                  LINKS_MAX);
        buffer_append_text(&text, target);
        buffer_append_char(&text, '/');
        buffer_append_text(&text, pursuit->rest);
        r = buffer_check(&text, err);
        if (r)
                return r;
        free(pursuit->pending);
        pursuit->pending = buffer_take(&text);
        if (!pursuit->pending)
                return ingot_fail_memory(err, PENDING_MAX_BYTES);
        pursuit->rest = pursuit->pending;
        return INGOT_OK;
}

/* Whether nothing but slashes and dots is left to follow. */
static bool pursuit_is_over(const struct pursuit *pursuit)
{
        const char *rest = pursuit->rest, *part;
        size_t part_bytes;

        return !next_part(&rest, &part, &part_bytes);
}

enum ingot_code tree_resolve_from(const struct tree *tree, struct tree_entry *start, const char *path,
                                  bool follow_last, struct tree_entry **ret_entry, struct ingot_error *err)
{
        OWNED(pursuit_release) struct pursuit pursuit = { .path = path, .rest = path };
        struct tree_entry *at = start;
        const char *part;
        size_t part_bytes;
        enum ingot_code r = check_path(path, err);

        if (r)
                return r;
        while (next_part(&pursuit.rest, &part, &part_bytes)) {
                struct tree_entry *child;

                if (part_is_dot_dot(part, part_bytes)) {
                        if (!at->parent)
                                return ingot_fail(err, INGOT_E_FORMAT,
                                                  "path '%s' leads out of the tree through a symlink", path);
                        at = at->parent;
                        continue;
                }
                if (at->inode->kind != TREE_DIRECTORY)
                        return fail_at(err, INGOT_E_FORMAT, "is not a directory", at, "", 0, path);
                child = tree_child(at, part, part_bytes);
                if (!child)
                        return fail_at(err, INGOT_E_NOT_FOUND, "does not exist", at, part, part_bytes, path);
                if (child->inode->kind != TREE_SYMLINK || (!follow_last && pursuit_is_over(&pursuit))) {
                        at = child;
                        continue;
                }
                if (child->inode->target[0] == '/')
                        at = tree_root(tree);
                r = follow_link(&pursuit, child->inode->target, err);
                if (r)
                        return r;
        }
        *ret_entry = at;
        return INGOT_OK;
}

enum ingot_code tree_resolve(const struct tree *tree, const char *path, bool follow_last,
                             struct tree_entry **ret_entry, struct ingot_error *err)
{
        return tree_resolve_from(tree, tree_root(tree), path, follow_last, ret_entry, err);
}

char *tree_entry_path(const struct tree_entry *entry)
{
        size_t size_bytes = 1;
        char *path, *at;

        for (const struct tree_entry *up = entry; up->parent; up = up->parent)
                size_bytes += up->name_bytes + 1;
        path = malloc(size_bytes + 1);
        if (!path)
                return NULL;
        at = path + size_bytes - 1;
        *at = '\0';
        for (; entry->parent; entry = entry->parent) {
                at -= entry->name_bytes;
                memcpy(at, entry->name, entry->name_bytes);
                *--at = '/';
        }
        if (size_bytes == 1) {
                path[0] = '/';
                path[1] = '\0';
        }
        return path;
}
