/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "lifecycle/region_session.h"
#include "lifecycle/target.h"
#include "publish/service_endpoint.h"

/* What keeps a region of this process from answering is this machine's, and waiting long does not mend it. */
enum { LOCAL_ATTEMPTS = 4 };

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

/* ---- a region of AWS ---- */

static enum ingot_code find_endpoint(const struct service_endpoint_request *request, enum aws_service service,
                                     struct endpoint *ret_endpoint, struct ingot_error *err)
{
        struct service_endpoint_request asked = *request;

        asked.service = service;
        return service_endpoint(&asked, ret_endpoint, err);
}

static enum ingot_code reach_aws(const struct ingot_target *target, struct region_session *session,
                                 struct ingot_error *err)
{
        const struct credentials_request wanted = { .environment = target->environment,
                                                    .profile = target->profile };
        const struct service_endpoint_request asked = { .environment = target->environment,
                                                        .region = session->region };
        enum ingot_code r = credentials_find(&wanted, &session->credentials, err);

        if (!r)
                r = find_endpoint(&asked, AWS_EBS, &session->ebs.endpoint, err);
        if (!r)
                r = find_endpoint(&asked, AWS_EC2, &session->ec2.endpoint, err);
        if (!r)
                r = find_endpoint(&asked, AWS_STS, &session->ec2.sts, err);
        return r;
}

/* Which region is meant. */
static enum ingot_code choose_region(const struct ingot_target *target, struct region_session *session,
                                     bool *ret_is_local, struct ingot_error *err)
{
        struct target parsed;
        enum ingot_code r = target_parse(target->to, &parsed, err);

        if (r)
                return r;
        if (parsed.region_count > 1)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' names %zu regions; this command takes one at a time", target->to,
                                  parsed.region_count);
        if (!parsed.region_count)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' names no region, like aws:us-east-1", target->to);
        (void)snprintf(session->region, sizeof(session->region), "%s", parsed.regions[0]);
        *ret_is_local = parsed.kind == TARGET_LOCAL;
        return INGOT_OK;
}

enum ingot_code region_session_open(const struct ingot_target *target, const struct ingot_observer *observer,
                                    struct region_session *session, struct ingot_error *err)
{
        struct retry_policy policy = retry_policy_default;
        struct region_link_options options = { .credentials = &session->credentials,
                                               .policy = &policy,
                                               .observer = observer,
                                               .ca_bundle = target->ca_bundle };
        bool is_local = false;
        enum ingot_code r = choose_region(target, session, &is_local, err);

        if (!r && is_local) {
                policy.attempts_max = LOCAL_ATTEMPTS;
                r = start_local(target, session, err);
        } else if (!r) {
                r = reach_aws(target, session, err);
        }
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

        if (r != INGOT_E_REMOTE || !session->server)
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
