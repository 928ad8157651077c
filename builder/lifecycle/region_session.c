/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lifecycle/region_session.h"

/* What keeps a region of this process from answering is this machine's, and waiting long does not mend it. */
enum { LOCAL_ATTEMPTS = 4 };

static const char default_region[] = "local-1";

/* Finds the region's name in "local" or "local:REGION". */
static enum ingot_code read_target(const char *to, char out[ENDPOINT_WORD_CHARS + 1], struct ingot_error *err)
{
        const char *name = default_region;
        size_t size_bytes;

        if (strncmp(to, "local:", 6) == 0)
                name = to + 6;
        else if (strcmp(to, "local") != 0)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is no target: local and local:REGION are", to);
        size_bytes = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
        if (!size_bytes || name[size_bytes] || size_bytes > ENDPOINT_WORD_CHARS)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' is no name of a region: 1 to %d of a-z, 0-9 and '-'", name,
                                  ENDPOINT_WORD_CHARS);
        (void)snprintf(out, ENDPOINT_WORD_CHARS + 1, "%s", name);
        return INGOT_OK;
}

static enum ingot_code start_local(const struct ingot_target *target, struct region_session *session,
                                   struct ingot_error *err)
{
        const struct region_options options = { .folder = target->region_folder,
                                                .unix_socket = REGION_SOCKET_UNNAMED,
                                                .clock = &clock_of_system };
        const char *socket;
        enum ingot_code r = region_start(&options, &session->server, err);

        if (r)
                return r;
        r = credentials_of_file(region_credentials_file(session->server), "default", &session->credentials,
                                err);
        socket = region_unix_socket(session->server);
        if (!r)
                r = endpoint_of_socket(socket, session->region, "ebs", &session->ebs.endpoint, err);
        if (!r)
                r = endpoint_of_socket(socket, session->region, "ec2", &session->ec2.endpoint, err);
        if (!r)
                r = endpoint_of_socket(socket, session->region, "sts", &session->ec2.sts, err);
        return r;
}

enum ingot_code region_session_open(const struct ingot_target *target, const struct ingot_observer *observer,
                                    struct region_session *session, struct ingot_error *err)
{
        struct retry_policy policy = retry_policy_default;
        struct region_link_options options = { .credentials = &session->credentials,
                                               .policy = &policy,
                                               .observer = observer };
        enum ingot_code r;

        policy.attempts_max = LOCAL_ATTEMPTS;
        r = read_target(target->to, session->region, err);
        if (!r)
                r = start_local(target, session, err);
        options.random_seed = clock_monotonic_ns(&clock_of_system);
        if (!r)
                r = region_link_new(&options, &session->link, err);
        session->ebs.link = session->link;
        session->ec2.link = session->link;
        return ingot_while(err, r, "opening region '%s'", target->to);
}

enum ingot_code region_session_end(struct region_session *session, enum ingot_code r, struct ingot_error *err)
{
        struct ingot_error trouble;

        if (r != INGOT_E_REMOTE)
                return r;
        region_stop_and_tell(session->server, &trouble);
        session->server = NULL;
        if (!trouble.code)
                return r;
        r = ingot_fail(err, trouble.code, "%s", ingot_error_frame(&trouble, 0));
        if (err)
                err->sys_errno = trouble.sys_errno;
        return ingot_while(err, r, "answering in region '%s'", session->region);
}

void region_session_close(struct region_session *session)
{
        region_link_free(session->link);
        credentials_release(&session->credentials);
        region_stop(session->server);
        *session = (struct region_session){ 0 };
}
