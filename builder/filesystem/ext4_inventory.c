/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_extent_tree.h"
#include "filesystem/ext4_inventory.h"
#include "filesystem/ext4_numbers.h"
#include "filesystem/ext4_xattr.h"

enum { BLOCK_BYTES = 4096, BLOCKS_PER_GAP = 4 /* one on each level that an extent tree can have */ };

static const uint64_t FILE_BYTES_MAX = (uint64_t)UINT32_MAX * BLOCK_BYTES;

static const char lost_name[] = "lost+found";
enum { LOST_NAME_BYTES = sizeof(lost_name) - 1 };

void ext4_inventory_free(struct ext4_inventory *inventory)
{
        if (!inventory)
                return;
        ext4_inventory_clear_marks(inventory->tree);
        free(inventory->order);
        free(inventory->units);
        free(inventory->locked);
        free(inventory->needs);
        free(inventory->children);
        free(inventory);
}

void ext4_inventory_drop(struct ext4_inventory **inventory)
{
        ext4_inventory_free(*inventory);
}

static uint8_t file_type(enum tree_kind kind)
{
        switch (kind) {
        case TREE_FILE: return EXT2_FT_REG_FILE;
        case TREE_DIRECTORY: return EXT2_FT_DIR;
        case TREE_SYMLINK: return EXT2_FT_SYMLINK;
        case TREE_CHARACTER_DEVICE: return EXT2_FT_CHRDEV;
        case TREE_BLOCK_DEVICE: return EXT2_FT_BLKDEV;
        case TREE_FIFO: return EXT2_FT_FIFO;
        case TREE_SOCKET: return EXT2_FT_SOCK;
        }
        return EXT2_FT_UNKNOWN;
}

static void add_lost(struct ext4_child *children, size_t *count)
{
        size_t at = *count;

        while (at && (memcmp(children[at - 1].name, lost_name,
                             min_u64(children[at - 1].name_bytes, LOST_NAME_BYTES)) > 0 ||
                      (children[at - 1].name_bytes > LOST_NAME_BYTES &&
                       memcmp(children[at - 1].name, lost_name, LOST_NAME_BYTES) == 0)))
                at--;
        memmove(children + at + 1, children + at, (*count - at) * sizeof(*children));
        children[at] = (struct ext4_child){ .name = lost_name,
                                            .name_bytes = LOST_NAME_BYTES,
                                            .inode_number = EXT4_LOST_INODE,
                                            .file_type = EXT2_FT_DIR };
        (*count)++;
}

