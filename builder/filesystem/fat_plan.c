/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/fat_plan.h"

enum { DIRECTORY_ENTRIES_MAX = 65536 };

static enum ingot_code refuse(const struct tree_entry *entry, const char *why, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = tree_entry_path(entry);

        return ingot_fail(err, INGOT_E_LAYOUT, "'%s' %s", path ? path : entry->name, why);
}

static enum ingot_code check_kind(const struct tree_entry *entry, struct ingot_error *err)
{
        switch (entry->inode->kind) {
        case TREE_FILE:
                if (entry->inode->size_bytes > UINT32_MAX)
                        return refuse(entry, "has 4 GiB or more, and FAT holds less", err);
                return INGOT_OK;
        case TREE_DIRECTORY: return INGOT_OK;
        case TREE_SYMLINK:
                return refuse(entry, "is a symbolic link, and FAT has none; delete it or copy its target",
                              err);
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE: return refuse(entry, "is a device, and FAT has none", err);
        case TREE_FIFO: return refuse(entry, "is a fifo, and FAT has none", err);
        case TREE_SOCKET: return refuse(entry, "is a socket, and FAT has none", err);
        }
        return refuse(entry, "is of no known kind", err);
}

static enum ingot_code collect_nodes(const struct tree *tree, struct fat_plan *plan, struct ingot_error *err)
{
        struct tree_census census;
        const struct tree_entry *root = tree_root(tree);

        tree_take_census(tree, &census);
        plan->nodes = calloc(census.entries + 1, sizeof(*plan->nodes));
        if (!plan->nodes)
                return ingot_fail_memory(err, (census.entries + 1) * sizeof(*plan->nodes));
        for (const struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry)) {
                struct fat_node *node = &plan->nodes[plan->node_count];
                size_t parent = plan->node_count > 0 ? plan->node_count - 1 : 0;
                enum ingot_code r = check_kind(entry, err);

                if (r)
                        return r;
                while (entry != root && plan->nodes[parent].entry != entry->parent)
                        parent = plan->nodes[parent].parent_index;
                node->entry = entry;
                node->parent_index = parent;
                node->end_index = ++plan->node_count;
                node->size_bytes = entry->inode->kind == TREE_FILE ? entry->inode->size_bytes : 0;
        }
        for (size_t i = plan->node_count - 1; i > 0; i--) {
                struct fat_node *parent = &plan->nodes[plan->nodes[i].parent_index];

                parent->end_index = max_u64(parent->end_index, plan->nodes[i].end_index);
        }
        return INGOT_OK;
}

static int compare_without_case(const void *a, const void *b)
{
        const struct tree_entry *const *x = a, *const *y = b;

        return strcasecmp((*x)->name, (*y)->name);
}

static enum ingot_code check_unlike(const struct tree_entry *directory, struct ingot_error *err)
{
        OWNED(heap_drop) const struct tree_entry **sorted = NULL;
        size_t count = directory->child_count;

        if (count < 2)
                return INGOT_OK;
        sorted = calloc(count, sizeof(const struct tree_entry *));
        if (!sorted)
                return ingot_fail_memory(err, count * sizeof(const struct tree_entry *));
        for (size_t i = 0; i < count; i++)
                sorted[i] = directory->children[i];
        qsort(sorted, count, sizeof(const struct tree_entry *), compare_without_case);
        for (size_t i = 1; i < count; i++)
                if (strcasecmp(sorted[i - 1]->name, sorted[i]->name) == 0)
                        return refuse(sorted[i], "differs from another name only in case, which FAT ignores",
                                      err);
        return INGOT_OK;
}

/* Reads the names of a directory's children and adds up its entries. */
static enum ingot_code read_names(struct fat_plan *plan, size_t index, struct fat_alias_set *aliases,
                                  struct ingot_error *err)
{
        struct fat_node *directory = &plan->nodes[index];
        uint16_t units[FAT_LONG_NAME_UNITS];

