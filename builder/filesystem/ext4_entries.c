/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_entries.h"
#include "filesystem/ext4_xattr.h"

enum {
        SECTORS_PER_BLOCK = EXT4_BLOCK_BYTES / SECTOR_BYTES,
        LINKS_MAX = 65000,
        OLD_DEVICE_MAX = 255,
        DEVICE_MAJOR_MAX = 0xfff,
        DEVICE_MINOR_MAX = 0xfffff,
        XATTR_CHECKSUM_AT = 16,
        PERMISSIONS = 07777,
        LOST_MODE = 0700,
};

void ext4_entries_release(struct ext4_entries *entries)
{
        ext4_pieces_release(&entries->pieces);
}

static void begin_site(struct ext4_entries *entries, size_t index)
{
        entries->site = &entries->placement->sites[index];
        entries->given = (struct ext4_given){ .ranges = entries->placement->data + entries->site->data_first,
                                              .count = entries->site->data_count };
        entries->pieces.count = 0;
}

static enum ingot_code take(struct ext4_entries *entries, uint64_t blocks_wanted,
                            struct ext4_range *ret_range, struct ingot_error *err)
{
        if (!ext4_given_take(&entries->given, (uint32_t)blocks_wanted, ret_range))
                return ingot_fail(err, INGOT_E_BUG, "%" PRIu64 " blocks have no place", blocks_wanted);
        return INGOT_OK;
}

static enum ingot_code set_pieces(struct ext4_entries *entries, uint32_t number, union ext4_inode *inode,
                                  struct ingot_error *err)
{
        return ext4_volume_set_pieces(entries->volume, number, inode, &entries->pieces,
                                      entries->placement->nodes + entries->site->node_first,
                                      entries->site->node_count, err);
}

static enum ingot_code add_data(struct ext4_entries *entries, const struct ext4_range *range,
                                const struct tree_run *run, uint64_t done_bytes, struct ingot_error *err)
{
        uint64_t room_bytes = (uint64_t)(range->end - range->start) * EXT4_BLOCK_BYTES;
        struct extent extent = {
                .start_lba = (uint64_t)range->start * SECTORS_PER_BLOCK,
                .end_lba = (uint64_t)range->end * SECTORS_PER_BLOCK,
                .source = run->source,
                .source_offset_bytes = run->source_offset_bytes + done_bytes,
                .size_bytes = min_u64(room_bytes, run->size_bytes - done_bytes),
        };

        return extent_list_add(entries->extents, &extent, err);
}

static enum ingot_code place_run(struct ext4_entries *entries, const struct tree_run *run,
                                 struct ingot_error *err)
{
        uint64_t blocks = div_up_u64(run->size_bytes, EXT4_BLOCK_BYTES), done = 0;
        uint32_t first = (uint32_t)(run->file_offset_bytes / EXT4_BLOCK_BYTES);

        while (done < blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if ((r = take(entries, blocks - done, &range, err)) ||
                    (r = ext4_pieces_add(&entries->pieces, first + (uint32_t)done, range.end - range.start,
                                         range.start, err)) ||
                    (r = add_data(entries, &range, run, done * EXT4_BLOCK_BYTES, err)))
                        return r;
                done += range.end - range.start;
        }
        entries->content_blocks += blocks;
        return INGOT_OK;
}

static enum ingot_code write_file(struct ext4_entries *entries, const struct tree_entry *entry,
                                  union ext4_inode *inode, struct ingot_error *err)
{
        const struct tree_inode *file = entry->inode;

        for (size_t i = 0; i < file->run_count; i++) {
                enum ingot_code r = place_run(entries, &file->runs[i], err);

                if (r)
                        return r;
        }
        ext4_inode_set_size(inode, file->size_bytes);
        return set_pieces(entries, file->mark, inode, err);
}

/* Writes planned blocks of a directory. */
static enum ingot_code write_directory_blocks(struct ext4_entries *entries,
                                              const struct ext4_directory *directory, uint32_t number,
                                              uint32_t parent_number, union ext4_inode *inode,
                                              struct ingot_error *err)
{
        uint32_t seed = ext4_volume_inode_seed(entries->volume, number), done = 0;
        enum ingot_code r;

