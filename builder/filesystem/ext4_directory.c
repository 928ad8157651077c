/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "base/checked.h"
#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_directory.h"

enum {
        BLOCK_BYTES = 4096,
        ENTRY_HEAD_BYTES = 8,
        DOT_BYTES = 12,
        TAIL_BYTES = 12,
        TAIL_TYPE = 0xDE,
        LEAF_BYTES = BLOCK_BYTES - TAIL_BYTES,
        LEAF_FILL_BYTES = LEAF_BYTES - BLOCK_BYTES / 5,
        ROOT_COUNT_AT = 32, /* "." 12, ".." 12, dx_root_info 8 */
        NODE_COUNT_AT = 8,  /* an empty entry */
        INDEX_ENTRY_BYTES = 8,
        INDEX_TAIL_BYTES = 8,
        ROOT_ENTRIES_MAX = (BLOCK_BYTES - ROOT_COUNT_AT - INDEX_TAIL_BYTES) / INDEX_ENTRY_BYTES,
        NODE_ENTRIES_MAX = (BLOCK_BYTES - NODE_COUNT_AT - INDEX_TAIL_BYTES) / INDEX_ENTRY_BYTES,
};

_Static_assert(ROOT_ENTRIES_MAX *NODE_ENTRIES_MAX == EXT4_DIRECTORY_INDEX_LEAVES_MAX, "as the header says");

static uint32_t entry_bytes(const struct ext4_child *child)
{
        return (uint32_t)align_up_u64((uint64_t)ENTRY_HEAD_BYTES + child->name_bytes, 4);
}

void ext4_directory_release(struct ext4_directory *directory)
{
        free(directory->leaf_starts);
        *directory = (struct ext4_directory){ .children = NULL };
}

static enum ingot_code hash_names(struct ext4_child *children, size_t count, const struct guid *hash_seed,
                                  struct ingot_error *err)
{
        const uint32_t last = 0xfffffffe; /* the kernel's mark for the end of a directory */
        uint32_t seed[4];

        for (size_t i = 0; i < 4; i++)
                seed[i] = get_le32(hash_seed->bytes + 4 * i);
        for (size_t i = 0; i < count; i++) {
                if (ext2fs_dirhash2(EXT2_HASH_HALF_MD4, children[i].name, children[i].name_bytes, NULL, 0,
                                    seed, &children[i].hash, &children[i].minor_hash))
                        return ingot_fail(err, INGOT_E_BUG, "libext2fs has no half-MD4");
                if (children[i].hash == last)
                        children[i].hash = last - 2;
        }
        return INGOT_OK;
}

static int compare_hashes(const void *left, const void *right)
{
        const struct ext4_child *a = left, *b = right;
        size_t common_bytes = a->name_bytes < b->name_bytes ? a->name_bytes : b->name_bytes;
        int order;

        if (a->hash != b->hash)
                return a->hash < b->hash ? -1 : 1;
        if (a->minor_hash != b->minor_hash)
                return a->minor_hash < b->minor_hash ? -1 : 1;
        order = memcmp(a->name, b->name, common_bytes);
        return order ? order : (int)a->name_bytes - (int)b->name_bytes;
}

/* Fills leaves greedily; with starts NULL they are only counted. */
static uint32_t cut_leaves(const struct ext4_child *children, size_t count, uint32_t *starts)
{
        uint32_t leaves = 0, used_bytes = LEAF_BYTES;

        for (size_t i = 0; i < count; i++) {
                uint32_t size_bytes = entry_bytes(&children[i]);

                if (used_bytes + size_bytes > LEAF_FILL_BYTES) {
                        if (starts)
                                starts[leaves] = (uint32_t)i;
                        leaves++;
                        used_bytes = 0;
                }
                used_bytes += size_bytes;
        }
        if (starts)
                starts[leaves] = (uint32_t)count;
        return leaves;
}

static enum ingot_code plan_index(struct ext4_directory *directory, const struct guid *hash_seed,
                                  struct ingot_error *err)
{
        enum ingot_code r = hash_names(directory->children, directory->child_count, hash_seed, err);

