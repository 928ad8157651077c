/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/ebs_call.h"

enum { MESSAGE_BYTES = 512, PATH_PARTS_MAX = 4 };

static void write_error(struct region_reply *reply, unsigned status, const char *type, const char *reason,
                        const char *message)
{
        OWNED(json_doc_release) struct json_doc doc;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "Message", message);
        if (reason)
                json_doc_put_text(&doc, doc.root, "Reason", reason);
        region_reply_clear(reply);
        if (json_doc_print(&doc, true, &reply->body, NULL) != INGOT_OK) {
                buffer_clear(&reply->body); /* no room even for this: the type in the header must do */
        }
        reply->status = status;
        reply->content_type = "application/json";
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
        region_reply_add_header(reply, "x-amzn-ErrorType", type);
}

enum ingot_code ebs_refuse(const struct ebs_call *ebs, unsigned status, const char *type, const char *reason,
                           const char *format, ...)
{
        char message[MESSAGE_BYTES];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        write_error(ebs->reply, status, type, reason, message);
        return INGOT_OK;
}

enum ingot_code ebs_refuse_value(const struct ebs_call *ebs, const char *reason, const char *format, ...)
{
        char message[MESSAGE_BYTES];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        write_error(ebs->reply, 400, "ValidationException", reason, message);
        return INGOT_OK;
}

enum ingot_code ebs_refuse_snapshot(const struct ebs_call *ebs, const char *id)
{
        return ebs_refuse(ebs, 404, "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND",
                          "The snapshot '%s' does not exist.", id);
}

enum ingot_code ebs_reply_json(const struct ebs_call *ebs, unsigned status, const struct json_doc *doc,
                               struct ingot_error *err)
{
        enum ingot_code r = json_doc_print(doc, true, &ebs->reply->body, err);

        if (r)
                return r;
        ebs->reply->status = status;
        ebs->reply->content_type = "application/json";
        region_reply_add_header(ebs->reply, "x-amzn-RequestId", ebs->reply->request_id);
        return INGOT_OK;
}

const char *ebs_status(const struct snapshot_record *record)
{
        return record->state == SNAPSHOT_COMPLETED ? "completed"
               : record->state == SNAPSHOT_ERROR   ? "error"
                                                   : "pending";
}

bool region_is_snapshot_id(const char *text)
{
        size_t digits = strncmp(text, "snap-", 5) == 0 ? strspn(text + 5, "0123456789abcdef") : 0;

        return digits > 0 && text[5 + digits] == '\0' && 5 + digits <= RESOURCE_ID_CHARS;
}

/* ---- finding the operation ---- */

struct ebs_operation {
        const char *name, *method;
        const char *parts[PATH_PARTS_MAX]; /* "$id" and "$index" stand for parameters; NULL ends */
        enum ingot_code (*handle)(struct ebs_call *ebs, struct ingot_error *err);
};

/* A literal is looked at before a parameter: "completion" is no snapshot id. */
static const struct ebs_operation operations[] = {
        { "StartSnapshot", "POST", { "snapshots" }, serve_start_snapshot },
        { "CompleteSnapshot", "POST", { "snapshots", "completion", "$id" }, serve_complete_snapshot },
        { "PutSnapshotBlock", "PUT", { "snapshots", "$id", "blocks", "$index" }, serve_put_snapshot_block },
        { "GetSnapshotBlock", "GET", { "snapshots", "$id", "blocks", "$index" }, serve_get_snapshot_block },
        { "ListSnapshotBlocks", "GET", { "snapshots", "$id", "blocks" }, serve_list_snapshot_blocks },
        { "ListChangedBlocks", "GET", { "snapshots", "$id", "changedblocks" }, serve_list_changed_blocks },
};

struct split_path {
        size_t count;
        char parts[PATH_PARTS_MAX][2 * RESOURCE_ID_CHARS];
};

