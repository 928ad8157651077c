/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_numbers.h"
#include "filesystem/ext4_space.h"

static const char lost_name[] = "lost+found", lost_path[] = "/lost+found";

enum {
        LOST_NAME_BYTES = sizeof(lost_name) - 1,
        BITMAPS = 2,
        SPARE_DIVISOR = 32,
        CHUNK_INODES = EXT4_CHUNK_BLOCKS * EXT4_INODES_PER_BLOCK,
};

/* Units: files of no package by their directory, all directories, then packages. */
#define OF_DIRECTORIES (UINT32_C(1) << 31)

void ext4_inventory_clear_marks(const struct tree *tree)
{
        struct tree_entry *root = tree_root(tree);

        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry))
                entry->inode->mark = 0;
}

/* ---- the order ---- */

static size_t count_inodes(const struct tree *tree)
{
        struct tree_entry *root = tree_root(tree);
        size_t count = 0;

        ext4_inventory_clear_marks(tree);
        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry)) {
                count += entry->inode->mark == 0;
                entry->inode->mark = 1;
        }
        ext4_inventory_clear_marks(tree);
        return count;
}

struct member {
        const struct tree_entry *entry;
        uint32_t unit;
        uint32_t position; /* in the walk: what keeps the sort stable */
};

static int compare_members(const void *left, const void *right)
{
        const struct member *a = left, *b = right;

        if (a->unit != b->unit)
                return a->unit < b->unit ? -1 : 1;
        if (a->unit == OF_DIRECTORIES && a->entry->child_count != b->entry->child_count)
                return a->entry->child_count > b->entry->child_count ? -1 : 1;
        return a->position < b->position ? -1 : a->position > b->position;
}

/* A directory's mark is its place among directories, from 1; another inode's is 1 once it was met. */
static size_t list_members(const struct tree *tree, struct member *members)
{
        struct tree_entry *root = tree_root(tree);
        uint32_t directories = 0;
        size_t count = 0;

        for (struct tree_entry *entry = root; entry; entry = tree_walk_next(root, entry)) {
                struct member *member = &members[count];
                struct tree_inode *inode = entry->inode;

                if (inode->mark)
                        continue;
                *member = (struct member){ .entry = entry, .position = (uint32_t)count };
                inode->mark = inode->kind == TREE_DIRECTORY ? ++directories : 1;
                if (inode->kind == TREE_DIRECTORY)
                        member->unit = OF_DIRECTORIES;
                else if (inode->package)
                        member->unit = OF_DIRECTORIES + inode->package;
                else
                        member->unit = entry->parent->inode->mark;
                count++;
        }
        qsort(members, count, sizeof(*members), compare_members);
        return count;
}

enum ingot_code ext4_inventory_order(struct ext4_inventory *inventory, struct ingot_error *err)
{
        size_t count = count_inodes(inventory->tree);
        OWNED(heap_drop) struct member *members = calloc(count + 1, sizeof(*members));

        if (count > INT32_MAX / 2)
                return ingot_fail(err, INGOT_E_LAYOUT, "%zu inodes are too many for ext4", count);
        inventory->order = calloc(count + 1, sizeof(*inventory->order));
        inventory->units = calloc(count + 1, sizeof(*inventory->units));
        inventory->locked = calloc(count + 1, sizeof(*inventory->locked));
        if (!members || !inventory->order || !inventory->units || !inventory->locked)
                return ingot_fail_memory(err, count * sizeof(*members));
        inventory->count = list_members(inventory->tree, members);
        for (size_t i = 0; i < inventory->count; i++) {
                inventory->order[i] = members[i].entry;
                inventory->units[i] = members[i].unit;
        }
        ext4_inventory_clear_marks(inventory->tree);
        inventory->makes_lost = !tree_child(tree_root(inventory->tree), lost_name, LOST_NAME_BYTES);
        return INGOT_OK;
}

/* ---- numbers ---- */

static bool kind_is(enum tree_kind kind, char letter)
{
        switch (kind) {
        case TREE_FILE: return letter == 'f';
        case TREE_DIRECTORY: return letter == 'd';
        case TREE_SYMLINK: return letter == 'l';
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE:
        case TREE_FIFO:
        case TREE_SOCKET: break;
        }
        return letter == 'o';
}

