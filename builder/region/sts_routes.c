/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/sts_sessions.h"

static enum ingot_code serve_get_caller_identity(struct query_call *query, struct ingot_error *err)
{
        const struct service_call *call = query->call;
        const struct session_record *session = call->session;

        (void)err;
        if (!query_may_go_on(query))
                return INGOT_OK;
        query_begin(query);
        element_text(query->out, "Arn",
                     session ? session->arn : "arn:aws:iam::" STORE_ACCOUNT_ID ":user/ingot");
        element_text(query->out, "UserId", session ? session->user_id : call->access_key_id);
        element_text(query->out, "Account", call->account_id);
        query_end(query);
        return INGOT_OK;
}

static const struct query_operation operations[] = {
        { "AssumeRole", serve_assume_role },
        { "AssumeRoleWithWebIdentity", serve_assume_role_with_web_identity },
        { "GetCallerIdentity", serve_get_caller_identity },
        { "GetSessionToken", serve_get_session_token },
        { NULL, NULL },
};

static const struct query_service service = { QUERY_STS, "2011-06-15", operations };

/* Only this one: its token says who is asking. */
bool sts_answers_strangers(const struct region_request *request)
{
        static const char action[] = "AssumeRoleWithWebIdentity";
        bool is_post = strcmp(request->method, "POST") == 0, answers = false;
        const char *text = is_post ? request->body : request->query;
        size_t text_bytes = is_post ? request->body_bytes : strlen(request->query);
        const char *found;
        struct uri_query query;

        if (strcmp(request->path, "/") != 0 || request->is_body_too_long ||
            uri_query_parse(text, text_bytes, is_post ? URI_FORM : URI_QUERY, &query, NULL))
                return false;
        found = uri_query_find(&query, "Action");
        answers = found && strcmp(found, action) == 0;
        uri_query_release(&query);
        return answers;
}

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        return query_serve(&service, call, err);
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        query_refuse_stranger(QUERY_STS, refusal, reply);
}

static void break_down(struct region_reply *reply)
{
        query_break_down(QUERY_STS, reply);
}

static void fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        query_error_write(QUERY_STS, reply, refusal->status, refusal->code, refusal->message);
}

static const char *operation_at(size_t index)
{
        return index < sizeof(operations) / sizeof(operations[0]) ? operations[index].name : NULL;
}

static const char *find_operation(const struct region_request *request)
{
        return query_find_operation(request, operation_at);
}

const struct region_service sts_service = { "sts", serve,          refuse,      break_down,
                                            fail,  find_operation, operation_at };
