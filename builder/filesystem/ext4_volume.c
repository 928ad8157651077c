/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_volume.h"

enum {
        SECTORS_PER_BLOCK = EXT4_BLOCK_BYTES / SECTOR_BYTES,
        FLEX_BITS = 4, /* log2 of EXT4_FLEX_GROUPS */
        ADDRESSES_PER_BLOCK = EXT4_BLOCK_BYTES / 4,
        SUPERBLOCK_AT_BYTES = 1024,
        NEVER = -1, /* mounts between checks */
};

_Static_assert(1 << FLEX_BITS == EXT4_FLEX_GROUPS, "the superblock holds the logarithm");

void ext4_volume_free(struct ext4_volume *volume)
{
        if (!volume)
                return;
        if (volume->fs)
                ext2fs_free(volume->fs);
        free(volume->used_blocks);
        free(volume->used_directories);
        free(volume->used_inodes);
        free(volume->last_inodes);
        free(volume);
}

void ext4_volume_drop(struct ext4_volume **volume)
{
        ext4_volume_free(*volume);
}

static enum ingot_code fail(struct ext4_volume *volume, errcode_t status, const char *doing,
                            struct ingot_error *err)
{
        return ext4_channel_fail(&volume->channel, status, INGOT_E_BUG, doing, err);
}

