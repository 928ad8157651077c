/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "base/own.h"
#include "filesystem/ext4_writer.h"

enum { SIZE_MAX_BYTES = 64 << 20 };

/* Any bytes are a lock that prints as itself when it is read again, and that a tree can be laid out by, or not. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void print_twice(const struct layout_lock *lock)
{
        OWNED(buffer_release) struct buffer once = BUFFER_INIT(1 << 24), twice = BUFFER_INIT(1 << 24);
        OWNED(layout_lock_drop) struct layout_lock *again = NULL;

        if (layout_lock_print(lock, &once, NULL))
                return;
        if (layout_lock_parse(once.bytes, once.size_bytes, "l", &again, NULL) ||
            layout_lock_print(again, &twice, NULL) || once.size_bytes != twice.size_bytes ||
            memcmp(once.bytes, twice.bytes, once.size_bytes) != 0)
                __builtin_trap();
}

static void follow(const struct lock_partition *partition)
{
        static const char *const names[] = { "a", "b", "c" };
        OWNED(tree_drop) struct tree *tree = NULL;
        struct ext4_request request = { .lock = partition };

        request.size_bytes = (partition->end_lba - partition->start_lba) / 8 * 4096;
        if (request.size_bytes > SIZE_MAX_BYTES || tree_new(&tree, NULL))
                return;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                struct tree_inode *inode = tree_inode_new(i ? TREE_FILE : TREE_DIRECTORY);

                if (!inode || tree_put(tree, tree_root(tree), names[i], 1, inode, NULL, NULL))
                        return;
        }
        if (!tree_seal(tree, 0, NULL))
                (void)!ext4_check_lock(&(struct ext4_request){ .tree = tree,
                                                               .size_bytes = request.size_bytes,
                                                               .lock = partition },
                                       NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = NULL;

        if (layout_lock_parse((const char *)bytes, size_bytes, "l", &lock, NULL))
                return 0;
        print_twice(lock);
        for (size_t i = 0; i < lock->partition_count; i++)
                if (lock->partitions[i].file_system == FILE_SYSTEM_EXT4)
                        follow(&lock->partitions[i]);
        return 0;
}
