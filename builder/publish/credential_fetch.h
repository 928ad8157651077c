/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_FETCH_H
#define PUBLISH_CREDENTIAL_FETCH_H

/* builder/publish/credential_fetch.h
 * credential_fetch: one request to somebody who may have credentials, and the answers' two formats.
 *
 * Rules    (1) Each request has a connection of its own: a source is asked a few times an hour.
 *          (2) What came is wiped by whoever made the buffer: credential_buffer_release().
 * Tests    tests/unit/publish/test_credential_source.c, tests/fuzz/fuzz_credential_json.c
 */
#include "base/json.h"
#include "publish/credential_source.h"
#include "publish/endpoint.h"
#include "publish/region_link.h"

enum { CREDENTIAL_REPLY_BYTES_MAX = 1 << 17, CREDENTIAL_PATH_CHARS = 1023 };

struct credential_fetch {
        const char *operation; /* for messages: "AssumeRole", "the container's credentials" */
        struct endpoint endpoint;
        enum region_protocol protocol;
        const char *method, *path, *query; /* query may be NULL */
        const struct sigv4_header *headers;
        size_t header_count;
        const char *body; /* NULL: none */
        uint32_t deadline_ms, attempts;
        const struct credentials *signer; /* NULL: not signed */
};

/*
 * Sends a request and reads the answer.
 *
 * ret_body     an initialised buffer
 * ret_fault    the refusal; may be NULL
 * Fails with   as region_link_call()
 */
enum ingot_code credential_fetch(const struct credential_query *query, const struct credential_fetch *fetch,
                                 struct buffer *ret_body, struct fault *ret_fault,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Takes "http://HOST[:PORT]/PATH[?QUERY]" apart into fetch's endpoint, path and query.
 *
 * path         where fetch->path and fetch->query will point into
 * Fails with   INGOT_E_USAGE  it is no URL, or longer than that
 */
enum ingot_code credential_fetch_url(struct credential_fetch *fetch, const char *url,
                                     char path[CREDENTIAL_PATH_CHARS + 1],
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* The members' names of an answer in JSON; a NULL name has no member. */
struct credential_members {
        const char *access_key_id, *secret_access_key, *session_token, *expiration, *account_id;
};

/*
 * Makes credentials of an object; expiration may be a time's text or milliseconds since 1970.
 *
 * where        for messages, and the credentials' origin
 * Fails with   INGOT_E_FORMAT  a key is missing, or expiration is no time
 *              INGOT_E_MEMORY
 */
enum ingot_code credential_of_json(const struct json_value *object, const struct credential_members *members,
                                   const char *where, struct credentials *ret_credentials,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads a small file of secrets without its last newlines; the caller's credential_buffer_release(). */
enum ingot_code credential_read_file(const char *path, struct buffer *ret_text,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Releases a buffer and wipes it before; also for OWNED. */
void credential_buffer_release(struct buffer *buffer);

#endif
