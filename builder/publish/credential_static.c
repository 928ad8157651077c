/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/environment.h"
#include "publish/credential_source.h"

enum { ORIGIN_CHARS = 600 };

enum ingot_code credential_ask_environment(const struct credential_query *query,
                                           struct credential_answer *answer, struct ingot_error *err)
{
        const char *const *environment = query->config->environment;
        struct credentials_text found = {
                .access_key_id = environment_get(environment, "AWS_ACCESS_KEY_ID"),
                .secret_access_key = environment_get(environment, "AWS_SECRET_ACCESS_KEY"),
                .session_token = environment_get(environment, "AWS_SECURITY_TOKEN"),
                .account_id = environment_get(environment, "AWS_ACCOUNT_ID"),
                .expiration = environment_get(environment, "AWS_CREDENTIAL_EXPIRATION"),
        };
        enum ingot_code r;

        if (query->without_environment)
                return credential_not_mine(answer, "--profile '%.100s' takes the environment out",
                                           query->profile);
        if (!found.access_key_id)
                return credential_not_mine(answer, "AWS_ACCESS_KEY_ID is not set");
        if (!found.session_token)
                found.session_token = environment_get(environment, "AWS_SESSION_TOKEN");
        r = credentials_make(&found, "AWS_ACCESS_KEY_ID of the environment", &answer->credentials, err);
        answer->found = !r;
        return r;
}

/* aws_access_key_id and its companions of a section. */
static enum ingot_code take_section(const struct credential_query *query, const struct ini_file *file,
                                    const struct ini_section *section, const char *path,
                                    struct credential_answer *answer, struct ingot_error *err)
{
        struct credentials_text found = {
                .access_key_id = ini_file_value(file, section, "aws_access_key_id"),
                .secret_access_key = ini_file_value(file, section, "aws_secret_access_key"),
                .session_token = ini_file_value(file, section, "aws_security_token"),
                .account_id = ini_file_value(file, section, "aws_account_id"),
        };
        char origin[ORIGIN_CHARS];
        enum ingot_code r;

        if (!path)
                return credential_not_mine(answer, "HOME is not set, so there is no such file");
        if (!section)
                return credential_not_mine(answer, "profile '%.60s' is not in '%.150s'", query->profile,
                                           path);
        if (!found.access_key_id)
                return credential_not_mine(answer, "profile '%.60s' of '%.100s' has no aws_access_key_id",
                                           query->profile, path);
        if (!found.session_token)
                found.session_token = ini_file_value(file, section, "aws_session_token");
        (void)snprintf(origin, sizeof(origin), "profile '%.100s' of '%.400s'", query->profile, path);
        r = credentials_make(&found, origin, &answer->credentials, err);
        answer->found = !r;
        return r;
}

enum ingot_code credential_ask_shared_file(const struct credential_query *query,
                                           struct credential_answer *answer, struct ingot_error *err)
{
        const struct aws_config *config = query->config;

        return take_section(query, &config->credentials,
                            aws_config_credentials_section(config, query->profile), config->credentials_path,
                            answer, err);
}

enum ingot_code credential_ask_config_file(const struct credential_query *query,
                                           struct credential_answer *answer, struct ingot_error *err)
{
        const struct aws_config *config = query->config;

        return take_section(query, &config->config, aws_config_profile_section(config, query->profile),
                            config->config_path, answer, err);
}
