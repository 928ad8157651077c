/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_REGION_SESSION_H
#define LIFECYCLE_REGION_SESSION_H

/* builder/lifecycle/region_session.h
 * region_session: the clients of one target region, ready to be called.
 *
 * Rules    (1) "local" and "local:REGION" start the local region in process, on a socket without a name, and
 *              reach it over HTTP like any other: one code path.
 *              "aws:REGION" finds credentials and endpoints as the AWS SDKs do.
 *          (2) Everything below knows an endpoint and credentials, not what is behind them.
 *          (3) A session is filled in place and never moves: its clients point into it.
 */
#include <ingot/publish.h>

#include "lifecycle/aws_access.h"
#include "publish/ebs_client.h"
#include "publish/ec2_client.h"
#include "region/region.h"

struct region_session {
        char region[ENDPOINT_WORD_CHARS + 1];
        struct region_server *server;
        struct credentials credentials; /* of a local region */
        struct aws_access aws;          /* of a region of AWS */
        struct region_link *link;
        struct ebs_client ebs;
        struct ec2_client ec2;
        struct endpoint s3; /* without a bucket */
};

/*
 * Opens a session.
 *
 * target       borrowed; outlives the session
 * observer     borrowed; outlives the session; may be NULL
 * Fails with   INGOT_E_USAGE  target->to is not a target
 *              and as region_start(), credentials_of_file(), aws_access_find(), service_endpoint() and
 *              region_link_new()
 */
enum ingot_code region_session_open(const struct ingot_target *target, const struct ingot_observer *observer,
                                    struct region_session *session, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Ends what a session does after a call through it came to r: a failure of a region that is this process is told by its
 * cause, with its code, instead of by HTTP's "internal error".  The session can then only be closed.
 *
 * Returns      r, or what kept the region from answering
 */
enum ingot_code region_session_end(struct region_session *session, enum ingot_code r,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void region_session_close(struct region_session *session); /* also for OWNED; a zeroed one is fine */

#endif
