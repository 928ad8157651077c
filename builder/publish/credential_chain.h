/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_CREDENTIAL_CHAIN_H
#define PUBLISH_CREDENTIAL_CHAIN_H

/* builder/publish/credential_chain.h
 * credential_chain: the sources in the order in which they are asked, and what each of them said.
 *
 * Rules    (1) The first that finds ends the search.
 *          (2) An explicit profile takes the environment out, as in AWS's own tools.
 *          (3) A role's source profile is searched by the sources that read profiles, in the same order.
 * Source   botocore's credentials.py, for the order and the names.
 * Tests    tests/unit/publish/test_credential_source.c, tests/judges/credentials.py
 */
#include "publish/credential_source.h"

enum { CREDENTIAL_SOURCE_COUNT = 10 };

/* What a search found, and what each source that was asked said. */
struct credential_search {
        unsigned asked; /* sources 0 to asked - 1 were asked */
        int found;      /* the index of the source that has them; -1: none */
        char why[CREDENTIAL_SOURCE_COUNT][CREDENTIAL_WHY_CHARS + 1];
};

/* "env", "assume-role", ...: botocore's names; and in words: "the environment". */
const char *credential_source_name(unsigned index);
const char *credential_source_words(unsigned index);

/*
 * Asks the sources in order.
 *
 * search           filled in, also on failure: sources up to the one that failed were asked
 * ret_credentials  the caller's, when search->found is not -1
 * Fails with       as a source does
 */
enum ingot_code credential_chain_find(const struct credential_query *query, struct credential_search *search,
                                      struct credentials *ret_credentials,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/* Asks one source.  Fails also with INGOT_E_NOT_FOUND: it has none. */
enum ingot_code credential_chain_ask(const struct credential_query *query, unsigned index,
                                     struct credentials *ret_credentials,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Rule 3.  Fails with INGOT_E_NOT_FOUND: no source has any for query->profile. */
enum ingot_code credential_chain_of_profile(const struct credential_query *query,
                                            struct credentials *ret_credentials,
                                            struct ingot_error *err) INGOT_MUST_CHECK;

/* "there are no AWS credentials", with how to see more. */
enum ingot_code credential_chain_fail(const struct credential_search *search, struct ingot_error *err);

#endif
