/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/own.h"
#include "lifecycle/aws_access.h"

enum { PATH_BYTES_MAX = 4096 };

static enum ingot_code choose_region(struct aws_access *access, const char *region, struct ingot_error *err)
{
        const struct aws_config *config = &access->config;

        if (!region)
                region = environment_get(config->environment, "AWS_REGION");
        if (!region)
                region = aws_config_setting(config, "AWS_DEFAULT_REGION", "region");
        if (!region)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' names no region, and neither do AWS_REGION, AWS_DEFAULT_REGION and "
                                  "profile '%.80s'; write aws:us-east-1",
                                  access->target->to, config->profile);
        if (strlen(region) > ENDPOINT_WORD_CHARS)
                return ingot_fail(err, INGOT_E_USAGE, "'%.80s...' is no name of a region", region);
        (void)snprintf(access->region, sizeof(access->region), "%s", region);
        return INGOT_OK;
}

/* Rule 2. */
static enum ingot_code choose_bundle(struct aws_access *access, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(PATH_BYTES_MAX);
        const char *given = access->target->ca_bundle;

        if (given)
                buffer_append_text(&path, given);
        else if ((given = aws_config_setting(&access->config, "AWS_CA_BUNDLE", "ca_bundle")))
                environment_expand_path(access->config.environment, given, &path);
        else
                return INGOT_OK;
        if (buffer_check(&path, err))
                return INGOT_E_MEMORY;
        if (faccessat(AT_FDCWD, path.bytes, R_OK, 0))
                return ingot_fail_errno(err, "reading the certificates of '%s'", path.bytes);
        access->ca_bundle = buffer_take(&path);
        return access->ca_bundle ? INGOT_OK : ingot_fail_memory(err, PATH_BYTES_MAX);
}

enum ingot_code aws_access_open(const struct ingot_target *target, const char *region,
                                const struct ingot_observer *observer, struct aws_access *access,
                                struct ingot_error *err)
{
        enum ingot_code r;

        access->target = target;
        r = aws_config_read(target->environment, target->profile, &access->config, err);
        if (!r)
                r = choose_region(access, region, err);
        if (!r)
                r = choose_bundle(access, err);
        access->query =
                (struct credential_query){ .config = &access->config,
                                           .profile = access->config.profile,
                                           .without_environment = access->config.profile_was_asked_for,
                                           .region = access->region,
                                           .ca_bundle = access->ca_bundle,
                                           .clock = &clock_of_system,
                                           .stop = observer };
        return r;
}

/* Rule 3; in a thread of its own, so it only reads what does not change. */
static enum ingot_code fetch(void *context, const struct ingot_observer *stop,
                             struct credentials *ret_credentials, struct ingot_error *err)
{
        const struct aws_access *access = context;
        OWNED(aws_config_release) struct aws_config config = { .environment = NULL };
        struct credential_query query = access->query;
        enum ingot_code r =
                aws_config_read(access->target->environment, access->target->profile, &config, err);

        query.config = &config;
        query.profile = config.profile;
        query.stop = stop;
        return r ? r : credential_chain_ask(&query, (unsigned)access->search.found, ret_credentials, err);
}

enum ingot_code aws_access_find(struct aws_access *access, struct ingot_error *err)
{
        struct credentials first = { .origin = NULL };
        const struct credential_provider_options options = { .context = access,
                                                             .fetch = fetch,
                                                             .observer = access->query.stop,
                                                             .now_seconds = clock_wall_seconds(
                                                                     access->query.clock) };
        enum ingot_code r = credential_chain_find(&access->query, &access->search, &first, err);

        if (r)
                return r;
        if (access->search.found < 0)
                return credential_chain_fail(&access->search, err);
        return credential_provider_new(&options, &first, &access->provider, err);
}

void aws_access_close(struct aws_access *access)
{
        credential_provider_free(access->provider);
        aws_config_release(&access->config);
        free(access->ca_bundle);
        *access = (struct aws_access){ .provider = NULL };
}
