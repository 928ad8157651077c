/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIALS_H
#define PUBLISH_CREDENTIALS_H

/* builder/publish/credentials.h
 * credentials: who signs: an access key, its secret and, for temporary ones, a session token and an end.
 *
 * Rules    (1) Secrets are wiped when released and appear in no message.  (What libcurl and jansson hold on the way
 *              here is theirs.)
 *          (2) Where they come from is credential_chain's to find; here they are a value.
 * Tests    tests/unit/publish/test_credentials.c
 */
#include <stddef.h>

#include <ingot/error.h>

#include "wire/sigv4.h"

struct credentials {
        char *access_key_id, *secret_access_key; /* owned */
        char *session_token;                     /* owned; NULL: none */
        char *account_id;                        /* owned; NULL: the source does not say */
        char *origin;            /* owned; which file, variable or address they came from, for messages */
        int64_t expires_seconds; /* since 1970; 0: they do not */
};

/* Texts to make credentials of; all borrowed. */
struct credentials_text {
        const char *access_key_id, *secret_access_key, *session_token, *account_id;
        const char *expiration; /* as clock_parse_iso() reads it; NULL: they do not expire */
};

/*
 * Makes credentials of texts; an empty session token is none.
 *
 * origin           for messages
 * ret_credentials  owned by the caller on INGOT_OK: credentials_release()
 * Fails with       INGOT_E_FORMAT  a key has no secret or the other way round; expiration is no time
 *                  INGOT_E_MEMORY
 */
enum ingot_code credentials_make(const struct credentials_text *text, const char *origin,
                                 struct credentials *ret_credentials,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads one profile of a shared credentials file (such as the local region's own).
 *
 * Fails with   INGOT_E_NOT_FOUND  no such file, or no such profile in it
 *              INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code credentials_of_file(const char *path, const char *profile,
                                    struct credentials *ret_credentials,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

void credentials_release(struct credentials *credentials); /* also for OWNED */

/* What the signer takes; borrowed from credentials. */
struct sigv4_credentials credentials_to_sign(const struct credentials *credentials);

/* Overwrites a text's bytes. */
void secret_wipe(void *bytes, size_t size_bytes);

#endif
