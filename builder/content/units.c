/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/own.h"
#include "content/tree_edit.h"
#include "content/unit_file.h"
#include "content/units.h"

enum { PATH_CEILING_BYTES = 2048, QUEUE_MAX = 256 };

static const char config_folder[] = "/etc/systemd/system";

/* ---- enable ---- */

/* Units to install: the one asked for, then what Also adds. */
struct queue {
        char *names[QUEUE_MAX];
        size_t count;
};

static void queue_release(struct queue *queue)
{
        while (queue->count > 0)
                free(queue->names[--queue->count]);
}

static enum ingot_code queue_add(struct queue *queue, const char *name, struct ingot_error *err)
{
        enum ingot_code r;

        for (size_t i = 0; i < queue->count; i++)
                if (strcmp(queue->names[i], name) == 0)
                        return INGOT_OK;
        if (queue->count == QUEUE_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "more than %d units are installed along with it",
                                  QUEUE_MAX);
        r = unit_name_complete(name, &queue->names[queue->count], err);
        if (!r)
                queue->count++;
        return r;
}

/* Whether the link at entry leads to the unit file at path already. */
static bool leads_to(const struct tree *tree, struct tree_entry *entry, const char *path)
{
        struct tree_entry *is, *wanted;

        return entry->inode->kind == TREE_SYMLINK &&
               (strcmp(entry->inode->target, path) == 0 ||
                (!tree_resolve_from(tree, entry->parent, entry->name, true, &is, NULL) &&
                 !tree_resolve(tree, path, true, &wanted, NULL) && is == wanted));
}

static enum ingot_code make_link(struct tree *tree, const char *folder, const char *name, const char *target,
                                 struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CEILING_BYTES);
        struct tree_entry *there;
        enum ingot_code r;

        buffer_appendf(&path, "%s/%s", folder, name);
        r = buffer_check(&path, err);
        if (!r)
                r = tree_edit_mkdir(tree, folder, 0755, NULL, err);
        if (r)
                return r;
        r = tree_resolve(tree, path.bytes, false, &there, err);
        if (r == INGOT_E_NOT_FOUND)
                return tree_edit_symlink(tree, path.bytes, target, err);
        if (r || leads_to(tree, there, target))
                return r;
        return ingot_fail(err, INGOT_E_CONFLICT,
                          "'%s' should become a link to '%s', but is there already%s%s", path.bytes, target,
                          there->inode->target ? " as a link to " : "",
                          there->inode->target ? there->inode->target : "");
}

/* Links the unit into the folder of each unit that is to pull it in. */
static enum ingot_code link_into(struct tree *tree, const struct unit_file *unit, enum install_key key,
                                 const char *suffix, struct ingot_error *err)
{
        const struct name_list *list = &unit->lists[key];

        for (size_t i = 0; i < list->count; i++) {
                OWNED(buffer_release) struct buffer folder = BUFFER_INIT(PATH_CEILING_BYTES);
                enum ingot_code r;

                buffer_appendf(&folder, "%s/%s.%s", config_folder, list->names[i], suffix);
                r = buffer_check(&folder, err);
                if (!r)
                        r = make_link(tree, folder.bytes, unit->name, unit->path, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code install(struct tree *tree, const struct unit_file *unit, struct ingot_error *err)
{
        const struct name_list *aliases = &unit->lists[INSTALL_ALIAS];
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < aliases->count; i++)
                if (strcmp(aliases->names[i], unit->name) != 0)
                        r = make_link(tree, config_folder, aliases->names[i], unit->path, err);
        if (!r)
                r = link_into(tree, unit, INSTALL_WANTED_BY, "wants", err);
        if (!r)
                r = link_into(tree, unit, INSTALL_REQUIRED_BY, "requires", err);
        return r ? r : link_into(tree, unit, INSTALL_UPHELD_BY, "upholds", err);
}

static enum ingot_code check_installable(const struct unit_file *unit, struct ingot_error *err)
{
        size_t count = 0;

        for (unsigned key = 0; key < INSTALL_KEY_COUNT; key++)
                count += unit->lists[key].count;
        if (count == 0)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "unit '%s' has nothing in [Install]: it cannot be enabled, other units start it",
                        unit->path);
        if (unit_name_is_template(unit->name))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "unit '%s' is a template without a DefaultInstance: name an instance, as in "
                        "'name@instance.service'",
                        unit->name);
        return INGOT_OK;
}

static enum ingot_code queue_also(struct queue *queue, const struct unit_file *unit, struct ingot_error *err)
{
        const struct name_list *also = &unit->lists[INSTALL_ALSO];
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < also->count; i++)
                r = queue_add(queue, also->names[i], err);
        return r;
}

