/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/environment.h"
#include "base/own.h"
#include "publish/credential_chain.h"
#include "publish/credential_fetch.h"
#include "publish/credential_sts.h"

enum { ORIGIN_CHARS = 600, TOKEN_BYTES_MAX = 1 << 16 };

static const char *value_of(const struct credential_query *query, const char *profile, const char *key)
{
        return aws_config_value(query->config, profile, key);
}

static bool has_role(const struct credential_query *query, const char *profile)
{
        return value_of(query, profile, "role_arn") && !value_of(query, profile, "web_identity_token_file");
}

static bool has_keys(const struct credential_query *query, const char *profile)
{
        return value_of(query, profile, "aws_access_key_id") ||
               value_of(query, profile, "aws_secret_access_key");
}

/* ---- whose credentials assume the role ---- */

static enum ingot_code of_named_source(const struct credential_query *query, const char *name,
                                       struct credentials *ret_credentials, struct ingot_error *err)
{
        static const struct {
                const char *name;
                credential_ask ask;
        } sources[] = { { "Environment", credential_ask_environment },
                        { "EcsContainer", credential_ask_container },
                        { "Ec2InstanceMetadata", credential_ask_instance } };
        struct credential_answer answer = { .found = false };
        struct credential_query asked = *query;
        size_t i = 0;
        enum ingot_code r;

        asked.without_environment = false; /* the profile says that it is meant */
        while (i < sizeof(sources) / sizeof(sources[0]) && strcmp(name, sources[i].name) != 0)
                i++;
        if (i == sizeof(sources) / sizeof(sources[0]))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "profile '%.80s': credential_source '%.80s' is none of Environment, "
                                  "EcsContainer and Ec2InstanceMetadata",
                                  query->profile, name);
        r = sources[i].ask(&asked, &answer, err);
        if (r)
                return r;
        if (!answer.found)
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "profile '%.80s': its credential_source %s has no credentials: %s",
                                  query->profile, name, answer.why);
        *ret_credentials = answer.credentials;
        return INGOT_OK;
}

/* A profile may name itself when it has keys of its own; any other circle has no end. */
static enum ingot_code check_circle(const struct credential_query *query, const char *source,
                                    struct ingot_error *err)
{
        bool was_there = strcmp(source, query->profile) == 0;

        if (was_there && has_keys(query, source))
                return INGOT_OK;
        for (unsigned i = 0; i < query->role_depth; i++)
                was_there = was_there || strcmp(source, query->role_profiles[i]) == 0;
        if (was_there)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "source_profile '%.100s' of profile '%.100s' leads back "
                                  "to itself",
                                  source, query->profile);
        if (query->role_depth == ROLE_DEPTH_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "more than %d roles stand behind profile '%.100s'",
                                  ROLE_DEPTH_MAX, query->role_profiles[0]);
        return INGOT_OK;
}

static enum ingot_code of_source_profile(const struct credential_query *query, const char *source,
                                         struct credentials *ret_credentials, struct ingot_error *err)
{
        struct credential_answer answer = { .found = false };
        struct credential_query asked = *query;
        enum ingot_code r;

        if (!aws_config_has_profile(query->config, source))
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "there is no profile '%.100s', which profile '%.100s' "
                                  "has as source_profile",
                                  source, query->profile);
        r = check_circle(query, source, err);
        if (r)
                return r;
        if (asked.role_depth < ROLE_DEPTH_MAX)
                asked.role_profiles[asked.role_depth++] = query->profile;
        asked.profile = source;
        asked.without_environment = true;
        if (has_keys(query, source) || !has_role(query, source))
                return credential_chain_of_profile(&asked, ret_credentials, err);
        r = credential_ask_role(&asked, &answer, err);
        if (!r)
                *ret_credentials = answer.credentials;
        return r;
}

static enum ingot_code find_signer(const struct credential_query *query, struct credentials *ret_credentials,
                                   struct ingot_error *err)
{
        const char *source_profile = value_of(query, query->profile, "source_profile");
        const char *credential_source = value_of(query, query->profile, "credential_source");
        enum ingot_code r;

