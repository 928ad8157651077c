/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_PROVIDER_H
#define PUBLISH_CREDENTIAL_PROVIDER_H

/* builder/publish/credential_provider.h
 * credential_provider: credentials that are good now, fetched anew before they expire while work goes on.
 *
 *   remaining life    > 15 min              15 to 10 min                   < 10 min
 *                     given as they are     given as they are; the next    the next are waited for
 *                                           are fetched aside
 *
 * Rules    (1) A fetch in the first window that fails is no error; it is tried again a minute later.
 *          (2) In the second window it is an error only once less than a minute of the old ones is left.
 *          (3) Credentials that live less than 30 minutes have windows of a half and a third of their life.
 *          (4) fetch() runs in another thread and gets an observer that asks it to stop; it must obey.
 *          (5) Credentials without an end are never fetched anew, but for credential_provider_renew().
 * Source   botocore's RefreshableCredentials for the windows.
 * Tests    tests/unit/publish/test_credential_provider.c
 */
#include <stdbool.h>

#include <ingot/observer.h>

#include "publish/credentials.h"

enum {
        CREDENTIAL_ADVISORY_SECONDS = 15 * 60,
        CREDENTIAL_MANDATORY_SECONDS = 10 * 60,
        CREDENTIAL_PAUSE_SECONDS = 60, /* between fetches that fail */
        CREDENTIAL_LEAST_SECONDS = 60  /* rule 2 */
};

struct credential_provider;

struct credential_provider_options {
        void *context; /* of fetch; used by one thread at a time */
        enum ingot_code (*fetch)(void *context, const struct ingot_observer *stop,
                                 struct credentials *ret_credentials, struct ingot_error *err);
        const struct ingot_observer *observer; /* of who waits; may be NULL */
        int64_t now_seconds;
};

/*
 * first        taken: what is given out until the next are there
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code credential_provider_new(const struct credential_provider_options *options,
                                        struct credentials *first, struct credential_provider **ret_provider,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
void credential_provider_free(struct credential_provider *provider);

/*
 * Gives the credentials to sign with at now_seconds.
 *
 * ret_credentials  borrowed until the next call
 * ret_generation   another number for other credentials
 * Fails with       rule 2: what fetch() failed with; INGOT_E_DENIED: the source only has expired ones;
 *                  INGOT_E_CANCELLED
 */
enum ingot_code credential_provider_current(struct credential_provider *provider, int64_t now_seconds,
                                            const struct credentials **ret_credentials,
                                            unsigned *ret_generation,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The region refused credentials of that generation as expired: fetches others, unless that was done meanwhile.
 *
 * Returns      whether there are others now
 */
bool credential_provider_renew(struct credential_provider *provider, int64_t now_seconds,
                               unsigned generation);

/* What is given out now; borrowed until the next call. */
const struct credentials *credential_provider_peek(const struct credential_provider *provider);

#endif