bool ext4_inventory_looks_same(const struct tree_inode *inode, const struct lock_inode *locked)
{
        return kind_is(inode->kind, locked->kind) && inode->mtime.seconds == locked->mtime.seconds &&
               inode->mtime.nanoseconds == locked->mtime.nanoseconds &&
               (inode->kind != TREE_FILE || inode->size_bytes == locked->size_bytes);
}

/* Finds what the lock has of every inode; of another kind it is another inode. */
static enum ingot_code find_locked(struct ext4_inventory *inventory, const struct lock_partition *lock,
                                   struct ingot_error *err)
{
        for (size_t i = 0; i < inventory->count; i++) {
                const struct tree_entry *entry = inventory->order[i];
                OWNED(heap_drop) char *path = tree_entry_path(entry);
                const struct lock_inode *locked;

                if (!path)
                        return ingot_fail_memory(err, TREE_NAME_MAX_BYTES);
                locked = lock_partition_find(lock, path);
                if (locked && kind_is(entry->inode->kind, locked->kind))
                        inventory->locked[i] = locked;
        }
        if (inventory->makes_lost)
                inventory->locked_lost = lock_partition_find(lock, lost_path);
        if (inventory->locked_lost && inventory->locked_lost->kind != 'd')
                inventory->locked_lost = NULL;
        return INGOT_OK;
}

/* Free numbers, best first. */
struct numbers {
        uint32_t *taken; /* ascending; owned */
        size_t taken_count, at;
        uint8_t *dirty; /* a bit for each chunk of the inode tables; owned */
        uint32_t first, next, last_taken, limit;
        uint32_t shift; /* how many inodes before the tables would fill their first chunk */
        enum { AMONG_DIRTY, AFTER_LAST, ANYWHERE } stage;
};

static void numbers_release(struct numbers *numbers)
{
        free(numbers->taken);
        free(numbers->dirty);
}

static uint32_t chunk_of(const struct numbers *numbers, uint32_t number)
{
        return (number - 1 + numbers->shift) / CHUNK_INODES;
}

static void soil(struct numbers *numbers, uint32_t number)
{
        uint32_t chunk = chunk_of(numbers, number);

        numbers->dirty[chunk / 8] |= (uint8_t)(1U << (chunk % 8));
}

static bool is_dirty(const struct numbers *numbers, uint32_t number)
{
        uint32_t chunk = chunk_of(numbers, number);

        return numbers->dirty[chunk / 8] >> (chunk % 8) & 1;
}

/* The next number at numbers->next or after that is not taken. */
static uint32_t skip_taken(struct numbers *numbers)
{
        while (numbers->at < numbers->taken_count && numbers->taken[numbers->at] <= numbers->next) {
                if (numbers->taken[numbers->at] == numbers->next)
                        numbers->next++;
                numbers->at++;
        }
        return numbers->next++;
}

static void restart(struct numbers *numbers, uint32_t from)
{
        numbers->next = from;
        numbers->at = 0;
        numbers->stage++;
}

static uint32_t draw(struct numbers *numbers)
{
        for (;;) {
                uint32_t number = skip_taken(numbers);

                switch (numbers->stage) {
                case AMONG_DIRTY:
                        if (number > numbers->last_taken)
                                restart(numbers, number);
                        else if (is_dirty(numbers, number))
                                return number;
                        break;
                case AFTER_LAST:
                        if (number <= numbers->limit)
                                return number;
                        restart(numbers, numbers->first);
                        break;
                case ANYWHERE:
                        if (number <= numbers->last_taken && is_dirty(numbers, number))
                                break; /* given already */
                        if (number <= numbers->last_taken || number > numbers->limit)
                                return number;
                        break;
                }
        }
}

static int compare_u32(const void *left, const void *right)
{
        uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

        return a < b ? -1 : a > b;
}

static enum ingot_code start_numbers(const struct ext4_inventory *inventory,
                                     const struct lock_partition *lock, struct numbers *numbers,
                                     struct ingot_error *err)
{
        const struct lock_ext4 *ext4 = &lock->ext4;
        uint32_t groups = (uint32_t)div_up_u64(ext4->block_count, EXT4_GROUP_BLOCKS);
        uint32_t first_groups = ext4->growth_count ? ext4->growths[0] : groups;
        uint32_t tables_at =
                1 + ext4->descriptor_blocks + BITMAPS * (uint32_t)min_u64(first_groups, EXT4_FLEX_GROUPS);
        uint64_t limit = min_u64((uint64_t)groups * ext4->inodes_per_group, INT32_MAX);
        size_t dirty_bytes = (size_t)(limit / CHUNK_INODES / 8 + 2);