        while (done < directory->block_count) {
                struct ext4_range range;

                if ((r = take(entries, directory->block_count - done, &range, err)) ||
                    (r = ext4_pieces_add(&entries->pieces, done, range.end - range.start, range.start, err)))
                        return r;
                for (uint32_t block = range.start; block < range.end; block++, done++) {
                        uint8_t bytes[EXT4_BLOCK_BYTES];

                        ext4_directory_fill(directory, done, number, parent_number, seed, bytes);
                        if ((r = ext4_volume_write_block(entries->volume, block, bytes, err)))
                                return r;
                }
        }
        entries->content_blocks += directory->block_count;
        if (directory->leaf_starts)
                inode->large.i_flags |= EXT2_INDEX_FL;
        ext4_inode_set_size(inode, (uint64_t)directory->block_count * EXT4_BLOCK_BYTES);
        return set_pieces(entries, number, inode, err);
}

static uint16_t directory_links(const struct tree_entry *entry, bool has_lost)
{
        uint64_t links = 2 + (uint64_t)has_lost;

        for (size_t i = 0; i < entry->child_count; i++)
                links += entry->children[i]->inode->kind == TREE_DIRECTORY;
        return links > LINKS_MAX ? 1 : (uint16_t)links; /* dir_nlink: 1 stands for too many to count */
}

static enum ingot_code write_directory(struct ext4_entries *entries, const struct tree_entry *entry,
                                       union ext4_inode *inode, struct ingot_error *err)
{
        OWNED(ext4_directory_release) struct ext4_directory directory = { .block_count = 0 };
        uint32_t parent_number = entry->parent ? entry->parent->inode->mark : EXT4_ROOT_INODE;
        enum ingot_code r =
                ext4_inventory_plan_directory(entries->inventory, entry, entries->hash_seed, &directory, err);

        if (r)
                return r;
        inode->large.i_links_count = directory_links(entry, !entry->parent && entries->inventory->makes_lost);
        return write_directory_blocks(entries, &directory, entry->inode->mark, parent_number, inode, err);
}

static enum ingot_code write_symlink(struct ext4_entries *entries, const struct tree_entry *entry,
                                     union ext4_inode *inode, struct ingot_error *err)
{
        const char *target = entry->inode->target;
        size_t target_bytes = strlen(target);
        uint8_t bytes[EXT4_BLOCK_BYTES] = { 0 };
        struct ext4_range range;
        enum ingot_code r;

        if (!target_bytes || target_bytes >= sizeof(bytes))
                return ingot_fail(err, INGOT_E_LAYOUT, "a symlink's target has %zu bytes; 1 to 4095 fit",
                                  target_bytes);
        ext4_inode_set_size(inode, target_bytes);
        if (target_bytes <= EXT4_FAST_LINK_BYTES) {
                memcpy(inode->large.i_block, target, target_bytes);
                return INGOT_OK;
        }
        memcpy(bytes, target, target_bytes); // NOLINT(bugprone-not-null-terminated-result): no string
        if ((r = take(entries, 1, &range, err)) ||
            (r = ext4_pieces_add(&entries->pieces, 0, 1, range.start, err)) ||
            (r = ext4_volume_write_block(entries->volume, range.start, bytes, err)))
                return r;
        entries->content_blocks++;
        return set_pieces(entries, entry->inode->mark, inode, err);
}

static enum ingot_code set_device(const struct tree_entry *entry, union ext4_inode *inode,
                                  struct ingot_error *err)
{
        uint32_t major = entry->inode->device_major, minor = entry->inode->device_minor;

        if (major > DEVICE_MAJOR_MAX || minor > DEVICE_MINOR_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "device %" PRIu32 ":%" PRIu32 " is beyond 4095:1048575", major, minor);
        if (major <= OLD_DEVICE_MAX && minor <= OLD_DEVICE_MAX)
                inode->large.i_block[0] = major << 8 | minor;
        else
                inode->large.i_block[1] = (minor & 0xff) | major << 8 | (minor & ~(uint32_t)0xff) << 12;
        return INGOT_OK;
}

static enum ingot_code write_xattr_block(struct ext4_entries *entries, uint8_t *bytes,
                                         union ext4_inode *inode, struct ingot_error *err)
{
        uint32_t block = entries->site->xattr_block, checksum;
        uint8_t block_number[8];

        if (!block)
                return ingot_fail(err, INGOT_E_BUG, "its xattrs have no place");
        put_le64(block_number, block);
        checksum = ext2fs_crc32c_le(entries->volume->fs->csum_seed, block_number, sizeof(block_number));
        put_le32(bytes + XATTR_CHECKSUM_AT, ext2fs_crc32c_le(checksum, bytes, EXT4_BLOCK_BYTES));
        inode->large.i_file_acl = block;
        ext4_inode_add_blocks(inode, 1);
        return ext4_volume_write_block(entries->volume, block, bytes, err);
}

