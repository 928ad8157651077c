/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/endian.h"
#include "base/own.h"
#include "model/layout_lock.h"
#include "model/partition_type.h"

enum {
        SECTORS_PER_BLOCK = 8,
        GROUP_BLOCKS = 32768,
        INODES_PER_GROUP_MAX = GROUP_BLOCKS,
        INODES_PER_TABLE_BLOCK = 16,
        JOURNAL_BLOCKS_MAX = GROUP_BLOCKS,
        DESCRIPTOR_BLOCKS_MAX = 4096,
        NANOSECONDS = 1000000000,
};

#define LBA_MAX (UINT64_C(1) << 37) /* 64 TiB */

/* Where reading stands: words of the line that was begun last. */
struct scan {
        const char *name; /* of the lock, for messages */
        char *line, *next, *end;
        uint64_t line_number;
        struct ingot_error *err;
};

static enum ingot_code refuse(const struct scan *scan, const char *what)
{
        return ingot_fail(scan->err, INGOT_E_FORMAT, "%s:%" PRIu64 ": %s", scan->name, scan->line_number,
                          what);
}

/* Begins the next line, which must be there, and ends it with a NUL. */
static enum ingot_code begin_line(struct scan *scan)
{
        char *newline = memchr(scan->next, '\n', (size_t)(scan->end - scan->next));

        scan->line_number++;
        if (!newline)
                return refuse(scan, "the layout lock ends too early");
        *newline = '\0';
        if (memchr(scan->next, '\0', (size_t)(newline - scan->next)))
                return refuse(scan, "a NUL has no place in a layout lock");
        scan->line = scan->next;
        scan->next = newline + 1;
        return INGOT_OK;
}

/* The next word of the line; "" when there is none, which nothing takes for a word. */
static char *take_word(struct scan *scan)
{
        char *word = scan->line, *space = strchr(word, ' ');

        if (space) {
                *space = '\0';
                scan->line = space + 1;
        } else {
                scan->line = word + strlen(word);
        }
        return word;
}

static bool line_is_done(const struct scan *scan)
{
        return *scan->line == '\0';
}

/* Reads digits up to end, a character or the NUL; *text stands on it afterwards. */
static bool read_number(char **text, uint64_t most, uint64_t *ret_value)
{
        uint64_t value = 0;
        char *at = *text;

        for (; *at >= '0' && *at <= '9'; at++) {
                uint64_t digit = (uint64_t)(*at - '0');

                if (digit > most || value > (most - digit) / 10)
                        return false;
                value = value * 10 + digit;
        }
        if (at == *text)
                return false;
        *text = at;
        *ret_value = value;
        return true;
}

static bool take_number(struct scan *scan, uint64_t most, uint64_t *ret_value)
{
        char *word = take_word(scan);

        return read_number(&word, most, ret_value) && !*word;
}

static bool take_u32(struct scan *scan, uint32_t most, uint32_t *ret_value)
{
        uint64_t value;

        if (!take_number(scan, most, &value))
                return false;
        *ret_value = (uint32_t)value;
        return true;
}

static bool read_signed(char **text, int64_t *ret_value)
{
        bool is_negative = **text == '-';
        uint64_t value;

        *text += is_negative;
        if (!read_number(text, INT64_MAX, &value))
                return false;
        *ret_value = is_negative ? -(int64_t)value : (int64_t)value;
        return true;
}

static bool take_guid(struct scan *scan, struct guid *ret_guid)
{
        return guid_parse(take_word(scan), ret_guid);
}

/* START+LENGTH within block_count. */
static bool read_range(char **text, uint32_t block_count, struct lock_range *ret_range)
{
        uint64_t start, length;

        if (!read_number(text, block_count, &start) || **text != '+')
                return false;
        ++*text;
        if (!read_number(text, block_count - start, &length))
                return false;
        *ret_range = (struct lock_range){ .start = (uint32_t)start, .end = (uint32_t)(start + length) };
        return true;
}

static bool unescape(char *text)
{
        char *out = text;
        bool has_nul = false;

        for (char *at = text; *at; at++) {
                uint8_t byte = (uint8_t)*at;
                char digits[3] = { 0 };

                if (*at == '%') {
                        digits[0] = at[1];
                        if (at[1])
                                digits[1] = at[2];
                        if (!hex_decode(digits, &byte, 1))
                                return false;
                        at += 2;
                        has_nul |= byte == 0;
                }
                *out++ = (char)byte;
        }
        *out = '\0';
        return !has_nul;
}