        for (size_t i = index + 1; i < directory->end_index; i = plan->nodes[i].end_index) {
                struct fat_node *node = &plan->nodes[i];
                const char *mistake =
                        fat_name_read(node->entry->name, node->entry->name_bytes, units, &node->name);

                if (mistake)
                        return refuse(node->entry, mistake, err);
                if (node->name.is_short_known && !fat_alias_set_add(aliases, node->name.short_name))
                        return refuse(node->entry,
                                      "differs from another name only in case, which FAT ignores", err);
                directory->size_bytes +=
                        FAT_ENTRY_BYTES * (1 + (uint64_t)fat_long_parts(node->name.long_units));
        }
        return INGOT_OK;
}

static enum ingot_code name_children(struct fat_plan *plan, size_t index, bool has_label,
                                     struct ingot_error *err)
{
        OWNED(fat_alias_set_release) struct fat_alias_set aliases = { .names = NULL };
        struct fat_node *directory = &plan->nodes[index];
        enum ingot_code r = check_unlike(directory->entry, err);

        if (!r)
                r = fat_alias_set_init(&aliases, directory->entry->child_count, err);
        if (r)
                return r;
        /* The root has its label, every other directory "." and "..". */
        directory->size_bytes = index == 0 ? (has_label ? FAT_ENTRY_BYTES : 0) : 2 * FAT_ENTRY_BYTES;
        r = read_names(plan, index, &aliases, err);
        if (r)
                return r;
        for (size_t i = index + 1; i < directory->end_index; i = plan->nodes[i].end_index)
                if (!plan->nodes[i].name.is_short_known &&
                    !fat_alias_set_number(&aliases, plan->nodes[i].name.short_name))
                        return refuse(plan->nodes[i].entry, "has no free 8.3 alias", err);
        if (directory->size_bytes > (uint64_t)DIRECTORY_ENTRIES_MAX * FAT_ENTRY_BYTES)
                return refuse(directory->entry, "has more names than a FAT directory's 65,536 entries hold",
                              err);
        return INGOT_OK;
}

enum ingot_code fat_plan_make(const struct tree *tree, bool has_label, struct fat_plan *ret_plan,
                              struct ingot_error *err)
{
        OWNED(fat_plan_release) struct fat_plan plan = { .nodes = NULL };
        enum ingot_code r = collect_nodes(tree, &plan, err);

        for (size_t i = 0; !r && i < plan.node_count; i++)
                if (fat_node_is_directory(&plan.nodes[i]))
                        r = name_children(&plan, i, has_label, err);
        if (r)
                return r;
        *ret_plan = plan;
        plan.nodes = NULL;
        return INGOT_OK;
}

void fat_plan_release(struct fat_plan *plan)
{
        free(plan->nodes);
        *plan = (struct fat_plan){ .nodes = NULL };
}

bool fat_plan_place(struct fat_plan *plan, const struct fat_geometry *geometry)
{
        uint64_t cluster_bytes = (uint64_t)geometry->cluster_sectors * 512;

        plan->used_clusters = 0;
        plan->directory_bytes = 0;
        for (size_t i = 0; i < plan->node_count; i++) {
                struct fat_node *node = &plan->nodes[i];
                uint64_t clusters = div_up_u64(node->size_bytes, cluster_bytes);

                /* FAT16's root stands before the clusters; FAT32's has one even when it is empty. */
                if (i == 0)
                        clusters = geometry->root_sectors ? 0 : max_u64(clusters, 1);
                node->cluster_count = (uint32_t)clusters;
                node->first_cluster =
                        clusters ? (uint32_t)min_u64(FAT_FIRST_CLUSTER + plan->used_clusters, UINT32_MAX) : 0;
                plan->used_clusters += clusters;
                if (fat_node_is_directory(node)) {
                        node->directory_offset_bytes = plan->directory_bytes;
                        plan->directory_bytes += i == 0 && geometry->root_sectors
                                                         ? (size_t)geometry->root_sectors * 512
                                                         : (size_t)(clusters * cluster_bytes);
                }
        }
        return plan->used_clusters <= geometry->cluster_count &&
               (!geometry->root_sectors ||
                plan->nodes[0].size_bytes <= (uint64_t)geometry->root_sectors * 512);
}
