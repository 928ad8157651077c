/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIALS_H
#define PUBLISH_CREDENTIALS_H

/* builder/publish/credentials.h
 * credentials: who signs: an access key, its secret and, for temporary ones, a session token.
 *
 * The chain is a list of sources that are asked in order: today the environment, then a shared credentials
 * file.  A source answers "found", "not mine" or an error; the first that finds ends the search.  A new source
 * (a role, SSO, a container, IMDS) is one more function in the list in credentials.c.
 *
 * Rules    (1) An explicit profile takes the environment out of the chain, as in AWS's own tools.
 *          (2) A source that is there but broken is an error, never passed over.
 *          (3) Secrets are wiped when released and appear in no message.
 * Source   botocore's credentials.py for the order and the variables' names.
 * Tests    tests/unit/publish/test_credentials.c
 */
#include <ingot/error.h>

#include "wire/sigv4.h"

struct credentials {
        char *access_key_id, *secret_access_key; /* owned */
        char *session_token;                     /* owned; NULL: none */
        char *origin;                            /* owned; where they came from, for messages */
};

struct credentials_request {
        const char *const *environment; /* "NAME=VALUE", NULL-terminated; NULL: no environment */
        const char *profile;            /* NULL: AWS_PROFILE, else "default" */
        const char *file;               /* NULL: AWS_SHARED_CREDENTIALS_FILE, else HOME/.aws/credentials */
};

/*
 * Finds credentials by the chain.
 *
 * ret_credentials  owned by the caller on INGOT_OK: credentials_release()
 * Fails with       INGOT_E_NOT_FOUND  no source has any; the message names those that were asked
 *                  INGOT_E_FORMAT     the file is not a credentials file, or a key has no secret
 *                  INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code credentials_find(const struct credentials_request *request,
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

#endif