static enum ingot_code take_ranges(struct scan *scan, struct lock_partition *partition, size_t *ret_first,
                                   size_t *ret_count)
{
        char *word = take_word(scan);

        *ret_first = partition->range_count;
        *ret_count = 0;
        if (strcmp(word, "-") == 0)
                return INGOT_OK;
        for (;; word++) {
                struct lock_range range;
                enum ingot_code r;

                if (!read_range(&word, partition->ext4.block_count, &range) || range.start == range.end)
                        return refuse(scan, "blocks are written START+LENGTH, within the file system");
                if ((r = lock_partition_add_range(partition, range, scan->err)))
                        return r;
                ++*ret_count;
                if (!*word)
                        return INGOT_OK;
                if (*word != ',')
                        return refuse(scan, "ranges of blocks are joined by commas");
        }
}

static bool take_time(struct scan *scan, struct tree_time *ret_time)
{
        char *word = take_word(scan);
        uint64_t nanoseconds;

        if (!read_signed(&word, &ret_time->seconds) || *word != '.')
                return false;
        word++;
        if (!read_number(&word, NANOSECONDS - 1, &nanoseconds) || *word)
                return false;
        ret_time->nanoseconds = (uint32_t)nanoseconds;
        return true;
}

static uint32_t inode_limit(const struct lock_partition *partition)
{
        uint64_t groups = ((uint64_t)partition->ext4.block_count + GROUP_BLOCKS - 1) / GROUP_BLOCKS;
        uint64_t inodes = groups * partition->ext4.inodes_per_group;

        return inodes > INT32_MAX ? INT32_MAX : (uint32_t)inodes;
}

static enum ingot_code read_inode(struct scan *scan, struct lock_partition *partition)
{
        struct lock_inode inode = { .number = 0 };
        const char *kind = take_word(scan);
        enum ingot_code r;

        if (strlen(kind) != 1 || !strchr("fdlo", *kind))
                return refuse(scan, "the kind of an inode is f, d, l or o");
        inode.kind = *kind;
        if (!take_u32(scan, inode_limit(partition), &inode.number) || !inode.number)
                return refuse(scan, "the number of an inode is none of the file system's");
        if (!take_time(scan, &inode.mtime) || !take_number(scan, INT64_MAX, &inode.size_bytes))
                return refuse(scan, "an inode's time and size are numbers");
        if ((r = take_ranges(scan, partition, &inode.data_first, &inode.data_count)) ||
            (r = take_ranges(scan, partition, &inode.node_first, &inode.node_count)))
                return r;
        if (!take_u32(scan, partition->ext4.block_count - 1, &inode.xattr_block))
                return refuse(scan, "the block of an inode's xattrs is none of the file system's");
        inode.path = take_word(scan);
        if (*inode.path != '/' || !line_is_done(scan) || !unescape((char *)inode.path))
                return refuse(scan, "an inode's path starts with '/', and %XX stands for what is not "
                                    "visible");
        if (partition->inode_count &&
            strcmp(partition->inodes[partition->inode_count - 1].path, inode.path) >= 0)
                return refuse(scan, "paths do not ascend");
        return lock_partition_add_inode(partition, &inode, scan->err);
}

static enum ingot_code read_growths(struct scan *scan, struct lock_ext4 *ext4)
{
        char *word = take_word(scan);
        uint32_t most = (uint32_t)(((uint64_t)ext4->block_count + GROUP_BLOCKS - 1) / GROUP_BLOCKS), last = 0;

        if (strcmp(word, "-") == 0)
                return INGOT_OK;
        for (;; word++) {
                uint64_t groups;

                if (ext4->growth_count == LAYOUT_LOCK_GROWTHS_MAX || !read_number(&word, most - 1, &groups) ||
                    groups <= last || (*word && *word != ','))
                        return refuse(scan, "the file system cannot have grown like that");
                ext4->growths[ext4->growth_count++] = last = (uint32_t)groups;
                if (!*word)
                        return INGOT_OK;
        }
}

