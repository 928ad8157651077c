/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "publish/retry.h"

const struct retry_policy retry_policy_default = {
        .first_ms = 200,
        .ceiling_ms = 10000,
        .attempts_max = 8,
        .unreachable_attempts = 3,
        .budget_ms = 150000,
        .queue_ms = 1800000,
};

static bool is_listed(const char *code, const char *const *list)
{
        for (; *list; list++)
                if (strcmp(code, *list) == 0)
                        return true;
        return false;
}

static bool ends_in(const char *text, const char *tail)
{
        size_t chars = strlen(text), tail_chars = strlen(tail);

        return chars >= tail_chars && strcmp(text + chars - tail_chars, tail) == 0;
}

/* botocore's list. */
static bool is_throttle(const struct fault *fault)
{
        static const char *const codes[] = { "Throttling",
                                             "ThrottlingException",
                                             "ThrottledException",
                                             "RequestThrottledException",
                                             "TooManyRequestsException",
                                             "ProvisionedThroughputExceededException",
                                             "TransactionInProgressException",
                                             "RequestLimitExceeded",
                                             "BandwidthLimitExceeded",
                                             "LimitExceededException",
                                             "RequestThrottled",
                                             "SlowDown",
                                             "PriorRequestNotComplete",
                                             "EC2ThrottledException",
                                             NULL };

        return is_listed(fault->code, codes);
}

/* Caps on what is under way at once: pending snapshots, copies, imports.  SDKs do not retry them. */
static bool is_full(const struct fault *fault)
{
        static const char *const codes[] = { "ConcurrentLimitExceededException", "ConcurrentLimitExceeded",
                                             "ResourceLimitExceeded", "ConcurrentSnapshotLimitExceeded",
                                             NULL };

        return is_listed(fault->code, codes);
}

static bool is_clock(const struct fault *fault)
{
        static const char *const codes[] = { "RequestTimeTooSkewed",
                                             "SignatureDoesNotMatch",
                                             "InvalidSignatureException",
                                             "RequestExpired",
                                             "RequestInTheFuture",
                                             "AuthFailure",
                                             NULL };

        return is_listed(fault->code, codes);
}

static bool is_expired(const struct fault *fault)
{
        static const char *const codes[] = { "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
                                             NULL };

        return is_listed(fault->code, codes);
}

static bool is_not_found(unsigned status, const struct fault *fault)
{
        return status == 404 || ends_in(fault->code, ".NotFound");
}

static bool is_transient(unsigned status, const struct fault *fault)
{
        static const char *const codes[] = {
                "RequestTimeout",      "RequestTimeoutException", "InternalError",
                "InternalFailure",     "ServiceUnavailable",      "Unavailable",
                "InternalServerError", "InternalServerException", NULL
        };

        return status >= 500 || status == 429 || is_listed(fault->code, codes) ||
               strcmp(fault->reason, "WRITE_REQUEST_TIMEOUT") == 0;
}

enum retry_verdict retry_classify(const struct retry_question *question)
{
        switch (question->outcome) {
        case HTTP_UNREACHABLE:
        case HTTP_BROKEN:
        case HTTP_DEADLINE: return RETRY_TRANSIENT;
        case HTTP_UNTRUSTED:
        case HTTP_TOO_LARGE:
        case HTTP_BODY_FAILED: return RETRY_PERMANENT;
        case HTTP_ANSWERED: break;
        }
        if (is_full(question->fault))
                return RETRY_QUEUED;
        if (is_throttle(question->fault) || question->status == 429)
                return RETRY_THROTTLED;
        if (is_transient(question->status, question->fault))
                return RETRY_TRANSIENT;
        if (is_expired(question->fault))
                return RETRY_EXPIRED;
        if (is_not_found(question->status, question->fault))
                return question->is_not_found_transient ? RETRY_TRANSIENT : RETRY_PERMANENT;
        return is_clock(question->fault) ? RETRY_CLOCK : RETRY_PERMANENT;
}

enum ingot_code retry_code(unsigned status, const struct fault *fault)
{
        static const char *const denied[] = { "AuthFailure",
                                              "UnauthorizedOperation",
                                              "OperationNotPermitted",
                                              "AccessDenied",
                                              "AccessDeniedException",
                                              "OptInRequired",
                                              "InvalidClientTokenId",
                                              "UnrecognizedClientException",
                                              "MissingAuthenticationToken",
                                              "IncompleteSignature",
                                              "SnapshotLimitExceeded",
                                              "Blocked",
                                              "PendingVerification",
                                              NULL };
        static const char *const conflicts[] = { "InvalidAMIName.Duplicate",    "InvalidSnapshot.InUse",
                                                 "IdempotentParameterMismatch", "IncorrectState",
                                                 "InvalidAMIID.Unavailable",    NULL };

        if (is_throttle(fault) || is_full(fault) || status == 429)
                return INGOT_E_THROTTLED;
        if (is_transient(status, fault))
                return INGOT_E_REMOTE;
        if (is_listed(fault->code, conflicts) || status == 409)
                return INGOT_E_CONFLICT;
        if (is_not_found(status, fault))
                return INGOT_E_NOT_FOUND;
        if (is_listed(fault->code, denied) || is_clock(fault) || is_expired(fault) ||
            (status >= 401 && status <= 403))
                return INGOT_E_DENIED;
        if (strcmp(fault->code, "ValidationException") == 0)
                /* The model has no reason of its own for a body that is not its checksum's. */
                return strcasestr(fault->message, "checksum") ? INGOT_E_CHECKSUM : INGOT_E_BUG;
        return status >= 400 && fault->code[0] ? INGOT_E_USAGE : INGOT_E_REMOTE;
}

/* splitmix64: jitter needs no better. */
static uint64_t next_random(uint64_t *state)
{
        uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

uint32_t retry_wait_ms(const struct retry_policy *policy, uint32_t attempt, uint64_t *random_state)
{
        uint64_t limit = policy->first_ms;

        for (; attempt > 1 && limit < policy->ceiling_ms; attempt--)
                limit *= 2;
        if (limit > policy->ceiling_ms)
                limit = policy->ceiling_ms;
        return (uint32_t)(next_random(random_state) % (limit + 1));
}

uint32_t retry_queue_wait_ms(const struct retry_policy *policy, uint64_t *random_state)
{
        uint64_t most = 3 * (uint64_t)policy->ceiling_ms;

        return (uint32_t)(most / 2 + next_random(random_state) % (most / 2 + 1));
}