        if (source_profile && credential_source)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "profile '%.100s' has source_profile and credential_source; which is meant?",
                        query->profile);
        if (source_profile)
                r = of_source_profile(query, source_profile, ret_credentials, err);
        else if (credential_source)
                r = of_named_source(query, credential_source, ret_credentials, err);
        else
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "profile '%.100s' has a role_arn and neither source_profile nor "
                                  "credential_source to assume it with",
                                  query->profile);
        return ingot_while(err, r, "finding who assumes the role of profile '%.100s'", query->profile);
}

static enum ingot_code read_duration(const struct credential_query *query, unsigned *ret_seconds,
                                     struct ingot_error *err)
{
        const char *text = value_of(query, query->profile, "duration_seconds");
        unsigned seconds = 0;

        for (const char *c = text; c && *c; c++) {
                if (*c < '0' || *c > '9' || seconds > 43200)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "profile '%.100s': duration_seconds '%.40s' is not 900 to 43200",
                                          query->profile, text);
                seconds = seconds * 10 + (unsigned)(*c - '0');
        }
        *ret_seconds = seconds;
        return INGOT_OK;
}

enum ingot_code credential_ask_role(const struct credential_query *query, struct credential_answer *answer,
                                    struct ingot_error *err)
{
        OWNED(credentials_release) struct credentials signer = { .origin = NULL };
        char origin[ORIGIN_CHARS];
        struct sts_assume assume = { .role_arn = value_of(query, query->profile, "role_arn"),
                                     .session_name = value_of(query, query->profile, "role_session_name"),
                                     .external_id = value_of(query, query->profile, "external_id"),
                                     .signer = &signer,
                                     .origin = origin };
        enum ingot_code r;

        if (!assume.role_arn)
                return credential_not_mine(answer, "profile '%.100s' has no role_arn", query->profile);
        if (!has_role(query, query->profile))
                return credential_not_mine(answer, "profile '%.100s' has a web_identity_token_file",
                                           query->profile);
        if (value_of(query, query->profile, "mfa_serial"))
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "profile '%.100s' asks for an MFA code (mfa_serial), which ingot cannot ask "
                        "for; put temporary credentials into the environment, as "
                        "'aws configure export-credentials' prints them",
                        query->profile);
        r = read_duration(query, &assume.duration_seconds, err);
        if (!r)
                r = find_signer(query, &signer, err);
        if (r)
                return r;
        (void)snprintf(origin, sizeof(origin), "role '%.200s' of profile '%.100s', assumed by %.200s",
                       assume.role_arn, query->profile, signer.origin);
        r = credential_sts_assume(query, &assume, &answer->credentials, err);
        answer->found = !r;
        return r;
}

/* ---- web identity ---- */

/* The environment's word, where it has one, before the profile's. */
static const char *setting(const struct credential_query *query, const char *variable, const char *key)
{
        const char *value =
                query->without_environment ? NULL : environment_get(query->config->environment, variable);

        return value ? value : value_of(query, query->profile, key);
}

enum ingot_code credential_ask_web_identity(const struct credential_query *query,
                                            struct credential_answer *answer, struct ingot_error *err)
{
        OWNED(credential_buffer_release) struct buffer token = BUFFER_INIT(TOKEN_BYTES_MAX);
        const char *path = setting(query, "AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
        char origin[ORIGIN_CHARS];
        struct sts_assume assume = { .role_arn = setting(query, "AWS_ROLE_ARN", "role_arn"),
                                     .session_name =
                                             setting(query, "AWS_ROLE_SESSION_NAME", "role_session_name"),
                                     .origin = origin };
        enum ingot_code r;

        if (!path)
                return credential_not_mine(answer,
                                           query->without_environment
                                                   ? "profile '%.100s' has no web_identity_token_file"
                                                   : "AWS_WEB_IDENTITY_TOKEN_FILE is not set, and profile "
                                                     "'%.100s' has no web_identity_token_file",
                                           query->profile);
        if (!assume.role_arn)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "there is a web identity token file '%.200s' and neither AWS_ROLE_ARN nor "
                                  "role_arn",
                                  path);
        r = credential_read_file(path, &token, err);
        if (r)
                return r;
        assume.web_identity_token = token.bytes;
        (void)snprintf(origin, sizeof(origin), "role '%.200s' by the token of '%.300s'", assume.role_arn,
                       path);
        r = credential_sts_assume(query, &assume, &answer->credentials, err);
        answer->found = !r;
        return r;
}