        if (r)
                return r;
        if (directory->child_count > UINT32_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT, "%zu names are too many for a directory of ext4",
                                  directory->child_count);
        qsort(directory->children, directory->child_count, sizeof(*directory->children), compare_hashes);
        directory->leaf_count = cut_leaves(directory->children, directory->child_count, NULL);
        if (directory->leaf_count > EXT4_DIRECTORY_INDEX_LEAVES_MAX)
                return ingot_fail(err, INGOT_E_LAYOUT,
                                  "%zu names need %" PRIu32
                                  " blocks, more than the %d that a directory of ext4 can index",
                                  directory->child_count, directory->leaf_count,
                                  EXT4_DIRECTORY_INDEX_LEAVES_MAX);
        directory->leaf_starts = calloc((size_t)directory->leaf_count + 1, sizeof(*directory->leaf_starts));
        if (!directory->leaf_starts)
                return ingot_fail_memory(err, ((uint64_t)directory->leaf_count + 1) * sizeof(uint32_t));
        (void)cut_leaves(directory->children, directory->child_count, directory->leaf_starts);
        if (directory->leaf_count > ROOT_ENTRIES_MAX)
                directory->node_count = (uint32_t)div_up_u64(directory->leaf_count, NODE_ENTRIES_MAX);
        directory->block_count = 1 + directory->node_count + directory->leaf_count;
        return INGOT_OK;
}

enum ingot_code ext4_directory_plan(struct ext4_child *children, size_t child_count,
                                    const struct guid *hash_seed, uint32_t blocks_min,
                                    struct ext4_directory *ret_directory, struct ingot_error *err)
{
        OWNED(ext4_directory_release)
        struct ext4_directory directory = { .children = children, .child_count = child_count };
        uint64_t size_bytes = (uint64_t)2 * DOT_BYTES;
        enum ingot_code r;

        for (size_t i = 0; i < child_count && size_bytes <= LEAF_BYTES; i++)
                size_bytes += entry_bytes(&children[i]);
        if (size_bytes <= LEAF_BYTES)
                directory.block_count = (uint32_t)max_u64(blocks_min, 1);
        else if ((r = plan_index(&directory, hash_seed, err)))
                return r;
        *ret_directory = directory;
        directory.leaf_starts = NULL;
        return INGOT_OK;
}

static void put_entry(uint8_t *out, uint32_t inode_number, uint32_t record_bytes, const char *name,
                      uint8_t name_bytes, uint8_t file_type)
{
        put_le32(out, inode_number);
        put_le16(out + 4, (uint16_t)record_bytes);
        out[6] = name_bytes;
        out[7] = file_type;
        memcpy(out + ENTRY_HEAD_BYTES, name, name_bytes);
}

static void put_tail(uint8_t bytes[BLOCK_BYTES], uint32_t checksum_seed)
{
        put_entry(bytes + LEAF_BYTES, 0, TAIL_BYTES, "", 0, TAIL_TYPE);
        put_le32(bytes + LEAF_BYTES + ENTRY_HEAD_BYTES, ext2fs_crc32c_le(checksum_seed, bytes, LEAF_BYTES));
}

/* Puts entries from at_bytes on; the last one's record reaches to the tail. */
static void put_entries(uint8_t bytes[BLOCK_BYTES], uint32_t at_bytes, const struct ext4_child *children,
                        size_t count)
{
        for (size_t i = 0; i < count; i++) {
                uint32_t record_bytes = i + 1 < count ? entry_bytes(&children[i]) : LEAF_BYTES - at_bytes;

                put_entry(bytes + at_bytes, children[i].inode_number, record_bytes, children[i].name,
                          children[i].name_bytes, children[i].file_type);
                at_bytes += record_bytes;
        }
}

static void put_dots(uint8_t bytes[BLOCK_BYTES], uint32_t self_inode, uint32_t parent_inode,
                     uint32_t dot_dot_bytes)
{
        put_entry(bytes, self_inode, DOT_BYTES, ".", 1, EXT2_FT_DIR);
        put_entry(bytes + DOT_BYTES, parent_inode, dot_dot_bytes, "..", 2, EXT2_FT_DIR);
}

static void fill_linear(const struct ext4_directory *directory, uint32_t index, uint32_t self_inode,
                        uint32_t parent_inode, uint8_t bytes[BLOCK_BYTES])
{
        if (index) {
                put_entry(bytes, 0, LEAF_BYTES, "", 0, 0);
                return;
        }
        put_dots(bytes, self_inode, parent_inode,
                 directory->child_count ? DOT_BYTES : LEAF_BYTES - DOT_BYTES);
        put_entries(bytes, 2 * DOT_BYTES, directory->children, directory->child_count);
}

