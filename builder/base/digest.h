/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

/* builder/base/digest.h
 * digest: SHA-256 and HMAC-SHA-256 by OpenSSL, and the two ways to print bytes.
 *
 * Rules    (1) A digest is 32 raw bytes; hex is lower case; base64 is RFC 4648 section 4 with padding.
 *          (2) A stream belongs to one thread at a time.
 * Source   FIPS 180-4, RFC 2104, RFC 4648.
 * Tests    tests/unit/base/test_digest.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { DIGEST_BYTES = 32, DIGEST_HEX_CHARS = 64, DIGEST_BASE64_CHARS = 44 };

struct digest {
        uint8_t bytes[DIGEST_BYTES];
};

struct digest_stream; /* owned by whoever made it */

/*
 * Fails with   INGOT_E_MEMORY  no context could be made
 */
enum ingot_code digest_stream_new(struct digest_stream **ret_stream,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
void digest_stream_free(struct digest_stream *stream);
void digest_stream_drop(struct digest_stream **stream);

/* Feeds bytes.  A failure inside OpenSSL is kept until digest_stream_finish(). */
void digest_stream_update(struct digest_stream *stream, const void *bytes, size_t size_bytes);

/*
 * Yields the digest and makes the stream ready for the next one.
 *
 * Fails with   INGOT_E_BUG  OpenSSL refused SHA-256
 */
enum ingot_code digest_stream_finish(struct digest_stream *stream, struct digest *ret_digest,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Fails with   INGOT_E_BUG  OpenSSL refused SHA-256
 */
enum ingot_code digest_of(const void *bytes, size_t size_bytes, struct digest *ret_digest,
                          struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code digest_hmac(const void *key, size_t key_bytes, const void *bytes, size_t size_bytes,
                            struct digest *ret_digest, struct ingot_error *err) INGOT_MUST_CHECK;

enum { DIGEST_SHA1_HEX_CHARS = 40, DIGEST_MD5_BYTES = 16 };
/* MD5: what S3 calls an object's ETag, nothing to rely on.
 * Fails with   INGOT_E_BUG  OpenSSL refused MD5 */
enum ingot_code digest_md5(const void *bytes, size_t size_bytes, uint8_t out[DIGEST_MD5_BYTES],
                           struct ingot_error *err) INGOT_MUST_CHECK;

/* SHA-1 in hex and a NUL: a file's name in caches of others, nothing to rely on.
 * Fails with   INGOT_E_BUG  OpenSSL refused SHA-1 */
enum ingot_code digest_sha1_hex(const void *bytes, size_t size_bytes, char out[DIGEST_SHA1_HEX_CHARS + 1],
                                struct ingot_error *err) INGOT_MUST_CHECK;

bool digest_equal(const struct digest *a, const struct digest *b);

/* Prints 2 * size_bytes characters and a NUL. */
void hex_encode(const void *bytes, size_t size_bytes, char *out);
/* Reads exactly 2 * size_bytes hex digits of either case and nothing more; false otherwise. */
bool hex_decode(const char *text, uint8_t *out, size_t size_bytes);

/* Prints 4 * ceil(size_bytes / 3) characters and a NUL. */
void base64_encode(const void *bytes, size_t size_bytes, char *out);
/* Reads base64 that is what base64_encode() prints for exactly size_bytes; false otherwise. */
bool base64_decode(const char *text, uint8_t *out, size_t size_bytes);

#endif
