/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "content/placement.h"
#include "content/tree_edit.h"

void placement_own(struct tree_inode *inode, const struct placement_owner *owner)
{
        if (owner && owner->has_uid)
                inode->uid = owner->uid;
        if (owner && owner->has_gid)
                inode->gid = owner->gid;
}

struct tree_inode *placement_new_directory(const struct placement_owner *owner)
{
        struct tree_inode *inode = tree_inode_new(TREE_DIRECTORY);

        if (inode) {
                inode->mode = 0755;
                inode->mtime = (struct tree_time)TREE_EDIT_EPOCH;
                placement_own(inode, owner);
        }
        return inode;
}

static enum ingot_code make_directory(struct tree *tree, struct tree_entry *parent, const char *name,
                                      size_t name_bytes, const struct placement_owner *owner,
                                      struct tree_entry **ret_entry, struct ingot_error *err)
{
        struct tree_inode *inode = placement_new_directory(owner);

        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        return tree_put(tree, parent, name, name_bytes, inode, ret_entry, err);
}

/* Follows a link that stands in the way of path (rule 2). */
static enum ingot_code follow(const struct tree *tree, struct tree_entry *link, const char *path,
                              struct tree_entry **ret_entry, struct ingot_error *err)
{
        struct ingot_error why;
        enum ingot_code r = tree_resolve_from(tree, link->parent, link->name, true, ret_entry, &why);

        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' lies below the symlink '%s' -> '%s', which leads nowhere", path,
                                  link->name, link->inode->target);
        if (r == INGOT_E_FORMAT)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' lies below the symlink '%s' -> '%s': %s", path,
                                  link->name, link->inode->target, ingot_error_frame(&why, 0));
        if (r && err)
                *err = why;
        return r;
}

/* Takes one step down, making or following what has to be. */
static enum ingot_code step_down(struct tree *tree, struct tree_entry **at, const char *part,
                                 size_t part_bytes, const char *path, const struct placement_owner *owner,
                                 uint64_t *made_count, struct ingot_error *err)
{
        struct tree_entry *next = tree_child(*at, part, part_bytes);
        enum ingot_code r = INGOT_OK;

        if (!next) {
                r = make_directory(tree, *at, part, part_bytes, owner, &next, err);
                if (!r)
                        ++*made_count;
        } else if (next->inode->kind == TREE_SYMLINK) {
                r = follow(tree, next, path, &next, err);
        }
        if (r)
                return r;
        if (next->inode->kind != TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' lies below '%.*s', which is not a directory",
                                  path, (int)part_bytes, part);
        *at = next;
        return INGOT_OK;
}

/* Takes the next part off *rest; 0 bytes at the end.  "." is passed over. */
static const char *next_part(const char **rest, size_t *ret_part_bytes)
{
        const char *part;

        do {
                part = *rest + strspn(*rest, "/");
                *ret_part_bytes = strcspn(part, "/");
                *rest = part + *ret_part_bytes;
        } while (*ret_part_bytes == 1 && part[0] == '.');
        return part;
}

enum ingot_code placement_find(struct tree *tree, struct tree_entry *start, const char *path,
                               const struct placement_owner *owner, struct placement *ret_place,
                               uint64_t *made_count, struct ingot_error *err)
{
        struct tree_entry *at = start;
        const char *rest = path, *part, *next;
        size_t part_bytes, next_bytes;

        part = next_part(&rest, &part_bytes);
        if (part_bytes == 0) {
                *ret_place = (struct placement){ .name = "" };
                return INGOT_OK;
        }
        for (;; part = next, part_bytes = next_bytes) {
                enum ingot_code r;

                next = next_part(&rest, &next_bytes);
                if (next_bytes == 0)
                        break;
                r = step_down(tree, &at, part, part_bytes, path, owner, made_count, err);
                if (r)
                        return r;
        }
        *ret_place = (struct placement){ .parent = at, .name = part, .name_bytes = part_bytes };
        return INGOT_OK;
}

struct tree_entry *placement_directory(const struct tree *tree, const struct placement *place,
                                       bool *ret_through_link)
{
        struct tree_entry *entry = tree_child(place->parent, place->name, place->name_bytes), *target;

        *ret_through_link = false;
        if (!entry || entry->inode->kind == TREE_DIRECTORY)
                return entry;
        if (entry->inode->kind != TREE_SYMLINK ||
            tree_resolve_from(tree, place->parent, entry->name, true, &target, NULL) ||
            target->inode->kind != TREE_DIRECTORY)
                return NULL;
        *ret_through_link = true;
        return target;
}

enum ingot_code placement_check(const struct placement *place, const struct tree_entry *kept,
                                struct ingot_error *err)
{
        const struct tree_entry *there = tree_child(place->parent, place->name, place->name_bytes);

        if (!there || there->inode->kind != TREE_DIRECTORY)
                return INGOT_OK;
        for (; kept; kept = kept->parent)
                if (kept == there)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "'%s' would replace the directory it is being read into",
                                          place->name);
        return INGOT_OK;
}

enum ingot_code placement_make_directory(struct tree *tree, const char *path, struct tree_entry **ret_entry,
                                         struct ingot_error *err)
{
        struct tree_entry *at = tree_root(tree);
        const char *rest = path;
        uint64_t made_count = 0;

        for (;;) {
                size_t part_bytes;
                const char *part = next_part(&rest, &part_bytes);
                enum ingot_code r;

                if (part_bytes == 0)
                        break;
                r = step_down(tree, &at, part, part_bytes, path, NULL, &made_count, err);
                if (r)
                        return r;
        }
        *ret_entry = at;
        return INGOT_OK;
}
