/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_IAM_ROLES_H
#define REGION_IAM_ROLES_H

/* builder/region/iam_roles.h
 * iam_roles: IAM's roles, as far as ImportSnapshot needs one: they can be made, looked at and deleted.
 *
 * Source   IAM service model 2010-05-08, protocol query.
 * Tests    tests/unit/region/test_s3_routes.c
 */
#include "region/query_call.h"

enum ingot_code serve_get_role(struct query_call *query, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_create_role(struct query_call *query, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_delete_role(struct query_call *query, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
