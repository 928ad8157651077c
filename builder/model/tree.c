/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/tree.h"

enum {
        INDEX_FROM_CHILDREN = 16, /* fewer are found sooner by looking at each */
        LINKS_MAX = 40,           /* as the kernel's MAXSYMLINKS */
};

static const uint32_t mark_counted = UINT32_C(1) << 31;

struct tree {
        struct tree_entry *root;
        uint64_t clamped_count;
};

/*
 * Open addressing with linear probing, at most half full.  The seed is the directory's address: names that
 * collide in one run do not collide in the next, so an archive cannot be made to be slow; and as nothing is
 * ever listed in the order of the index, no result depends on it.
 */
struct child_index {
        uint64_t seed;
        size_t slot_count; /* a power of two */
        struct tree_entry *slots[];
};

static uint64_t name_hash(uint64_t seed, const char *name, size_t name_bytes)
{
        uint64_t hash = seed ^ UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < name_bytes; i++) {
                hash = (hash ^ (uint8_t)name[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
                hash ^= hash >> 29;
        }
        return hash ^ (hash >> 32);
}

static size_t index_home(const struct child_index *index, const struct tree_entry *entry)
{
        return (size_t)name_hash(index->seed, entry->name, entry->name_bytes) & (index->slot_count - 1);
}

static void index_insert(struct child_index *index, struct tree_entry *entry)
{
        size_t at = index_home(index, entry);

        while (index->slots[at])
                at = (at + 1) & (index->slot_count - 1);
        index->slots[at] = entry;
}

/* Leaves no gap: what was pushed past the removed entry moves back towards its home. */
static void index_remove(struct child_index *index, const struct tree_entry *entry)
{
        size_t mask = index->slot_count - 1, at = index_home(index, entry), next;

        while (index->slots[at] != entry)
                at = (at + 1) & mask;
        for (next = (at + 1) & mask; index->slots[next]; next = (next + 1) & mask) {
                size_t home = index_home(index, index->slots[next]);

                if (((next - home) & mask) < ((next - at) & mask))
                        continue; /* its home lies behind the gap */
                index->slots[at] = index->slots[next];
                at = next;
        }
        index->slots[at] = NULL;
}

/* Makes room in the index of a directory that is about to have child_count children. */
static enum ingot_code index_reserve(struct tree_entry *directory, size_t child_count,
                                     struct ingot_error *err)
{
        struct child_index *index = directory->index;
        size_t slot_count = INDEX_FROM_CHILDREN * 4, size_bytes;

        if (child_count < INDEX_FROM_CHILDREN || (index && child_count <= index->slot_count / 2))
                return INGOT_OK;
        while (slot_count < child_count * 4)
                slot_count *= 2;
        size_bytes = sizeof(*index) + slot_count * sizeof(index->slots[0]);
        index = calloc(1, size_bytes);
        if (!index)
                return ingot_fail_memory(err, size_bytes);
        index->seed = (uint64_t)(uintptr_t)index;
        index->slot_count = slot_count;
        for (size_t i = 0; i < directory->child_count; i++)
                index_insert(index, directory->children[i]);
        free(directory->index);
        directory->index = index;
        return INGOT_OK;
}

static bool entry_has_name(const struct tree_entry *entry, const char *name, size_t name_bytes)
{
        return entry->name_bytes == name_bytes && memcmp(entry->name, name, name_bytes) == 0;
}

struct tree_entry *tree_child(const struct tree_entry *entry, const char *name, size_t name_bytes)
{
        const struct child_index *index = entry->index;

        if (!index) {
                for (size_t i = entry->child_count; i-- > 0;)
                        if (entry_has_name(entry->children[i], name, name_bytes))
                                return entry->children[i];
                return NULL;
        }
        for (size_t at = (size_t)name_hash(index->seed, name, name_bytes) & (index->slot_count - 1);
             index->slots[at]; at = (at + 1) & (index->slot_count - 1))
                if (entry_has_name(index->slots[at], name, name_bytes))
                        return index->slots[at];
        return NULL;
}

/* ---- entries ---- */

static void inode_unlink(struct tree_inode *inode)
{
        if (inode && --inode->link_count == 0)
                tree_inode_free(inode);
}

/* The name is kept in the entry's own memory. */
static struct tree_entry *entry_new(const char *name, size_t name_bytes)
{
        struct tree_entry *entry = calloc(1, sizeof(*entry) + name_bytes + 1);

        if (!entry)
                return NULL;
        entry->name = (char *)(entry + 1);
        memcpy(entry->name, name, name_bytes);
        entry->name_bytes = name_bytes;
        return entry;
}

static void entry_forget_children(struct tree_entry *entry)
{
        free(entry->children);
        free(entry->index);
        entry->children = NULL;
        entry->index = NULL;
        entry->child_count = entry->child_capacity = 0;
}

static void entry_free(struct tree_entry *entry)
{
        inode_unlink(entry->inode);
        entry_forget_children(entry);
        free(entry);
}

/* Frees everything below top, deepest first, without recursion: depth is the input's. */
static void free_below(struct tree_entry *top)
{
        struct tree_entry *at = top;

        for (;;) {
                struct tree_entry *parent = at->parent;

                if (at->child_count > 0) {
                        at = at->children[at->child_count - 1];
                        continue;
                }
                if (at == top)
                        break;
                parent->child_count--;
                entry_free(at);
                at = parent;
        }
        entry_forget_children(top);
}

enum ingot_code tree_new(struct tree **ret_tree, struct ingot_error *err)
{
        struct tree *tree = calloc(1, sizeof(*tree));

        if (tree)
                tree->root = entry_new("", 0);
        if (tree && tree->root)
                tree->root->inode = tree_inode_new(TREE_DIRECTORY);
        if (!tree || !tree->root || !tree->root->inode) {
                tree_free(tree);
                return ingot_fail_memory(err, sizeof(*tree));
        }
        tree->root->inode->mode = 0755;
        tree->root->inode->link_count = 1;
        *ret_tree = tree;
        return INGOT_OK;
}

void tree_free(struct tree *tree)
{
        if (!tree)
                return;
        if (tree->root) {
                free_below(tree->root);
                entry_free(tree->root);
        }
        free(tree);
}

void tree_drop(struct tree **tree)
{
        tree_free(*tree);
        *tree = NULL;
}

struct tree_entry *tree_root(const struct tree *tree)
{
        return tree->root;
}

static enum ingot_code append_child(struct tree_entry *parent, struct tree_entry *entry,
                                    struct ingot_error *err)
{
        enum ingot_code r = index_reserve(parent, parent->child_count + 1, err);

        if (r)
                return r;
        if (parent->child_count == parent->child_capacity) {
                size_t capacity = parent->child_capacity ? parent->child_capacity * 2 : 4;
                struct tree_entry **children = reallocarray(parent->children, capacity, sizeof(*children));

                if (!children)
                        return ingot_fail_memory(err, capacity * sizeof(struct tree_entry *));
                parent->children = children;
                parent->child_capacity = capacity;
        }
        entry->parent = parent;
        entry->position = parent->child_count;
        parent->children[parent->child_count++] = entry;
        if (parent->index)
                index_insert(parent->index, entry);
        return INGOT_OK;
}

/* Puts inode, of which the caller has a link to give, under a name. */
static enum ingot_code place(struct tree_entry *parent, const char *name, size_t name_bytes,
                             struct tree_inode *inode, struct tree_entry **ret_entry, struct ingot_error *err)
{
        struct tree_entry *entry;
        enum ingot_code r;

        if (parent->inode->kind != TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not a directory", parent->name);
        r = tree_name_check(name, name_bytes, err);
        if (r)
                return r;
        entry = tree_child(parent, name, name_bytes);
        if (entry) {
                if (inode->kind != TREE_DIRECTORY || entry->inode->kind != TREE_DIRECTORY)
                        free_below(entry);
                inode_unlink(entry->inode);
        } else {
                entry = entry_new(name, name_bytes);
                if (!entry)
                        return ingot_fail_memory(err, sizeof(*entry) + name_bytes);
                r = append_child(parent, entry, err);
                if (r) {
                        entry_free(entry);
                        return r;
                }
        }
        entry->inode = inode;
        if (ret_entry)
                *ret_entry = entry;
        return INGOT_OK;
}

enum ingot_code tree_put(struct tree *tree, struct tree_entry *parent, const char *name, size_t name_bytes,
                         struct tree_inode *inode, struct tree_entry **ret_entry, struct ingot_error *err)
{
        enum ingot_code r;

        (void)tree;
        inode->link_count = 1;
        r = place(parent, name, name_bytes, inode, ret_entry, err);
        if (r)
                tree_inode_free(inode);
        return r;
}

enum ingot_code tree_put_link(struct tree *tree, struct tree_entry *parent, const char *name,
                              size_t name_bytes, struct tree_entry *target, struct ingot_error *err)
{
        struct tree_inode *inode = target->inode;
        enum ingot_code r;

        (void)tree;
        if (inode->kind == TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is a directory and cannot have a hard link",
                                  target->name);
        inode->link_count++; /* first: what is replaced may be the target, or a directory that holds it */
        r = place(parent, name, name_bytes, inode, NULL, err);
        if (r)
                inode->link_count--;
        return r;
}

void tree_remove(struct tree *tree, struct tree_entry *entry)
{
        struct tree_entry *parent = entry->parent;

        free_below(entry);
        if (entry == tree->root)
                return;
        if (parent->index)
                index_remove(parent->index, entry);
        parent->child_count--;
        for (size_t i = entry->position; i < parent->child_count; i++) {
                parent->children[i] = parent->children[i + 1];
                parent->children[i]->position = i;
        }
        entry_free(entry);
}

/* ---- the tree as a whole ---- */

struct tree_entry *tree_walk_next(const struct tree_entry *root, const struct tree_entry *entry)
{
        if (entry->child_count > 0)
                return entry->children[0];
        for (; entry != root; entry = entry->parent)
                if (entry->position + 1 < entry->parent->child_count)
                        return entry->parent->children[entry->position + 1];
        return NULL;
}

static int compare_entries(const void *left, const void *right)
{
        const struct tree_entry *a = *(struct tree_entry *const *)left;
        const struct tree_entry *b = *(struct tree_entry *const *)right;
        int order = memcmp(a->name, b->name, a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes);

        return order ? order : (a->name_bytes > b->name_bytes) - (a->name_bytes < b->name_bytes);
}

static int compare_xattrs(const void *left, const void *right)
{
        const struct tree_xattr *a = left, *b = right;

        return strcmp(a->name, b->name);
}

static void sort_children(struct tree_entry *entry)
{
        size_t i = 1;

        while (i < entry->child_count && compare_entries(&entry->children[i - 1], &entry->children[i]) < 0)
                i++;
        if (i >= entry->child_count)
                return;
        qsort(entry->children, entry->child_count, sizeof(struct tree_entry *), compare_entries);
        for (i = 0; i < entry->child_count; i++)
                entry->children[i]->position = i;
}

/* Rule 8: what edits made has no time of its own to lose. */
static void clamp_time(struct tree *tree, struct tree_inode *inode, int64_t epoch_seconds)
{
        static const struct tree_time of_epoch = TREE_TIME_OF_EPOCH;

        if (inode->mtime.seconds < epoch_seconds)
                return;
        if (inode->mtime.seconds != of_epoch.seconds &&
            (inode->mtime.seconds > epoch_seconds || inode->mtime.nanoseconds))
                tree->clamped_count++;
        inode->mtime = (struct tree_time){ .seconds = epoch_seconds };
}

enum ingot_code tree_seal(struct tree *tree, int64_t epoch_seconds, struct ingot_error *err)
{
        (void)err;
        for (struct tree_entry *entry = tree->root; entry; entry = tree_walk_next(tree->root, entry)) {
                struct tree_inode *inode = entry->inode;

                sort_children(entry);
                if (inode->xattr_count > 1)
                        qsort(inode->xattrs, inode->xattr_count, sizeof(*inode->xattrs), compare_xattrs);
                clamp_time(tree, inode, epoch_seconds);
                inode->mark = 0;
        }
        return INGOT_OK;
}

static enum ingot_code copy_directory_inode(const struct tree_inode *from, struct tree_inode *to,
                                            struct ingot_error *err)
{
        to->mode = from->mode;
        to->uid = from->uid;
        to->gid = from->gid;
        to->mtime = from->mtime;
        for (size_t i = 0; i < from->xattr_count; i++) {
                enum ingot_code r = tree_inode_set_xattr(to, from->xattrs[i].name, from->xattrs[i].value,
                                                         from->xattrs[i].value_bytes, err);

                if (r)
                        return r;
        }
        return INGOT_OK;
}

/* Refuses when some inode below top has more links than there are entries for it below top. */
static enum ingot_code check_no_link_leaves(const struct tree *tree, struct tree_entry *top, const char *path,
                                            struct ingot_error *err)
{
        struct tree_entry *entry;

        for (entry = tree->root; entry; entry = tree_walk_next(tree->root, entry))
                entry->inode->mark = 0;
        for (entry = top; entry; entry = tree_walk_next(top, entry))
                entry->inode->mark++;
        for (entry = top; entry; entry = tree_walk_next(top, entry))
                if (entry->inode->mark != entry->inode->link_count) {
                        OWNED(heap_drop) char *name = tree_entry_path(entry);

                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "'%s' has a hard link outside '%s', which is a volume of its own",
                                          name ? name : entry->name, path);
                }
        return INGOT_OK;
}

enum ingot_code tree_split(struct tree *tree, const char *path, struct tree **ret_part,
                           struct ingot_error *err)
{
        OWNED(tree_drop) struct tree *part = NULL;
        struct tree_entry *from, *to;
        enum ingot_code r = tree_find(tree, path, &from, err);

        if (r)
                return r;
        if (from->inode->kind != TREE_DIRECTORY)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is not a directory", path);
        r = check_no_link_leaves(tree, from, path, err);
        if (r)
                return r;
        r = tree_new(&part, err);
        if (r)
                return r;
        to = part->root;
        r = copy_directory_inode(from->inode, to->inode, err);
        if (r)
                return r;
        to->children = TAKE(from->children);
        to->index = TAKE(from->index);
        to->child_count = from->child_count;
        to->child_capacity = from->child_capacity;
        from->child_count = from->child_capacity = 0;
        for (size_t i = 0; i < to->child_count; i++)
                to->children[i]->parent = to;
        for (struct tree_entry *entry = to; entry; entry = tree_walk_next(to, entry))
                entry->inode->mark = 0;
        *ret_part = TAKE(part);
        return INGOT_OK;
}

uint64_t tree_clamped_count(const struct tree *tree)
{
        return tree->clamped_count;
}

static void count_inode(struct tree_census *census, const struct tree_inode *inode)
{
        census->inodes++;
        for (size_t i = 0; i < inode->run_count; i++)
                census->data_bytes += inode->runs[i].size_bytes;
        switch (inode->kind) {
        case TREE_FILE: census->files++; break;
        case TREE_DIRECTORY: census->directories++; break;
        case TREE_SYMLINK: census->symlinks++; break;
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE:
        case TREE_FIFO:
        case TREE_SOCKET: census->specials++; break;
        }
}

void tree_take_census(const struct tree *tree, struct tree_census *ret_census)
{
        struct tree_census census = { 0 };
        struct tree_entry *entry;

        for (entry = tree->root; entry; entry = tree_walk_next(tree->root, entry)) {
                census.entries++;
                if (entry->inode->mark & mark_counted)
                        continue;
                entry->inode->mark |= mark_counted;
                count_inode(&census, entry->inode);
        }
        for (entry = tree->root; entry; entry = tree_walk_next(tree->root, entry))
                entry->inode->mark &= ~mark_counted;
        *ret_census = census;
}
