/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <libnbd.h>
#include <stdbool.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "image/nbd_source.h"
#include "model/block_map.h"

enum {
        AHEAD_BLOCKS = 8,       /* 4 MiB under way keep a server and a disk busy */
        POLL_MS = 1000,         /* of NBD_PATIENCE_MS */
        STATUS_BYTES = 1 << 30, /* asked about at a time; the protocol has 32 bits */
};

/* A block that is being, or was, read ahead. */
struct slot {
        bool used;
        uint64_t index;
        int64_t cookie; /* 0: it has arrived */
        uint8_t *bytes;
};

struct nbd_source {
        struct nbd_handle *handle;
        char *name;
        uint64_t size_bytes;
        struct byte_source source;
        bool dead;
        struct slot slots[AHEAD_BLOCKS];
        uint8_t *memory, *spare; /* AHEAD_BLOCKS and one more; spare is the last */
        uint64_t next_ahead;     /* the block that is read ahead next */
};

static enum ingot_code fail_nbd(struct nbd_source *source, const char *doing, uint64_t offset_bytes,
                                struct ingot_error *err)
{
        return ingot_fail(err, INGOT_E_FORMAT, "%s '%s' at byte %" PRIu64 ": %s", doing, source->name,
                          offset_bytes, nbd_get_error() ? nbd_get_error() : "no reason given");
}

/* Waits for one command to end. */
static enum ingot_code await(struct nbd_source *source, int64_t cookie, uint64_t offset_bytes,
                             struct ingot_error *err)
{
        int waited_ms = 0, ended;

        while ((ended = nbd_aio_command_completed(source->handle, (uint64_t)cookie)) == 0) {
                int moved;

                if (nbd_aio_is_dead(source->handle) || nbd_aio_is_closed(source->handle) ||
                    (moved = nbd_poll(source->handle, POLL_MS)) < 0) {
                        source->dead = true;
                        return ingot_fail(err, INGOT_E_SYSTEM, "qemu-nbd, which reads '%s', is gone",
                                          source->name);
                }
                waited_ms = moved ? 0 : waited_ms + POLL_MS;
                if (waited_ms >= NBD_PATIENCE_MS) {
                        source->dead = true; /* the command is never looked at again: its memory may go */
                        return ingot_fail(err, INGOT_E_SYSTEM,
                                          "qemu-nbd, which reads '%s', has not answered for %d s",
                                          source->name, NBD_PATIENCE_MS / 1000);
                }
        }
        return ended > 0 ? INGOT_OK : fail_nbd(source, "reading", offset_bytes, err);
}

/* ---- blocks ---- */

static size_t block_bytes(const struct nbd_source *source, uint64_t index)
{
        return (size_t)min_u64(BLOCK_BYTES, source->size_bytes - index * BLOCK_BYTES);
}

/* Reads one block, whole: a server may refuse what is not aligned. */
static enum ingot_code read_now(struct nbd_source *source, uint64_t index, struct ingot_error *err)
{
        int64_t cookie = nbd_aio_pread(source->handle, source->spare, block_bytes(source, index),
                                       index * BLOCK_BYTES, NBD_NULL_COMPLETION, 0);

        if (cookie < 0)
                return fail_nbd(source, "reading", index * BLOCK_BYTES, err);
        return await(source, cookie, index * BLOCK_BYTES, err);
}

static struct slot *find_slot(struct nbd_source *source, uint64_t index)
{
        for (size_t i = 0; i < AHEAD_BLOCKS; i++)
                if (source->slots[i].used && source->slots[i].index == index)
                        return &source->slots[i];
        return NULL;
}

/* Starts reading ahead into every slot that is free or behind index. */
static enum ingot_code read_ahead(struct nbd_source *source, uint64_t index, struct ingot_error *err)
{
        for (size_t i = 0; i < AHEAD_BLOCKS; i++) {
                struct slot *slot = &source->slots[i];
                enum ingot_code r = INGOT_OK;
                int64_t cookie;

                if (source->next_ahead >= div_up_u64(source->size_bytes, BLOCK_BYTES))
                        break;
                if (slot->used && slot->index >= index && slot->index < index + AHEAD_BLOCKS)
                        continue;
                if (slot->used && slot->cookie) /* it may still be written to */
                        r = await(source, slot->cookie, slot->index * BLOCK_BYTES, NULL);
                if (source->dead)
                        return ingot_fail(err, r, "qemu-nbd, which reads '%s', is gone", source->name);
                slot->used = false; /* one that failed is asked for again if it is wanted */
                cookie = nbd_aio_pread(source->handle, slot->bytes, block_bytes(source, source->next_ahead),
                                       source->next_ahead * BLOCK_BYTES, NBD_NULL_COMPLETION, 0);
                if (cookie < 0)
                        return fail_nbd(source, "reading", source->next_ahead * BLOCK_BYTES, err);
                *slot = (struct slot){
                        .used = true, .index = source->next_ahead++, .cookie = cookie, .bytes = slot->bytes
                };
        }
        return INGOT_OK;
}

