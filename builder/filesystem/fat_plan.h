/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FILESYSTEM_FAT_PLAN_H
#define FILESYSTEM_FAT_PLAN_H

/* builder/filesystem/fat_plan.h
 * fat_plan: a tree as FAT will hold it: names, sizes and, once the clusters' size is known, clusters.
 *
 * Rules    (1) Nodes stand in the order of a walk of the tree, the root first: the children of node i are
 *              i + 1, its end_index, and so on until node i's own end_index.
 *          (2) Clusters are given in that order, each node's in one run, from cluster 2.
 *          (3) What FAT cannot hold is refused here (filesystem/fat_writer, rule 7).
 * Tests    tests/unit/filesystem/test_fat_writer.c
 */
#include "filesystem/fat_geometry.h"
#include "filesystem/fat_name.h"
#include "model/tree.h"

struct fat_node {
        const struct tree_entry *entry;
        struct fat_name name;
        size_t parent_index, end_index;
        uint64_t size_bytes; /* of the file, or of the directory's entries */
        uint32_t first_cluster, cluster_count;
        size_t directory_offset_bytes; /* of a directory, in fat_writer's memory */
};

struct fat_plan {
        struct fat_node *nodes;
        size_t node_count;
        uint64_t used_clusters;
        size_t directory_bytes; /* of all directories, each filled up to its clusters */
};

/*
 * Names and sizes of every node.
 *
 * tree         borrowed as long as the plan
 * has_label    whether the root holds a label entry
 * ret_plan     owned by the caller: fat_plan_release()
 * Fails with   INGOT_E_LAYOUT, INGOT_E_MEMORY
 */
enum ingot_code fat_plan_make(const struct tree *tree, bool has_label, struct fat_plan *ret_plan,
                              struct ingot_error *err) INGOT_MUST_CHECK;
void fat_plan_release(struct fat_plan *plan); /* also for OWNED */

/* Gives clusters; false when there are not enough, and used_clusters says how many it takes. */
bool fat_plan_place(struct fat_plan *plan, const struct fat_geometry *geometry);

static inline bool fat_node_is_directory(const struct fat_node *node)
{
        return node->entry->inode->kind == TREE_DIRECTORY;
}

#endif
