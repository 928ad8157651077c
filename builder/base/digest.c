/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.h"
#include "base/own.h"

struct digest_stream {
        EVP_MD_CTX *context;
        bool failed;
};

static void digest_stream_begin(struct digest_stream *stream)
{
        stream->failed = EVP_DigestInit_ex(stream->context, EVP_sha256(), NULL) != 1;
}

enum ingot_code digest_stream_new(struct digest_stream **ret_stream, struct ingot_error *err)
{
        struct digest_stream *stream = calloc(1, sizeof(*stream));

        if (!stream)
                return ingot_fail_memory(err, sizeof(*stream));
        stream->context = EVP_MD_CTX_new();
        if (!stream->context) {
                free(stream);
                return ingot_fail_memory(err, sizeof(*stream));
        }
        digest_stream_begin(stream);
        *ret_stream = stream;
        return INGOT_OK;
}

void digest_stream_free(struct digest_stream *stream)
{
        if (!stream)
                return;
        EVP_MD_CTX_free(stream->context);
        free(stream);
}

void digest_stream_drop(struct digest_stream **stream)
{
        digest_stream_free(*stream);
        *stream = NULL;
}

void digest_stream_update(struct digest_stream *stream, const void *bytes, size_t size_bytes)
{
        if (!stream->failed && EVP_DigestUpdate(stream->context, bytes, size_bytes) != 1)
                stream->failed = true;
}

enum ingot_code digest_stream_finish(struct digest_stream *stream, struct digest *ret_digest,
                                     struct ingot_error *err)
{
        struct digest made;
        unsigned size_bytes = 0;

        if (stream->failed || EVP_DigestFinal_ex(stream->context, made.bytes, &size_bytes) != 1 ||
            size_bytes != DIGEST_BYTES)
                return ingot_fail(err, INGOT_E_BUG, "OpenSSL refused to compute SHA-256");
        *ret_digest = made;
        digest_stream_begin(stream);
        return INGOT_OK;
}

enum ingot_code digest_of(const void *bytes, size_t size_bytes, struct digest *ret_digest,
                          struct ingot_error *err)
{
        struct digest made;
        unsigned made_bytes = 0;

        if (EVP_Digest(bytes, size_bytes, made.bytes, &made_bytes, EVP_sha256(), NULL) != 1 ||
            made_bytes != DIGEST_BYTES)
                return ingot_fail(err, INGOT_E_BUG, "OpenSSL refused to compute SHA-256");
        *ret_digest = made;
        return INGOT_OK;
}

enum ingot_code digest_hmac(const void *key, size_t key_bytes, const void *bytes, size_t size_bytes,
                            struct digest *ret_digest, struct ingot_error *err)
{
        struct digest made;
        unsigned made_bytes = 0;

        if (key_bytes > INT32_MAX ||
            !HMAC(EVP_sha256(), key_bytes ? key : "", (int)key_bytes, bytes, size_bytes, made.bytes,
                  &made_bytes) ||
            made_bytes != DIGEST_BYTES)
                return ingot_fail(err, INGOT_E_BUG, "OpenSSL refused to compute HMAC-SHA-256");
        *ret_digest = made;
        return INGOT_OK;
}

enum ingot_code digest_sha1_hex(const void *bytes, size_t size_bytes, char out[DIGEST_SHA1_HEX_CHARS + 1],
                                struct ingot_error *err)
{
        unsigned char digest[DIGEST_SHA1_HEX_CHARS / 2];

        if (EVP_Digest(bytes, size_bytes, digest, NULL, EVP_sha1(), NULL) != 1)
                return ingot_fail(err, INGOT_E_BUG, "OpenSSL refused SHA-1");
        hex_encode(digest, sizeof(digest), out);
        return INGOT_OK;
}

enum ingot_code digest_md5(const void *bytes, size_t size_bytes, uint8_t out[DIGEST_MD5_BYTES],
                           struct ingot_error *err)
{
        if (EVP_Digest(bytes, size_bytes, out, NULL, EVP_md5(), NULL) != 1)
                return ingot_fail(err, INGOT_E_BUG, "OpenSSL refused MD5");
        return INGOT_OK;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
        return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

void hex_encode(const void *bytes, size_t size_bytes, char *out)
{
        static const char digits[] = "0123456789abcdef";
        const uint8_t *in = bytes;

        for (size_t i = 0; i < size_bytes; i++) {
                *out++ = digits[in[i] >> 4];
                *out++ = digits[in[i] & 15];
        }
        *out = '\0';
}

static int hex_value(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

bool hex_decode(const char *text, uint8_t *out, size_t size_bytes)
{
        if (strlen(text) != 2 * size_bytes)
                return false;
        for (size_t i = 0; i < size_bytes; i++) {
                int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

                if (high < 0 || low < 0)
                        return false;
                out[i] = (uint8_t)(high << 4 | low);
        }
        return true;
}

void base64_encode(const void *bytes, size_t size_bytes, char *out)
{
        /* EVP_EncodeBlock takes an int; digests, tokens and UEFI data are far below its range. */
        (void)EVP_EncodeBlock((unsigned char *)out, bytes, (int)size_bytes);
}

bool base64_decode(const char *text, uint8_t *out, size_t size_bytes)
{
        size_t chars = strlen(text);
        OWNED(heap_drop) uint8_t *room = NULL;

        if (chars > INT32_MAX || chars != (size_bytes + 2) / 3 * 4)
                return false;
        if (chars == 0)
                return true;
        room = malloc(2 * chars + 1);
        if (!room)
                return false;
        if (EVP_DecodeBlock(room, (const unsigned char *)text, (int)chars) != (int)(chars / 4 * 3))
                return false;
        /* Padding elsewhere, white space and stray bits below the padding do not come back the same. */
        base64_encode(room, size_bytes, (char *)room + chars);
        if (memcmp(room + chars, text, chars) != 0)
                return false;
        memcpy(out, room, size_bytes);
        return true;
}
