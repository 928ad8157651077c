/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "content/packages.h"

enum { LIST_MAX_BYTES = 64 << 20 };

static const char info_path[] = "/var/lib/dpkg/info", list_ending[] = ".list";
enum { LIST_ENDING_BYTES = sizeof(list_ending) - 1 };

/* Whether name is NAME.list; the length of NAME then. */
static bool is_list(const struct tree_entry *entry, size_t *ret_name_bytes)
{
        if (entry->inode->kind != TREE_FILE || entry->name_bytes <= LIST_ENDING_BYTES ||
            entry->inode->size_bytes > LIST_MAX_BYTES ||
            memcmp(entry->name + entry->name_bytes - LIST_ENDING_BYTES, list_ending, LIST_ENDING_BYTES) != 0)
                return false;
        *ret_name_bytes = entry->name_bytes - LIST_ENDING_BYTES;
        return true;
}

static void mark_inode(struct tree_inode *inode, uint32_t package)
{
        if (inode->kind != TREE_DIRECTORY && !inode->package)
                inode->package = package;
}

static void mark_path(const struct tree *tree, const char *path, uint32_t package)
{
        struct tree_entry *entry;

        if (*path == '/' && !tree_resolve(tree, path, false, &entry, NULL))
                mark_inode(entry->inode, package);
}

static enum ingot_code mark_listed(const struct tree *tree, const struct tree_entry *list, uint32_t package,
                                   struct ingot_error *err)
{
        size_t size_bytes = (size_t)list->inode->size_bytes;
        OWNED(heap_drop) char *text = malloc(size_bytes + 1);
        enum ingot_code r;

        if (!text)
                return ingot_fail_memory(err, size_bytes);
        r = tree_inode_read(list->inode, 0, text, size_bytes, err);
        if (r)
                return r;
        text[size_bytes] = '\0';
        for (char *line = text, *end; *line; line = end) {
                end = line + strcspn(line, "\n");
                if (*end)
                        *end++ = '\0';
                mark_path(tree, line, package);
        }
        return INGOT_OK;
}

/* NAME.md5sums, NAME.postinst and the like. */
static void mark_own(const struct tree_entry *info, const struct tree_entry *list, size_t name_bytes,
                     uint32_t package)
{
        for (size_t i = 0; i < info->child_count; i++) {
                const struct tree_entry *child = info->children[i];

                if (child->name_bytes > name_bytes && child->name[name_bytes] == '.' &&
                    memcmp(child->name, list->name, name_bytes) == 0)
                        mark_inode(child->inode, package);
        }
}

static int compare_lists(const void *left, const void *right)
{
        return strcmp((*(struct tree_entry *const *)left)->name, (*(struct tree_entry *const *)right)->name);
}

/* Rule 3. */
static void mark_compiled(const struct tree *tree)
{
        static const char folder[] = "__pycache__";
        struct tree_entry *root = tree_root(tree);

        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry)) {
                const struct tree_entry *source;
                char name[TREE_NAME_MAX_BYTES + 4];
                int chars = (int)strcspn(entry->name, ".");

                if (!entry->parent || !entry->parent->parent || strcmp(entry->parent->name, folder) != 0)
                        continue;
                chars = snprintf(name, sizeof(name), "%.*s.py", chars, entry->name);
                source = tree_child(entry->parent->parent, name, (size_t)chars);
                if (source)
                        mark_inode(entry->inode, source->inode->package);
        }
}

enum ingot_code packages_mark(const struct tree *tree, struct ingot_error *err)
{
        OWNED(heap_drop) struct tree_entry **lists = NULL;
        struct tree_entry *info, *root = tree_root(tree);
        size_t count = 0, name_bytes = 0;

        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry))
                entry->inode->package = 0;
        if (tree_resolve(tree, info_path, true, &info, NULL) || info->inode->kind != TREE_DIRECTORY)
                return INGOT_OK;
        lists = calloc(info->child_count + 1, sizeof(struct tree_entry *));
        if (!lists)
                return ingot_fail_memory(err, info->child_count * sizeof(struct tree_entry *));
        for (size_t i = 0; i < info->child_count; i++)
                if (is_list(info->children[i], &name_bytes))
                        lists[count++] = info->children[i];
        qsort(lists, count, sizeof(struct tree_entry *), compare_lists);
        for (size_t i = 0; i < count; i++) {
                enum ingot_code r = mark_listed(tree, lists[i], (uint32_t)i + 1, err);

                if (r)
                        return ingot_while(err, r, "reading '%s/%s' of the image", info_path, lists[i]->name);
                (void)is_list(lists[i], &name_bytes);
                mark_own(info, lists[i], name_bytes, (uint32_t)i + 1);
        }
        mark_compiled(tree);
        return INGOT_OK;
}
