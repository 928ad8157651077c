/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_SSO_TOKEN_H
#define PUBLISH_CREDENTIAL_SSO_TOKEN_H

/* builder/publish/credential_sso_token.h
 * credential_sso_token: the token that "aws sso login" left in its cache, renewed where that can be done without
 * asking anybody.
 *
 * Rules    (1) The cache is ~/.aws/sso/cache/SHA1.json, by the session's name or, in the older form, the start URL.
 *          (2) A session's token with less than 15 minutes to go is renewed when the cache has what that takes; one
 *              that cannot be renewed is used to its end.
 *          (3) The cache is then rewritten whole, readable by its owner only: other tools go on with it.
 * Source   botocore's tokens.py and utils.py; SSO OIDC service model 2019-06-10, CreateToken.
 * Tests    tests/judges/credentials.py
 */
#include "base/buffer.h"
#include "publish/credential_source.h"

struct sso_login {
        const char *session; /* NULL: the older form */
        const char *start_url, *region;
};

/* Appends rule 1's path.  Fails with INGOT_E_MEMORY. */
enum ingot_code sso_token_path(const struct credential_query *query, const struct sso_login *login,
                               struct buffer *path, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads the token into out.
 *
 * Fails with   INGOT_E_NOT_FOUND  nobody has logged in
 *              INGOT_E_DENIED     the login has ended
 *              INGOT_E_FORMAT, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code sso_token_read(const struct credential_query *query, const struct sso_login *login,
                               const char *path, struct buffer *out,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
