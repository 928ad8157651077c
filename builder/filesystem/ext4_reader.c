/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_access.h"
#include "filesystem/ext4_features.h"
#include "filesystem/ext4_reader.h"

enum {
        SUPERBLOCK_AT_BYTES = 1024,
        SUPERBLOCK_BYTES = 1024,
        DESCRIPTORS_BYTES_MAX = 64 << 20, /* 64 TiB has half of that */
        BLOCK_SHIFT_MAX = 6,              /* 64 KiB */
        LINKS_MAX = 40,
        PATH_BYTES_MAX = 1 << 16,
};

void ext4_reader_free(struct ext4_reader *reader)
{
        if (!reader)
                return;
        if (reader->fs)
                ext2fs_free(reader->fs);
        free(reader->loaded);
        free(reader);
}

void ext4_reader_drop(struct ext4_reader **reader)
{
        ext4_reader_free(*reader);
}

const struct ext4_facts *ext4_reader_facts(const struct ext4_reader *reader)
{
        return &reader->facts;
}

static enum ingot_code read_source(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        const struct ext4_reader *reader = context;

        return byte_source_read(reader->source, offset_bytes, bytes, size_bytes, err);
}

static void get_facts(const struct ext2_super_block *super, struct ext4_facts *facts)
{
        memcpy(facts->uuid.bytes, super->s_uuid, sizeof(facts->uuid.bytes));
        memcpy(facts->hash_seed.bytes, super->s_hash_seed, sizeof(facts->hash_seed.bytes));
        memcpy(facts->label, super->s_volume_name, sizeof(super->s_volume_name));
        facts->block_bytes = 1024U << super->s_log_block_size;
        facts->block_count = super->s_blocks_count;
        facts->free_blocks = super->s_free_blocks_count;
        facts->reserved_blocks = super->s_r_blocks_count;
        if (super->s_feature_incompat & EXT4_FEATURE_INCOMPAT_64BIT) {
                facts->block_count |= (uint64_t)super->s_blocks_count_hi << 32;
                facts->free_blocks |= (uint64_t)super->s_free_blocks_hi << 32;
                facts->reserved_blocks |= (uint64_t)super->s_r_blocks_count_hi << 32;
        }
        facts->inode_count = super->s_inodes_count;
        facts->free_inodes = super->s_free_inodes_count;
        facts->needs_recovery = (super->s_feature_incompat & EXT3_FEATURE_INCOMPAT_RECOVER) != 0;
        facts->is_clean = (super->s_state & EXT2_VALID_FS) != 0;
        ext4_features_print(super->s_feature_compat, super->s_feature_incompat, super->s_feature_ro_compat,
                            facts->features);
}

/* libext2fs 1.47.0 copies bitmaps by these numbers without a look at their sum: a group's bitmap is a block. */
static bool groups_are_sound(const struct ext2_super_block *super)
{
        uint64_t bits = UINT64_C(8) * (1024U << super->s_log_block_size);
        bool has_clusters = super->s_feature_ro_compat & EXT4_FEATURE_RO_COMPAT_BIGALLOC;
        uint32_t in_group = has_clusters ? super->s_clusters_per_group : super->s_blocks_per_group;

        return super->s_first_data_block == (super->s_log_block_size == 0 && !has_clusters) &&
               in_group <= bits && in_group % 8 == 0 && super->s_inodes_per_group > 0 &&
               super->s_inodes_per_group <= bits && super->s_inodes_per_group % 8 == 0;
}

/* Before the library may allocate by what the superblock says. */
static enum ingot_code check_superblock(const struct ext2_super_block *super, uint64_t size_bytes,
                                        struct ext4_facts *facts, struct ingot_error *err)
{
        uint64_t file_system_bytes, groups;

        if (super->s_magic != EXT2_SUPER_MAGIC)
                return ingot_fail(err, INGOT_E_FORMAT, "no ext2, ext3 or ext4 superblock is at byte 1024");
        if (super->s_log_block_size > BLOCK_SHIFT_MAX || super->s_blocks_per_group < 8 ||
            !groups_are_sound(super))
                return ingot_fail(err, INGOT_E_FORMAT, "the ext4 superblock is damaged");
        get_facts(super, facts);
        if (!checked_mul_u64(facts->block_count, facts->block_bytes, &file_system_bytes) ||
            file_system_bytes > size_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the ext4 file system has %" PRIu64 " blocks of %" PRIu32
                                  " bytes, and %" PRIu64 " bytes are there",
                                  facts->block_count, facts->block_bytes, size_bytes);
        groups = div_up_u64(facts->block_count, super->s_blocks_per_group);
        if (groups > DESCRIPTORS_BYTES_MAX / max_u64(super->s_desc_size, EXT2_MIN_DESC_SIZE))
                return ingot_fail(err, INGOT_E_FORMAT, "the ext4 superblock counts %" PRIu64 " block groups",
                                  groups);
        return INGOT_OK;
}

