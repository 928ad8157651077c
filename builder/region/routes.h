/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_ROUTES_H
#define REGION_ROUTES_H

/* builder/region/routes.h
 * routes: what the dispatcher knows about a service: how it answers, and how it refuses the stranger.
 */
#include "region/catalogue_sessions.h"
#include "region/exchange.h"
#include "region/store.h"

/* One request whose signature is good. */
struct service_call {
        struct region_store *store;
        const struct region_request *request;
        /* What the request may see, as the catalogue names it: the region of the credential scope for the store's
         * own account, "REGION.ACCOUNT" for another. */
        const char *region;
        const char *region_name; /* of the credential scope; "us-east-1" where the request is not signed */
        const char *account_id;
        const char *access_key_id;            /* "" : the request is not signed */
        const struct session_record *session; /* of temporary credentials; NULL: the store's own key */
        struct region_reply *reply;
};

/* Why a request gets no further than the dispatcher. */
struct region_refusal {
        enum sigv4_verdict verdict;
        const char *detail;
        bool is_session_over; /* with SIGV4_EXPIRED: not the signature but the credentials have expired */
};

struct region_service {
        const char *name; /* as in a credential scope */
        enum ingot_code (*serve)(const struct service_call *call, struct ingot_error *err);
        void (*refuse)(const struct region_refusal *refusal, struct region_reply *reply);
        void (*break_down)(struct region_reply *reply); /* answers with an internal error */
        /* Answers with an error of that status, code and reason ("" : none). */
        void (*fail)(const struct fate_refusal *refusal, struct region_reply *reply);
        /* Names the operation that a request asks for; NULL when it cannot be told (yet). */
        const char *(*find_operation)(const struct region_request *request);
        const char *(*operation_at)(size_t index); /* the name of each operation; NULL past the last */
};

extern const struct region_service ebs_service, ec2_service, sts_service, kms_service, quotas_service,
        iam_service, s3_service;

/* Whether STS answers the request although nobody signed it. */
bool sts_answers_strangers(const struct region_request *request);

#endif