        numbers->limit = (uint32_t)limit;
        numbers->shift = tables_at % EXT4_CHUNK_BLOCKS * EXT4_INODES_PER_BLOCK;
        numbers->taken = calloc(inventory->count + 1, sizeof(*numbers->taken));
        numbers->dirty = calloc(dirty_bytes, 1);
        if (!numbers->taken || !numbers->dirty)
                return ingot_fail_memory(err, inventory->count * sizeof(*numbers->taken) + dirty_bytes);
        return INGOT_OK;
}

/* Every inode of the lock that is not there any more as it was changes its part of the tables. */
static void soil_changed(const struct ext4_inventory *inventory, const struct lock_partition *lock,
                         struct numbers *numbers)
{
        numbers->taken_count = 0;
        for (size_t i = 0; i < inventory->count; i++)
                if (inventory->locked[i] &&
                    ext4_inventory_looks_same(inventory->order[i]->inode, inventory->locked[i]))
                        numbers->taken[numbers->taken_count++] = inventory->locked[i]->number;
        qsort(numbers->taken, numbers->taken_count, sizeof(*numbers->taken), compare_u32);
        soil(numbers, 1); /* bitmaps stand beside the first ones */
        for (size_t i = 0; i < lock->inode_count; i++) {
                uint32_t number = lock->inodes[i].number;

                if (!bsearch(&number, numbers->taken, numbers->taken_count, sizeof(number), compare_u32))
                        soil(numbers, number);
        }
}

/* What has a number of its own in the lock keeps it. */
static void keep_numbers(struct ext4_inventory *inventory, struct numbers *numbers)
{
        numbers->taken_count = 0;
        for (size_t i = 0; i < inventory->count; i++) {
                struct tree_inode *inode = inventory->order[i]->inode;

                if (inode->mark || !inventory->locked[i] || inventory->locked[i]->number < numbers->first)
                        continue;
                inode->mark = inventory->locked[i]->number;
                numbers->taken[numbers->taken_count++] = inode->mark;
        }
        qsort(numbers->taken, numbers->taken_count, sizeof(*numbers->taken), compare_u32);
        if (numbers->taken_count)
                numbers->last_taken = numbers->taken[numbers->taken_count - 1];
}

/* The root and lost+found have theirs by law. */
static void number_fixed(struct ext4_inventory *inventory)
{
        const struct tree_entry *root = tree_root(inventory->tree);
        const struct tree_entry *lost = tree_child(root, lost_name, LOST_NAME_BYTES);
        bool has_directory = lost && lost->inode->kind == TREE_DIRECTORY;

        root->inode->mark = EXT4_ROOT_INODE;
        if (has_directory)
                lost->inode->mark = EXT4_LOST_INODE;
        inventory->last_inode = !lost || has_directory ? EXT4_LOST_INODE : EXT4_RESERVED_INODES;
        inventory->used_inodes = inventory->last_inode;
}

enum ingot_code ext4_inventory_number(struct ext4_inventory *inventory, const struct lock_partition *lock,
                                      struct ingot_error *err)
{
        OWNED(numbers_release) struct numbers numbers = { .taken = NULL };
        bool is_skipped = false; /* the numbers left for what is added later, beside the bitmaps */
        enum ingot_code r = INGOT_OK;

        number_fixed(inventory);
        numbers.first = numbers.next = inventory->last_inode + 1;
        if (!lock)
                numbers.stage = AFTER_LAST;
        numbers.limit = UINT32_MAX;
        if (lock && !(r = start_numbers(inventory, lock, &numbers, err)) &&
            !(r = find_locked(inventory, lock, err))) {
                soil_changed(inventory, lock, &numbers);
                keep_numbers(inventory, &numbers);
        }
        for (size_t i = 0; !r && i < inventory->count; i++) {
                struct tree_inode *inode = inventory->order[i]->inode;

                if (!lock && inventory->units[i] == OF_DIRECTORIES && !is_skipped) {
                        is_skipped = true;
                        numbers.next += (uint32_t)(inventory->count / SPARE_DIVISOR);
                }
                if (inode->mark && inode->mark < numbers.first)
                        continue;
                if (!inode->mark)
                        inode->mark = draw(&numbers);
                inventory->last_inode = (uint32_t)max_u64(inventory->last_inode, inode->mark);
                inventory->used_inodes++;
        }
        return r;
}