/* What the index says of a leaf: its first hash, with rule 3. */
static uint32_t leaf_hash(const struct ext4_directory *directory, uint32_t leaf)
{
        uint32_t start = directory->leaf_starts[leaf], hash = directory->children[start].hash;

        return hash | (start && directory->children[start - 1].hash == hash);
}

/* The index entries of one block: count of them, each for every step-th leaf from the first_leaf. */
static void put_index(const struct ext4_directory *directory, uint8_t bytes[BLOCK_BYTES], uint32_t count_at,
                      uint32_t limit, uint32_t count, uint32_t first_leaf, uint32_t step,
                      uint32_t first_block, uint32_t checksum_seed)
{
        uint8_t *entry = bytes + count_at, *tail = entry + (size_t)limit * INDEX_ENTRY_BYTES;
        static const uint8_t no_checksum[4];
        uint32_t checksum;

        for (uint32_t i = 0; i < count; i++, entry += INDEX_ENTRY_BYTES) {
                put_le32(entry, leaf_hash(directory, first_leaf + i * step));
                put_le32(entry + 4, first_block + i);
        }
        put_le16(bytes + count_at, (uint16_t)limit); /* the first entry needs no hash: these stand there */
        put_le16(bytes + count_at + 2, (uint16_t)count);
        checksum = ext2fs_crc32c_le(checksum_seed, bytes, count_at + (size_t)count * INDEX_ENTRY_BYTES);
        checksum = ext2fs_crc32c_le(checksum, tail, 4);
        checksum = ext2fs_crc32c_le(checksum, no_checksum, sizeof(no_checksum));
        put_le32(tail + 4, checksum);
}

static void fill_root(const struct ext4_directory *directory, uint32_t self_inode, uint32_t parent_inode,
                      uint32_t checksum_seed, uint8_t bytes[BLOCK_BYTES])
{
        uint8_t *info = bytes + (size_t)2 * DOT_BYTES;
        uint32_t nodes = directory->node_count;

        put_dots(bytes, self_inode, parent_inode, BLOCK_BYTES - DOT_BYTES);
        info[4] = EXT2_HASH_HALF_MD4;
        info[5] = 8; /* of this info */
        info[6] = nodes ? 1 : 0;
        put_index(directory, bytes, ROOT_COUNT_AT, ROOT_ENTRIES_MAX, nodes ? nodes : directory->leaf_count, 0,
                  nodes ? NODE_ENTRIES_MAX : 1, 1, checksum_seed);
}

static void fill_node(const struct ext4_directory *directory, uint32_t node, uint32_t checksum_seed,
                      uint8_t bytes[BLOCK_BYTES])
{
        uint32_t first_leaf = node * NODE_ENTRIES_MAX;
        uint32_t count = (uint32_t)min_u64(NODE_ENTRIES_MAX, directory->leaf_count - first_leaf);

        put_entry(bytes, 0, BLOCK_BYTES, "", 0, 0);
        put_index(directory, bytes, NODE_COUNT_AT, NODE_ENTRIES_MAX, count, first_leaf, 1,
                  1 + directory->node_count + first_leaf, checksum_seed);
}

void ext4_directory_fill(const struct ext4_directory *directory, uint32_t index, uint32_t self_inode,
                         uint32_t parent_inode, uint32_t checksum_seed, uint8_t bytes[BLOCK_BYTES])
{
        memset(bytes, 0, BLOCK_BYTES);
        if (!directory->leaf_starts) {
                fill_linear(directory, index, self_inode, parent_inode, bytes);
                put_tail(bytes, checksum_seed);
        } else if (index == 0) {
                fill_root(directory, self_inode, parent_inode, checksum_seed, bytes);
        } else if (index <= directory->node_count) {
                fill_node(directory, index - 1, checksum_seed, bytes);
        } else {
                uint32_t leaf = index - 1 - directory->node_count;
                uint32_t start = directory->leaf_starts[leaf];

                put_entries(bytes, 0, directory->children + start, directory->leaf_starts[leaf + 1] - start);
                put_tail(bytes, checksum_seed);
        }
}
