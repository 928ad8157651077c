/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/chaos_errors.h"

struct spelling {
        unsigned status;
        const char *code, *reason;
};

/* of: the EBS direct APIs, EC2, and everything else by STS' words. */
static const struct known_error {
        const char *word, *message;
        struct spelling ebs, ec2, other;
} known[] = {
        { "internal",
          "An internal error has occurred.",
          { 500, "InternalServerException", "" },
          { 500, "InternalError", "" },
          { 500, "InternalFailure", "" } },
        { "unavailable",
          "The service is unavailable. Please try again shortly.",
          { 500, "InternalServerException", "" },
          { 503, "Unavailable", "" },
          { 503, "ServiceUnavailable", "" } },
        { "throttled",
          "Rate exceeded.",
          { 400, "RequestThrottledException", "ACCOUNT_THROTTLED" },
          { 503, "RequestLimitExceeded", "" },
          { 400, "Throttling", "" } },
        { "limit",
          "The most there may be at a time is reached.",
          { 400, "ConcurrentLimitExceededException", "" },
          { 400, "ResourceLimitExceeded", "" },
          { 400, "LimitExceeded", "" } },
        { "quota",
          "A quota is exceeded.",
          { 402, "ServiceQuotaExceededException", "DEPENDENCY_SERVICE_QUOTA_EXCEEDED" },
          { 400, "ResourceLimitExceeded", "" },
          { 400, "LimitExceeded", "" } },
        { "denied",
          "You are not authorized to perform this operation.",
          { 403, "AccessDeniedException", "UNAUTHORIZED_ACCOUNT" },
          { 403, "UnauthorizedOperation", "" },
          { 403, "AccessDenied", "" } },
        { "expired",
          "The security token included in the request is expired.",
          { 403, "ExpiredTokenException", "" },
          { 400, "RequestExpired", "" },
          { 403, "ExpiredToken", "" } },
        { "snapshot-not-found",
          "The snapshot does not exist.",
          { 404, "ResourceNotFoundException", "SNAPSHOT_NOT_FOUND" },
          { 400, "InvalidSnapshot.NotFound", "" },
          { 404, "ResourceNotFound", "" } },
        { "image-not-found",
          "The image id does not exist.",
          { 404, "ResourceNotFoundException", "IMAGE_NOT_FOUND" },
          { 400, "InvalidAMIID.NotFound", "" },
          { 404, "ResourceNotFound", "" } },
        { "slow-body",
          "The request took too long to be written.",
          { 400, "ValidationException", "WRITE_REQUEST_TIMEOUT" },
          { 400, "RequestExpired", "" },
          { 400, "RequestExpired", "" } },
        { "block-conflict",
          "The block is being updated by another request.",
          { 400, "ValidationException", "CONFLICTING_BLOCK_UPDATE" },
          { 400, "IncorrectState", "" },
          { 400, "IncorrectState", "" } },
};

const char *chaos_error_word(unsigned at)
{
        return at < sizeof(known) / sizeof(known[0]) ? known[at].word : NULL;
}

bool chaos_error_find(const char *service, const char *word, struct fate_refusal *refusal)
{
        for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                const struct spelling *spelling = strcmp(service, "ebs") == 0   ? &known[i].ebs
                                                  : strcmp(service, "ec2") == 0 ? &known[i].ec2
                                                                                : &known[i].other;

                if (strcmp(known[i].word, word) != 0)
                        continue;
                refusal->status = spelling->status;
                (void)snprintf(refusal->code, sizeof(refusal->code), "%s", spelling->code);
                (void)snprintf(refusal->reason, sizeof(refusal->reason), "%s", spelling->reason);
                (void)snprintf(refusal->message, sizeof(refusal->message), "%s", known[i].message);
                return true;
        }
        return false;
}
