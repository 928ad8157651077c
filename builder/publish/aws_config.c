/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/environment.h"
#include "base/fd.h"
#include "base/own.h"
#include "publish/aws_config.h"

enum { PATH_BYTES_MAX = 4096 };

static enum ingot_code find_path(const struct aws_config *config, const char *variable, const char *home_part,
                                 char **ret_path, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_BYTES_MAX);
        const char *given = environment_get(config->environment, variable);

        if (!given && !environment_get(config->environment, "HOME"))
                return INGOT_OK; /* nowhere to look */
        environment_expand_path(config->environment, given ? given : home_part, &path);
        if (buffer_check(&path, err))
                return INGOT_E_MEMORY;
        *ret_path = buffer_take(&path);
        return *ret_path ? INGOT_OK : ingot_fail_memory(err, PATH_BYTES_MAX);
}

/* Rule 1: a file that is not there is empty. */
static enum ingot_code read_file(const char *path, struct ini_file *file, struct ingot_error *err)
{
        size_t size_bytes = 0;
        char *text = NULL;
        enum ingot_code r =
                path ? fd_read_file(path, INI_FILE_BYTES_MAX, &text, &size_bytes, err) : INGOT_E_NOT_FOUND;

        if (r)
                return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        r = ini_file_parse(text, size_bytes, path, file, err);
        explicit_bzero(text, size_bytes);
        free(text);
        return r;
}

/* Rule 2. */
static enum ingot_code choose_profile(struct aws_config *config, const char *asked, struct ingot_error *err)
{
        const char *name = asked;

        if (!name)
                name = environment_get(config->environment, "AWS_DEFAULT_PROFILE");
        if (!name)
                name = environment_get(config->environment, "AWS_PROFILE");
        config->profile_was_asked_for = asked != NULL;
        config->profile = strdup(name ? name : "default");
        if (!config->profile)
                return ingot_fail_memory(err, strlen(name ? name : "default"));
        if (!name || aws_config_has_profile(config, name))
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no profile '%.100s' in '%.200s' or '%.200s'",
                          name, config->config_path ? config->config_path : "AWS_CONFIG_FILE",
                          config->credentials_path ? config->credentials_path
                                                   : "AWS_SHARED_CREDENTIALS_FILE");
}

enum ingot_code aws_config_read(const char *const *environment, const char *profile,
                                struct aws_config *config, struct ingot_error *err)
{
        enum ingot_code r;

        config->environment = environment;
        r = find_path(config, "AWS_CONFIG_FILE", "~/.aws/config", &config->config_path, err);
        if (!r)
                r = find_path(config, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials",
                              &config->credentials_path, err);
        if (!r)
                r = read_file(config->config_path, &config->config, err);
        if (!r)
                r = read_file(config->credentials_path, &config->credentials, err);
        if (!r)
                r = choose_profile(config, profile, err);
        if (r)
                aws_config_release(config);
        return r;
}

void aws_config_release(struct aws_config *config)
{
        free(config->config_path);
        free(config->credentials_path);
        free(config->profile);
        ini_file_release(&config->config);
        ini_file_release(&config->credentials);
        *config = (struct aws_config){ .environment = NULL };
}

const struct ini_section *aws_config_section(const struct aws_config *config, const char *kind,
                                             const char *name)
{
        const struct ini_section *found = NULL;

        for (size_t i = 0; i < config->config.section_count; i++) {
                const struct ini_section *section = &config->config.sections[i];
                OWNED(heap_drop) char *word = malloc(strlen(section->name) + 1);

                if (word && ini_section_word(section->name, kind, word) && strcmp(word, name) == 0)
                        found = section; /* of several the last, as botocore has it */
        }
        return found;
}

const struct ini_section *aws_config_profile_section(const struct aws_config *config, const char *profile)
{
        const struct ini_section *named = aws_config_section(config, "profile", profile), *plain = NULL;

        if (strcmp(profile, "default") == 0)
                plain = ini_file_section(&config->config, "default");
        return plain > named ? plain : named; /* both are of one array: the later one */
}

const struct ini_section *aws_config_credentials_section(const struct aws_config *config, const char *profile)
{
        return ini_file_section(&config->credentials, profile);
}

bool aws_config_has_profile(const struct aws_config *config, const char *profile)
{
        return aws_config_profile_section(config, profile) || aws_config_credentials_section(config, profile);
}

const char *aws_config_value(const struct aws_config *config, const char *profile, const char *key)
{
        const char *value =
                ini_file_value(&config->credentials, aws_config_credentials_section(config, profile), key);

        if (value)
                return value;
        return ini_file_value(&config->config, aws_config_profile_section(config, profile), key);
}

const char *aws_config_setting(const struct aws_config *config, const char *variable, const char *key)
{
        const char *value = environment_get(config->environment, variable);

        return value || !key ? value : aws_config_value(config, config->profile, key);
}

bool aws_config_flag(const struct aws_config *config, const char *variable, const char *key)
{
        const char *value = aws_config_setting(config, variable, key);

        return value && strcasecmp(value, "true") == 0;
}
