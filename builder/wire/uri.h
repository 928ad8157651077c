/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_URI_H
#define WIRE_URI_H

/* builder/wire/uri.h
 * uri: percent-encoding, query strings and form bodies, and the canonical forms that signatures are made of.
 *
 * Rules    (1) Only RFC 3986's unreserved characters (A-Z a-z 0-9 - . _ ~) are left as they are; the rest is
 *              %XX in upper case.  A space is %20, never '+'.
 *          (2) Decoding refuses a '%' that two hex digits do not follow, and %00: no name or value of ours
 *              holds a NUL, and a text that ends early would be a different one to whoever checks it.
 *          (3) In a form a '+' is a space; in a query of a path it is a '+'.
 *          (4) A part without '=' has an empty value; an empty part ("a&&b") is left out.
 *          (5) A canonical query is made of the decoded names and values, encoded again, sorted bytewise by
 *              encoded name, then by encoded value.
 * Source   RFC 3986, 2.3; AWS Signature Version 4, "create a canonical request".
 * Tests    tests/unit/wire/test_uri.c
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

#include "base/buffer.h"

enum { URI_PAIRS_MAX = 4096 };

struct uri_pair {
        const char *name, *value; /* decoded; borrowed from the query; never NULL */
};

struct uri_query {
        struct uri_pair *pairs; /* in the order of the text */
        size_t count;
        char *text; /* what the pairs point into */
};

enum uri_kind { URI_QUERY, URI_FORM }; /* rule 3 */

/* Appends size_bytes of bytes, encoded; keep_slash leaves '/' as it is (a path). */
void uri_encode(struct buffer *out, const void *bytes, size_t size_bytes, bool keep_slash);
void uri_encode_text(struct buffer *out, const char *text);

/*
 * Appends text, decoded.
 *
 * Fails with   INGOT_E_FORMAT  rule 2; what was appended by then stays
 */
enum ingot_code uri_decode(struct buffer *out, const char *text, size_t size_bytes, enum uri_kind kind,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Takes a query or a form body apart.
 *
 * text         without the '?'; NULL is as ""
 * ret_query    owned by the caller on INGOT_OK: uri_query_release(), or OWNED(uri_query_release)
 * Fails with   INGOT_E_FORMAT  rule 2, or a raw NUL
 *              INGOT_E_MEMORY  also: more than URI_PAIRS_MAX pairs
 */
enum ingot_code uri_query_parse(const char *text, size_t size_bytes, enum uri_kind kind,
                                struct uri_query *ret_query, struct ingot_error *err) INGOT_MUST_CHECK;
void uri_query_release(struct uri_query *query);

/* The value of the first pair of that name; NULL when there is none. */
const char *uri_query_find(const struct uri_query *query, const char *name);

/* Appends "&name=value", both encoded, without the '&' when out is empty. */
void uri_append_pair(struct buffer *out, const char *name, const char *value);

/*
 * Appends the canonical query of rule 5.
 *
 * skip_name    a name whose pairs are left out (a signature is not part of what it signs), or NULL
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code uri_canonical_query(struct buffer *out, const struct uri_query *query, const char *skip_name,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Appends the path with its dot segments and doubled slashes resolved ("/a/../b//c/" is "/b/c/").
 */
void uri_normalize_path(struct buffer *out, const char *path, size_t size_bytes);

#endif
