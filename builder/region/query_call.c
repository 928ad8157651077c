/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/query_call.h"

enum { MESSAGE_BYTES = 1024 };

enum ingot_code query_refuse(struct query_call *query, unsigned status, const char *code, const char *format,
                             ...)
{
        char message[MESSAGE_BYTES];
        size_t chars;
        va_list args;

        if (query->is_refused)
                return INGOT_OK;
        query->is_refused = true;
        va_start(args, format);
        (void)vsnprintf(message, sizeof(message), format, args);
        va_end(args);
        if (!is_plain_text(message, &chars)) /* what the client sent was cut in the middle of a character */
                (void)snprintf(message, sizeof(message), "The request is not valid.");
        query_error_write(query->protocol, query->call->reply, status, code, message);
        return INGOT_OK;
}

bool query_may_go_on(struct query_call *query)
{
        const char *unknown = form_unasked(&query->form);

        if (unknown)
                (void)query_refuse(query, 400, "ValidationError", "The parameter %.100s is not recognized.",
                                   unknown);
        return !query->is_refused;
}

const char *query_read_text(struct query_call *query, const struct query_text *text)
{
        const char *value = form_find(&query->form, "%s", text->name);
        size_t chars = 0;

        if (!value) {
                if (text->is_needed)
                        (void)query_refuse(query, 400, "ValidationError", "The parameter %s is missing.",
                                           text->name);
                return NULL;
        }
        (void)is_plain_text(value, &chars); /* the form has looked: rule 3 there */
        if (chars < text->chars_min || chars > text->chars_max) {
                (void)query_refuse(query, 400, "ValidationError", "%s must have %zu to %zu characters.",
                                   text->name, text->chars_min, text->chars_max);
                return NULL;
        }
        if (text->alphabet && strspn(value, text->alphabet) != strlen(value)) {
                (void)query_refuse(query, 400, "ValidationError", "%s may hold only characters of %s.",
                                   text->name, text->alphabet);
                return NULL;
        }
        return value;
}

void query_read_number(struct query_call *query, const char *name, uint32_t min, uint32_t max, uint32_t *out)
{
        const char *text = form_find(&query->form, "%s", name);
        uint64_t value;

        if (!text)
                return;
        if (read_digits(text, &value) && value >= min && value <= max)
                *out = (uint32_t)value;
        else
                (void)query_refuse(query, 400, "ValidationError", "%s must be a number from %u to %u.", name,
                                   min, max);
}

void query_begin(struct query_call *query)
{
        buffer_appendf(query->out, "<%sResponse xmlns=\"%s\"><%sResult>", query->action,
                       query_namespace(query->protocol), query->action);
}

void query_end(struct query_call *query)
{
        struct region_reply *reply = query->call->reply;

        buffer_appendf(query->out, "</%sResult><ResponseMetadata>", query->action);
        element_text(query->out, "RequestId", reply->request_id);
        buffer_appendf(query->out, "</ResponseMetadata></%sResponse>", query->action);
        reply->status = 200;
        reply->content_type = "text/xml";
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
}

static enum ingot_code run(const struct query_service *service, struct query_call *query,
                           struct ingot_error *err)
{
        const char *action = form_find(&query->form, "Action"), *version = form_find(&query->form, "Version");

        if (!action || !version || strcmp(version, service->version) != 0)
                return query_refuse(query, 400, "InvalidAction",
                                    "The request must have an Action and the Version %s.", service->version);
        for (const struct query_operation *operation = service->operations; operation->name; operation++) {
                if (strcmp(operation->name, action) == 0) {
                        query->action = operation->name;
                        return operation->handle(query, err);
                }
        }
        return query_refuse(query, 400, "InvalidAction", "Could not find operation %.80s for version %s.",
                            action, service->version);
}

enum ingot_code query_serve(const struct query_service *service, const struct service_call *call,
                            struct ingot_error *err)
{
        const struct region_request *request = call->request;
        struct query_call query = { .call = call, .protocol = service->protocol, .out = &call->reply->body };
        bool is_post = strcmp(request->method, "POST") == 0;
        enum ingot_code r;

        if (strcmp(request->path, "/") != 0 || (!is_post && strcmp(request->method, "GET") != 0) ||
            request->is_body_too_long)
                return query_refuse(&query, 400, "InvalidAction", "There is no such operation.");
        r = is_post ? form_parse(request->body, request->body_bytes, URI_FORM, &query.form, err)
                    : form_parse(request->query, strlen(request->query), URI_QUERY, &query.form, err);
        if (r == INGOT_E_FORMAT)
                return query_refuse(&query, 400, "MalformedQueryString", "The request is not a form.");
        if (r)
                return r;
        r = run(service, &query, err);
        form_release(&query.form);
        return r;
}

void query_refuse_stranger(enum query_protocol protocol, const struct region_refusal *refusal,
                           struct region_reply *reply)
{
        const char *code = "SignatureDoesNotMatch";

        if (refusal->verdict == SIGV4_MISSING)
                code = "MissingAuthenticationToken";
        else if (refusal->verdict == SIGV4_MALFORMED)
                code = "IncompleteSignature";
        else if (refusal->verdict == SIGV4_UNKNOWN_KEY || refusal->verdict == SIGV4_WRONG_TOKEN)
                code = "InvalidClientTokenId";
        else if (refusal->is_session_over)
                code = "ExpiredToken";
        query_error_write(protocol, reply, refusal->verdict == SIGV4_MALFORMED ? 400 : 403, code,
                          refusal->detail);
}

void query_break_down(enum query_protocol protocol, struct region_reply *reply)
{
        query_error_write(protocol, reply, 500, "InternalFailure", "An internal error has occurred.");
}

const char *query_find_operation(const struct region_request *request,
                                 const char *(*operation_at)(size_t index))
{
        bool is_post = strcmp(request->method, "POST") == 0;
        const char *text = is_post ? request->body : request->query;
        size_t size_bytes = is_post ? request->body_bytes : strlen(request->query);

        for (size_t i = 0; operation_at(i); i++) {
                if (form_says(text, size_bytes, "Action", operation_at(i)))
                        return operation_at(i);
        }
        return NULL;
}
