/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "filesystem/ext4_inode.h"

enum { SECTORS_PER_BLOCK = 8, EXTRA_BYTES = 32, EPOCH_BITS = 2 };

/* Rule 1. */
static const int64_t SECONDS_MIN = INT32_MIN, SECONDS_MAX = ((int64_t)1 << 34) + INT32_MIN - 1;

static void put_time(int64_t seconds, uint32_t nanoseconds, __u32 *low, __u32 *extra)
{
        if (seconds < SECONDS_MIN)
                seconds = SECONDS_MIN;
        if (seconds > SECONDS_MAX)
                seconds = SECONDS_MAX;
        *low = (uint32_t)seconds;
        *extra = nanoseconds << EPOCH_BITS |
                 (uint32_t)((uint64_t)(seconds - (int32_t)(uint32_t)seconds) >> 32 & 3);
}

void ext4_inode_init(union ext4_inode *inode, uint16_t mode, uint32_t uid, uint32_t gid,
                     const struct tree_time *mtime)
{
        struct ext2_inode_large *large = &inode->large;

        memset(inode, 0, sizeof(*inode));
        large->i_mode = mode;
        large->i_uid = (uint16_t)uid;
        large->osd2.linux2.l_i_uid_high = (uint16_t)(uid >> 16);
        large->i_gid = (uint16_t)gid;
        large->osd2.linux2.l_i_gid_high = (uint16_t)(gid >> 16);
        large->i_links_count = 1;
        large->i_extra_isize = EXTRA_BYTES;
        put_time(mtime->seconds, mtime->nanoseconds, &large->i_mtime, &large->i_mtime_extra);
        put_time(mtime->seconds, mtime->nanoseconds, &large->i_atime, &large->i_atime_extra);
        put_time(mtime->seconds, mtime->nanoseconds, &large->i_ctime, &large->i_ctime_extra);
        put_time(mtime->seconds, mtime->nanoseconds, &large->i_crtime, &large->i_crtime_extra);
}

void ext4_inode_set_size(union ext4_inode *inode, uint64_t size_bytes)
{
        inode->large.i_size = (uint32_t)size_bytes;
        inode->large.i_size_high = (uint32_t)(size_bytes >> 32);
}

void ext4_inode_add_blocks(union ext4_inode *inode, uint64_t blocks)
{
        uint64_t sectors = inode->large.i_blocks | (uint64_t)inode->large.osd2.linux2.l_i_blocks_hi << 32;

        sectors += blocks * SECTORS_PER_BLOCK;
        inode->large.i_blocks = (uint32_t)sectors;
        inode->large.osd2.linux2.l_i_blocks_hi = (uint16_t)(sectors >> 32);
}
