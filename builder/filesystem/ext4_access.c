/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "filesystem/ext4_access.h"

enum {
        PERMISSIONS = 07777,
        NAME_BYTES_MIN = 12, /* of a directory entry */
        READ_BYTES_MAX = 1 << 20,
        BUDGET_BYTES = 16 << 20,
        BUDGET_IMAGES = 8,
        BUDGET_BLOCKS_PER_INODE = 2,
};

void ext4_names_release(struct ext4_names *names)
{
        for (size_t i = 0; i < names->count; i++)
                free(names->names[i].name);
        free(names->names);
        *names = (struct ext4_names){ .names = NULL };
}

void ext4_access_refill(struct ext4_reader *reader)
{
        uint64_t budget_bytes;

        if (!checked_mul_u64(reader->channel.size_bytes, BUDGET_IMAGES, &budget_bytes) ||
            !checked_add_u64(budget_bytes, BUDGET_BYTES, &budget_bytes) ||
            !checked_add_u64(budget_bytes,
                             reader->facts.inode_count * BUDGET_BLOCKS_PER_INODE * reader->facts.block_bytes,
                             &budget_bytes))
                budget_bytes = UINT64_MAX;
        reader->channel.budget_bytes = budget_bytes;
        reader->channel.failure.code = INGOT_OK;
}

enum ingot_code ext4_access_fail(struct ext4_reader *reader, errcode_t status, const char *doing,
                                 struct ingot_error *err)
{
        return ext4_channel_fail(&reader->channel, status, INGOT_E_FORMAT, doing, err);
}

uint64_t ext4_access_names_max(const struct ext4_reader *reader)
{
        return reader->facts.block_count * reader->facts.block_bytes / NAME_BYTES_MIN;
}

static bool find_kind(uint16_t mode, enum tree_kind *ret_kind)
{
        switch (mode & LINUX_S_IFMT) {
        case LINUX_S_IFREG: *ret_kind = TREE_FILE; return true;
        case LINUX_S_IFDIR: *ret_kind = TREE_DIRECTORY; return true;
        case LINUX_S_IFLNK: *ret_kind = TREE_SYMLINK; return true;
        case LINUX_S_IFCHR: *ret_kind = TREE_CHARACTER_DEVICE; return true;
        case LINUX_S_IFBLK: *ret_kind = TREE_BLOCK_DEVICE; return true;
        case LINUX_S_IFIFO: *ret_kind = TREE_FIFO; return true;
        case LINUX_S_IFSOCK: *ret_kind = TREE_SOCKET; return true;
        default: return false;
        }
}

/* extra is 0 where the inode is too short to have it. */
static struct tree_time get_time(uint32_t low, uint32_t extra)
{
        return (struct tree_time){ .seconds = (int32_t)low + ((int64_t)(extra & 3) << 32),
                                   .nanoseconds = extra >> 2 };
}