static enum ingot_code read_superblock(struct ext4_reader *reader, uint64_t size_bytes,
                                       struct ingot_error *err)
{
        struct ext2_super_block super;
        enum ingot_code r;

        _Static_assert(sizeof(super) == SUPERBLOCK_BYTES, "a superblock is 1024 bytes");
        if (size_bytes < SUPERBLOCK_AT_BYTES + SUPERBLOCK_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "%" PRIu64 " bytes cannot hold an ext4 file system",
                                  size_bytes);
        r = byte_source_read(reader->source, SUPERBLOCK_AT_BYTES, &super, sizeof(super), err);
        return r ? r : check_superblock(&super, size_bytes, &reader->facts, err);
}

static enum ingot_code open_library(struct ext4_reader *reader, uint64_t size_bytes, struct ingot_error *err)
{
        char name[EXT4_CHANNEL_NAME_CHARS + 1];
        errcode_t status;

        reader->channel =
                (struct ext4_channel){ .context = reader, .read = read_source, .size_bytes = size_bytes };
        ext4_access_refill(reader);
        ext4_channel_name(&reader->channel, name);
        status = ext2fs_open2(name, NULL, EXT2_FLAG_64BITS, 0, 0, ext4_channel_manager(), &reader->fs);
        if (status) {
                reader->fs = NULL;
                return ext4_access_fail(reader, status, "opening an ext4 file system", err);
        }
        reader->loaded = calloc(1, max_u64(EXT2_INODE_SIZE(reader->fs->super), sizeof(*reader->loaded)));
        return reader->loaded ? INGOT_OK : ingot_fail_memory(err, EXT2_INODE_SIZE(reader->fs->super));
}

enum ingot_code ext4_reader_open(const struct byte_source *source, uint64_t size_bytes,
                                 struct ext4_reader **ret_reader, struct ingot_error *err)
{
        OWNED(ext4_reader_drop) struct ext4_reader *reader = calloc(1, sizeof(*reader));
        enum ingot_code r;

        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        reader->source = source;
        if ((r = read_superblock(reader, size_bytes, err)) || (r = open_library(reader, size_bytes, err)))
                return r;
        *ret_reader = TAKE(reader);
        return INGOT_OK;
}

/* ---- what is in use ---- */

static enum ingot_code add_used(const struct ext4_reader *reader, uint64_t start, uint64_t end,
                                struct extent_list *list, struct ingot_error *err)
{
        uint64_t block_bytes = reader->facts.block_bytes;
        struct extent extent = { .start_lba = start * block_bytes / SECTOR_BYTES,
                                 .end_lba = end * block_bytes / SECTOR_BYTES,
                                 .source = reader->source,
                                 .source_offset_bytes = start * block_bytes,
                                 .size_bytes = (end - start) * block_bytes };

        return extent_list_add(list, &extent, err);
}

enum ingot_code ext4_reader_list_used(struct ext4_reader *reader, struct extent_list *list,
                                      struct ingot_error *err)
{
        blk64_t at = reader->fs->super->s_first_data_block, last = reader->facts.block_count - 1;
        errcode_t status;

        ext4_access_refill(reader);
        status = reader->fs->block_map ? 0 : ext2fs_read_block_bitmap(reader->fs);
        if (status)
                return ext4_access_fail(reader, status, "reading block bitmaps", err);
        while (at <= last) {
                blk64_t start, end = last + 1;
                enum ingot_code r;

                if (ext2fs_find_first_set_block_bitmap2(reader->fs->block_map, at, last, &start))
                        break;
                if (ext2fs_find_first_zero_block_bitmap2(reader->fs->block_map, start, last, &end))
                        end = last + 1;
                if ((r = add_used(reader, start, end, list, err)))
                        return r;
                at = end;
        }
        return INGOT_OK;
}

/* ---- paths ---- */

static enum ingot_code look_up(struct ext4_reader *reader, uint32_t directory, const char *name,
                               size_t name_bytes, uint32_t *ret_number, struct ingot_error *err)
{
        ext2_ino_t number = 0;
        errcode_t status = ext2fs_lookup(reader->fs, directory, name, (int)name_bytes, NULL, &number);

        if (status == EXT2_ET_FILE_NOT_FOUND)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "'%.*s' is not there", (int)name_bytes, name);
        if (status)
                return ext4_access_fail(reader, status, "looking a name up", err);
        *ret_number = number;
        return INGOT_OK;
}

/* A walk along a path: where it is, and what is still to go. */
struct trail {
        struct ext4_node node;
        struct buffer rest;
        uint32_t directory; /* that node was found in: where its target is relative to */
        unsigned links;
};

static void trail_release(struct trail *trail)
{
        buffer_release(&trail->rest);
}

/* Puts the link's target before what is left of the path. */
static enum ingot_code follow(struct ext4_reader *reader, struct trail *trail, size_t done_bytes,
                              struct ingot_error *err)
{
        char target[TREE_TARGET_MAX_BYTES + 1];
        struct buffer rest;
        enum ingot_code r;

