/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "filesystem/ext4_spool.h"

enum {
        BLOCK_BYTES = 4096,
        SECTORS_PER_BLOCK = BLOCK_BYTES / SECTOR_BYTES,
        MAP_BLOCKS = 32768, /* that one piece of the map covers */
        MAP_WORDS = MAP_BLOCKS / 64,
};

static const char spool_name[] = "the ext4 spool"; /* in messages */

struct map {
        uint64_t written[MAP_WORDS], filled[MAP_WORDS]; /* filled: not all zeros */
};

struct ext4_spool {
        int fd;
        uint64_t size_bytes, map_count;
        struct map **maps;
        bool is_held;
        uint64_t held_block;
        uint8_t held[BLOCK_BYTES];
        struct byte_source source;
};

static bool bit_is_set(const uint64_t *words, uint64_t block)
{
        return words[block % MAP_BLOCKS / 64] >> (block % 64) & 1;
}

static void set_bit(uint64_t *words, uint64_t block, bool value)
{
        uint64_t mask = UINT64_C(1) << (block % 64);

        if (value)
                words[block % MAP_BLOCKS / 64] |= mask;
        else
                words[block % MAP_BLOCKS / 64] &= ~mask;
}

static bool is_zero(const uint8_t bytes[BLOCK_BYTES])
{
        return bytes[0] == 0 && memcmp(bytes, bytes + 1, BLOCK_BYTES - 1) == 0;
}

void ext4_spool_free(struct ext4_spool *spool)
{
        if (!spool)
                return;
        for (uint64_t i = 0; spool->maps && i < spool->map_count; i++)
                free(spool->maps[i]);
        free(spool->maps);
        fd_drop(&spool->fd);
        free(spool);
}

enum ingot_code ext4_spool_new(const char *folder, uint64_t size_bytes, struct ext4_spool **ret_spool,
                               struct ingot_error *err)
{
        struct ext4_spool *spool = calloc(1, sizeof(*spool));
        enum ingot_code r;

        if (!spool)
                return ingot_fail_memory(err, sizeof(*spool));
        spool->fd = FD_NONE;
        spool->size_bytes = size_bytes;
        spool->map_count = div_up_u64(size_bytes, (uint64_t)MAP_BLOCKS * BLOCK_BYTES);
        spool->source = (struct byte_source){ .context = spool, .read = ext4_spool_read };
        spool->maps = calloc(spool->map_count ? spool->map_count : 1, sizeof(*spool->maps));
        r = spool->maps ? fd_open_spool(folder, &spool->fd, err)
                        : ingot_fail_memory(err, spool->map_count * sizeof(*spool->maps));
        if (r) {
                ext4_spool_free(spool);
                return r;
        }
        *ret_spool = spool;
        return INGOT_OK;
}

bool ext4_spool_is_written(const struct ext4_spool *spool, uint64_t block)
{
        const struct map *map =
                block / MAP_BLOCKS < spool->map_count ? spool->maps[block / MAP_BLOCKS] : NULL;

        return map && bit_is_set(map->written, block);
}

static bool is_filled(const struct ext4_spool *spool, uint64_t block)
{
        const struct map *map = spool->maps[block / MAP_BLOCKS];

        return map && bit_is_set(map->filled, block);
}

/* Blocks of zeros that never held anything else cost no write: the file has a hole there. */
static enum ingot_code let_go(struct ext4_spool *spool, struct ingot_error *err)
{
        bool zero;
        struct map *map;

        if (!spool->is_held)
                return INGOT_OK;
        zero = is_zero(spool->held);
        map = spool->maps[spool->held_block / MAP_BLOCKS];
        spool->is_held = false;
        if (zero && !bit_is_set(map->filled, spool->held_block))
                return INGOT_OK;
        set_bit(map->filled, spool->held_block, !zero);
        return fd_write_at(spool->fd, spool_name, spool->held_block * BLOCK_BYTES, spool->held, BLOCK_BYTES,
                           err);
}

static enum ingot_code read_block(struct ext4_spool *spool, uint64_t block, uint8_t bytes[BLOCK_BYTES],
                                  struct ingot_error *err)
{
        if (spool->is_held && spool->held_block == block) {
                memcpy(bytes, spool->held, BLOCK_BYTES);
                return INGOT_OK;
        }
        if (!is_filled(spool, block)) {
                memset(bytes, 0, BLOCK_BYTES);
                return INGOT_OK;
        }
        return fd_read_at(spool->fd, spool_name, block * BLOCK_BYTES, bytes, BLOCK_BYTES, err);
}

