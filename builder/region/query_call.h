/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_QUERY_CALL_H
#define REGION_QUERY_CALL_H

/* builder/region/query_call.h
 * query_call: what the operations of the AWS Query protocol (STS, IAM) share: parameters, refusals, replies.
 *
 * Rules    (1) The first refusal stands, as with ec2_call: an operation reads all its parameters, then looks once,
 *              with query_may_go_on().
 * Tests    tests/unit/region/test_sts_routes.c
 */
#include "region/form.h"
#include "region/query_error.h"
#include "region/routes.h"
#include "region/xml_writer.h"

struct query_call {
        const struct service_call *call;
        enum query_protocol protocol;
        struct form form;
        struct buffer *out;
        const char *action;
        bool is_refused;
};

struct query_operation {
        const char *name;
        enum ingot_code (*handle)(struct query_call *query, struct ingot_error *err);
};

struct query_service {
        enum query_protocol protocol;
        const char *version;
        const struct query_operation *operations; /* a NULL name ends */
};

/* Finds the operation and lets it reply. */
enum ingot_code query_serve(const struct query_service *service, const struct service_call *call,
                            struct ingot_error *err) INGOT_MUST_CHECK;

/* Both are what a region_service needs, for the protocols of this file. */
void query_refuse_stranger(enum query_protocol protocol, const struct region_refusal *refusal,
                           struct region_reply *reply);
void query_break_down(enum query_protocol protocol, struct region_reply *reply);

/* Refuses. Returns INGOT_OK. */
enum ingot_code query_refuse(struct query_call *query, unsigned status, const char *code, const char *format,
                             ...) INGOT_PRINTF(4, 5);

/* Refuses what nobody asked for; whether nothing was refused. */
bool query_may_go_on(struct query_call *query);

/*
 * Reads a parameter of chars_min to chars_max characters; alphabet (NULL: any) is what it may hold.  What is
 * needed and was not sent is refused.
 *
 * Returns the text, borrowed from the form; NULL when it was not sent, or was refused.
 */
struct query_text {
        const char *name;
        size_t chars_min, chars_max;
        const char *alphabet;
        bool is_needed;
};
const char *query_read_text(struct query_call *query, const struct query_text *text);
/* Reads a number; out keeps what it is when it was not sent. */
void query_read_number(struct query_call *query, const char *name, uint32_t min, uint32_t max, uint32_t *out);

/* Writes the elements that begin and end a success. */
void query_begin(struct query_call *query);
void query_end(struct query_call *query);

/* Which of the operations a request names as its Action; NULL when none of them. */
const char *query_find_operation(const struct region_request *request,
                                 const char *(*operation_at)(size_t index));

#endif
