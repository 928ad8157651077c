/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "publish/credential_fetch.h"
#include "publish/credential_sso_token.h"
#include "publish/service_endpoint.h"
#include "wire/uri.h"

enum { DEADLINE_MS = 10000, ATTEMPTS = 5, ORIGIN_CHARS = 600, PATH_BYTES_MAX = 4096 };

/* What a profile and its sso-session say. */
struct sso {
        struct sso_login login;
        const char *account_id, *role_name;
};

/* A session's word; the profile may say the same, but nothing else. */
static enum ingot_code need(const struct credential_query *query, const struct ini_section *session,
                            const char *key, const char **ret_value, struct ingot_error *err)
{
        const char *of_profile = aws_config_value(query->config, query->profile, key);
        const char *of_session = ini_file_value(&query->config->config, session, key);

        if (of_profile && of_session && strcmp(of_profile, of_session) != 0)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "profile '%.80s' says %s = %.80s and its sso-session %.80s", query->profile,
                                  key, of_profile, of_session);
        *ret_value = of_session ? of_session : of_profile;
        if (!*ret_value)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "profile '%.100s' is one for single sign-on without %s", query->profile,
                                  key);
        return INGOT_OK;
}

static enum ingot_code read_settings(const struct credential_query *query, struct sso *sso,
                                     struct ingot_error *err)
{
        const struct ini_section *session = NULL;
        enum ingot_code r;

        sso->login.session = aws_config_value(query->config, query->profile, "sso_session");
        if (sso->login.session) {
                session = aws_config_section(query->config, "sso-session", sso->login.session);
                if (!session)
                        return ingot_fail(err, INGOT_E_NOT_FOUND,
                                          "there is no [sso-session %.100s], which profile '%.100s' names",
                                          sso->login.session, query->profile);
        }
        r = need(query, session, "sso_start_url", &sso->login.start_url, err);
        if (!r)
                r = need(query, session, "sso_region", &sso->login.region, err);
        if (!r)
                r = need(query, session, "sso_account_id", &sso->account_id, err);
        if (!r)
                r = need(query, session, "sso_role_name", &sso->role_name, err);
        return r;
}

static enum ingot_code read_reply(const struct buffer *reply, const struct sso *sso, const char *origin,
                                  struct credentials *ret_credentials, struct ingot_error *err)
{
        static const struct credential_members members = { "accessKeyId", "secretAccessKey", "sessionToken",
                                                           "expiration", NULL };
        OWNED(json_value_drop) struct json_value *answer = NULL;
        const struct json_value *inner = NULL;
        enum ingot_code r =
                json_value_parse(reply->bytes, reply->size_bytes, "answer of the SSO portal", &answer, err);

        if (!r)
                r = json_need_object(answer, "answer of the SSO portal", "roleCredentials", &inner, err);
        if (!r)
                r = credential_of_json(inner, &members, origin, ret_credentials, err);
        if (r)
                return r;
        ret_credentials->account_id = strdup(sso->account_id);
        if (ret_credentials->account_id)
                return INGOT_OK;
        credentials_release(ret_credentials);
        return ingot_fail_memory(err, strlen(sso->account_id));
}

static enum ingot_code ask_portal(const struct credential_query *query, const struct sso *sso,
                                  const char *token, const char *origin, struct credentials *ret_credentials,
                                  struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(buffer_release) struct buffer asked = BUFFER_INIT(PATH_BYTES_MAX);
        const struct sigv4_header headers[] = { { "x-amz-sso_bearer_token", token } };
        struct credential_fetch fetch = { .operation = "GetRoleCredentials",
                                          .protocol = REGION_REST_JSON,
                                          .method = "GET",
                                          .path = "/federation/credentials",
                                          .headers = headers,
                                          .header_count = 1,
                                          .deadline_ms = DEADLINE_MS,
                                          .attempts = ATTEMPTS };
        enum ingot_code r;

        uri_append_pair(&asked, "role_name", sso->role_name);
        uri_append_pair(&asked, "account_id", sso->account_id);
        r = buffer_check(&asked, err);
        fetch.query = asked.bytes;
        if (!r)
                r = service_endpoint(query->config, AWS_SSO, sso->login.region, &fetch.endpoint, err);
        if (!r)
                r = credential_fetch(query, &fetch, &reply, NULL, err);
        if (!r)
                r = region_link_judge(read_reply(&reply, sso, origin, ret_credentials, err), fetch.operation,
                                      err);
        return r;
}

enum ingot_code credential_ask_sso(const struct credential_query *query, struct credential_answer *answer,
                                   struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer token = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_BYTES_MAX);
        struct sso sso = { .account_id = NULL };
        char origin[ORIGIN_CHARS];
        enum ingot_code r;

        if (!aws_config_value(query->config, query->profile, "sso_account_id") &&
            !aws_config_value(query->config, query->profile, "sso_role_name"))
                return credential_not_mine(answer, "profile '%.100s' has no sso_account_id", query->profile);
        r = read_settings(query, &sso, err);
        if (!r)
                r = sso_token_path(query, &sso.login, &path, err);
        if (!r)
                r = sso_token_read(query, &sso.login, path.bytes, &token, err);
        if (r)
                return r;
        (void)snprintf(origin, sizeof(origin), "role '%.100s' of profile '%.100s' by the login in '%.300s'",
                       sso.role_name, query->profile, path.bytes);
        r = ask_portal(query, &sso, token.bytes, origin, &answer->credentials, err);
        answer->found = !r;
        return r;
}
