/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "wire/reply_pool.h"

struct reply_pool_piece {
        struct reply_pool_piece *next;
        _Alignas(max_align_t) unsigned char bytes[];
};

static void *add_piece(struct reply_pool *pool, uint64_t size_bytes)
{
        struct reply_pool_piece *piece = NULL;

        if (size_bytes < SIZE_MAX / 2)
                piece = calloc(1, sizeof(*piece) + (size_t)size_bytes);
        if (!piece) {
                pool->failed = true;
                return NULL;
        }
        piece->next = pool->pieces;
        pool->pieces = piece;
        return piece->bytes;
}

char *reply_pool_text(struct reply_pool *pool, const char *text)
{
        size_t size_bytes = text ? strlen(text) + 1 : 0;
        char *copy = text ? add_piece(pool, size_bytes) : NULL;

        if (copy)
                memcpy(copy, text, size_bytes);
        return copy;
}

void *reply_pool_array(struct reply_pool *pool, size_t count, size_t item_bytes)
{
        uint64_t size_bytes = UINT64_MAX;

        if (!count)
                return NULL;
        (void)checked_mul_u64(count, item_bytes, &size_bytes); /* left too large, add_piece() refuses it */
        return add_piece(pool, size_bytes);
}

enum ingot_code reply_pool_check(const struct reply_pool *pool, struct ingot_error *err)
{
        if (!pool->failed)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_MEMORY, "out of memory for a region's answer");
}

void reply_pool_release(struct reply_pool *pool)
{
        struct reply_pool_piece *next;

        for (struct reply_pool_piece *piece = pool->pieces; piece; piece = next) {
                next = piece->next;
                free(piece);
        }
        *pool = (struct reply_pool){ .pieces = NULL };
}
