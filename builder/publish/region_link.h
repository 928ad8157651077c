/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_REGION_LINK_H
#define PUBLISH_REGION_LINK_H

/* builder/publish/region_link.h
 * region_link: calls to one region, each signed, sent, judged, and made again where that helps.
 *
 *   start --> [ due? ] --> sign --> http_client --> judge --+--> done
 *                ^                                          |
 *                +------------ wait with jitter <-----------+
 *
 * Rules    (1) It is the one layer of retries (publish/retry.h, rule 1).
 *          (2) Every attempt is signed anew: waiting never makes a signature stale.
 *          (3) An observer that asks to stop ends every call with INGOT_E_CANCELLED within 100 ms.
 *          (4) done() is called once per call that was started, from pump(); it may start others, but not
 *              abandon any.
 *          (5) A call with paces is sent, and sent again, only when each has a token; at most in_flight_max attempts
 *              are under way at once.  Who has waited longest goes first.
 *          (6) A call that waits in a queue (publish/retry.h, rule 6) tells the observer so.
 *          (7) Credentials are asked of the provider for every attempt.  A refusal that calls them expired makes it
 *              fetch others, and the attempt is made once more.
 *          (8) A link without credentials signs nothing.
 *          (9) A reply of REGION_REST_XML that is an <Error> is a refusal, whatever its status (S3).
 * Tests    tests/unit/publish/test_region_link.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/observer.h>

#include "base/clock.h"
#include "publish/credential_provider.h"
#include "publish/endpoint.h"
#include "publish/http_client.h"
#include "publish/pace.h"
#include "publish/retry.h"

struct region_link;

struct region_link_options {
        struct credential_provider *provider;  /* borrowed, outlives the link; NULL: credentials */
        const struct credentials *credentials; /* borrowed, outlives the link; NULL too: rule 8 */
        const struct clock *clock;             /* borrowed, outlives the link; NULL: the system's */
        const struct retry_policy *policy;     /* copied; NULL: retry_policy_default */
        const struct ingot_observer
                *observer;     /* borrowed, outlives the link; asked whether to stop; may be NULL */
        const char *ca_bundle; /* NULL: the system's */
        uint64_t random_seed;  /* for jitter only; any value, 0 too */
};

/* What a link has done so far. */
struct region_link_counts {
        uint64_t calls, attempts, throttles, deadlines_missed;
};

enum { REGION_PACES = 2 };

enum region_protocol { REGION_REST_JSON, REGION_QUERY_XML, REGION_REST_XML }; /* how a refusal is written */

/* One call.  It and everything it points to is borrowed until done(). */
struct region_call {
        const struct endpoint *endpoint;
        const char *operation; /* "PutSnapshotBlock", for messages */
        enum region_protocol protocol;
        const char *method, *path, *query;  /* query may be NULL */
        const struct sigv4_header *headers; /* beyond Host and what signing adds; all are signed */
        size_t header_count;
        const struct byte_source *body; /* NULL: none */
        uint64_t body_bytes;
        const char *payload_hash;         /* 64 hex digits of the body, or SIGV4_UNSIGNED_PAYLOAD */
        bool has_content_sha256;          /* send x-amz-content-sha256 */
        uint64_t found_by_ns;             /* monotonic: until then a 404 is transient; 0: it never is */
        uint32_t deadline_ms;             /* of each attempt; 0: 30 s */
        uint32_t budget_ms;               /* of all attempts; 0: the policy's */
        size_t reply_bytes_max;           /* 0: 1 MiB */
        bool needs_new_connection;        /* http_request's */
        struct pace *paces[REGION_PACES]; /* rule 5; each may be NULL */
};

struct region_result {
        enum ingot_code code;
        const struct http_reply *reply; /* the successful one; borrowed for the call; NULL on failure */
        const struct fault *fault;      /* the last refusal, "" when there was none; borrowed */
        unsigned attempts;
        uint64_t last_attempt_ns; /* how long the last attempt took */
};

typedef void (*region_done)(void *context, const struct region_result *result, const struct ingot_error *err);

/*
 * Fails with   INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code region_link_new(const struct region_link_options *options, struct region_link **ret_link,
                                struct ingot_error *err) INGOT_MUST_CHECK;
void region_link_free(struct region_link *link); /* calls in flight are dropped without done() */
void region_link_drop(struct region_link **link);

/*
 * Starts a call; its end is told by done().
 *
 * Fails with   INGOT_E_MEMORY, and then done() is not called
 */
enum ingot_code region_link_start(struct region_link *link, const struct region_call *call, region_done done,
                                  void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Moves every call that can move, waiting at most wait_ms.
 *
 * Fails with   INGOT_E_CANCELLED  rule 3; every call has been dropped, without done()
 *              INGOT_E_SYSTEM     the loop itself failed
 */
enum ingot_code region_link_pump(struct region_link *link, uint32_t wait_ms,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Rule 5; 0: no limit. */
void region_link_set_in_flight_max(struct region_link *link, unsigned in_flight_max);

/* Drops every call without done(). */
void region_link_abandon(struct region_link *link);

/* Waits ms (by the link's clock where it is the system's), in steps in which the observer is asked.
 * Fails with   INGOT_E_CANCELLED, INGOT_E_SYSTEM */
enum ingot_code region_link_wait(struct region_link *link, uint32_t ms,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes one call and waits for its end.
 *
 * ret_body      the reply's body: an initialised buffer, cleared and filled on INGOT_OK; may be NULL
 * ret_fault     the last refusal, on any result; may be NULL
 * ret_attempts  may be NULL
 * Fails with    INGOT_E_DENIED, INGOT_E_NOT_FOUND, INGOT_E_CONFLICT, INGOT_E_THROTTLED, INGOT_E_REMOTE,
 *               INGOT_E_CHECKSUM, INGOT_E_USAGE, INGOT_E_BUG by retry_code(); INGOT_E_CANCELLED;
 *               INGOT_E_MEMORY; INGOT_E_SYSTEM
 */
enum ingot_code region_link_call(struct region_link *link, const struct region_call *call,
                                 struct buffer *ret_body, struct fault *ret_fault, unsigned *ret_attempts,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* An answer outside the model is the region's fault, not a file's: INGOT_E_FORMAT becomes INGOT_E_REMOTE. */
enum ingot_code region_link_judge(enum ingot_code r, const char *operation, struct ingot_error *err);

const struct clock *region_link_clock(const struct region_link *link);
const struct ingot_observer *region_link_observer(const struct region_link *link); /* may be NULL */
struct region_link_counts region_link_counts(const struct region_link *link);

#endif
