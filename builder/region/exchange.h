/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EXCHANGE_H
#define REGION_EXCHANGE_H

/* builder/region/exchange.h
 * exchange: a request as it stood on the wire and the reply to it, without a socket.
 *
 * Rules    (1) Path, query and header values are as they were on the wire: not decoded.
 *          (2) A body over its ceiling is not kept: is_body_too_long says so.
 *          (3) A handler either writes a whole reply (also one that refuses) and returns INGOT_OK, or fails;
 *              then the dispatcher answers with an internal error and tells the log.
 * Tests    tests/unit/region/test_dispatcher.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "region/fate.h"
#include "wire/sigv4.h"

enum {
        REPLY_HEADERS_MAX = 16,
        REPLY_VALUE_CHARS = 127,
        REPLY_BODY_CEILING_BYTES = 64 << 20,
        REQUEST_ID_CHARS = 36,
};

struct region_request {
        const char *method, *path, *query; /* query without '?', "" : none */
        const struct sigv4_header *headers;
        size_t header_count;
        const void *body;
        size_t body_bytes;
        struct digest body_digest; /* of the whole body, kept or not */
        bool is_body_too_long;
        const struct region_fate *fate; /* NULL: nothing befalls it */
};

struct reply_header {
        const char *name; /* a literal */
        char value[REPLY_VALUE_CHARS + 1];
};

struct region_reply {
        unsigned status;
        const char *content_type; /* a literal */
        struct reply_header headers[REPLY_HEADERS_MAX];
        size_t header_count;
        struct buffer body;
        int file_fd; /* owned; FD_NONE: body is sent, else these bytes of it */
        uint64_t file_from_bytes, file_bytes;
        char request_id[REQUEST_ID_CHARS + 1];
};

void region_reply_init(struct region_reply *reply, const char *request_id);
void region_reply_release(struct region_reply *reply);

/* Forgets what a handler wrote so far. */
void region_reply_clear(struct region_reply *reply);

/* Adds a header; a value too long for its array is a bug of ours and is cut. */
void region_reply_add_header(struct region_reply *reply, const char *name, const char *value);

/* The value of the first header of that name, in any case; NULL when there is none. */
const char *region_request_header(const struct region_request *request, const char *name);

/* Reads decimal digits, at least one and at most 19, and nothing else. */
bool read_digits(const char *text, uint64_t *ret_value);

/* Whether text is well-formed UTF-8 without control characters other than tab, CR and LF; *ret_chars counts its
 * characters. */
bool is_plain_text(const char *text, size_t *ret_chars);

#endif
