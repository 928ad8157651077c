/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/endian.h"
#include "region/tokens.h"

enum { STAMP_BYTES = 16, SEAL_BYTES = 24, TOKEN_BYTES = STAMP_BYTES + SEAL_BYTES, PURPOSE_BYTES = 256 };

_Static_assert((TOKEN_BYTES + 2) / 3 * 4 == TOKEN_CHARS, "40 bytes are 56 characters");

static enum ingot_code seal(const struct region_store *store, const char *purpose,
                            const uint8_t stamp[STAMP_BYTES], struct digest *ret_seal,
                            struct ingot_error *err)
{
        uint8_t text[PURPOSE_BYTES + STAMP_BYTES];
        size_t purpose_bytes = strlen(purpose) + 1;

        if (purpose_bytes > PURPOSE_BYTES)
                return ingot_fail(err, INGOT_E_BUG, "a token's purpose has %zu bytes", purpose_bytes);
        memcpy(text, purpose, purpose_bytes);
        memcpy(text + purpose_bytes, stamp, STAMP_BYTES);
        return digest_hmac(store->token_key.bytes, DIGEST_BYTES, text, purpose_bytes + STAMP_BYTES, ret_seal,
                           err);
}

enum ingot_code token_print(const struct region_store *store, const char *purpose, uint64_t position,
                            int64_t expiry_seconds, char out[TOKEN_CHARS + 1], struct ingot_error *err)
{
        uint8_t token[TOKEN_BYTES];
        struct digest made;
        enum ingot_code r;

        put_be64(token, (uint64_t)expiry_seconds);
        put_be64(token + 8, position);
        r = seal(store, purpose, token, &made, err);
        if (r)
                return r;
        memcpy(token + STAMP_BYTES, made.bytes, SEAL_BYTES);
        base64_encode(token, sizeof(token), out);
        return INGOT_OK;
}

enum token_verdict token_read(const struct region_store *store, const char *purpose, const char *text,
                              uint64_t *ret_position)
{
        uint8_t token[TOKEN_BYTES];
        struct digest made;

        if (!base64_decode(text, token, sizeof(token)) ||
            seal(store, purpose, token, &made, NULL) != INGOT_OK ||
            memcmp(token + STAMP_BYTES, made.bytes, SEAL_BYTES) != 0)
                return TOKEN_FOREIGN;
        if ((int64_t)get_be64(token) < clock_wall_seconds(store->clock))
                return TOKEN_EXPIRED;
        *ret_position = get_be64(token + 8);
        return TOKEN_GOOD;
}