static bool has_extra(const struct ext4_reader *reader, size_t end_at)
{
        return EXT2_INODE_SIZE(reader->fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&
               (size_t)EXT2_GOOD_OLD_INODE_SIZE + reader->loaded->i_extra_isize >= end_at;
}

static void get_device(const struct ext2_inode_large *inode, struct ext4_node *node)
{
        uint32_t old = inode->i_block[0], new = inode->i_block[1];

        node->device_major = old ? old >> 8 & 0xff : new >> 8 & 0xfff;
        node->device_minor = old ? old & 0xff : (new & 0xff) | (new >> 12 & 0xfff00);
}

static void describe(const struct ext4_reader *reader, struct ext4_node *node)
{
        const struct ext2_inode_large *inode = reader->loaded;
        bool mtime = has_extra(reader, offsetof(struct ext2_inode_large, i_mtime_extra) + 4);
        bool atime = has_extra(reader, offsetof(struct ext2_inode_large, i_atime_extra) + 4);
        bool ctime = has_extra(reader, offsetof(struct ext2_inode_large, i_ctime_extra) + 4);

        node->mode = inode->i_mode & PERMISSIONS;
        node->uid = inode->i_uid | (uint32_t)inode->osd2.linux2.l_i_uid_high << 16;
        node->gid = inode->i_gid | (uint32_t)inode->osd2.linux2.l_i_gid_high << 16;
        node->link_count = inode->i_links_count;
        node->size_bytes = inode->i_size | (uint64_t)inode->i_size_high << 32;
        node->allocated_bytes =
                ext2fs_get_stat_i_blocks(reader->fs, (struct ext2_inode *)reader->loaded) * SECTOR_BYTES;
        node->mtime = get_time(inode->i_mtime, mtime ? inode->i_mtime_extra : 0);
        node->atime = get_time(inode->i_atime, atime ? inode->i_atime_extra : 0);
        node->ctime = get_time(inode->i_ctime, ctime ? inode->i_ctime_extra : 0);
        if (node->kind == TREE_CHARACTER_DEVICE || node->kind == TREE_BLOCK_DEVICE)
                get_device(inode, node);
}

enum ingot_code ext4_access_load(struct ext4_reader *reader, uint32_t number, struct ext4_node *ret_node,
                                 struct ingot_error *err)
{
        struct ext4_node node = { .inode_number = number };
        errcode_t status = ext2fs_read_inode_full(reader->fs, number, (struct ext2_inode *)reader->loaded,
                                                  EXT2_INODE_SIZE(reader->fs->super));

        if (status)
                return ext4_access_fail(reader, status, "reading an inode", err);
        if (!find_kind(reader->loaded->i_mode, &node.kind))
                return ingot_fail(err, INGOT_E_FORMAT, "inode %" PRIu32 " has mode 0%o, of no known kind",
                                  number, reader->loaded->i_mode);
        if (reader->loaded->i_flags & EXT4_INLINE_DATA_FL)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "inode %" PRIu32 " keeps its data inside; that is not read here", number);
        describe(reader, &node);
        *ret_node = node;
        return INGOT_OK;
}

static enum ingot_code read_through(struct ext4_reader *reader, ext2_file_t file, uint64_t offset_bytes,
                                    uint8_t *bytes, size_t size_bytes, struct ingot_error *err)
{
        errcode_t status = ext2fs_file_llseek(file, offset_bytes, EXT2_SEEK_SET, NULL);

        while (!status && size_bytes) {
                unsigned part = (unsigned)min_u64(size_bytes, READ_BYTES_MAX), got = 0;

                status = ext2fs_file_read(file, bytes, part, &got);
                if (!status && !got)
                        return ingot_fail(err, INGOT_E_FORMAT, "a file ends %zu bytes early", size_bytes);
                bytes += got;
                size_bytes -= got;
        }
        return status ? ext4_access_fail(reader, status, "reading a file", err) : INGOT_OK;
}

enum ingot_code ext4_access_read(struct ext4_reader *reader, uint32_t number, uint64_t offset_bytes,
                                 void *bytes, size_t size_bytes, struct ingot_error *err)
{
        ext2_file_t file = NULL;
        enum ingot_code r;
        errcode_t status =
                ext2fs_file_open2(reader->fs, number, (struct ext2_inode *)reader->loaded, 0, &file);

        if (status)
                return ext4_access_fail(reader, status, "opening a file", err);
        r = read_through(reader, file, offset_bytes, bytes, size_bytes, err);
        (void)ext2fs_file_close(file); /* nothing was written */
        return r;
}

enum ingot_code ext4_access_target(struct ext4_reader *reader, const struct ext4_node *node,
                                   char ret_target[TREE_TARGET_MAX_BYTES + 1], struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        if (!node->size_bytes || node->size_bytes > TREE_TARGET_MAX_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "symlink in inode %" PRIu32 " has %" PRIu64 " bytes",
                                  node->inode_number, node->size_bytes);
        ret_target[node->size_bytes] = '\0';
        if (ext2fs_is_fast_symlink((struct ext2_inode *)reader->loaded) &&
            node->size_bytes < sizeof(reader->loaded->i_block))
                memcpy(ret_target, reader->loaded->i_block, (size_t)node->size_bytes);
        else
                r = ext4_access_read(reader, node->inode_number, 0, ret_target, (size_t)node->size_bytes,
                                     err);
        return r;
}

static enum ingot_code read_xattr_block(struct ext4_reader *reader, const struct ext4_node *node,
                                        uint64_t block, struct ext4_xattr_list *list, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *bytes = malloc(reader->facts.block_bytes);
        errcode_t status;

        if (!bytes)
                return ingot_fail_memory(err, reader->facts.block_bytes);
        status = ext2fs_read_ext_attr3(reader->fs, block, bytes, node->inode_number);
        if (status)
                return ext4_access_fail(reader, status, "reading xattrs", err);
        return ext4_xattr_decode_block(bytes, reader->facts.block_bytes, list, err);
}