static enum ingot_code list_children(struct ext4_inventory *inventory, const struct tree_entry *entry,
                                     size_t *ret_count, struct ingot_error *err)
{
        size_t count = entry->child_count;

        if (count + 1 > inventory->child_capacity) {
                size_t capacity = count + 1 > 64 ? count + 1 : 64;
                struct ext4_child *grown = reallocarray(inventory->children, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                inventory->children = grown;
                inventory->child_capacity = capacity;
        }
        for (size_t i = 0; i < count; i++) {
                const struct tree_entry *child = entry->children[i];

                inventory->children[i] = (struct ext4_child){ .name = child->name,
                                                              .name_bytes = (uint8_t)child->name_bytes,
                                                              .inode_number = child->inode->mark,
                                                              .file_type = file_type(child->inode->kind) };
        }
        if (!entry->parent && inventory->makes_lost)
                add_lost(inventory->children, &count);
        *ret_count = count;
        return INGOT_OK;
}

enum ingot_code ext4_inventory_plan_directory(struct ext4_inventory *inventory,
                                              const struct tree_entry *entry, const struct guid *hash_seed,
                                              struct ext4_directory *ret_directory, struct ingot_error *err)
{
        bool is_lost = entry->parent && !entry->parent->parent && strcmp(entry->name, lost_name) == 0;
        uint32_t blocks_min = is_lost ? EXT4_LOST_BLOCKS : 1;
        size_t count = 0;
        enum ingot_code r = list_children(inventory, entry, &count, err);

        if (r)
                return r;
        return ext4_directory_plan(inventory->children, count, hash_seed, blocks_min, ret_directory, err);
}

static enum ingot_code bad_runs(const struct tree_entry *entry, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = tree_entry_path(entry);

        return ingot_fail(err, INGOT_E_BUG, "the runs of '%s' overlap, are not aligned or pass its end",
                          path ? path : entry->name);
}

static enum ingot_code too_large(const struct tree_entry *entry, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = tree_entry_path(entry);

        return ingot_fail(err, INGOT_E_LAYOUT, "'%s' has %" PRIu64 " bytes; a file of ext4 ends below 16 TiB",
                          path ? path : entry->name, entry->inode->size_bytes);
}

/* Counts a file's blocks and, for its extent tree, the pieces they come in when nothing is in the way. */
static enum ingot_code count_file(const struct tree_entry *entry, uint64_t *ret_blocks,
                                  uint64_t *ret_tree_blocks, struct ingot_error *err)
{
        const struct tree_inode *inode = entry->inode;
        uint64_t blocks = 0, pieces = 0, joined_blocks = 0, end_bytes = 0;

        if (inode->size_bytes > FILE_BYTES_MAX)
                return too_large(entry, err);
        for (size_t i = 0; i < inode->run_count; i++) {
                const struct tree_run *run = &inode->runs[i];
                uint64_t run_end;

                if (run->file_offset_bytes % BLOCK_BYTES || run->file_offset_bytes < end_bytes ||
                    !run->size_bytes || end_bytes % BLOCK_BYTES ||
                    !checked_add_u64(run->file_offset_bytes, run->size_bytes, &run_end) ||
                    run_end > inode->size_bytes)
                        return bad_runs(entry, err);
                if (run->file_offset_bytes != end_bytes) {
                        pieces += div_up_u64(joined_blocks, EXT4_PIECE_BLOCKS_MAX);
                        joined_blocks = 0;
                }
                joined_blocks += div_up_u64(run->size_bytes, BLOCK_BYTES);
                blocks += div_up_u64(run->size_bytes, BLOCK_BYTES);
                end_bytes = run_end;
        }
        pieces += div_up_u64(joined_blocks, EXT4_PIECE_BLOCKS_MAX);
        *ret_blocks = blocks;
        *ret_tree_blocks = ext4_extent_tree_blocks(pieces);
        return INGOT_OK;
}

/* Tells what one inode needs; returns, with its extent tree, all of its blocks. */
static enum ingot_code count_entry(struct ext4_inventory *inventory, const struct tree_entry *entry,
                                   const struct guid *hash_seed, struct ext4_need *need, uint64_t *ret_blocks,
                                   struct ingot_error *err)
{
        OWNED(ext4_directory_release) struct ext4_directory directory = { .block_count = 0 };
        const struct tree_inode *inode = entry->inode;
        uint64_t blocks = 0, tree_blocks = 0;
        enum ingot_code r = INGOT_OK;

        if (inode->kind == TREE_FILE) {
                r = count_file(entry, &blocks, &tree_blocks, err);
        } else if (inode->kind == TREE_DIRECTORY) {
                r = ext4_inventory_plan_directory(inventory, entry, hash_seed, &directory, err);
                blocks = directory.block_count;
                tree_blocks =
                        ext4_extent_tree_blocks(div_up_u64(directory.block_count, EXT4_PIECE_BLOCKS_MAX));
        } else if (inode->kind == TREE_SYMLINK) {
                blocks = strlen(inode->target) > EXT4_FAST_LINK_BYTES;
        }
        if (r)
                return r;
        need->data_blocks = (uint32_t)blocks;
        need->is_metadata = inode->kind != TREE_FILE;
        need->has_xattr_block = ext4_xattr_needs_block(inode->xattrs, inode->xattr_count);
        *ret_blocks = blocks + tree_blocks + need->has_xattr_block;
        return INGOT_OK;
}

static enum ingot_code count_content(struct ext4_inventory *inventory, const struct guid *hash_seed,
                                     struct ingot_error *err)
{
        inventory->needs = calloc(inventory->count + 1, sizeof(*inventory->needs));
        if (!inventory->needs)
                return ingot_fail_memory(err, inventory->count * sizeof(*inventory->needs));
        for (size_t i = 0; i < inventory->count; i++) {
                uint64_t blocks = 0;
                enum ingot_code r = count_entry(inventory, inventory->order[i], hash_seed,
                                                &inventory->needs[i], &blocks, err);

                if (r)
                        return r;
                inventory->content_blocks += blocks;
        }
        if (inventory->makes_lost)
                inventory->needs[inventory->count] =
                        (struct ext4_need){ .data_blocks = EXT4_LOST_BLOCKS, .is_metadata = true };
        inventory->content_blocks += inventory->needs[inventory->count].data_blocks;
        return INGOT_OK;
}

enum ingot_code ext4_inventory_new(const struct tree *tree, const struct guid *hash_seed,
                                   const struct lock_partition *lock, struct ext4_inventory **ret_inventory,
                                   struct ingot_error *err)
{
        OWNED(ext4_inventory_drop) struct ext4_inventory *inventory = calloc(1, sizeof(*inventory));
        enum ingot_code r;

        if (!inventory)
                return ingot_fail_memory(err, sizeof(*inventory));
        inventory->tree = tree;
        if ((r = ext4_inventory_order(inventory, err)) || (r = ext4_inventory_number(inventory, lock, err)) ||
            (r = count_content(inventory, hash_seed, err)))
                return r;
        *ret_inventory = TAKE(inventory);
        return INGOT_OK;
}

uint64_t ext4_inventory_bound(const struct ext4_inventory *inventory, const struct ext4_geometry *geometry)
{
        uint64_t journal_tree =
                ext4_extent_tree_blocks(div_up_u64(geometry->journal_blocks, EXT4_PIECE_BLOCKS_MAX));

        return geometry->own_blocks + inventory->content_blocks + journal_tree +
               (uint64_t)BLOCKS_PER_GAP * ext4_geometry_gaps(geometry);
}
