/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/environment.h"
#include "base/own.h"
#include "publish/credential_fetch.h"

enum { ORIGIN_CHARS = 600, PATH_BYTES_MAX = 4096 };

/* Where "aws login" leaves what it got: a file named by the SHA-256 of the session's name. */
static enum ingot_code find_cache(const struct credential_query *query, const char *session,
                                  struct buffer *path, struct ingot_error *err)
{
        const char *const *environment = query->config->environment;
        const char *folder = environment_get(environment, "AWS_LOGIN_CACHE_DIRECTORY");
        char name[DIGEST_HEX_CHARS + 1];
        struct digest digest;
        enum ingot_code r = digest_of(session, strlen(session), &digest, err);

        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, name);
        environment_expand_path(environment, folder ? folder : "~/.aws/login/cache", path);
        buffer_appendf(path, "/%s.json", name);
        return buffer_check(path, err);
}

/* Source: botocore's LoginProvider.  The token is renewed by the AWS CLI only: that takes a proof of possession
 * (DPoP) and rewrites the CLI's cache. */
enum ingot_code credential_ask_login(const struct credential_query *query, struct credential_answer *answer,
                                     struct ingot_error *err)
{
        static const struct credential_members members = { "accessKeyId", "secretAccessKey", "sessionToken",
                                                           "expiresAt", "accountId" };
        OWNED(credential_buffer_release) struct buffer text = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_BYTES_MAX);
        OWNED(json_value_drop) struct json_value *cached = NULL;
        const char *session = aws_config_value(query->config, query->profile, "login_session");
        const struct json_value *token = NULL;
        char origin[ORIGIN_CHARS];
        enum ingot_code r;

        if (!session)
                return credential_not_mine(answer, "profile '%.100s' has no login_session", query->profile);
        r = find_cache(query, session, &path, err);
        if (!r)
                r = credential_read_file(path.bytes, &text, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(
                        err, r,
                        "there is no login for profile '%.100s': 'aws login --profile %.100s' makes one",
                        query->profile, query->profile);
        if (!r)
                r = json_value_parse(text.bytes, text.size_bytes, path.bytes, &cached, err);
        if (!r)
                r = json_need_object(cached, path.bytes, "accessToken", &token, err);
        if (r)
                return r;
        (void)snprintf(origin, sizeof(origin), "the login of profile '%.100s' in '%.400s'", query->profile,
                       path.bytes);
        r = credential_of_json(token, &members, origin, &answer->credentials, err);
        if (r)
                return r;
        answer->found = true;
        if (answer->credentials.expires_seconds > clock_wall_seconds(query->clock))
                return INGOT_OK;
        answer->found = false;
        credentials_release(&answer->credentials);
        return ingot_fail(
                err, INGOT_E_DENIED,
                "the login of profile '%.100s' has expired: any command of the AWS CLI renews it, or "
                "'aws login --profile %.100s'",
                query->profile, query->profile);
}
