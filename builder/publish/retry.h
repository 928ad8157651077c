/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_RETRY_H
#define PUBLISH_RETRY_H

/* builder/publish/retry.h
 * retry: whether a call that did not succeed is made again, when, and what its failure means.
 *
 * Rules    (1) There is one layer of retries: region_link's.  Nothing above or below makes a call twice.
 *          (2) A wait is chosen evenly between 0 and min(ceiling, first * 2^(attempt - 1)): full jitter.
 *          (3) A call ends after attempts_max attempts or budget_ms, whichever comes first; an endpoint that has
 *              never answered anything, after unreachable_attempts.
 *          (4) A snapshot that was just started may not be found for 120 s: a 404 is transient until then, and is
 *              no failed attempt.
 *          (5) What the region forbids or finds invalid is never asked again, but for a body that came too
 *              slowly (WRITE_REQUEST_TIMEOUT).
 *          (6) What is full for now (pending snapshots, copies) is waited for in a queue: for queue_ms, with waits of
 *              its own; those attempts do not count.
 *          (7) A signature refused for its time is signed again once with the region's own clock.
 *          (8) Credentials that the region calls expired are fetched anew once (region_link's rule 7).
 * Source   facts of the EBS direct and EC2 APIs: their error lists, and botocore's standard mode for the names.
 * Tests    tests/unit/publish/test_retry.c
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/error.h>

#include "publish/http_client.h"
#include "wire/fault.h"

enum { RETRY_NOT_FOUND_GRACE_MS = 120000 };

struct retry_policy {
        uint32_t first_ms, ceiling_ms; /* 200, 10000 */
        uint32_t attempts_max;         /* 8 */
        uint32_t unreachable_attempts; /* 3 */
        uint32_t budget_ms;            /* 150000 */
        uint32_t queue_ms;             /* 1800000: rule 6 */
};

extern const struct retry_policy retry_policy_default;

enum retry_verdict {
        RETRY_PERMANENT, /* tell the caller */
        RETRY_TRANSIENT, /* ask again */
        RETRY_THROTTLED, /* ask again, and ask less */
        RETRY_QUEUED,    /* rule 6 */
        RETRY_CLOCK,     /* rule 7 */
        RETRY_EXPIRED    /* rule 8 */
};

/* What is known about an attempt that did not succeed. */
struct retry_question {
        enum http_outcome outcome;
        unsigned status;             /* with HTTP_ANSWERED */
        const struct fault *fault;   /* with HTTP_ANSWERED */
        bool is_not_found_transient; /* rule 4 */
};

enum retry_verdict retry_classify(const struct retry_question *question);

/* The code a refusal ends in when it is not, or no longer, retried. */
enum ingot_code retry_code(unsigned status, const struct fault *fault);

/* Rule 2; attempt counts from 1; *random_state is stepped. */
uint32_t retry_wait_ms(const struct retry_policy *policy, uint32_t attempt, uint64_t *random_state);

/* Rule 6: between half and the whole of three times the ceiling. */
uint32_t retry_queue_wait_ms(const struct retry_policy *policy, uint64_t *random_state);

#endif
