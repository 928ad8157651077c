/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "publish/credential_chain.h"

static const struct source {
        const char *name, *words;
        credential_ask ask;
        bool reads_profiles; /* rule 3 */
} sources[CREDENTIAL_SOURCE_COUNT] = {
        { "env", "the environment", credential_ask_environment, false },
        { "assume-role", "a role of the profile", credential_ask_role, false },
        { "assume-role-with-web-identity", "web identity", credential_ask_web_identity, true },
        { "sso", "single sign-on", credential_ask_sso, true },
        { "shared-credentials-file", "the shared credentials file", credential_ask_shared_file, true },
        { "login", "'aws login'", credential_ask_login, true },
        { "custom-process", "credential_process", credential_ask_process, true },
        { "config-file", "the config file", credential_ask_config_file, true },
        { "container-role", "the container's endpoint", credential_ask_container, false },
        { "iam-role", "the instance's metadata", credential_ask_instance, false },
};

const char *credential_source_name(unsigned index)
{
        return sources[index].name;
}

const char *credential_source_words(unsigned index)
{
        return sources[index].words;
}

enum ingot_code credential_not_mine(struct credential_answer *answer, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)vsnprintf(answer->why, sizeof(answer->why), format, args);
        va_end(args);
        answer->found = false;
        return INGOT_OK;
}

static enum ingot_code ask(const struct credential_query *query, unsigned index,
                           struct credential_answer *answer, struct ingot_error *err)
{
        enum ingot_code r;

        *answer = (struct credential_answer){ .found = false };
        r = sources[index].ask(query, answer, err);
        return ingot_while(err, r, "asking %s for credentials", sources[index].words);
}

enum ingot_code credential_chain_find(const struct credential_query *query, struct credential_search *search,
                                      struct credentials *ret_credentials, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        *search = (struct credential_search){ .found = -1 };
        for (unsigned i = 0; !r && i < CREDENTIAL_SOURCE_COUNT; i++) {
                struct credential_answer answer;

                r = ask(query, i, &answer, err);
                search->asked = i + 1;
                if (r)
                        break;
                if (answer.found) {
                        search->found = (int)i;
                        *ret_credentials = answer.credentials;
                        break;
                }
                memcpy(search->why[i], answer.why, sizeof(answer.why));
        }
        return r;
}

enum ingot_code credential_chain_ask(const struct credential_query *query, unsigned index,
                                     struct credentials *ret_credentials, struct ingot_error *err)
{
        struct credential_answer answer;
        enum ingot_code r = ask(query, index, &answer, err);

        if (r)
                return r;
        if (!answer.found)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "%s has no credentials any more: %s",
                                  sources[index].words, answer.why);
        *ret_credentials = answer.credentials;
        return INGOT_OK;
}

enum ingot_code credential_chain_of_profile(const struct credential_query *query,
                                            struct credentials *ret_credentials, struct ingot_error *err)
{
        for (unsigned i = 0; i < CREDENTIAL_SOURCE_COUNT; i++) {
                struct credential_answer answer;
                enum ingot_code r = sources[i].reads_profiles ? ask(query, i, &answer, err) : INGOT_OK;

                if (r)
                        return r;
                if (sources[i].reads_profiles && answer.found) {
                        *ret_credentials = answer.credentials;
                        return INGOT_OK;
                }
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND, "profile '%.100s' has no credentials", query->profile);
}

enum ingot_code credential_chain_fail(const struct credential_search *search, struct ingot_error *err)
{
        return ingot_fail(err, INGOT_E_NOT_FOUND,
                          "there are no AWS credentials: none of the %u places has any; 'ingot whoami' tells "
                          "what each is missing",
                          search->asked);
}
