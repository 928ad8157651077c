/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_REPLY_POOL_H
#define WIRE_REPLY_POOL_H

/* builder/wire/reply_pool.h
 * reply_pool: the texts and arrays of one reply, which live and die together.
 *
 * Rules    (1) Nothing moves once it was handed out.
 *          (2) A failed allocation is remembered until reply_pool_check(); what is handed out then is NULL.
 * Tests    tests/unit/wire/test_ec2_reply.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

struct reply_pool {
        struct reply_pool_piece *pieces; /* owned */
        bool failed;
};

/* Copies text; NULL stays NULL. */
char *reply_pool_text(struct reply_pool *pool, const char *text);
/* An array of count zeroed items; NULL for none. */
void *reply_pool_array(struct reply_pool *pool, size_t count, size_t item_bytes);

/*
 * Fails with   INGOT_E_MEMORY  an allocation failed
 */
enum ingot_code reply_pool_check(const struct reply_pool *pool, struct ingot_error *err) INGOT_MUST_CHECK;
void reply_pool_release(struct reply_pool *pool); /* also for OWNED */

#endif
