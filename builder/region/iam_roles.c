/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/catalogue_imports.h"
#include "region/iam_roles.h"

static const char name_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-";

static const char *read_name(struct query_call *query)
{
        static const struct query_text text = { "RoleName", 1, ROLE_NAME_CHARS, name_alphabet, true };

        return query_read_text(query, &text);
}

static enum ingot_code refuse_missing(struct query_call *query, const char *name)
{
        return query_refuse(query, 404, "NoSuchEntity", "The role with name %s cannot be found.", name);
}

static void write_role(struct query_call *query, const struct role_record *role)
{
        OWNED(buffer_release) struct buffer policy = BUFFER_INIT(4 * ROLE_POLICY_CHARS);
        char arn[160], time[CLOCK_ISO_CHARS + 1];

        uri_encode_text(&policy, role->trust_policy);
        (void)snprintf(arn, sizeof(arn), "arn:aws:iam::%s:role/%s", role->account_id, role->name);
        clock_print_iso(role->created_seconds, time);
        query_begin(query);
        element_open(query->out, "Role");
        element_text(query->out, "Path", "/");
        element_text(query->out, "RoleName", role->name);
        element_text(query->out, "RoleId", "AROA111122223333VMIMP");
        element_text(query->out, "Arn", arn);
        element_text(query->out, "CreateDate", time);
        element_text(query->out, "AssumeRolePolicyDocument", policy.bytes);
        element_close(query->out, "Role");
        query_end(query);
}

enum ingot_code serve_get_role(struct query_call *query, struct ingot_error *err)
{
        const char *name = read_name(query);
        struct role_record role;
        enum ingot_code r;

        if (!query_may_go_on(query))
                return INGOT_OK;
        r = catalogue_find_role(query->call->store->catalogue, query->call->account_id, name, &role, err);
        if (r == INGOT_E_NOT_FOUND)
                return refuse_missing(query, name);
        if (!r)
                write_role(query, &role);
        return r;
}

enum ingot_code serve_create_role(struct query_call *query, struct ingot_error *err)
{
        static const struct query_text policy_text = { "AssumeRolePolicyDocument", 1, ROLE_POLICY_CHARS, NULL,
                                                       true };
        const char *name = read_name(query), *policy = query_read_text(query, &policy_text);
        struct role_record role;
        enum ingot_code r;

        if (!query_may_go_on(query))
                return INGOT_OK;
        r = catalogue_find_role(query->call->store->catalogue, query->call->account_id, name, &role, err);
        if (!r)
                return query_refuse(query, 409, "EntityAlreadyExists", "Role with name %s already exists.",
                                    name);
        if (r != INGOT_E_NOT_FOUND)
                return r;
        role = (struct role_record){ .created_seconds = clock_wall_seconds(query->call->store->clock) };
        (void)snprintf(role.account_id, sizeof(role.account_id), "%s", query->call->account_id);
        (void)snprintf(role.name, sizeof(role.name), "%s", name);
        (void)snprintf(role.trust_policy, sizeof(role.trust_policy), "%s", policy);
        r = catalogue_set_role(query->call->store->catalogue, &role, false, err);
        if (!r)
                write_role(query, &role);
        return r;
}

enum ingot_code serve_delete_role(struct query_call *query, struct ingot_error *err)
{
        const char *name = read_name(query);
        struct role_record role;
        enum ingot_code r;

        if (!query_may_go_on(query))
                return INGOT_OK;
        r = catalogue_find_role(query->call->store->catalogue, query->call->account_id, name, &role, err);
        if (r == INGOT_E_NOT_FOUND)
                return refuse_missing(query, name);
        if (!r)
                r = catalogue_set_role(query->call->store->catalogue, &role, true, err);
        if (r)
                return r;
        buffer_appendf(query->out, "<%sResponse xmlns=\"%s\"><ResponseMetadata>", query->action,
                       query_namespace(query->protocol));
        element_text(query->out, "RequestId", query->call->reply->request_id);
        buffer_appendf(query->out, "</ResponseMetadata></%sResponse>", query->action);
        query->call->reply->status = 200;
        query->call->reply->content_type = "text/xml";
        return INGOT_OK;
}
