/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "model/layout_lock.h"

void lock_partition_release(struct lock_partition *partition)
{
        free(partition->inodes);
        free(partition->ranges);
        *partition = (struct lock_partition){ .inodes = NULL };
}

void layout_lock_free(struct layout_lock *lock)
{
        if (!lock)
                return;
        for (size_t i = 0; i < lock->partition_count; i++)
                lock_partition_release(&lock->partitions[i]);
        free(lock->partitions);
        free(lock->device_name);
        free(lock->text);
        free(lock);
}

void layout_lock_drop(struct layout_lock **lock)
{
        layout_lock_free(*lock);
}

enum ingot_code lock_partition_add_inode(struct lock_partition *partition, const struct lock_inode *inode,
                                         struct ingot_error *err)
{
        if (partition->inode_count == partition->inode_capacity) {
                size_t capacity = partition->inode_capacity ? 2 * partition->inode_capacity : 256;
                struct lock_inode *grown = reallocarray(partition->inodes, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                partition->inodes = grown;
                partition->inode_capacity = capacity;
        }
        partition->inodes[partition->inode_count++] = *inode;
        return INGOT_OK;
}

enum ingot_code lock_partition_add_range(struct lock_partition *partition, struct lock_range range,
                                         struct ingot_error *err)
{
        if (partition->range_count == partition->range_capacity) {
                size_t capacity = partition->range_capacity ? 2 * partition->range_capacity : 256;
                struct lock_range *grown = reallocarray(partition->ranges, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                partition->ranges = grown;
                partition->range_capacity = capacity;
        }
        partition->ranges[partition->range_count++] = range;
        return INGOT_OK;
}

enum ingot_code layout_lock_new(const struct layout *layout, struct layout_lock **ret_lock,
                                struct ingot_error *err)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = calloc(1, sizeof(*lock));

        if (!lock)
                return ingot_fail_memory(err, sizeof(*lock));
        lock->table = layout->table;
        lock->disk_guid = layout->disk_guid;
        lock->device_name = strdup(layout->device_name);
        lock->partitions = calloc(layout->partition_count + 1, sizeof(*lock->partitions));
        if (!lock->device_name || !lock->partitions)
                return ingot_fail_memory(err, layout->partition_count * sizeof(*lock->partitions));
        for (size_t i = 0; i < layout->partition_count; i++) {
                const struct layout_partition *from = &layout->partitions[i];

                lock->partitions[lock->partition_count++] =
                        (struct lock_partition){ .number = from->number,
                                                 .unique_guid = from->unique_guid,
                                                 .start_lba = from->start_lba,
                                                 .end_lba = from->end_lba,
                                                 .file_system = from->file_system,
                                                 .uuid = from->uuid,
                                                 .hash_seed = from->hash_seed,
                                                 .vfat_serial = from->vfat_serial };
        }
        *ret_lock = TAKE(lock);
        return INGOT_OK;
}

const struct lock_partition *layout_lock_find(const struct layout_lock *lock, uint32_t number,
                                              enum file_system file_system)
{
        for (size_t i = 0; lock && i < lock->partition_count; i++)
                if (lock->partitions[i].number == number && lock->partitions[i].file_system == file_system)
                        return &lock->partitions[i];
        return NULL;
}

static int compare_path(const void *key, const void *inode)
{
        return strcmp(key, ((const struct lock_inode *)inode)->path);
}

const struct lock_inode *lock_partition_find(const struct lock_partition *partition, const char *path)
{
        if (!partition->inode_count)
                return NULL;
        return bsearch(path, partition->inodes, partition->inode_count, sizeof(*partition->inodes),
                       compare_path);
}

void layout_lock_pin(const struct layout_lock *lock, struct layout *layout)
{
        if (lock->table == PARTITION_TABLE_GPT && layout->table == PARTITION_TABLE_GPT)
                layout->disk_guid = lock->disk_guid;
        for (size_t i = 0; i < layout->partition_count; i++) {
                struct layout_partition *partition = &layout->partitions[i];
                const struct lock_partition *locked =
                        layout_lock_find(lock, partition->number, partition->file_system);

                if (!locked)
                        continue;
                partition->unique_guid = locked->unique_guid;
                partition->hash_seed = locked->hash_seed;
                if (partition->asked && partition->asked->uuid.text)
                        continue;
                partition->uuid = locked->uuid;
                partition->vfat_serial = locked->vfat_serial;
        }
}