static enum ingot_code read_ext4(struct scan *scan, struct lock_partition *partition)
{
        struct lock_ext4 *ext4 = &partition->ext4;
        uint64_t sectors = partition->end_lba - partition->start_lba;
        char *word;
        enum ingot_code r = begin_line(scan);

        if (r)
                return r;
        if (strcmp(take_word(scan), "ext4") != 0)
                return refuse(scan, "a partition of ext4 is followed by a line that begins with 'ext4'");
        if (!take_u32(scan, UINT32_MAX, &ext4->block_count) || !ext4->block_count ||
            ext4->block_count > sectors / SECTORS_PER_BLOCK)
                return refuse(scan, "the file system has no blocks, or more than its partition");
        if (!take_u32(scan, INODES_PER_GROUP_MAX, &ext4->inodes_per_group) || !ext4->inodes_per_group ||
            ext4->inodes_per_group % INODES_PER_TABLE_BLOCK)
                return refuse(scan, "a group of ext4 has a multiple of 16 inodes, at most 32768");
        if (!take_u32(scan, JOURNAL_BLOCKS_MAX, &ext4->journal_blocks))
                return refuse(scan, "a journal has at most 32768 blocks");
        if (!take_u32(scan, DESCRIPTOR_BLOCKS_MAX, &ext4->descriptor_blocks) || !ext4->descriptor_blocks)
                return refuse(scan, "there are 1 to 4096 blocks for descriptors");
        word = take_word(scan);
        if (!read_signed(&word, &ext4->made_seconds) || *word)
                return refuse(scan, "the time when the file system was made is a number");
        word = take_word(scan);
        if (!read_range(&word, ext4->block_count, &ext4->area) || *word)
                return refuse(scan, "the area for metadata is no range of the file system's blocks");
        if ((r = read_growths(scan, ext4)))
                return r;
        return line_is_done(scan) ? INGOT_OK : refuse(scan, "the line has more words than it should");
}

static enum ingot_code read_partition(struct scan *scan, struct lock_partition *partition)
{
        uint8_t serial[4];

        if (!take_u32(scan, LAYOUT_PARTITIONS_MAX, &partition->number) ||
            !take_guid(scan, &partition->unique_guid))
                return refuse(scan, "a partition has a number up to 128 and a GUID");
        if (!take_number(scan, LBA_MAX, &partition->start_lba) ||
            !take_number(scan, LBA_MAX, &partition->end_lba) || partition->start_lba >= partition->end_lba)
                return refuse(scan, "a partition starts before it ends, within 64 TiB");
        if (!file_system_parse(take_word(scan), &partition->file_system))
                return refuse(scan, "the file system is none that is known");
        if (partition->file_system == FILE_SYSTEM_VFAT) {
                if (!hex_decode(take_word(scan), serial, sizeof(serial)))
                        return refuse(scan, "the serial of a vfat has eight hex digits");
                partition->vfat_serial = get_be32(serial);
        }
        if ((partition->file_system == FILE_SYSTEM_EXT4 || partition->file_system == FILE_SYSTEM_SWAP) &&
            !take_guid(scan, &partition->uuid))
                return refuse(scan, "the file system has no UUID");
        if (partition->file_system == FILE_SYSTEM_EXT4 && !take_guid(scan, &partition->hash_seed))
                return refuse(scan, "the ext4 file system has no hash seed");
        if (!line_is_done(scan))
                return refuse(scan, "the line has more words than it should");
        return partition->file_system == FILE_SYSTEM_EXT4 ? read_ext4(scan, partition) : INGOT_OK;
}

static int compare_numbers(const void *left, const void *right)
{
        uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

        return a < b ? -1 : a > b;
}

/* Rule 4: no inode twice. */
static enum ingot_code check_numbers(const struct scan *scan, const struct lock_partition *partition)
{
        OWNED(heap_drop) uint32_t *numbers = calloc(partition->inode_count + 1, sizeof(*numbers));

        if (!numbers)
                return ingot_fail_memory(scan->err, partition->inode_count * sizeof(*numbers));
        for (size_t i = 0; i < partition->inode_count; i++)
                numbers[i] = partition->inodes[i].number;
        qsort(numbers, partition->inode_count, sizeof(*numbers), compare_numbers);
        for (size_t i = 1; i < partition->inode_count; i++)
                if (numbers[i] == numbers[i - 1])
                        return ingot_fail(scan->err, INGOT_E_FORMAT, "%s: inode %" PRIu32 " is there twice",
                                          scan->name, numbers[i]);
        return INGOT_OK;
}