/* Takes "/a/b/c" apart, decoding each part; false when it is not of that form or has too many. */
static bool split(const char *path, struct split_path *split)
{
        split->count = 0;
        while (*path == '/') {
                OWNED(buffer_release) struct buffer part = BUFFER_INIT(2 * RESOURCE_ID_CHARS - 1);
                size_t chars = strcspn(path + 1, "/");

                if (split->count == PATH_PARTS_MAX ||
                    uri_decode(&part, path + 1, chars, URI_QUERY, NULL) != INGOT_OK ||
                    buffer_check(&part, NULL) != INGOT_OK)
                        return false;
                (void)snprintf(split->parts[split->count++], sizeof(split->parts[0]), "%s", part.bytes);
                path += 1 + chars;
        }
        return *path == '\0';
}

static bool matches(const struct ebs_operation *operation, const char *method, const struct split_path *path)
{
        if (strcmp(operation->method, method) != 0)
                return false;
        for (size_t i = 0; i < PATH_PARTS_MAX; i++) {
                const char *part = operation->parts[i];

                if (!part || i >= path->count)
                        return !part && i >= path->count;
                if (part[0] != '$' && strcmp(part, path->parts[i]) != 0)
                        return false;
        }
        return path->count == PATH_PARTS_MAX;
}

static enum ingot_code run(struct ebs_call *ebs, const struct ebs_operation *operation,
                           const struct split_path *path, struct ingot_error *err)
{
        for (size_t i = 0; i < path->count; i++) {
                if (strcmp(operation->parts[i], "$index") == 0)
                        ebs->block_index = path->parts[i];
                if (strcmp(operation->parts[i], "$id") != 0)
                        continue;
                if (!region_is_snapshot_id(path->parts[i]))
                        return ebs_refuse_value(ebs, "INVALID_SNAPSHOT_ID", "'%s' is not a snapshot id.",
                                                path->parts[i]);
                (void)snprintf(ebs->snapshot_id, sizeof(ebs->snapshot_id), "%s", path->parts[i]);
        }
        return operation->handle(ebs, err);
}

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        struct ebs_call ebs = { .call = call,
                                .store = call->store,
                                .request = call->request,
                                .reply = call->reply,
                                .block_index = "" };
        struct split_path path;
        enum ingot_code r;

        if (split(call->request->path, &path)) {
                for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
                        if (!matches(&operations[i], call->request->method, &path))
                                continue;
                        if (uri_query_parse(call->request->query, strlen(call->request->query), URI_QUERY,
                                            &ebs.query, NULL) != INGOT_OK)
                                return ebs_refuse_value(&ebs, "INVALID_PARAMETER_VALUE",
                                                        "The query is not percent-encoded.");
                        r = run(&ebs, &operations[i], &path, err);
                        uri_query_release(&ebs.query);
                        return r;
                }
        }
        return ebs_refuse(&ebs, 404, "UnknownOperationException", NULL, "There is no operation %s %s.",
                          call->request->method, call->request->path);
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        static const char *const types[] = {
                [SIGV4_MISSING] = "MissingAuthenticationTokenException",
                [SIGV4_MALFORMED] = "IncompleteSignatureException",
                [SIGV4_UNKNOWN_KEY] = "UnrecognizedClientException",
                [SIGV4_WRONG_TOKEN] = "UnrecognizedClientException",
        };
        const char *type =
                (size_t)refusal->verdict < sizeof(types) / sizeof(types[0]) ? types[refusal->verdict] : NULL;

        if (refusal->is_session_over)
                type = "ExpiredTokenException";
        write_error(reply, refusal->verdict == SIGV4_MALFORMED ? 400 : 403,
                    type ? type : "InvalidSignatureException", NULL, refusal->detail);
}

static void break_down(struct region_reply *reply)
{
        write_error(reply, 500, "InternalServerException", NULL, "An internal error has occurred.");
}

static void fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        write_error(reply, refusal->status, refusal->code, *refusal->reason ? refusal->reason : NULL,
                    refusal->message);
}

static const char *find_operation(const struct region_request *request)
{
        struct split_path path;

        if (!split(request->path, &path))
                return NULL;
        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
                if (matches(&operations[i], request->method, &path))
                        return operations[i].name;
        }
        return NULL;
}

static const char *operation_at(size_t index)
{
        return index < sizeof(operations) / sizeof(operations[0]) ? operations[index].name : NULL;
}

const struct region_service ebs_service = { "ebs", serve,          refuse,      break_down,
                                            fail,  find_operation, operation_at };
