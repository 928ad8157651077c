/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_SOURCE_H
#define PUBLISH_CREDENTIAL_SOURCE_H

/* builder/publish/credential_source.h
 * credential_source: the places where credentials may be, each a function that is asked the same question.
 *
 * Rules    (1) A source answers "found", "not mine, because" or an error.  One that is there but broken is an error,
 *              never passed over.
 *          (2) A source is asked again for the next credentials: it reads its files and tokens anew each time.
 *          (3) Answers do not depend on what other sources say, but for a role's source credentials.
 * Source   botocore's credentials.py, for what makes a source one that was meant.
 * Tests    tests/unit/publish/test_credential_source.c, tests/judges/credentials.py
 */
#include <ingot/observer.h>

#include "base/clock.h"
#include "publish/aws_config.h"
#include "publish/credentials.h"

enum { CREDENTIAL_WHY_CHARS = 240, ROLE_DEPTH_MAX = 8 };

/* What a source is asked with; all of it is borrowed. */
struct credential_query {
        const struct aws_config *config;
        const char *profile;      /* whose settings count */
        bool without_environment; /* the environment has no say in which credentials are meant */
        const char *region;       /* where STS is asked */
        const char *ca_bundle;    /* NULL: the system's certificates */
        const struct clock *clock;
        const struct ingot_observer *stop; /* may be NULL */
        const char
                *role_profiles[ROLE_DEPTH_MAX]; /* of the roles that wait for this answer, outermost first */
        unsigned role_depth;
};

struct credential_answer {
        bool found;
        struct credentials credentials;     /* when found: the caller's */
        char why[CREDENTIAL_WHY_CHARS + 1]; /* when not: what is missing */
};

/*
 * Fails with   INGOT_E_FORMAT     what is configured is contradictory or incomplete, or an answer is not the model's
 *              INGOT_E_NOT_FOUND  a file, profile or section that is named is not there
 *              INGOT_E_DENIED     who is asked refuses; a login has expired
 *              INGOT_E_USAGE      something that ingot does not do
 *              INGOT_E_REMOTE, INGOT_E_THROTTLED, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
typedef enum ingot_code (*credential_ask)(const struct credential_query *query,
                                          struct credential_answer *answer, struct ingot_error *err);

/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SECURITY_TOKEN or AWS_SESSION_TOKEN, AWS_CREDENTIAL_EXPIRATION. */
enum ingot_code credential_ask_environment(const struct credential_query *query,
                                           struct credential_answer *answer,
                                           struct ingot_error *err) INGOT_MUST_CHECK;
/* role_arn with source_profile or credential_source: STS AssumeRole. */
enum ingot_code credential_ask_role(const struct credential_query *query, struct credential_answer *answer,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
/* AWS_WEB_IDENTITY_TOKEN_FILE or web_identity_token_file, with a role: STS AssumeRoleWithWebIdentity. */
enum ingot_code credential_ask_web_identity(const struct credential_query *query,
                                            struct credential_answer *answer,
                                            struct ingot_error *err) INGOT_MUST_CHECK;
/* sso_account_id and sso_role_name: the token that "aws sso login" left, given to the SSO portal. */
enum ingot_code credential_ask_sso(const struct credential_query *query, struct credential_answer *answer,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
/* aws_access_key_id of the shared credentials file. */
enum ingot_code credential_ask_shared_file(const struct credential_query *query,
                                           struct credential_answer *answer,
                                           struct ingot_error *err) INGOT_MUST_CHECK;
/* login_session: what "aws login" left. */
enum ingot_code credential_ask_login(const struct credential_query *query, struct credential_answer *answer,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* credential_process: a program that prints them. */
enum ingot_code credential_ask_process(const struct credential_query *query, struct credential_answer *answer,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
/* aws_access_key_id of the config file. */
enum ingot_code credential_ask_config_file(const struct credential_query *query,
                                           struct credential_answer *answer,
                                           struct ingot_error *err) INGOT_MUST_CHECK;
/* AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI: ECS and EKS Pod Identity. */
enum ingot_code credential_ask_container(const struct credential_query *query,
                                         struct credential_answer *answer,
                                         struct ingot_error *err) INGOT_MUST_CHECK;
/* The instance's role, by IMDSv2. */
enum ingot_code credential_ask_instance(const struct credential_query *query,
                                        struct credential_answer *answer,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Says why a source has nothing.  Returns INGOT_OK. */
enum ingot_code credential_not_mine(struct credential_answer *answer, const char *format, ...)
        INGOT_PRINTF(2, 3);

#endif