enum ingot_code ext4_access_xattrs(struct ext4_reader *reader, const struct ext4_node *node,
                                   struct ext4_xattr_list *list, struct ingot_error *err)
{
        const uint8_t *bytes = (const uint8_t *)reader->loaded;
        size_t inode_bytes = EXT2_INODE_SIZE(reader->fs->super);
        uint64_t block = ext2fs_file_acl_block(reader->fs, (struct ext2_inode *)reader->loaded);
        enum ingot_code r = INGOT_OK;

        if (inode_bytes > EXT2_GOOD_OLD_INODE_SIZE) {
                size_t at = (size_t)EXT2_GOOD_OLD_INODE_SIZE + reader->loaded->i_extra_isize;

                if (at < inode_bytes)
                        r = ext4_xattr_decode_inode(bytes + at, inode_bytes - at, list, err);
        }
        if (!r && block)
                r = read_xattr_block(reader, node, block, list, err);
        if (r)
                return ingot_while(err, r, "reading the xattrs of inode %" PRIu32, node->inode_number);
        ext4_xattr_list_sort(list);
        return INGOT_OK;
}

struct listing {
        struct ext4_names *names;
        uint64_t count_max;
        enum ingot_code r;
        struct ingot_error *err;
};

static enum ingot_code add_name(struct ext4_names *names, const struct ext2_dir_entry *entry,
                                size_t name_bytes, struct ingot_error *err)
{
        struct ext4_name name = { .name_bytes = name_bytes, .inode_number = entry->inode };

        if (names->count == names->capacity) {
                size_t capacity = names->capacity ? 2 * names->capacity : 16;
                struct ext4_name *grown = reallocarray(names->names, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                names->names = grown;
                names->capacity = capacity;
        }
        name.name = malloc(name_bytes + 1);
        if (!name.name)
                return ingot_fail_memory(err, name_bytes + 1);
        memcpy(name.name, entry->name, name_bytes);
        name.name[name_bytes] = '\0';
        names->names[names->count++] = name;
        return INGOT_OK;
}

static int list_entry(ext2_ino_t directory, int kind, struct ext2_dir_entry *entry, int offset,
                      int block_bytes, char *buffer, void *context)
{
        struct listing *listing = context;
        size_t name_bytes = (size_t)ext2fs_dirent_name_len(entry);
        const char *name = entry->name;

        (void)kind;
        (void)offset;
        (void)block_bytes;
        (void)buffer;
        if (!name_bytes || (name_bytes == 1 && name[0] == '.') ||
            (name_bytes == 2 && name[0] == '.' && name[1] == '.'))
                return 0;
        if (memchr(name, '/', name_bytes) || memchr(name, '\0', name_bytes))
                listing->r = ingot_fail(listing->err, INGOT_E_FORMAT,
                                        "directory in inode %" PRIu32 " has a name with '/' or NUL in it",
                                        directory);
        else if (listing->names->count >= listing->count_max)
                listing->r = ingot_fail(
                        listing->err, INGOT_E_FORMAT,
                        "directory in inode %" PRIu32 " has more names than there is room for", directory);
        else
                listing->r = add_name(listing->names, entry, name_bytes, listing->err);
        return listing->r ? DIRENT_ABORT : 0;
}

static int compare_names(const void *left, const void *right)
{
        const struct ext4_name *a = left, *b = right;

        return strcmp(a->name, b->name);
}

enum ingot_code ext4_access_names(struct ext4_reader *reader, const struct ext4_node *node,
                                  uint64_t count_max, struct ext4_names *names, struct ingot_error *err)
{
        struct listing listing = { .names = names, .count_max = count_max, .err = err };
        errcode_t status = ext2fs_dir_iterate2(reader->fs, node->inode_number, 0, NULL, list_entry, &listing);

        if (listing.r)
                return listing.r;
        if (status)
                return ext4_access_fail(reader, status, "reading a directory", err);
        if (names->count)
                qsort(names->names, names->count, sizeof(*names->names), compare_names);
        return INGOT_OK;
}
