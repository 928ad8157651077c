/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/json_call.h"

enum { MESSAGE_BYTES = 512 };

#define CONTENT_TYPE "application/x-amz-json-1.1"

static void write_error(struct region_reply *reply, unsigned status, const char *type, const char *message)
{
        OWNED(json_doc_release) struct json_doc doc;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "__type", type);
        json_doc_put_text(&doc, doc.root, "message", message);
        region_reply_clear(reply);
        if (json_doc_print(&doc, true, &reply->body, NULL) != INGOT_OK)
                buffer_clear(&reply->body); /* no room even for this: the type in the header must do */
        reply->status = status;
        reply->content_type = CONTENT_TYPE;
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
        region_reply_add_header(reply, "x-amzn-ErrorType", type);
}

enum ingot_code json_refuse(struct json_call *json, const char *type, const char *format, ...)
{
        char message[MESSAGE_BYTES];
        size_t chars;
        va_list args;

        if (json->is_refused)
                return INGOT_OK;
        json->is_refused = true;
        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (!is_plain_text(message, &chars)) /* what the client sent was cut in the middle of a character */
                (void)snprintf(message, sizeof(message), "The request is not valid.");
        write_error(json->call->reply, 400, type, message);
        return INGOT_OK;
}

bool json_may_go_on(struct json_call *json)
{
        for (void *at = json_value_first(json->request); at; at = json_value_next(json->request, at)) {
                bool is_asked = false;

                for (size_t i = 0; i < json->asked_count; i++)
                        is_asked |= strcmp(json->asked[i], json_value_key(at)) == 0;
                if (!is_asked)
                        (void)json_refuse(json, json->value_error, "There is no parameter %.80s.",
                                          json_value_key(at));
        }
        return !json->is_refused;
}

const struct json_value *json_read(struct json_call *json, const char *name)
{
        const struct json_value *value = json_value_member(json->request, name);

        if (json->asked_count < JSON_MEMBERS_MAX)
                json->asked[json->asked_count++] = name;
        return value && !json_value_is_null(value) ? value : NULL;
}

const char *json_read_text(struct json_call *json, const char *name, size_t chars_max, bool is_needed)
{
        const struct json_value *value = json_read(json, name);
        const char *text = json_value_text(value);
        size_t chars = 0;

        if (!value && is_needed)
                (void)json_refuse(json, json->value_error, "The parameter %s is missing.", name);
        if (!value)
                return NULL;
        if (text && is_plain_text(text, &chars) && chars >= 1 && chars <= chars_max)
                return text;
        (void)json_refuse(json, json->value_error, "%s must be a text of 1 to %zu characters.", name,
                          chars_max);
        return NULL;
}

void json_read_number(struct json_call *json, const char *name, uint64_t min, uint64_t max, uint64_t *out)
{
        const struct json_value *value = json_read(json, name);
        uint64_t number;

        if (!value)
                return;
        if (json_value_u64(value, &number) && number >= min && number <= max)
                *out = number;
        else
                (void)json_refuse(json, json->value_error, "%s must be a number from %llu to %llu.", name,
                                  (unsigned long long)min, (unsigned long long)max);
}

static const struct json_operation *find(const struct json_service *service,
                                         const struct region_request *request)
{
        const char *target = region_request_header(request, "x-amz-target");
        size_t prefix_chars = strlen(service->prefix);

        if (!target || strncmp(target, service->prefix, prefix_chars) != 0 || target[prefix_chars] != '.')
                return NULL;
        for (const struct json_operation *operation = service->operations; operation->name; operation++) {
                if (strcmp(operation->name, target + prefix_chars + 1) == 0)
                        return operation;
        }
        return NULL;
}

const char *json_find_operation(const struct json_service *service, const struct region_request *request)
{
        const struct json_operation *operation = find(service, request);

        return operation ? operation->name : NULL;
}

const char *json_operation_at(const struct json_service *service, size_t index)
{
        for (size_t i = 0; service->operations[i].name; i++) {
                if (i == index)
                        return service->operations[i].name;
        }
        return NULL;
}

static enum ingot_code run(const struct json_operation *operation, struct json_call *json,
                           struct ingot_error *err)
{
        struct region_reply *reply = json->call->reply;
        enum ingot_code r = operation->handle(json, err);

        if (r || json->is_refused)
                return r;
        r = json_doc_print(&json->reply, true, &reply->body, err);
        reply->status = 200;
        reply->content_type = CONTENT_TYPE;
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
        return r;
}

enum ingot_code json_serve(const struct json_service *service, const struct service_call *call,
                           struct ingot_error *err)
{
        const struct region_request *request = call->request;
        const struct json_operation *operation = find(service, request);
        OWNED(json_value_drop) struct json_value *body = NULL;
        struct json_call json = { .call = call, .value_error = service->value_error };
        enum ingot_code r;

        if (strcmp(request->method, "POST") != 0 || strcmp(request->path, "/") != 0 || !operation ||
            request->is_body_too_long)
                return json_refuse(&json, "UnknownOperationException", "There is no such operation.");
        r = json_value_parse(request->body, request->body_bytes, "body", &body, err);
        if (r == INGOT_E_FORMAT || (!r && !json_value_is_object(body)))
                return json_refuse(&json, "SerializationException", "The body is not a JSON object.");
        if (r)
                return r;
        json.request = body;
        json_doc_init(&json.reply);
        r = run(operation, &json, err);
        json_doc_release(&json.reply);
        return r;
}

void json_refuse_stranger(const struct region_refusal *refusal, struct region_reply *reply)
{
        const char *type = "InvalidSignatureException";

        if (refusal->verdict == SIGV4_MISSING)
                type = "MissingAuthenticationTokenException";
        else if (refusal->verdict == SIGV4_MALFORMED)
                type = "IncompleteSignatureException";
        else if (refusal->verdict == SIGV4_UNKNOWN_KEY || refusal->verdict == SIGV4_WRONG_TOKEN)
                type = "UnrecognizedClientException";
        else if (refusal->is_session_over)
                type = "ExpiredTokenException";
        write_error(reply, 400, type, refusal->detail);
}

void json_break_down(struct region_reply *reply)
{
        write_error(reply, 500, "InternalFailure", "An internal error has occurred.");
}

void json_fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        write_error(reply, refusal->status, refusal->code, refusal->message);
}