static enum ingot_code write_xattrs(struct ext4_entries *entries, const struct tree_entry *entry,
                                    union ext4_inode *inode, struct ingot_error *err)
{
        struct ext4_xattr_image image;
        OWNED(heap_drop) uint8_t *block_bytes = NULL;
        enum ingot_code r;

        if (!entry->inode->xattr_count)
                return INGOT_OK;
        if ((r = ext4_xattr_encode(entry->inode->xattrs, entry->inode->xattr_count, &image, err)))
                return r;
        block_bytes = image.block_bytes;
        memcpy(inode->bytes + sizeof(inode->bytes) - EXT4_XATTR_INODE_BYTES, image.inode_bytes,
               EXT4_XATTR_INODE_BYTES);
        return block_bytes ? write_xattr_block(entries, block_bytes, inode, err) : INGOT_OK;
}

static uint16_t mode_bits(enum tree_kind kind)
{
        switch (kind) {
        case TREE_FILE: return LINUX_S_IFREG;
        case TREE_DIRECTORY: return LINUX_S_IFDIR;
        case TREE_SYMLINK: return LINUX_S_IFLNK;
        case TREE_CHARACTER_DEVICE: return LINUX_S_IFCHR;
        case TREE_BLOCK_DEVICE: return LINUX_S_IFBLK;
        case TREE_FIFO: return LINUX_S_IFIFO;
        case TREE_SOCKET: return LINUX_S_IFSOCK;
        }
        return 0;
}

static enum ingot_code write_kind(struct ext4_entries *entries, const struct tree_entry *entry,
                                  union ext4_inode *inode, struct ingot_error *err)
{
        switch (entry->inode->kind) {
        case TREE_FILE: return write_file(entries, entry, inode, err);
        case TREE_DIRECTORY: return write_directory(entries, entry, inode, err);
        case TREE_SYMLINK: return write_symlink(entries, entry, inode, err);
        case TREE_CHARACTER_DEVICE:
        case TREE_BLOCK_DEVICE: return set_device(entry, inode, err);
        case TREE_FIFO:
        case TREE_SOCKET: return INGOT_OK;
        }
        return ingot_fail(err, INGOT_E_BUG, "an entry of kind %d", (int)entry->inode->kind);
}

static enum ingot_code write_entry(struct ext4_entries *entries, const struct tree_entry *entry,
                                   struct ingot_error *err)
{
        const struct tree_inode *from = entry->inode;
        union ext4_inode inode;
        enum ingot_code r;

        if (from->kind != TREE_DIRECTORY && from->link_count > LINKS_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT, "it has %" PRIu32 " hard links, more than ext4's %d",
                                  from->link_count, LINKS_MAX);
        ext4_inode_init(&inode, (uint16_t)(mode_bits(from->kind) | (from->mode & PERMISSIONS)), from->uid,
                        from->gid, &from->mtime);
        inode.large.i_links_count = (uint16_t)from->link_count;
        if ((r = write_kind(entries, entry, &inode, err)) || (r = write_xattrs(entries, entry, &inode, err)))
                return r;
        return ext4_volume_write_inode(entries->volume, from->mark, &inode, err);
}

static enum ingot_code write_lost(struct ext4_entries *entries, struct ingot_error *err)
{
        OWNED(ext4_directory_release) struct ext4_directory directory = { .block_count = 0 };
        union ext4_inode inode;
        enum ingot_code r =
                ext4_directory_plan(NULL, 0, entries->hash_seed, EXT4_LOST_BLOCKS, &directory, err);

        if (r)
                return r;
        begin_site(entries, entries->inventory->count);
        ext4_inode_init(&inode, LINUX_S_IFDIR | LOST_MODE, 0, 0, &entries->volume->own_time);
        inode.large.i_links_count = 2;
        if ((r = write_directory_blocks(entries, &directory, EXT4_LOST_INODE, EXT4_ROOT_INODE, &inode, err)))
                return r;
        return ext4_volume_write_inode(entries->volume, EXT4_LOST_INODE, &inode, err);
}

enum ingot_code ext4_entries_write(struct ext4_entries *entries, struct ingot_error *err)
{
        if (entries->inventory->makes_lost) {
                enum ingot_code r = write_lost(entries, err);

                if (r)
                        return r;
        }
        for (size_t i = 0; i < entries->inventory->count; i++) {
                const struct tree_entry *entry = entries->inventory->order[i];
                enum ingot_code r;

                begin_site(entries, i);
                r = write_entry(entries, entry, err);
                if (r) {
                        OWNED(heap_drop) char *path = tree_entry_path(entry);

                        return ingot_while(err, r, "laying out '%s'", path ? path : entry->name);
                }
        }
        return INGOT_OK;
}
