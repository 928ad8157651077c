/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/guid.h"

bool guid_is_nil(const struct guid *guid)
{
        static const struct guid nil;

        return guid_equal(guid, &nil);
}

bool guid_equal(const struct guid *a, const struct guid *b)
{
        return memcmp(a->bytes, b->bytes, GUID_BYTES) == 0;
}

static const uint8_t group_bytes[] = { 4, 2, 2, 2, 6 }; /* RFC 4122, section 3 */

void guid_print(const struct guid *guid, char out[GUID_TEXT_CHARS + 1])
{
        const uint8_t *in = guid->bytes;

        for (unsigned group = 0; group < 5; group++) {
                if (group)
                        *out++ = '-';
                hex_encode(in, group_bytes[group], out);
                in += group_bytes[group];
                out += 2 * group_bytes[group];
        }
}

bool guid_parse(const char *text, struct guid *ret_guid)
{
        struct guid made;
        uint8_t *out = made.bytes;
        char digits[13];

        if (strlen(text) != GUID_TEXT_CHARS)
                return false;
        for (unsigned group = 0; group < 5; group++) {
                size_t chars = (size_t)2 * group_bytes[group];

                if (group && *text++ != '-')
                        return false;
                memcpy(digits, text, chars);
                digits[chars] = '\0';
                if (!hex_decode(digits, out, group_bytes[group]))
                        return false;
                text += chars;
                out += group_bytes[group];
        }
        *ret_guid = made;
        return true;
}

/* The first three fields are little-endian on disk: 4, 2 and 2 bytes turned round. */
static const uint8_t gpt_order[GUID_BYTES] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };

void guid_encode_gpt(const struct guid *guid, uint8_t out[GUID_BYTES])
{
        for (unsigned i = 0; i < GUID_BYTES; i++)
                out[i] = guid->bytes[gpt_order[i]];
}

void guid_decode_gpt(const uint8_t in[GUID_BYTES], struct guid *ret_guid)
{
        for (unsigned i = 0; i < GUID_BYTES; i++)
                ret_guid->bytes[gpt_order[i]] = in[i];
}

enum ingot_code guid_derive(const struct guid *seed, const char *purpose, struct guid *ret_guid,
                            struct ingot_error *err)
{
        struct digest digest;
        enum ingot_code r = digest_hmac(seed->bytes, GUID_BYTES, purpose, strlen(purpose), &digest, err);

        if (r)
                return ingot_while(err, r, "deriving the GUID of '%s'", purpose);
        memcpy(ret_guid->bytes, digest.bytes, GUID_BYTES);
        ret_guid->bytes[6] = (uint8_t)((ret_guid->bytes[6] & 0x0F) | 0x80); /* RFC 9562, 5.8: version 8 */
        ret_guid->bytes[8] = (uint8_t)((ret_guid->bytes[8] & 0x3F) | 0x80); /* RFC 9562, 4.1: variant */
        return INGOT_OK;
}
