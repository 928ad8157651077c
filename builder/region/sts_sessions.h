/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_STS_SESSIONS_H
#define REGION_STS_SESSIONS_H

/* builder/region/sts_sessions.h
 * sts_sessions: the STS operations that give temporary credentials.
 *
 * Rules    (1) Every role exists, and whoever has a key, or a web identity token that has not expired, may assume
 *              it: the region has no policies.  A token is not verified; where it is a JWT, its exp counts.
 *          (2) A role of another account leads into that account, which owns nothing of the first one's.
 *          (3) A session that assumes a role gets an hour at most (role chaining).
 * Source   STS service model 2011-06-15.
 * Tests    tests/unit/region/test_sts_routes.c
 */
#include "region/query_call.h"

enum ingot_code serve_assume_role(struct query_call *query, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_assume_role_with_web_identity(struct query_call *query,
                                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_session_token(struct query_call *query, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
