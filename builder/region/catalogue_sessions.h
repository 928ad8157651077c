/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_SESSIONS_H
#define REGION_CATALOGUE_SESSIONS_H

/* builder/region/catalogue_sessions.h
 * catalogue_sessions: temporary credentials, as STS gave them.
 *
 * Unit     seconds since 1970
 * Rules    (1) An expired session is still found for a day, so that it is refused as expired and not as unknown.
 * Tests    tests/unit/region/test_sts_routes.c
 */
#include <stdint.h>

#include "region/catalogue.h"

enum {
        ACCOUNT_ID_CHARS = 12,
        SESSION_KEY_CHARS = 40, /* of a key id and of a secret */
        SESSION_TOKEN_CHARS = 127,
        SESSION_ARN_CHARS = 2048,
        SESSION_USER_CHARS = 193
};

struct session_record {
        char access_key_id[SESSION_KEY_CHARS + 1], secret_access_key[SESSION_KEY_CHARS + 1];
        char session_token[SESSION_TOKEN_CHARS + 1];
        char account_id[ACCOUNT_ID_CHARS + 1];
        char arn[SESSION_ARN_CHARS + 1], user_id[SESSION_USER_CHARS + 1];
        int64_t expires_seconds;
};

/* Records a session, and forgets those that expired a day before now_seconds. */
enum ingot_code catalogue_add_session(struct catalogue *catalogue, const struct session_record *session,
                                      int64_t now_seconds, struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_NOT_FOUND  no session has that key */
enum ingot_code catalogue_find_session(struct catalogue *catalogue, const char *access_key_id,
                                       struct session_record *ret_session,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

#endif
