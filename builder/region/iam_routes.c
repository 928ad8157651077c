/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_settings.h"
#include "region/iam_roles.h"
#include "region/query_call.h"

/* IAM: SimulatePrincipalPolicy, which allows everything but what the setting SETTING_DENIED_ACTIONS names. */

enum { ACTIONS_MAX = 100, RESOURCES_MAX = 100 };

/* Whether a list of actions, parted by commas, has this one. */
static bool is_listed(const char *list, const char *action)
{
        size_t chars = strlen(action);

        for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
                if (strncmp(at, action, chars) == 0 && (at[chars] == ',' || at[chars] == '\0'))
                        return true;
        }
        return false;
}

static void write_evaluation(struct query_call *query, const char *action, const char *resource,
                             bool is_denied)
{
        element_open(query->out, "member");
        element_text(query->out, "EvalActionName", action);
        element_text(query->out, "EvalResourceName", resource);
        element_text(query->out, "EvalDecision", is_denied ? "implicitDeny" : "allowed");
        element_open(query->out, "MatchedStatements");
        element_close(query->out, "MatchedStatements");
        element_open(query->out, "MissingContextValues");
        element_close(query->out, "MissingContextValues");
        element_close(query->out, "member");
}

static void read_lists(struct query_call *query)
{
        static const struct query_text source = { "PolicySourceArn", 20, 2048, NULL, true };
        const char *arn = query_read_text(query, &source);

        if (arn && (strncmp(arn, "arn:aws", 7) != 0 || !strstr(arn, ":iam::")))
                (void)query_refuse(query, 400, "InvalidInput", "%.200s is not a user, a group or a role",
                                   arn);
        if (!form_has(&query->form, "ActionNames.member.1"))
                (void)query_refuse(query, 400, "ValidationError", "The parameter ActionNames is missing.");
        for (unsigned i = 1; i <= ACTIONS_MAX && form_has(&query->form, "ActionNames.member.%u", i); i++) {
                const char *action = form_find(&query->form, "ActionNames.member.%u", i);

                if (!action || !strchr(action, ':') || strlen(action) > 128)
                        (void)query_refuse(query, 400, "InvalidInput", "Invalid Entity Action: %.128s",
                                           action ? action : "");
        }
        for (unsigned i = 1; i <= RESOURCES_MAX && form_has(&query->form, "ResourceArns.member.%u", i); i++)
                (void)form_find(&query->form, "ResourceArns.member.%u", i);
}

static enum ingot_code serve_simulate(struct query_call *query, struct ingot_error *err)
{
        const struct service_call *call = query->call;
        char denied[SETTING_CHARS + 1];
        const char *resource;
        enum ingot_code r;

        read_lists(query);
        resource = form_find(&query->form, "ResourceArns.member.1");
        if (!query_may_go_on(query))
                return INGOT_OK;
        r = catalogue_read_setting(call->store->catalogue, call->account_id, SETTING_DENIED_ACTIONS, "",
                                   denied, err);
        if (r)
                return r;
        query_begin(query);
        element_open(query->out, "EvaluationResults");
        for (unsigned i = 1; i <= ACTIONS_MAX && form_has(&query->form, "ActionNames.member.%u", i); i++) {
                const char *action = form_find(&query->form, "ActionNames.member.%u", i);

                write_evaluation(query, action, resource ? resource : "*", is_listed(denied, action));
        }
        element_close(query->out, "EvaluationResults");
        element_bool(query->out, "IsTruncated", false);
        query_end(query);
        return INGOT_OK;
}

static const struct query_operation operations[] = { { "CreateRole", serve_create_role },
                                                     { "DeleteRole", serve_delete_role },
                                                     { "GetRole", serve_get_role },
                                                     { "SimulatePrincipalPolicy", serve_simulate },
                                                     { NULL, NULL } };

static const struct query_service service = { QUERY_IAM, "2010-05-08", operations };

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        return query_serve(&service, call, err);
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        query_refuse_stranger(QUERY_IAM, refusal, reply);
}

static void break_down(struct region_reply *reply)
{
        query_break_down(QUERY_IAM, reply);
}

static void fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        query_error_write(QUERY_IAM, reply, refusal->status, refusal->code, refusal->message);
}

static const char *operation_at(size_t index)
{
        return index + 1 < sizeof(operations) / sizeof(operations[0]) ? operations[index].name : NULL;
}

static const char *find_operation(const struct region_request *request)
{
        return query_find_operation(request, operation_at);
}

const struct region_service iam_service = { "iam", serve,          refuse,      break_down,
                                            fail,  find_operation, operation_at };
