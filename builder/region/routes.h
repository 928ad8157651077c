/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_ROUTES_H
#define REGION_ROUTES_H

/* builder/region/routes.h
 * routes: what the dispatcher knows about a service: how it answers, and how it refuses the stranger.
 */
#include "region/exchange.h"
#include "region/store.h"

/* One request whose signature is good. */
struct service_call {
        struct region_store *store;
        const struct region_request *request;
        const char *region; /* of the credential scope */
        const char *access_key_id;
        struct region_reply *reply;
};

/* Why a request gets no further than the dispatcher. */
struct region_refusal {
        enum sigv4_verdict verdict;
        const char *detail;
};

struct region_service {
        const char *name; /* as in a credential scope */
        enum ingot_code (*serve)(const struct service_call *call, struct ingot_error *err);
        void (*refuse)(const struct region_refusal *refusal, struct region_reply *reply);
        void (*break_down)(struct region_reply *reply); /* answers with an internal error */
};

extern const struct region_service ebs_service, ec2_service, sts_service;

#endif
