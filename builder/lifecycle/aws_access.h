/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_AWS_ACCESS_H
#define LIFECYCLE_AWS_ACCESS_H

/* builder/lifecycle/aws_access.h
 * aws_access: who we are in AWS, for as long as a call lasts.
 *
 * Rules    (1) A region that the target does not name is AWS_REGION, AWS_DEFAULT_REGION or the profile's.
 *          (2) Certificates are checked against the target's bundle, AWS_CA_BUNDLE or the profile's ca_bundle; else
 *              the system's.
 *          (3) The next credentials are asked of the source that had the first, with its files read anew.
 *          (4) It is filled in place and never moves: what is in it points into it.
 * Tests    tests/cli/aws.sh, tests/judges/credentials.py
 */
#include <ingot/publish.h>

#include "publish/credential_chain.h"
#include "publish/credential_provider.h"
#include "publish/endpoint.h"

struct aws_access {
        const struct ingot_target *target; /* borrowed */
        char region[ENDPOINT_WORD_CHARS + 1];
        struct aws_config config;
        char *ca_bundle; /* owned; NULL: the system's */
        struct credential_query query;
        struct credential_search search;
        struct credential_provider *provider; /* NULL: no source has any */
};

/*
 * Reads what the environment and the files say.
 *
 * target       borrowed, outlives the access
 * region       NULL: rule 1
 * observer     borrowed, outlives the access; may be NULL
 * access       zeroed; aws_access_close() whatever the result
 * Fails with   INGOT_E_USAGE      no region is named anywhere
 *              and as aws_config_read()
 */
enum ingot_code aws_access_open(const struct ingot_target *target, const char *region,
                                const struct ingot_observer *observer, struct aws_access *access,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Looks for credentials; access->search tells what was asked, on any result.
 *
 * Fails with   INGOT_E_NOT_FOUND  no source has any
 *              and as a source does (publish/credential_source.h)
 */
enum ingot_code aws_access_find(struct aws_access *access, struct ingot_error *err) INGOT_MUST_CHECK;

void aws_access_close(struct aws_access *access); /* a zeroed one is fine */

#endif