/* Makes block the one held back; its old content is kept when only a part of it will be written. */
static enum ingot_code hold(struct ext4_spool *spool, uint64_t block, bool is_part, struct ingot_error *err)
{
        struct map **map = &spool->maps[block / MAP_BLOCKS];
        enum ingot_code r;

        if (spool->is_held && spool->held_block == block)
                return INGOT_OK;
        if (!*map && !(*map = calloc(1, sizeof(**map))))
                return ingot_fail_memory(err, sizeof(**map));
        if ((r = let_go(spool, err)))
                return r;
        if (is_part && (r = read_block(spool, block, spool->held, err)))
                return r;
        spool->held_block = block;
        spool->is_held = true;
        set_bit((*map)->written, block, true);
        return INGOT_OK;
}

static enum ingot_code check_range(const struct ext4_spool *spool, uint64_t offset_bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        if (offset_bytes <= spool->size_bytes && size_bytes <= spool->size_bytes - offset_bytes)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_BUG,
                          "%zu bytes at %" PRIu64 " lie past the file system's %" PRIu64 " bytes", size_bytes,
                          offset_bytes, spool->size_bytes);
}

/* Whole blocks that are not the one held back: where the assembler reads, run by run. */
static enum ingot_code read_run(struct ext4_spool *spool, uint64_t offset_bytes, uint8_t *bytes,
                                size_t size_bytes, size_t *ret_run_bytes, struct ingot_error *err)
{
        uint64_t first = offset_bytes / BLOCK_BYTES, end = first;

        *ret_run_bytes = 0;
        if (offset_bytes % BLOCK_BYTES)
                return INGOT_OK;
        while ((end - first + 1) * BLOCK_BYTES <= size_bytes && is_filled(spool, end) &&
               !(spool->is_held && spool->held_block == end))
                end++;
        *ret_run_bytes = (size_t)(end - first) * BLOCK_BYTES;
        if (!*ret_run_bytes)
                return INGOT_OK;
        return fd_read_at(spool->fd, spool_name, offset_bytes, bytes, *ret_run_bytes, err);
}

enum ingot_code ext4_spool_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                struct ingot_error *err)
{
        struct ext4_spool *spool = context;
        uint8_t *out = bytes, block[BLOCK_BYTES];
        enum ingot_code r = check_range(spool, offset_bytes, size_bytes, err);

        while (!r && size_bytes) {
                size_t within = offset_bytes % BLOCK_BYTES;
                size_t part;

                r = read_run(spool, offset_bytes, out, size_bytes, &part, err);
                if (!r && !part) {
                        part = (size_t)min_u64(BLOCK_BYTES - within, size_bytes);
                        r = read_block(spool, offset_bytes / BLOCK_BYTES, block, err);
                        if (!r)
                                memcpy(out, block + within, part);
                }
                offset_bytes += part;
                out += part;
                size_bytes -= part;
        }
        return r;
}

enum ingot_code ext4_spool_write(void *context, uint64_t offset_bytes, const void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        struct ext4_spool *spool = context;
        const uint8_t *in = bytes;
        enum ingot_code r = check_range(spool, offset_bytes, size_bytes, err);

        while (!r && size_bytes) {
                size_t within = offset_bytes % BLOCK_BYTES;
                size_t part = (size_t)min_u64(BLOCK_BYTES - within, size_bytes);

                if ((r = hold(spool, offset_bytes / BLOCK_BYTES, part < BLOCK_BYTES, err)))
                        break;
                memcpy(spool->held + within, in, part);
                offset_bytes += part;
                in += part;
                size_bytes -= part;
        }
        return r;
}

static enum ingot_code list_block(struct ext4_spool *spool, uint64_t block, struct extent_list *list,
                                  struct ingot_error *err)
{
        struct extent extent = { .start_lba = block * SECTORS_PER_BLOCK,
                                 .end_lba = (block + 1) * SECTORS_PER_BLOCK };

        if (is_filled(spool, block)) {
                extent.source = &spool->source;
                extent.source_offset_bytes = block * BLOCK_BYTES;
                extent.size_bytes = BLOCK_BYTES;
        }
        return extent_list_add(list, &extent, err);
}

enum ingot_code ext4_spool_list(struct ext4_spool *spool, struct extent_list *list, struct ingot_error *err)
{
        enum ingot_code r = let_go(spool, err);

        for (uint64_t i = 0; !r && i < spool->map_count; i++)
                for (uint64_t word = 0; !r && spool->maps[i] && word < MAP_WORDS; word++)
                        for (uint64_t bits = spool->maps[i]->written[word]; !r && bits; bits &= bits - 1)
                                r = list_block(spool,
                                               i * MAP_BLOCKS + word * 64 + (uint64_t)__builtin_ctzll(bits),
                                               list, err);
        return r;
}
