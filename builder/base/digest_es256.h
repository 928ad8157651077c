/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_DIGEST_ES256_H
#define BASE_DIGEST_ES256_H

/* builder/base/digest_es256.h
 * digest_es256: ECDSA over P-256 and SHA-256, as JSON web signatures have it.
 *
 * Rules    (1) A signature is r and s, 32 bytes each, big-endian; a public key is x and y, the same way.
 * Source   RFC 7518, 3.4 and 6.2.1; OpenSSL 3.
 * Tests    tests/unit/base/test_digest_es256.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { ES256_HALF_BYTES = 32, ES256_BYTES = 64 };

struct es256_key; /* a private key */

/*
 * Reads a private key in PEM, SEC 1 or PKCS #8, without a password.
 *
 * ret_key      owned by the caller: es256_key_free()
 * Fails with   INGOT_E_FORMAT  it is none, or of another curve
 *              INGOT_E_MEMORY
 */
enum ingot_code es256_key_of_pem(const char *pem, struct es256_key **ret_key,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
void es256_key_free(struct es256_key *key);
void es256_key_drop(struct es256_key **key);

/* Fails with INGOT_E_BUG: OpenSSL refused. */
enum ingot_code es256_public(const struct es256_key *key, uint8_t out[ES256_BYTES],
                             struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code es256_sign(const struct es256_key *key, const void *bytes, size_t size_bytes,
                           uint8_t out[ES256_BYTES], struct ingot_error *err) INGOT_MUST_CHECK;

/* Prints base64 with '-' and '_' and without '=' (RFC 4648, 5) and a NUL: at most 4 * ceil(size_bytes / 3) + 1. */
void base64url_encode(const void *bytes, size_t size_bytes, char *out);

#endif
