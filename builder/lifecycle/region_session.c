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
        if (!r)
                r = endpoint_of_socket(socket, session->region, "s3", &session->s3, err);
        return r;
}

/* ---- a region of AWS ---- */

static enum ingot_code reach_aws(const struct ingot_target *target, const struct ingot_observer *observer,
                                 struct region_session *session, struct ingot_error *err)
{
        const struct aws_config *config = &session->aws.config;
        const char *region = session->region;
        enum ingot_code r = aws_access_open(target, *region ? region : NULL, observer, &session->aws, err);

        if (r)
                return r;
        memcpy(session->region, session->aws.region, sizeof(session->region));
        r = service_endpoint(config, AWS_EBS, region, &session->ebs.endpoint, err);
        if (!r)
                r = service_endpoint(config, AWS_EC2, region, &session->ec2.endpoint, err);
        if (!r)
                r = service_endpoint(config, AWS_STS, region, &session->ec2.sts, err);
        if (!r)
                r = service_endpoint(config, AWS_S3, region, &session->s3, err);
        return r ? r : aws_access_find(&session->aws, err);
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
        if (parsed.region_count)
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
                                               .observer = observer };
        bool is_local = false;
        enum ingot_code r = choose_region(target, session, &is_local, err);

        if (!r && is_local) {
                policy.attempts_max = LOCAL_ATTEMPTS;
                r = start_local(target, session, err);
        } else if (!r) {
                r = reach_aws(target, observer, session, err);
                options.provider = session->aws.provider;
                options.ca_bundle = session->aws.ca_bundle;
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
        aws_access_close(&session->aws);
        region_stop(session->server);
        *session = (struct region_session){ 0 };
}
