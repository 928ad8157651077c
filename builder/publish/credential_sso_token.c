/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/environment.h"
#include "base/fd.h"
#include "base/own.h"
#include "publish/credential_fetch.h"
#include "publish/credential_sso_token.h"
#include "publish/service_endpoint.h"

enum { DEADLINE_MS = 10000, ATTEMPTS = 3, RENEW_SECONDS = 15 * 60, TIME_CHARS = 20 };

enum ingot_code sso_token_path(const struct credential_query *query, const struct sso_login *login,
                               struct buffer *path, struct ingot_error *err)
{
        const char *key = login->session ? login->session : login->start_url;
        char name[DIGEST_SHA1_HEX_CHARS + 1];
        enum ingot_code r = digest_sha1_hex(key, strlen(key), name, err);

        if (r)
                return r;
        environment_expand_path(query->config->environment, "~/.aws/sso/cache/", path);
        buffer_appendf(path, "%s.json", name);
        return buffer_check(path, err);
}

/* ---- renewing ---- */

static const char *member(const struct json_value *object, const char *key)
{
        return json_value_text(json_value_member(object, key));
}

/* Whether the cache has what renewing takes. */
static bool can_renew(const struct credential_query *query, const struct sso_login *login,
                      const struct json_value *cached)
{
        const char *until = member(cached, "registrationExpiresAt");

        return login->session && until && member(cached, "refreshToken") && member(cached, "clientId") &&
               member(cached, "clientSecret") && clock_parse_iso(until) > clock_wall_seconds(query->clock);
}

static enum ingot_code ask_for_token(const struct credential_query *query, const struct sso_login *login,
                                     const struct json_value *cached, struct buffer *ret_reply,
                                     struct ingot_error *err)
{
        static const struct sigv4_header headers[] = { { "Content-Type", "application/json" } };
        OWNED(credential_buffer_release) struct buffer body = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_doc_release) struct json_doc doc;
        struct credential_fetch fetch = { .operation = "CreateToken",
                                          .protocol = REGION_REST_JSON,
                                          .method = "POST",
                                          .path = "/token",
                                          .headers = headers,
                                          .header_count = 1,
                                          .deadline_ms = DEADLINE_MS,
                                          .attempts = ATTEMPTS };
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "clientId", member(cached, "clientId"));
        json_doc_put_text(&doc, doc.root, "clientSecret", member(cached, "clientSecret"));
        json_doc_put_text(&doc, doc.root, "grantType", "refresh_token");
        json_doc_put_text(&doc, doc.root, "refreshToken", member(cached, "refreshToken"));
        r = json_doc_print(&doc, true, &body, err);
        fetch.body = body.bytes;
        if (!r)
                r = service_endpoint(query->config, AWS_SSO_OIDC, login->region, &fetch.endpoint, err);
        return r ? r : credential_fetch(query, &fetch, ret_reply, NULL, err);
}

/* Rule 3. */
static enum ingot_code write_cache(const struct credential_query *query, const struct sso_login *login,
                                   const struct json_value *cached, const struct json_value *answer,
                                   uint64_t life_seconds, const char *path, struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_doc_release) struct json_doc doc;
        char until[CLOCK_ISO_CHARS + 1];
        enum ingot_code r;

        clock_print_iso(clock_wall_seconds(query->clock) + (int64_t)life_seconds, until);
        memcpy(until + TIME_CHARS - 1, "Z", 2); /* without parts of a second, as the AWS CLI writes it */
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "startUrl", login->start_url);
        json_doc_put_text(&doc, doc.root, "region", login->region);
        json_doc_put_text(&doc, doc.root, "accessToken", member(answer, "accessToken"));
        json_doc_put_text(&doc, doc.root, "expiresAt", until);
        json_doc_put_text(&doc, doc.root, "clientId", member(cached, "clientId"));
        json_doc_put_text(&doc, doc.root, "clientSecret", member(cached, "clientSecret"));
        json_doc_put_text(&doc, doc.root, "registrationExpiresAt", member(cached, "registrationExpiresAt"));
        if (member(answer, "refreshToken"))
                json_doc_put_text(&doc, doc.root, "refreshToken", member(answer, "refreshToken"));
        r = json_doc_print(&doc, true, &text, err);
        return r ? r : fd_replace_file(path, text.bytes, text.size_bytes, 0600, err);
}

/* Puts a new token into out. */
static enum ingot_code renew(const struct credential_query *query, const struct sso_login *login,
                             const struct json_value *cached, const char *path, struct buffer *out,
                             struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_value_drop) struct json_value *answer = NULL;
        const char *token = NULL;
        uint64_t life_seconds = 0;
        enum ingot_code r = ask_for_token(query, login, cached, &reply, err);

        if (!r)
                r = json_value_parse(reply.bytes, reply.size_bytes, "answer of CreateToken", &answer, err);
        if (!r)
                r = json_need_text(answer, "answer of CreateToken", "accessToken", &token, err);
        if (!r)
                r = json_need_u64(answer, "answer of CreateToken", "expiresIn", &life_seconds, err);
        if (!r && life_seconds > UINT32_MAX)
                r = ingot_fail(err, INGOT_E_FORMAT, "the answer of CreateToken ends too far away");
        if (!r)
                r = write_cache(query, login, cached, answer, life_seconds, path, err);
        if (r)
                return r;
        buffer_append_text(out, token);
        return buffer_check(out, err);
}

/* ---- reading ---- */

static enum ingot_code fail_ended(const struct credential_query *query, const struct sso_login *login,
                                  enum ingot_code code, const char *what, const char *until,
                                  struct ingot_error *err)
{
        const char *whose = login->session ? login->session : query->profile;

        return ingot_fail(err, code, "%s for '%.100s'%s%.40s: 'aws sso login %s %.100s' makes%s one", what,
                          whose, until ? " ended at " : "", until ? until : "",
                          login->session ? "--sso-session" : "--profile", whose, until ? " a new" : "");
}

enum ingot_code sso_token_read(const struct credential_query *query, const struct sso_login *login,
                               const char *path, struct buffer *out, struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(json_value_drop) struct json_value *cached = NULL;
        const char *token, *until;
        int64_t left_seconds;
        enum ingot_code r = credential_read_file(path, &text, err);

        if (r == INGOT_E_NOT_FOUND)
                return fail_ended(query, login, r, "there is no login", NULL, err);
        if (!r)
                r = json_value_parse(text.bytes, text.size_bytes, path, &cached, err);
        if (!r)
                r = json_need_text(cached, path, "accessToken", &token, err);
        if (!r)
                r = json_need_text(cached, path, "expiresAt", &until, err);
        if (r)
                return r;
        if (clock_parse_iso(until) < 0)
                return ingot_fail(err, INGOT_E_FORMAT, "%s: expiresAt '%.40s' is no time", path, until);
        left_seconds = clock_parse_iso(until) - clock_wall_seconds(query->clock);
        if (left_seconds < RENEW_SECONDS && can_renew(query, login, cached)) {
                struct ingot_error trouble;

                r = renew(query, login, cached, path, out, &trouble);
                if (!r)
                        return r;
                buffer_clear(out);
                if (left_seconds <= 0 && err)
                        *err = trouble;
                if (left_seconds <= 0)
                        return ingot_while(err, r,
                                           "renewing the login for '%.100s'; 'aws sso login --sso-session "
                                           "%.100s' makes a new one",
                                           login->session, login->session);
        }
        if (left_seconds <= 0)
                return fail_ended(query, login, INGOT_E_DENIED, "the login", until, err);
        buffer_append_text(out, token);
        return buffer_check(out, err);
}
