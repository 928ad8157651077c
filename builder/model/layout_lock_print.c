/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "model/layout_lock.h"
#include "model/partition_type.h"

static void print_path(struct buffer *out, const char *path)
{
        for (const char *at = path; *at; at++) {
                unsigned char c = (unsigned char)*at;

                if (c > ' ' && c < 0x7f && c != '%')
                        buffer_append_char(out, *at);
                else
                        buffer_appendf(out, "%%%02X", c);
        }
}

static void print_guid(struct buffer *out, const struct guid *guid)
{
        char text[GUID_TEXT_CHARS + 1];

        guid_print(guid, text);
        buffer_appendf(out, " %s", text);
}

static void print_ranges(struct buffer *out, const struct lock_partition *partition, size_t first,
                         size_t count)
{
        buffer_append_text(out, count ? " " : " -");
        for (size_t i = 0; i < count; i++) {
                const struct lock_range *range = &partition->ranges[first + i];

                buffer_appendf(out, "%s%" PRIu32 "+%" PRIu32, i ? "," : "", range->start,
                               range->end - range->start);
        }
}

static void print_inode(struct buffer *out, const struct lock_partition *partition,
                        const struct lock_inode *inode)
{
        buffer_appendf(out, "i %c %" PRIu32 " %" PRId64 ".%09" PRIu32 " %" PRIu64, inode->kind, inode->number,
                       inode->mtime.seconds, inode->mtime.nanoseconds, inode->size_bytes);
        print_ranges(out, partition, inode->data_first, inode->data_count);
        print_ranges(out, partition, inode->node_first, inode->node_count);
        buffer_appendf(out, " %" PRIu32 " ", inode->xattr_block);
        print_path(out, inode->path);
        buffer_append_char(out, '\n');
}

static void print_ext4(struct buffer *out, const struct lock_ext4 *ext4)
{
        buffer_appendf(
                out,
                "ext4 %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRId64 " %" PRIu32 "+%" PRIu32 " ",
                ext4->block_count, ext4->inodes_per_group, ext4->journal_blocks, ext4->descriptor_blocks,
                ext4->made_seconds, ext4->area.start, ext4->area.end - ext4->area.start);
        for (size_t i = 0; i < ext4->growth_count; i++)
                buffer_appendf(out, "%s%" PRIu32, i ? "," : "", ext4->growths[i]);
        buffer_append_text(out, ext4->growth_count ? "\n" : "-\n");
}

static void print_partition(struct buffer *out, const struct lock_partition *partition)
{
        buffer_appendf(out, "partition %" PRIu32, partition->number);
        print_guid(out, &partition->unique_guid);
        buffer_appendf(out, " %" PRIu64 " %" PRIu64 " %s", partition->start_lba, partition->end_lba,
                       file_system_name(partition->file_system));
        if (partition->file_system == FILE_SYSTEM_VFAT)
                buffer_appendf(out, " %08" PRIx32, partition->vfat_serial);
        if (partition->file_system == FILE_SYSTEM_EXT4 || partition->file_system == FILE_SYSTEM_SWAP)
                print_guid(out, &partition->uuid);
        if (partition->file_system == FILE_SYSTEM_EXT4)
                print_guid(out, &partition->hash_seed);
        buffer_append_char(out, '\n');
        if (partition->file_system != FILE_SYSTEM_EXT4)
                return;
        print_ext4(out, &partition->ext4);
        for (size_t i = 0; i < partition->inode_count; i++)
                print_inode(out, partition, &partition->inodes[i]);
}

enum ingot_code layout_lock_print(const struct layout_lock *lock, struct buffer *out, struct ingot_error *err)
{
        uint64_t count = 0;

        buffer_append_text(out, "ingot-layout-lock 1\nvolume ");
        print_path(out, lock->device_name);
        if (lock->table == PARTITION_TABLE_GPT) {
                buffer_append_text(out, " gpt");
                print_guid(out, &lock->disk_guid);
                buffer_append_char(out, '\n');
        } else {
                buffer_append_text(out, " none -\n");
        }
        for (size_t i = 0; i < lock->partition_count; i++) {
                print_partition(out, &lock->partitions[i]);
                count += lock->partitions[i].inode_count;
        }
        buffer_appendf(out, "end %" PRIu64 "\n", count);
        return buffer_check(out, err);
}
