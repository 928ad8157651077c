/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_JSON_CALL_H
#define REGION_JSON_CALL_H

/* builder/region/json_call.h
 * json_call: what the operations of the protocol json 1.1 (KMS, Service Quotas) share: the operation is a header, the
 * parameters are an object, and so are the reply and an error.
 *
 * Rules    (1) The first refusal stands; an operation reads all its parameters, then looks once, with json_may_go_on().
 *          (2) A member that nobody asked for is refused.
 * Source   AWS JSON protocol 1.1.
 * Tests    tests/unit/region/test_kms_routes.c
 */
#include "base/json.h"
#include "region/routes.h"

enum { JSON_MEMBERS_MAX = 16 };

struct json_call {
        const struct service_call *call;
        const struct json_value *request; /* an object */
        const char *asked[JSON_MEMBERS_MAX];
        size_t asked_count;
        const char *value_error; /* what a bad value is refused with */
        bool is_refused;
        struct json_doc reply;
};

struct json_operation {
        const char *name;
        enum ingot_code (*handle)(struct json_call *json, struct ingot_error *err);
};

struct json_service {
        const char *prefix;                      /* of X-Amz-Target: "TrentService" */
        const char *value_error;                 /* "ValidationException" */
        const struct json_operation *operations; /* a NULL name ends */
};

/* What region_service needs, for the services of this protocol. */
enum ingot_code json_serve(const struct json_service *service, const struct service_call *call,
                           struct ingot_error *err) INGOT_MUST_CHECK;
void json_refuse_stranger(const struct region_refusal *refusal, struct region_reply *reply);
void json_break_down(struct region_reply *reply);
void json_fail(const struct fate_refusal *refusal, struct region_reply *reply);
const char *json_find_operation(const struct json_service *service, const struct region_request *request);
const char *json_operation_at(const struct json_service *service, size_t index);

/* Refuses with status 400. Returns INGOT_OK. */
enum ingot_code json_refuse(struct json_call *json, const char *type, const char *format, ...)
        INGOT_PRINTF(3, 4);

/* Rules 1 and 2. */
bool json_may_go_on(struct json_call *json);

/* Reads a member; NULL when it was not sent. */
const struct json_value *json_read(struct json_call *json, const char *name);
/* Reads a text of at most chars_max characters; NULL when it was not sent, or was refused. */
const char *json_read_text(struct json_call *json, const char *name, size_t chars_max, bool is_needed);
/* Reads a number; out keeps what it is when it was not sent. */
void json_read_number(struct json_call *json, const char *name, uint64_t min, uint64_t max, uint64_t *out);

#endif
