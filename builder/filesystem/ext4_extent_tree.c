/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <ext2fs/ext2_fs.h>
#include <ext2fs/ext2fs.h>

#include "base/checked.h"
#include "base/endian.h"
#include "filesystem/ext4_extent_tree.h"

enum {
        BLOCK_BYTES = 4096,
        MAGIC = 0xF30A,
        HEAD_BYTES = 12,
        ENTRY_BYTES = 12,
        TAIL_BYTES = 4,
        ROOT_ENTRIES = (EXT4_EXTENT_ROOT_BYTES - HEAD_BYTES) / ENTRY_BYTES,
        NODE_ENTRIES = (BLOCK_BYTES - HEAD_BYTES - TAIL_BYTES) / ENTRY_BYTES,
};

void ext4_pieces_release(struct ext4_pieces *pieces)
{
        free(pieces->pieces);
        *pieces = (struct ext4_pieces){ .pieces = NULL };
}

static enum ingot_code append(struct ext4_pieces *pieces, const struct ext4_piece *piece,
                              struct ingot_error *err)
{
        if (!pieces->pieces || pieces->count == pieces->capacity) {
                size_t capacity = pieces->capacity ? 2 * pieces->capacity : 16;
                struct ext4_piece *grown = reallocarray(pieces->pieces, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                pieces->pieces = grown;
                pieces->capacity = capacity;
        }
        pieces->pieces[pieces->count++] = *piece;
        return INGOT_OK;
}

enum ingot_code ext4_pieces_add(struct ext4_pieces *pieces, uint32_t file_block, uint32_t count,
                                uint32_t block, struct ingot_error *err)
{
        while (count) {
                struct ext4_piece *last = pieces->count ? &pieces->pieces[pieces->count - 1] : NULL;
                struct ext4_piece piece = { .file_block = file_block, .block = block };
                enum ingot_code r = INGOT_OK;

                if (last && last->file_block + last->count == file_block &&
                    last->block + last->count == block && last->count < EXT4_PIECE_BLOCKS_MAX) {
                        piece.count = (uint32_t)min_u64(count, EXT4_PIECE_BLOCKS_MAX - last->count);
                        last->count += piece.count;
                } else {
                        piece.count = (uint32_t)min_u64(count, EXT4_PIECE_BLOCKS_MAX);
                        r = append(pieces, &piece, err);
                }
                if (r)
                        return r;
                file_block += piece.count;
                block += piece.count;
                count -= piece.count;
        }
        return INGOT_OK;
}

uint64_t ext4_extent_tree_blocks(uint64_t piece_count)
{
        uint64_t total = 0;

        for (uint64_t level = piece_count; level > ROOT_ENTRIES;) {
                level = div_up_u64(level, NODE_ENTRIES);
                total += level;
        }
        return total;
}

/* What a level is made of: pieces at depth 0, blocks of the level below else. */
struct level {
        const struct ext4_pieces *pieces;
        const uint32_t *blocks; /* of the level below; NULL at depth 0 */
        uint64_t count, span;   /* entries; pieces under one of them */
        uint16_t depth;
};

static void put_node(const struct level *level, uint64_t first, uint16_t count, uint16_t most, uint8_t *out)
{
        put_le16(out, MAGIC);
        put_le16(out + 2, count);
        put_le16(out + 4, most);
        put_le16(out + 6, level->depth);
        for (uint64_t i = first; i < first + count; i++) {
                const struct ext4_piece *piece = &level->pieces->pieces[i * level->span];

                out += ENTRY_BYTES;
                put_le32(out, piece->file_block);
                if (level->blocks) {
                        put_le32(out + 4, level->blocks[i]);
                } else {
                        put_le16(out + 4, (uint16_t)piece->count);
                        put_le32(out + 8, piece->block);
                }
        }
}

enum ingot_code ext4_extent_tree_build(const struct ext4_pieces *pieces, const uint32_t *blocks,
                                       uint32_t checksum_seed, uint8_t root[EXT4_EXTENT_ROOT_BYTES],
                                       enum ingot_code (*emit)(void *context, uint32_t block,
                                                               const uint8_t bytes[4096],
                                                               struct ingot_error *err),
                                       void *context, struct ingot_error *err)
{
        struct level level = { .pieces = pieces, .count = pieces->count, .span = 1 };

        while (level.count > ROOT_ENTRIES) {
                uint64_t nodes = div_up_u64(level.count, NODE_ENTRIES);

                for (uint64_t node = 0; node < nodes; node++) {
                        uint8_t bytes[BLOCK_BYTES] = { 0 };
                        uint64_t first = node * NODE_ENTRIES;
                        enum ingot_code r;

                        put_node(&level, first, (uint16_t)min_u64(NODE_ENTRIES, level.count - first),
                                 NODE_ENTRIES, bytes);
                        put_le32(bytes + BLOCK_BYTES - TAIL_BYTES,
                                 ext2fs_crc32c_le(checksum_seed, bytes, BLOCK_BYTES - TAIL_BYTES));
                        if ((r = emit(context, blocks[node], bytes, err)))
                                return r;
                }
                level.blocks = blocks;
                level.count = nodes;
                level.span *= NODE_ENTRIES;
                level.depth++;
                blocks += nodes;
        }
        memset(root, 0, EXT4_EXTENT_ROOT_BYTES);
        put_node(&level, 0, (uint16_t)level.count, ROOT_ENTRIES, root);
        return INGOT_OK;
}