        if (++trail->links > LINKS_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "more than %d symlinks are met", LINKS_MAX);
        if ((r = ext4_access_target(reader, &trail->node, target, err)))
                return r;
        buffer_init(&rest, PATH_BYTES_MAX);
        buffer_append_text(&rest, target);
        buffer_append_char(&rest, '/');
        buffer_append(&rest, trail->rest.bytes + done_bytes, trail->rest.size_bytes - done_bytes);
        buffer_release(&trail->rest);
        trail->rest = rest;
        if ((r = buffer_check(&trail->rest, err)))
                return r;
        return ext4_access_load(reader, target[0] == '/' ? EXT2_ROOT_INO : trail->directory, &trail->node,
                                err);
}

/* Takes the next part of the path; ret_end when there is none. */
static enum ingot_code step(struct ext4_reader *reader, struct trail *trail, bool follow_last, bool *ret_end,
                            struct ingot_error *err)
{
        const char *rest = trail->rest.bytes;
        size_t skip_bytes = strspn(rest, "/"), name_bytes = strcspn(rest + skip_bytes, "/");
        size_t done_bytes = skip_bytes + name_bytes;
        bool is_last = rest[done_bytes + strspn(rest + done_bytes, "/")] == '\0';
        struct buffer left;
        uint32_t number = 0;
        enum ingot_code r;

        *ret_end = name_bytes == 0;
        if (*ret_end)
                return INGOT_OK;
        if (trail->node.kind != TREE_DIRECTORY || name_bytes > EXT2_NAME_LEN)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "'%.*s' is not there",
                                  (int)min_u64(name_bytes, 255), rest + skip_bytes);
        trail->directory = trail->node.inode_number;
        r = look_up(reader, trail->directory, rest + skip_bytes, name_bytes, &number, err);
        if (r || (r = ext4_access_load(reader, number, &trail->node, err)))
                return r;
        if (trail->node.kind == TREE_SYMLINK && (follow_last || !is_last))
                return follow(reader, trail, done_bytes, err);
        buffer_init(&left, PATH_BYTES_MAX);
        buffer_append_text(&left, rest + done_bytes);
        buffer_release(&trail->rest);
        trail->rest = left;
        return buffer_check(&trail->rest, err);
}

enum ingot_code ext4_reader_find(struct ext4_reader *reader, const char *path, bool follow_last,
                                 struct ext4_node *ret_node, struct ingot_error *err)
{
        OWNED(trail_release) struct trail trail = { .links = 0 };
        bool is_end = false;
        enum ingot_code r;

        ext4_access_refill(reader);
        buffer_init(&trail.rest, PATH_BYTES_MAX);
        buffer_append_text(&trail.rest, path);
        if ((r = buffer_check(&trail.rest, err)))
                return r;
        r = ext4_access_load(reader, EXT2_ROOT_INO, &trail.node, err);
        while (!r && !is_end)
                r = step(reader, &trail, follow_last, &is_end, err);
        if (r)
                return ingot_while(err, r, "looking up '%.200s'", path);
        *ret_node = trail.node;
        return INGOT_OK;
}

/* ---- files ---- */

enum ingot_code ext4_reader_read(struct ext4_reader *reader, uint32_t inode_number, uint64_t offset_bytes,
                                 void *bytes, size_t size_bytes, struct ingot_error *err)
{
        struct ext4_node node;
        enum ingot_code r;

        ext4_access_refill(reader);
        if ((r = ext4_access_load(reader, inode_number, &node, err)))
                return r;
        if (node.kind != TREE_FILE || offset_bytes > node.size_bytes ||
            size_bytes > node.size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " are past the %" PRIu64
                                  " of the file in inode %" PRIu32,
                                  size_bytes, offset_bytes, node.size_bytes, inode_number);
        return ext4_access_read(reader, inode_number, offset_bytes, bytes, size_bytes, err);
}

enum ingot_code ext4_reader_read_file(struct ext4_reader *reader, const char *path, size_t ceiling_bytes,
                                      char **ret_bytes, size_t *ret_size_bytes, struct ingot_error *err)
{
        OWNED(heap_drop) char *bytes = NULL;
        struct ext4_node node;
        size_t size_bytes;
        enum ingot_code r = ext4_reader_find(reader, path, true, &node, err);

        if (r)
                return r;
        if (node.size_bytes > ceiling_bytes)
                return ingot_fail(err, INGOT_E_MEMORY,
                                  "'%.200s' has %" PRIu64 " bytes, more than the %zu allowed", path,
                                  node.size_bytes, ceiling_bytes);
        size_bytes = (size_t)node.size_bytes;
        bytes = malloc(size_bytes + 1);
        if (!bytes)
                return ingot_fail_memory(err, size_bytes + 1);
        if ((r = ext4_reader_read(reader, node.inode_number, 0, bytes, size_bytes, err)))
                return ingot_while(err, r, "reading '%.200s'", path);
        bytes[size_bytes] = '\0';
        *ret_bytes = TAKE(bytes);
        *ret_size_bytes = size_bytes;
        return INGOT_OK;
}