/* Reads what lies within one block. */
static enum ingot_code read_in_block(struct nbd_source *source, uint64_t offset_bytes, uint8_t *out,
                                     size_t size_bytes, struct ingot_error *err)
{
        uint64_t index = offset_bytes / BLOCK_BYTES;
        struct slot *slot = find_slot(source, index);
        const uint8_t *bytes = source->spare;
        enum ingot_code r = INGOT_OK;

        if (slot || index >= source->next_ahead) {
                if (!slot)
                        source->next_ahead = index;
                r = read_ahead(source, index, err);
                slot = find_slot(source, index);
        }
        if (!r && slot) {
                bytes = slot->bytes;
                if (slot->cookie)
                        r = await(source, slot->cookie, index * BLOCK_BYTES, err);
                slot->cookie = 0;
                slot->used = !r;
        } else if (!r) { /* backwards: somebody asks again */
                r = read_now(source, index, err);
        }
        if (!r)
                memcpy(out, bytes + offset_bytes % BLOCK_BYTES, size_bytes);
        return r;
}

static enum ingot_code read_disk(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        struct nbd_source *source = context;
        uint8_t *out = bytes;
        enum ingot_code r = INGOT_OK;

        if (offset_bytes > source->size_bytes || size_bytes > source->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " are past the end of the disk in '%s', %" PRIu64,
                                  size_bytes, offset_bytes, source->name, source->size_bytes);
        if (source->dead)
                return ingot_fail(err, INGOT_E_SYSTEM, "qemu-nbd, which reads '%s', is gone", source->name);
        for (size_t piece_bytes; !r && size_bytes; size_bytes -= piece_bytes) {
                piece_bytes = (size_t)min_u64(size_bytes, BLOCK_BYTES - offset_bytes % BLOCK_BYTES);
                r = read_in_block(source, offset_bytes, out, piece_bytes, err);
                out += piece_bytes;
                offset_bytes += piece_bytes;
        }
        return r;
}

/* ---- what is where ---- */

struct walk {
        struct nbd_source *source;
        struct extent_list *list;
        uint64_t done_bytes; /* extents are there up to here */
        enum ingot_code code;
        struct ingot_error err;
};

