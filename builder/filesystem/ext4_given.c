/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/checked.h"
#include "filesystem/ext4_given.h"

enum { BLOCK_BYTES = 4096 };

bool ext4_given_take(struct ext4_given *given, uint32_t blocks_wanted, struct ext4_range *ret_range)
{
        uint32_t left;

        if (!given->count || !blocks_wanted)
                return false;
        ret_range->start = given->ranges->start + given->used;
        left = given->ranges->end - ret_range->start;
        if (left > blocks_wanted) {
                given->used += blocks_wanted;
                ret_range->end = ret_range->start + blocks_wanted;
        } else {
                ret_range->end = given->ranges->end;
                given->ranges++;
                given->count--;
                given->used = 0;
        }
        return true;
}

static enum ingot_code add_pieces(struct ext4_given *given, uint32_t file_block, uint32_t blocks,
                                  struct ext4_pieces *pieces, struct ingot_error *err)
{
        while (blocks) {
                struct ext4_range range;
                enum ingot_code r;

                if (!ext4_given_take(given, blocks, &range))
                        return ingot_fail(err, INGOT_E_BUG, "%" PRIu32 " blocks have no place", blocks);
                r = ext4_pieces_add(pieces, file_block, range.end - range.start, range.start, err);
                if (r)
                        return r;
                file_block += range.end - range.start;
                blocks -= range.end - range.start;
        }
        return INGOT_OK;
}

enum ingot_code ext4_given_pieces(const struct tree_inode *inode, uint32_t data_blocks,
                                  struct ext4_given given, struct ext4_pieces *pieces,
                                  struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        pieces->count = 0;
        if (!inode || inode->kind != TREE_FILE)
                return add_pieces(&given, 0, data_blocks, pieces, err);
        for (size_t i = 0; !r && i < inode->run_count; i++)
                r = add_pieces(&given, (uint32_t)(inode->runs[i].file_offset_bytes / BLOCK_BYTES),
                               (uint32_t)div_up_u64(inode->runs[i].size_bytes, BLOCK_BYTES), pieces, err);
        return r;
}
