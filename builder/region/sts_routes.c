/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "region/form.h"
#include "region/query_error.h"
#include "region/routes.h"
#include "region/xml_writer.h"

#define STS_VERSION "2011-06-15"

static enum ingot_code get_caller_identity(const struct service_call *call)
{
        struct region_reply *reply = call->reply;
        struct buffer *out = &reply->body;

        buffer_append_text(out,
                           "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/" STS_VERSION
                           "/\"><GetCallerIdentityResult>");
        element_text(out, "Arn", "arn:aws:iam::" STORE_ACCOUNT_ID ":user/ingot");
        element_text(out, "UserId", call->access_key_id);
        element_text(out, "Account", STORE_ACCOUNT_ID);
        buffer_append_text(out, "</GetCallerIdentityResult><ResponseMetadata>");
        element_text(out, "RequestId", reply->request_id);
        buffer_append_text(out, "</ResponseMetadata></GetCallerIdentityResponse>");
        reply->status = 200;
        reply->content_type = "text/xml";
        region_reply_add_header(reply, "x-amzn-RequestId", reply->request_id);
        return INGOT_OK;
}

struct sts_operation {
        const char *name;
        enum ingot_code (*handle)(const struct service_call *call);
};

static const struct sts_operation operations[] = { { "GetCallerIdentity", get_caller_identity } };

static enum ingot_code refuse_value(const struct service_call *call, const char *code, const char *message)
{
        query_error_write(QUERY_STS, call->reply, 400, code, message);
        return INGOT_OK;
}

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        const struct region_request *request = call->request;
        bool is_post = strcmp(request->method, "POST") == 0;
        OWNED(form_release) struct form form = { 0 };
        const char *action, *version;
        enum ingot_code r;

        if (strcmp(request->path, "/") != 0 || (!is_post && strcmp(request->method, "GET") != 0) ||
            request->is_body_too_long)
                return refuse_value(call, "InvalidAction", "There is no such operation.");
        r = is_post ? form_parse(request->body, request->body_bytes, URI_FORM, &form, err)
                    : form_parse(request->query, strlen(request->query), URI_QUERY, &form, err);
        if (r == INGOT_E_FORMAT)
                return refuse_value(call, "MalformedQueryString", "The request is not a form.");
        if (r)
                return r;
        action = form_find(&form, "Action");
        version = form_find(&form, "Version");
        if (!action || !version || strcmp(version, STS_VERSION) != 0)
                return refuse_value(call, "InvalidAction",
                                    "The request must have an Action and the Version " STS_VERSION ".");
        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
                if (strcmp(operations[i].name, action) != 0)
                        continue;
                if (form_unasked(&form))
                        return refuse_value(call, "UnknownParameter", "A parameter is not recognized.");
                return operations[i].handle(call);
        }
        return refuse_value(call, "InvalidAction", "Could not find the operation of that version.");
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        switch (refusal->verdict) {
        case SIGV4_MISSING:
                query_error_write(QUERY_STS, reply, 403, "MissingAuthenticationToken", refusal->detail);
                break;
        case SIGV4_MALFORMED:
                query_error_write(QUERY_STS, reply, 400, "IncompleteSignature", refusal->detail);
                break;
        case SIGV4_UNKNOWN_KEY:
        case SIGV4_WRONG_TOKEN:
                query_error_write(QUERY_STS, reply, 403, "InvalidClientTokenId", refusal->detail);
                break;
        case SIGV4_GOOD:
        case SIGV4_EXPIRED:
        case SIGV4_NOT_YET:
        case SIGV4_UNSIGNED_HEADER:
        case SIGV4_WRONG_PAYLOAD:
        case SIGV4_MISMATCH:
        default: query_error_write(QUERY_STS, reply, 403, "SignatureDoesNotMatch", refusal->detail); break;
        }
}

static void break_down(struct region_reply *reply)
{
        query_error_write(QUERY_STS, reply, 500, "InternalFailure", "An internal error has occurred.");
}

const struct region_service sts_service = { "sts", serve, refuse, break_down };