/* One answer's descriptors: pairs of length and state, from offset_bytes on. */
static int take_status(void *context, const char *metacontext, uint64_t offset_bytes, uint32_t *entries,
                       size_t entry_count, int *error)
{
        struct walk *walk = context;

        (void)error;
        if (strcmp(metacontext, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0)
                return 0;
        for (size_t i = 0; i + 1 < entry_count && !walk->code; i += 2) {
                uint32_t state = entries[i + 1];
                uint64_t end_bytes = min_u64(offset_bytes + entries[i], walk->source->size_bytes);
                struct extent extent = { .start_lba = walk->done_bytes / SECTOR_BYTES };

                offset_bytes = end_bytes;
                /* Data takes the sector it ends in; zeros leave theirs to what follows. */
                end_bytes = (state & LIBNBD_STATE_ZERO) ? end_bytes - end_bytes % SECTOR_BYTES
                                                        : align_up_u64(end_bytes, SECTOR_BYTES);
                if (end_bytes <= walk->done_bytes)
                        continue;
                extent.end_lba = end_bytes / SECTOR_BYTES;
                if (!(state & LIBNBD_STATE_ZERO)) {
                        extent.source = &walk->source->source;
                        extent.source_offset_bytes = walk->done_bytes;
                        extent.size_bytes = min_u64(end_bytes, walk->source->size_bytes) - walk->done_bytes;
                }
                walk->done_bytes = end_bytes;
                if (!(state & LIBNBD_STATE_ZERO) || !(state & LIBNBD_STATE_HOLE))
                        walk->code = extent_list_add(walk->list, &extent, &walk->err);
        }
        return 0;
}

static enum ingot_code add_everything(struct nbd_source *source, struct extent_list *list,
                                      struct ingot_error *err)
{
        const struct extent all = { .end_lba = div_up_u64(source->size_bytes, SECTOR_BYTES),
                                    .source = &source->source,
                                    .size_bytes = source->size_bytes };

        return extent_list_add(list, &all, err);
}

enum ingot_code nbd_source_extents(struct nbd_source *source, struct extent_list *list,
                                   struct ingot_error *err)
{
        struct walk walk = { .source = source, .list = list };
        const nbd_extent_callback on_status = { .callback = take_status, .user_data = &walk };

        if (nbd_can_meta_context(source->handle, LIBNBD_CONTEXT_BASE_ALLOCATION) <= 0)
                return add_everything(source, list, err);
        while (walk.done_bytes < source->size_bytes) {
                uint64_t before_bytes = walk.done_bytes;
                uint64_t asked_bytes = min_u64(STATUS_BYTES, source->size_bytes - before_bytes);

                if (nbd_block_status(source->handle, asked_bytes, before_bytes, on_status, 0) < 0)
                        return fail_nbd(source, "looking for holes in", before_bytes, err);
                if (walk.code) {
                        if (err)
                                *err = walk.err;
                        return walk.code;
                }
                if (walk.done_bytes <= before_bytes)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "qemu-nbd does not say what is at byte %" PRIu64 " of '%s'",
                                          before_bytes, source->name);
        }
        return INGOT_OK;
}

/* ---- the connection ---- */

static enum ingot_code connect_to(struct nbd_source *source, const char *socket_path, struct ingot_error *err)
{
        int64_t size_bytes;

        source->handle = nbd_create();
        if (!source->handle)
                return ingot_fail_memory(err, sizeof(*source));
        if (nbd_add_meta_context(source->handle, LIBNBD_CONTEXT_BASE_ALLOCATION) < 0 ||
            nbd_connect_unix(source->handle, socket_path) < 0)
                return ingot_fail(err, INGOT_E_SYSTEM, "connecting to qemu-nbd, which reads '%s': %s",
                                  source->name, nbd_get_error() ? nbd_get_error() : "no reason given");
        size_bytes = nbd_get_size(source->handle);
        if (size_bytes <= 0 || size_bytes >> 58)
                return ingot_fail(err, INGOT_E_FORMAT, "the disk in '%s' has %" PRId64 " bytes", source->name,
                                  size_bytes);
        source->size_bytes = (uint64_t)size_bytes;
        return INGOT_OK;
}

enum ingot_code nbd_source_open(const char *socket_path, const char *name, struct nbd_source **ret_source,
                                struct ingot_error *err)
{
        OWNED(nbd_source_drop) struct nbd_source *source = calloc(1, sizeof(*source));
        enum ingot_code r;

        if (!source)
                return ingot_fail_memory(err, sizeof(*source));
        source->source = (struct byte_source){ .context = source, .read = read_disk };
        source->name = strdup(name);
        source->memory = malloc((size_t)(AHEAD_BLOCKS + 1) * BLOCK_BYTES);
        if (!source->name || !source->memory)
                return ingot_fail_memory(err, (uint64_t)AHEAD_BLOCKS * BLOCK_BYTES);
        for (size_t i = 0; i < AHEAD_BLOCKS; i++)
                source->slots[i].bytes = source->memory + i * BLOCK_BYTES;
        source->spare = source->memory + (size_t)AHEAD_BLOCKS * BLOCK_BYTES;
        r = connect_to(source, socket_path, err);
        if (r)
                return r;
        *ret_source = TAKE(source);
        return INGOT_OK;
}

void nbd_source_free(struct nbd_source *source)
{
        if (!source)
                return;
        nbd_close(source->handle); /* NULL is fine; first: it may write to what follows */
        free(source->memory);
        free(source->name);
        free(source);
}

void nbd_source_drop(struct nbd_source **source)
{
        nbd_source_free(*source);
        *source = NULL;
}

uint64_t nbd_source_size_bytes(const struct nbd_source *source)
{
        return source->size_bytes;
}

const struct byte_source *nbd_source_bytes(const struct nbd_source *source)
{
        return &source->source;
}