static enum ingot_code enable_one(struct tree *tree, struct queue *queue, size_t index,
                                  struct ingot_error *err)
{
        OWNED(unit_file_release) struct unit_file unit = { 0 };
        struct ingot_error why;
        enum ingot_code r = unit_file_find(tree, queue->names[index], &unit, &why);

        if (r == INGOT_E_NOT_FOUND && index > 0)
                return INGOT_OK; /* rule 3 */
        if (r) {
                if (err)
                        *err = why;
                return r;
        }
        if (index == 0)
                r = check_installable(&unit, err);
        if (!r && !unit_name_is_template(unit.name))
                r = install(tree, &unit, err);
        return r ? r : queue_also(queue, &unit, err);
}

enum ingot_code units_enable(struct tree *tree, const char *name, struct ingot_error *err)
{
        OWNED(queue_release) struct queue queue = { .count = 0 };
        enum ingot_code r = queue_add(&queue, name, err);

        for (size_t i = 0; !r && i < queue.count; i++)
                r = enable_one(tree, &queue, i, err);
        return r;
}

/* ---- disable ---- */

static const char *last_part(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

static bool is_link_to_unit(const struct tree_entry *entry, const char *name)
{
        return entry->inode->kind == TREE_SYMLINK && strcmp(entry->inode->target, "/dev/null") != 0 &&
               (strcmp(entry->name, name) == 0 || strcmp(last_part(entry->inode->target), name) == 0);
}

/* Removes the links to one unit, and the folders this leaves empty; counts them. */
static size_t remove_links(struct tree *tree, struct tree_entry *top, const char *name)
{
        struct tree_entry *at = tree_walk_next(top, top), *parent;
        size_t count = 0;

        while (at) {
                if (!is_link_to_unit(at, name)) {
                        at = tree_walk_next(top, at);
                        continue;
                }
                parent = at->parent;
                tree_remove(tree, at);
                count++;
                while (parent != top && parent->child_count == 0) {
                        at = parent->parent;
                        tree_remove(tree, parent);
                        parent = at;
                }
                at = tree_walk_next(top, top); /* what stood here may be gone */
        }
        return count;
}

static enum ingot_code disable_one(struct tree *tree, struct tree_entry *top, struct queue *queue,
                                   size_t index, struct ingot_error *err)
{
        OWNED(unit_file_release) struct unit_file unit = { 0 };
        struct ingot_error why;
        enum ingot_code r = unit_file_find(tree, queue->names[index], &unit, &why);
        size_t count = top ? remove_links(tree, top, queue->names[index]) : 0;

        if (!r && top && strcmp(unit.name, queue->names[index]) != 0)
                (void)remove_links(tree, top, unit.name); /* the default instance */
        if (!r)
                return queue_also(queue, &unit, err);
        if (r == INGOT_E_NOT_FOUND && (index > 0 || count > 0))
                return INGOT_OK;
        if (err)
                *err = why;
        return r;
}

enum ingot_code units_disable(struct tree *tree, const char *name, struct ingot_error *err)
{
        OWNED(queue_release) struct queue queue = { .count = 0 };
        struct tree_entry *top = NULL;
        enum ingot_code r = tree_resolve(tree, config_folder, true, &top, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        r = queue_add(&queue, name, err);
        for (size_t i = 0; !r && i < queue.count; i++)
                r = disable_one(tree, top, &queue, i, err);
        return r;
}

/* ---- mask ---- */

enum ingot_code units_mask(struct tree *tree, const char *name, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_CEILING_BYTES);
        OWNED(heap_drop) char *complete = NULL;
        struct tree_entry *there;
        enum ingot_code r = unit_name_complete(name, &complete, err);

        if (r)
                return r;
        buffer_appendf(&path, "%s/%s", config_folder, complete);
        r = buffer_check(&path, err);
        if (!r)
                r = tree_edit_mkdir(tree, config_folder, 0755, NULL, err);
        if (r)
                return r;
        r = tree_resolve(tree, path.bytes, false, &there, err);
        if (!r && there->inode->kind != TREE_SYMLINK)
                return ingot_fail(err, INGOT_E_CONFLICT, "'%s' is a file: delete it, then mask", path.bytes);
        if (!r && strcmp(there->inode->target, "/dev/null") == 0)
                return INGOT_OK;
        return r && r != INGOT_E_NOT_FOUND ? r : tree_edit_symlink(tree, path.bytes, "/dev/null", err);
}