static enum ingot_code add_partition(struct scan *scan, struct layout_lock *lock)
{
        struct lock_partition *partition;
        enum ingot_code r;

        if (lock->partition_count == LAYOUT_PARTITIONS_MAX)
                return refuse(scan, "there are more than 128 partitions");
        partition = &lock->partitions[lock->partition_count++];
        r = read_partition(scan, partition);
        for (size_t i = 0; !r && i + 1 < lock->partition_count; i++)
                if (lock->partitions[i].number == partition->number)
                        r = refuse(scan, "the partition's number is there twice");
        return r;
}

static enum ingot_code read_body(struct scan *scan, struct layout_lock *lock)
{
        struct lock_partition *partition = NULL;
        uint64_t total = 0, count;
        enum ingot_code r;

        while (!(r = begin_line(scan))) {
                const char *word = take_word(scan);

                if (strcmp(word, "i") == 0 && partition && partition->file_system == FILE_SYSTEM_EXT4) {
                        total++;
                        r = read_inode(scan, partition);
                } else if (strcmp(word, "partition") == 0) {
                        r = add_partition(scan, lock);
                        partition = &lock->partitions[lock->partition_count - 1];
                } else if (strcmp(word, "end") == 0) {
                        break;
                } else {
                        r = refuse(scan, "the line begins with nothing that is known here");
                }
                if (r)
                        return r;
        }
        if (!r && (!take_number(scan, UINT64_MAX, &count) || count != total || scan->next != scan->end))
                r = refuse(scan, "the end does not tell the number of inodes, or is not the end");
        for (size_t i = 0; !r && i < lock->partition_count; i++)
                r = check_numbers(scan, &lock->partitions[i]);
        return r;
}

static enum ingot_code read_head(struct scan *scan, struct layout_lock *lock)
{
        const char *table;
        char *device_name;
        enum ingot_code r = begin_line(scan);

        if (r)
                return r;
        if (strcmp(scan->line, "ingot-layout-lock 1") != 0)
                return refuse(scan, "this is no layout lock of version 1");
        if ((r = begin_line(scan)))
                return r;
        if (strcmp(take_word(scan), "volume") != 0)
                return refuse(scan, "the second line of a layout lock names the volume");
        device_name = take_word(scan);
        if (!*device_name || !unescape(device_name))
                return refuse(scan, "the volume has no name");
        lock->device_name = strdup(device_name);
        if (!lock->device_name)
                return ingot_fail_memory(scan->err, strlen(device_name));
        table = take_word(scan);
        lock->table = strcmp(table, "gpt") == 0 ? PARTITION_TABLE_GPT : PARTITION_TABLE_NONE;
        if (lock->table == PARTITION_TABLE_GPT
                    ? !take_guid(scan, &lock->disk_guid)
                    : strcmp(table, "none") != 0 || strcmp(take_word(scan), "-") != 0)
                return refuse(scan, "a volume has a gpt and its GUID, or none and '-'");
        return line_is_done(scan) ? INGOT_OK : refuse(scan, "the line has more words than it should");
}

enum ingot_code layout_lock_parse(const char *bytes, size_t size_bytes, const char *name,
                                  struct layout_lock **ret_lock, struct ingot_error *err)
{
        OWNED(layout_lock_drop) struct layout_lock *lock = calloc(1, sizeof(*lock));
        struct scan scan = { .name = name, .err = err };
        enum ingot_code r;

        if (!lock)
                return ingot_fail_memory(err, sizeof(*lock));
        lock->text = malloc(size_bytes + 1);
        lock->partitions = calloc(LAYOUT_PARTITIONS_MAX, sizeof(*lock->partitions));
        if (!lock->text || !lock->partitions)
                return ingot_fail_memory(err, size_bytes);
        if (size_bytes)
                memcpy(lock->text, bytes, size_bytes);
        lock->text[size_bytes] = '\0';
        scan.next = lock->text;
        scan.end = lock->text + size_bytes;
        if ((r = read_head(&scan, lock)) || (r = read_body(&scan, lock)))
                return r;
        *ret_lock = TAKE(lock);
        return INGOT_OK;
}
