/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_STS_H
#define PUBLISH_CREDENTIAL_STS_H

/* builder/publish/credential_sts.h
 * credential_sts: STS AssumeRole and AssumeRoleWithWebIdentity.
 *
 * Rules    (1) A session without a name is called "ingot-SECONDS".
 *          (2) STS is asked in the query's region, at its own endpoint or the configured one.
 * Source   STS service model 2011-06-15.
 * Tests    tests/unit/publish/test_credential_source.c
 */
#include "publish/credential_source.h"

struct sts_assume {
        const char *role_arn, *session_name, *external_id; /* the last two may be NULL */
        unsigned duration_seconds;                         /* 0: STS's default */
        const struct credentials *signer;                  /* AssumeRole; or NULL and */
        const char *web_identity_token;                    /* AssumeRoleWithWebIdentity */
        const char *origin;
};

/*
 * Fails with   INGOT_E_DENIED  STS refuses; and as region_link_call()
 *              INGOT_E_REMOTE  the answer is not the model's
 */
enum ingot_code credential_sts_assume(const struct credential_query *query, const struct sts_assume *assume,
                                      struct credentials *ret_credentials,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
