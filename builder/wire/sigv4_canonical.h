/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SIGV4_CANONICAL_H
#define WIRE_SIGV4_CANONICAL_H

/* builder/wire/sigv4_canonical.h
 * sigv4_canonical: the one canonical request, and the signature over it, of both halves of sigv4.
 *
 * Rules    those of wire/sigv4.h.
 * Tests    tests/unit/wire/test_sigv4.c
 */
#include "wire/sigv4.h"
#include "wire/uri.h"

enum { SIGV4_CANONICAL_BYTES_MAX = 1 << 20, SIGV4_HEX_CHARS = DIGEST_HEX_CHARS };

/* What both halves know once they have read, or made, a request. */
struct sigv4_canonical {
        const char *method, *path;
        const struct uri_query *query;      /* X-Amz-Signature is left out */
        const struct sigv4_header *headers; /* those to sign; sorted here */
        size_t header_count;
        const char *payload_hash;
        const char *date; /* "20150830T123600Z" */
        const char *region, *service;
        bool is_s3_path;
};

/* Puts headers in the order of their lower-case names; those of one name keep theirs. */
void sigv4_sort_headers(struct sigv4_header *headers, size_t count);

/* Appends the lower-case names of sorted headers, each once, with ';' between them. */
void sigv4_append_names(struct buffer *out, const struct sigv4_header *headers, size_t count);

/* Appends "20150830/us-east-1/service/aws4_request". */
void sigv4_append_scope(struct buffer *out, const struct sigv4_canonical *canonical);

/*
 * Appends the canonical request; headers are sorted.
 *
 * Fails with   INGOT_E_MEMORY
 *              INGOT_E_FORMAT  S3's path is not percent-encoded
 */
enum ingot_code sigv4_append_canonical(struct buffer *out, const struct sigv4_canonical *canonical,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Computes the signature; headers are sorted.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG (OpenSSL), INGOT_E_FORMAT as above
 */
enum ingot_code sigv4_compute(const struct sigv4_canonical *canonical, const char *secret_access_key,
                              char ret_signature[SIGV4_HEX_CHARS + 1],
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