static void set_parameters(const struct ext4_geometry *geometry, struct ext2_super_block *parameters)
{
        memset(parameters, 0, sizeof(*parameters));
        ext2fs_blocks_count_set(parameters, geometry->block_count);
        ext2fs_r_blocks_count_set(parameters, geometry->root_blocks);
        parameters->s_inodes_count = geometry->inode_count;
        parameters->s_log_block_size = 2; /* 1024 << 2 */
        parameters->s_blocks_per_group = EXT4_GROUP_BLOCKS;
        parameters->s_reserved_gdt_blocks = (uint16_t)geometry->reserved_descriptor_blocks;
        parameters->s_log_groups_per_flex = FLEX_BITS;
        parameters->s_rev_level = EXT2_DYNAMIC_REV;
        parameters->s_first_ino = EXT4_RESERVED_INODES + 1;
        parameters->s_inode_size = EXT4_INODE_BYTES;
        parameters->s_min_extra_isize = 32;
        parameters->s_want_extra_isize = 32;
        parameters->s_desc_size = EXT4_BLOCK_BYTES / EXT4_DESCRIPTORS_PER_BLOCK;
        parameters->s_errors = EXT2_ERRORS_CONTINUE;
        parameters->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
        parameters->s_feature_compat = EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_RESIZE_INODE |
                                       EXT2_FEATURE_COMPAT_DIR_INDEX;
        if (geometry->journal_blocks)
                parameters->s_feature_compat |= EXT3_FEATURE_COMPAT_HAS_JOURNAL;
        parameters->s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
                                         EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG;
        parameters->s_feature_ro_compat =
                EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
                EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
                EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static void set_time(int64_t seconds, __u32 *low, __u8 *high)
{
        *low = (uint32_t)seconds;
        *high = (uint8_t)((uint64_t)seconds >> 32);
}

/* Rule 1: whatever the library chose by itself is replaced. */
static void set_superblock(struct ext4_volume *volume, const struct ext4_request *request)
{
        struct ext2_super_block *super = volume->fs->super;
        const char *label = request->label ? request->label : "";

        set_time(volume->made_seconds, &super->s_mkfs_time, &super->s_mkfs_time_hi);
        set_time(volume->made_seconds, &super->s_lastcheck, &super->s_lastcheck_hi);
        set_time(0, &super->s_mtime, &super->s_mtime_hi);
        super->s_creator_os = EXT2_OS_LINUX;
        super->s_max_mnt_count = NEVER;
        super->s_checkinterval = 0;
        super->s_kbytes_written = 0;
        super->s_flags = EXT2_FLAGS_SIGNED_HASH;
        super->s_def_hash_version = EXT2_HASH_HALF_MD4;
        super->s_checksum_type = EXT2_CRC32C_CHKSUM;
        super->s_overhead_clusters = volume->geometry.own_blocks - 1; /* the resize inode's is a file's */
        memcpy(super->s_uuid, request->uuid.bytes, sizeof(super->s_uuid));
        memcpy(super->s_hash_seed, request->hash_seed.bytes, sizeof(super->s_hash_seed));
        memcpy(super->s_volume_name, label, strlen(label));
        /* Only so that the library does not ask the clock; finish() writes the true time. */
        volume->fs->now = request->epoch_seconds > 0 ? (time_t)request->epoch_seconds : 1;
        ext2fs_init_csum_seed(volume->fs);
}

static enum ingot_code check_geometry(const struct ext4_volume *volume, struct ingot_error *err)
{
        const struct ext4_geometry *geometry = &volume->geometry;
        const ext2_filsys fs = volume->fs;

        if (ext2fs_blocks_count(fs->super) == geometry->block_count &&
            fs->group_desc_count == geometry->group_count && fs->desc_blocks == geometry->descriptor_blocks &&
            fs->inode_blocks_per_group == geometry->table_blocks &&
            fs->super->s_blocks_per_group == EXT4_GROUP_BLOCKS &&
            fs->super->s_inodes_per_group == geometry->inodes_per_group &&
            fs->super->s_reserved_gdt_blocks == geometry->reserved_descriptor_blocks)
                return INGOT_OK;
        return ingot_fail(
                err, INGOT_E_BUG,
                "libext2fs makes %u groups of %u inodes, %" PRIu64 " blocks and %u + %u for descriptors "
                "where %u of %u, %u and %u + %u were planned",
                fs->group_desc_count, fs->super->s_inodes_per_group, (uint64_t)ext2fs_blocks_count(fs->super),
                (unsigned)fs->desc_blocks, fs->super->s_reserved_gdt_blocks, geometry->group_count,
                geometry->inodes_per_group, geometry->block_count, geometry->descriptor_blocks,
                geometry->reserved_descriptor_blocks);
}

static void count_used(struct ext4_volume *volume, uint32_t start, uint32_t end)
{
        while (start < end) {
                uint32_t group = start / EXT4_GROUP_BLOCKS;
                uint32_t stop = (uint32_t)min_u64((uint64_t)(group + 1) * EXT4_GROUP_BLOCKS, end);

                volume->used_blocks[group] += stop - start;
                volume->free_blocks -= stop - start;
                start = stop;
        }
}

static void use_blocks(struct ext4_volume *volume, uint32_t start, uint32_t end)
{
        ext2fs_mark_block_bitmap_range2(volume->fs->block_map, start, end - start);
        count_used(volume, start, end);
}

static void use_ranges(struct ext4_volume *volume, const struct ext4_range *ranges, size_t count)
{
        for (size_t i = 0; i < count; i++)
                use_blocks(volume, ranges[i].start, ranges[i].end);
}

/* All that the placement has, but for what nobody placed: superblocks and descriptors. */
static void use_content(struct ext4_volume *volume)
{
        const struct ext4_placement *placement = volume->placement;

        use_ranges(volume, placement->data, placement->data_count);
        use_ranges(volume, placement->nodes, placement->node_count);
        for (size_t i = 0; i < placement->site_count; i++)
                if (placement->sites[i].xattr_block)
                        use_blocks(volume, placement->sites[i].xattr_block,
                                   placement->sites[i].xattr_block + 1);
}

static void use_own(struct ext4_volume *volume)
{
        const struct ext4_placement *placement = volume->placement;

        volume->free_blocks = volume->geometry.block_count;
        for (uint32_t group = 0; group < volume->geometry.group_count; group++) {
                const struct ext4_tables *tables = &placement->tables[group];
                uint32_t start = group * EXT4_GROUP_BLOCKS;

                ext2fs_block_bitmap_loc_set(volume->fs, group, tables->block_bitmap);
                ext2fs_inode_bitmap_loc_set(volume->fs, group, tables->inode_bitmap);
                ext2fs_inode_table_loc_set(volume->fs, group, tables->inode_table);
                use_blocks(volume, tables->block_bitmap, tables->block_bitmap + 1);
                use_blocks(volume, tables->inode_bitmap, tables->inode_bitmap + 1);
                use_blocks(volume, tables->inode_table, tables->inode_table + volume->geometry.table_blocks);
                count_used(volume, start, start + ext4_geometry_head_blocks(&volume->geometry, group));
        }
        use_blocks(volume, placement->resize_block, placement->resize_block + 1);
        for (size_t i = 0; i < placement->journal.count; i++)
                use_blocks(volume, placement->journal.pieces[i].block,
                           placement->journal.pieces[i].block + placement->journal.pieces[i].count);
        use_ranges(volume, placement->journal_nodes, placement->journal_node_count);
}

enum ingot_code ext4_volume_write_block(void *context, uint32_t block, const uint8_t bytes[4096],
                                        struct ingot_error *err)
{
        struct ext4_volume *volume = context;

        return ext4_spool_write(volume->spool, (uint64_t)block * EXT4_BLOCK_BYTES, bytes, EXT4_BLOCK_BYTES,
                                err);
}

uint32_t ext4_volume_inode_seed(const struct ext4_volume *volume, uint32_t number)
{
        uint8_t number_and_generation[8] = { 0 };

        put_le32(number_and_generation, number);
        return ext2fs_crc32c_le(volume->fs->csum_seed, number_and_generation, sizeof(number_and_generation));
}

enum ingot_code ext4_volume_set_pieces(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                       const struct ext4_pieces *pieces, const struct ext4_range *nodes,
                                       size_t node_count, struct ingot_error *err)
{
        OWNED(heap_drop) uint32_t *blocks = calloc(node_count + 1, sizeof(*blocks));

        if (!blocks)
                return ingot_fail_memory(err, node_count * sizeof(*blocks));
        if (node_count != ext4_extent_tree_blocks(pieces->count))
                return ingot_fail(err, INGOT_E_BUG, "%zu pieces have %zu blocks for their tree",
                                  pieces->count, node_count);
        for (size_t i = 0; i < node_count; i++)
                blocks[i] = nodes[i].start;
        for (size_t i = 0; i < pieces->count; i++)
                ext4_inode_add_blocks(inode, pieces->pieces[i].count);
        ext4_inode_add_blocks(inode, node_count);
        inode->large.i_flags |= EXT4_EXTENTS_FL;
        return ext4_extent_tree_build(pieces, blocks, ext4_volume_inode_seed(volume, number),
                                      (uint8_t *)inode->large.i_block, ext4_volume_write_block, volume, err);
}

static void use_inode(struct ext4_volume *volume, uint32_t number)
{
        uint32_t group = (number - 1) / volume->geometry.inodes_per_group;
        uint32_t within = (number - 1) % volume->geometry.inodes_per_group + 1;

        ext2fs_mark_inode_bitmap2(volume->fs->inode_map, number);
        volume->used_inodes[group]++;
        volume->last_inodes[group] = (uint32_t)max_u64(volume->last_inodes[group], within);
        volume->free_inodes--;
}

enum ingot_code ext4_volume_write_inode(struct ext4_volume *volume, uint32_t number, union ext4_inode *inode,
                                        struct ingot_error *err)
{
        errcode_t status = ext2fs_write_inode_full(volume->fs, number, (struct ext2_inode *)&inode->large,
                                                   sizeof(*inode));

        if (status)
                return fail(volume, status, "writing an inode", err);
        if (number > EXT4_RESERVED_INODES || number == EXT2_ROOT_INO)
                volume->used_directories[(number - 1) / volume->geometry.inodes_per_group] +=
                        LINUX_S_ISDIR(inode->large.i_mode) ? 1 : 0;
        if (number > EXT4_RESERVED_INODES)
                use_inode(volume, number);
        return INGOT_OK;
}

/* The first reserved descriptor blocks name their copies in the backups; one block names them all. */
static enum ingot_code write_reserve(struct ext4_volume *volume, uint32_t names_block,
                                     struct ingot_error *err)
{
        const struct ext4_geometry *geometry = &volume->geometry;
        uint8_t names[EXT4_BLOCK_BYTES] = { 0 };

        for (uint32_t i = 0; i < geometry->reserved_descriptor_blocks; i++) {
                uint32_t place = geometry->descriptor_blocks + i, block = 1 + place, copies = 0;
                uint8_t bytes[EXT4_BLOCK_BYTES] = { 0 };
                enum ingot_code r;

                for (uint32_t group = 1; group < geometry->group_count; group++)
                        if (ext4_geometry_has_backup(group))
                                put_le32(bytes + (size_t)4 * copies++, block + group * EXT4_GROUP_BLOCKS);
                if ((r = ext4_volume_write_block(volume, block, bytes, err)))
                        return r;
                put_le32(names + (size_t)4 * (place % ADDRESSES_PER_BLOCK), block);
        }
        return ext4_volume_write_block(volume, names_block, names, err);
}

static void start_own_inode(const struct ext4_volume *volume, union ext4_inode *inode)
{
        ext4_inode_init(inode, LINUX_S_IFREG | 0600, 0, 0, &volume->own_time);
}

static enum ingot_code make_resize_inode(struct ext4_volume *volume, struct ingot_error *err)
{
        const uint64_t apb = ADDRESSES_PER_BLOCK;
        const struct ext4_geometry *geometry = &volume->geometry;
        uint32_t block = volume->placement->resize_block;
        union ext4_inode inode;
        enum ingot_code r = write_reserve(volume, block, err);

        if (r)
                return r;
        start_own_inode(volume, &inode);
        ext4_inode_set_size(&inode, (apb * apb + apb + EXT2_NDIR_BLOCKS) * EXT4_BLOCK_BYTES);
        ext4_inode_add_blocks(&inode, 1 + (uint64_t)geometry->reserved_descriptor_blocks *
                                                      (1 + geometry->backup_count));
        inode.large.i_block[EXT2_DIND_BLOCK] = block;
        return ext4_volume_write_inode(volume, EXT2_RESIZE_INO, &inode, err);
}

static enum ingot_code write_journal_head(struct ext4_volume *volume, struct ingot_error *err)
{
        struct ext2fs_journal_params parameters = { .num_journal_blocks = volume->geometry.journal_blocks };
        char *head = NULL;
        errcode_t status = ext2fs_create_journal_superblock2(volume->fs, &parameters, 0, &head);
        enum ingot_code r;

        if (status)
                return fail(volume, status, "making the journal", err);
        r = ext4_volume_write_block(volume, volume->placement->journal.pieces[0].block, (uint8_t *)head, err);
        ext2fs_free_mem(&head);
        return r;
}

static enum ingot_code make_journal(struct ext4_volume *volume, struct ingot_error *err)
{
        struct ext2_super_block *super = volume->fs->super;
        const struct ext4_placement *placement = volume->placement;
        uint32_t blocks = volume->geometry.journal_blocks;
        union ext4_inode inode;
        enum ingot_code r;

        start_own_inode(volume, &inode);
        ext4_inode_set_size(&inode, (uint64_t)blocks * EXT4_BLOCK_BYTES);
        if ((r = ext4_volume_set_pieces(volume, EXT2_JOURNAL_INO, &inode, &placement->journal,
                                        placement->journal_nodes, placement->journal_node_count, err)) ||
            (r = ext4_volume_write_inode(volume, EXT2_JOURNAL_INO, &inode, err)))
                return r;
        super->s_journal_inum = EXT2_JOURNAL_INO;
        super->s_jnl_backup_type = EXT3_JNL_BACKUP_BLOCKS;
        memcpy(super->s_jnl_blocks, inode.large.i_block, sizeof(inode.large.i_block));
        super->s_jnl_blocks[15] = inode.large.i_size_high;
        super->s_jnl_blocks[16] = inode.large.i_size;
        return write_journal_head(volume, err);
}

static enum ingot_code initialize(struct ext4_volume *volume, struct ingot_error *err)
{
        char name[EXT4_CHANNEL_NAME_CHARS + 1];
        struct ext2_super_block parameters;
        errcode_t status;

        volume->channel = (struct ext4_channel){
                .context = volume->spool,
                .read = ext4_spool_read,
                .write = ext4_spool_write,
                .size_bytes = (uint64_t)volume->geometry.block_count * EXT4_BLOCK_BYTES,
                .budget_bytes = UINT64_MAX,
        };
        ext4_channel_name(&volume->channel, name);
        set_parameters(&volume->geometry, &parameters);
        status = ext2fs_initialize(name, EXT2_FLAG_64BITS, &parameters, ext4_channel_manager(), &volume->fs);
        if (status) {
                volume->fs = NULL;
                return fail(volume, status, "making an ext4 file system", err);
        }
        return check_geometry(volume, err);
}

static enum ingot_code allocate_counts(struct ext4_volume *volume, struct ingot_error *err)
{
        uint32_t groups = volume->geometry.group_count;

        volume->used_blocks = calloc(groups, sizeof(*volume->used_blocks));
        volume->used_directories = calloc(groups, sizeof(*volume->used_directories));
        volume->used_inodes = calloc(groups, sizeof(*volume->used_inodes));
        volume->last_inodes = calloc(groups, sizeof(*volume->last_inodes));
        if (!volume->used_blocks || !volume->used_directories || !volume->used_inodes || !volume->last_inodes)
                return ingot_fail_memory(err, (uint64_t)groups * 4 * sizeof(uint32_t));
        volume->free_inodes = volume->geometry.inode_count;
        return INGOT_OK;
}

static void describe_group(struct ext4_volume *volume, uint32_t group)
{
        const struct ext4_geometry *geometry = &volume->geometry;
        bool is_last = group + 1 == geometry->group_count;
        uint16_t flags = EXT2_BG_INODE_ZEROED;

        /* The last group's bitmap has padding that nobody could guess. */
        if (!volume->used_blocks[group] && !is_last)
                flags |= EXT2_BG_BLOCK_UNINIT;
        if (!volume->used_inodes[group])
                flags |= EXT2_BG_INODE_UNINIT;
        ext2fs_bg_flags_zap(volume->fs, group);
        ext2fs_bg_flags_set(volume->fs, group, flags);
        ext2fs_bg_free_blocks_count_set(volume->fs, group,
                                        (uint32_t)ext2fs_group_blocks_count(volume->fs, group) -
                                                volume->used_blocks[group]);
        ext2fs_bg_free_inodes_count_set(volume->fs, group,
                                        geometry->inodes_per_group - volume->used_inodes[group]);
        ext2fs_bg_itable_unused_set(volume->fs, group,
                                    geometry->inodes_per_group - volume->last_inodes[group]);
        ext2fs_bg_used_dirs_count_set(volume->fs, group, volume->used_directories[group]);
        ext2fs_group_desc_csum_set(volume->fs, group);
}

static void describe(struct ext4_volume *volume)
{
        for (uint32_t group = 0; group < volume->geometry.group_count; group++)
                describe_group(volume, group);
        ext2fs_free_blocks_count_set(volume->fs->super, volume->free_blocks);
        volume->fs->super->s_free_inodes_count = volume->free_inodes;
        ext2fs_mark_super_dirty(volume->fs);
}

/* Writing a superblock, the library sets the time of writing its own way. */
static enum ingot_code set_write_time(struct ext4_volume *volume, uint64_t at_bytes, int64_t seconds,
                                      struct ingot_error *err)
{
        struct ext2_super_block super;
        enum ingot_code r = ext4_spool_read(volume->spool, at_bytes, &super, sizeof(super), err);

        if (r)
                return r;
        set_time(seconds, &super.s_wtime, &super.s_wtime_hi);
        (void)ext2fs_superblock_csum_set(volume->fs, &super); /* has no way to fail */
        return ext4_spool_write(volume->spool, at_bytes, &super, sizeof(super), err);
}

/* Rule 3: the copies, once, before there is any content. */
static enum ingot_code write_copies(struct ext4_volume *volume, struct ingot_error *err)
{
        errcode_t status;
        enum ingot_code r = INGOT_OK;

        describe(volume);
        volume->fs->flags &= ~(EXT2_FLAG_BB_DIRTY | EXT2_FLAG_IB_DIRTY);
        status = ext2fs_flush(volume->fs);
        if (status)
                return fail(volume, status, "writing the copies of the superblock", err);
        for (uint32_t group = 1; !r && group < volume->geometry.group_count; group++)
                if (ext4_geometry_has_backup(group))
                        r = set_write_time(volume, (uint64_t)group * EXT4_GROUP_BLOCKS * EXT4_BLOCK_BYTES,
                                           volume->made_seconds, err);
        volume->fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
        return r;
}

static enum ingot_code make_own(struct ext4_volume *volume, struct ingot_error *err)
{
        enum ingot_code r;

        use_own(volume);
        for (uint32_t number = 1; number <= EXT4_RESERVED_INODES; number++)
                use_inode(volume, number);
        r = make_resize_inode(volume, err);
        if (!r && volume->geometry.journal_blocks)
                r = make_journal(volume, err);
        if (!r)
                r = write_copies(volume, err);
        if (!r)
                use_content(volume);
        return r;
}

enum ingot_code ext4_volume_new(const struct ext4_request *request, const struct ext4_placement *placement,
                                struct ext4_spool *spool, struct ext4_volume **ret_volume,
                                struct ingot_error *err)
{
        OWNED(ext4_volume_drop) struct ext4_volume *volume = calloc(1, sizeof(*volume));
        enum ingot_code r;

        if (!volume)
                return ingot_fail_memory(err, sizeof(*volume));
        volume->geometry = placement->geometry;
        volume->placement = placement;
        volume->spool = spool;
        volume->epoch_seconds = request->epoch_seconds;
        volume->made_seconds = request->lock ? request->lock->ext4.made_seconds : request->epoch_seconds;
        volume->own_time = tree_root(request->tree)->inode->mtime;
        if ((r = allocate_counts(volume, err)) || (r = initialize(volume, err)))
                return r;
        set_superblock(volume, request);
        if ((r = make_own(volume, err)))
                return r;
        *ret_volume = TAKE(volume);
        return INGOT_OK;
}

enum ingot_code ext4_volume_finish(struct ext4_volume *volume, struct ingot_error *err)
{
        errcode_t status;

        describe(volume);
        ext2fs_mark_bb_dirty(volume->fs);
        ext2fs_mark_ib_dirty(volume->fs);
        status = ext2fs_flush(volume->fs);
        if (status)
                return fail(volume, status, "writing bitmaps and descriptors", err);
        return set_write_time(volume, SUPERBLOCK_AT_BYTES, volume->epoch_seconds, err);
}

static enum ingot_code add_zeros(struct extent_list *list, uint32_t start, uint32_t end,
                                 struct ingot_error *err)
{
        struct extent extent = { .start_lba = (uint64_t)start * SECTORS_PER_BLOCK,
                                 .end_lba = (uint64_t)end * SECTORS_PER_BLOCK };

        return start < end ? extent_list_add(list, &extent, err) : INGOT_OK;
}

/* The blocks of a group's inode table that no inode was written to. */
static enum ingot_code list_table(const struct ext4_volume *volume, uint32_t group, struct extent_list *list,
                                  struct ingot_error *err)
{
        uint32_t start = volume->placement->tables[group].inode_table;
        uint32_t written = (uint32_t)div_up_u64(volume->last_inodes[group], EXT4_INODES_PER_BLOCK);
        enum ingot_code r = INGOT_OK;

        for (uint32_t block = start; !r && block < start + written; block++)
                if (!ext4_spool_is_written(volume->spool, block))
                        r = add_zeros(list, block, block + 1, err);
        return r ? r : add_zeros(list, start + written, start + volume->geometry.table_blocks, err);
}

enum ingot_code ext4_volume_list_zeros(const struct ext4_volume *volume, struct extent_list *list,
                                       struct ingot_error *err)
{
        const struct ext4_pieces *journal = &volume->placement->journal;
        enum ingot_code r = INGOT_OK;

        for (uint32_t group = 0; !r && group < volume->geometry.group_count; group++)
                r = list_table(volume, group, list, err);
        for (size_t i = 0; !r && i < journal->count; i++) {
                const struct ext4_piece *piece = &journal->pieces[i];

                r = add_zeros(list, piece->block + (i == 0), piece->block + piece->count, err);
        }
        return r;
}
