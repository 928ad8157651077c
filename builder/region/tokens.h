/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_TOKENS_H
#define REGION_TOKENS_H

/* builder/region/tokens.h
 * tokens: block tokens and page tokens, which only we can make and which run out.
 *
 * Rules    (1) A token is base64 of expiry u64 | position u64 | the first 24 bytes of HMAC-SHA-256 under the
 *              store's key over purpose, NUL, expiry and position.  It keeps its meaning across restarts.
 *          (2) purpose says all that a token is bound to: "block snap-... " or "page DescribeImages us-east-1".
 * Source   facts: block tokens live 7 days, page tokens 60 minutes; both match [A-Za-z0-9+/=]{1,256}.
 * Tests    tests/unit/region/test_tokens.c
 */
#include <stdint.h>

#include "region/store.h"

enum { TOKEN_CHARS = 56, BLOCK_TOKEN_SECONDS = 7 * 86400, PAGE_TOKEN_SECONDS = 3600 };

/* Fails with   INGOT_E_BUG  OpenSSL refused */
enum ingot_code token_print(const struct region_store *store, const char *purpose, uint64_t position,
                            int64_t expiry_seconds, char out[TOKEN_CHARS + 1],
                            struct ingot_error *err) INGOT_MUST_CHECK;

enum token_verdict { TOKEN_GOOD, TOKEN_FOREIGN, TOKEN_EXPIRED };

/* Reads a token made for purpose; *ret_position is set only with TOKEN_GOOD. */
enum token_verdict token_read(const struct region_store *store, const char *purpose, const char *text,
                              uint64_t *ret_position);

#endif
