/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EBS_CALL_H
#define REGION_EBS_CALL_H

/* builder/region/ebs_call.h
 * ebs_call: what the EBS direct operations share: their request, and replies in JSON.
 *
 * Rules    (1) An error is {"Message", "Reason"?} with its type in x-amzn-ErrorType.
 * Source   EBS direct APIs 2019-11-02; protocol rest-json.
 * Tests    tests/unit/region/test_ebs_routes.c
 */
#include "base/json.h"
#include "region/routes.h"
#include "region/snapshots.h"
#include "wire/uri.h"

struct ebs_call {
        const struct service_call *call;
        struct region_store *store;           /* call's */
        const struct region_request *request; /* call's */
        struct region_reply *reply;           /* call's */
        char snapshot_id[RESOURCE_ID_CHARS + 1];
        const char *block_index; /* of the path, not yet read; "" when the path has none */
        struct uri_query query;
};

/* Replies with an error; reason may be NULL. Returns INGOT_OK: the reply is whole. */
enum ingot_code ebs_refuse(const struct ebs_call *ebs, unsigned status, const char *type, const char *reason,
                           const char *format, ...) INGOT_PRINTF(5, 6);
/* 400 ValidationException. */
enum ingot_code ebs_refuse_value(const struct ebs_call *ebs, const char *reason, const char *format, ...)
        INGOT_PRINTF(3, 4);
/* 404 ResourceNotFoundException SNAPSHOT_NOT_FOUND for id. */
enum ingot_code ebs_refuse_snapshot(const struct ebs_call *ebs, const char *id);

/* Replies with a document. */
enum ingot_code ebs_reply_json(const struct ebs_call *ebs, unsigned status, const struct json_doc *doc,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* "pending", "completed" or "error", as clients see it. */
const char *ebs_status(const struct snapshot_record *record);

/* Whether a text looks like a snapshot id: snap- and up to 59 lower-case hex digits. */
bool region_is_snapshot_id(const char *text);

/* The operations. */
enum ingot_code serve_start_snapshot(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_put_snapshot_block(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_complete_snapshot(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_list_snapshot_blocks(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_list_changed_blocks(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_snapshot_block(struct ebs_call *ebs, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
