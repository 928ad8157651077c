/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "publish/retry.h"

static void each_refusal_has_its_verdict(void **state) /* rules 4, 5, 6 */
{
        static const struct {
                unsigned status;
                struct fault fault;
                bool not_found_transient;
                enum retry_verdict verdict;
                enum ingot_code code;
        } rows[] = {
                { 400, { "RequestThrottledException", "", "" }, false, RETRY_THROTTLED, INGOT_E_THROTTLED },
                { 400,
                  { "ConcurrentLimitExceededException", "", "" },
                  false,
                  RETRY_QUEUED,
                  INGOT_E_THROTTLED },
                { 400, { "ResourceLimitExceeded", "", "" }, false, RETRY_QUEUED, INGOT_E_THROTTLED },
                { 503, { "RequestLimitExceeded", "", "" }, false, RETRY_THROTTLED, INGOT_E_THROTTLED },
                { 429, { "", "", "" }, false, RETRY_THROTTLED, INGOT_E_THROTTLED },
                { 500, { "InternalServerException", "", "" }, false, RETRY_TRANSIENT, INGOT_E_REMOTE },
                { 502, { "", "", "" }, false, RETRY_TRANSIENT, INGOT_E_REMOTE },
                { 400,
                  { "ValidationException", "WRITE_REQUEST_TIMEOUT", "" },
                  false,
                  RETRY_TRANSIENT,
                  INGOT_E_REMOTE },
                { 400, { "ValidationException", "INVALID_BLOCK", "" }, false, RETRY_PERMANENT, INGOT_E_BUG },
                { 400,
                  { "ValidationException", "", "wrong Checksum" },
                  false,
                  RETRY_PERMANENT,
                  INGOT_E_CHECKSUM },
                { 404, { "ResourceNotFoundException", "", "" }, true, RETRY_TRANSIENT, INGOT_E_NOT_FOUND },
                { 404, { "ResourceNotFoundException", "", "" }, false, RETRY_PERMANENT, INGOT_E_NOT_FOUND },
                { 400, { "InvalidSnapshot.NotFound", "", "" }, true, RETRY_TRANSIENT, INGOT_E_NOT_FOUND },
                { 400, { "InvalidAMIID.NotFound", "", "" }, false, RETRY_PERMANENT, INGOT_E_NOT_FOUND },
                { 403, { "AccessDeniedException", "", "" }, true, RETRY_PERMANENT, INGOT_E_DENIED },
                { 402, { "ServiceQuotaExceededException", "", "" }, false, RETRY_PERMANENT, INGOT_E_DENIED },
                { 403, { "UnauthorizedOperation", "", "" }, false, RETRY_PERMANENT, INGOT_E_DENIED },
                { 401, { "AuthFailure", "", "" }, false, RETRY_CLOCK, INGOT_E_DENIED },
                { 403, { "SignatureDoesNotMatch", "", "" }, false, RETRY_CLOCK, INGOT_E_DENIED },
                { 409, { "ConflictException", "", "" }, false, RETRY_PERMANENT, INGOT_E_CONFLICT },
                { 400, { "InvalidAMIName.Duplicate", "", "" }, false, RETRY_PERMANENT, INGOT_E_CONFLICT },
                { 400, { "InvalidSnapshot.InUse", "", "" }, false, RETRY_PERMANENT, INGOT_E_CONFLICT },
                { 400, { "InvalidParameterValue", "", "" }, false, RETRY_PERMANENT, INGOT_E_USAGE },
                { 418, { "", "", "" }, false, RETRY_PERMANENT, INGOT_E_REMOTE },
                { 302, { "", "", "" }, false, RETRY_PERMANENT, INGOT_E_REMOTE },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct retry_question question = { HTTP_ANSWERED, rows[i].status, &rows[i].fault,
                                                   rows[i].not_found_transient };

                if (retry_classify(&question) != rows[i].verdict ||
                    retry_code(rows[i].status, &rows[i].fault) != rows[i].code)
                        fail_msg("HTTP %u %s: verdict %d, code %s", rows[i].status, rows[i].fault.code,
                                 retry_classify(&question),
                                 ingot_code_name(retry_code(rows[i].status, &rows[i].fault)));
        }
}

static void what_never_arrived_is_asked_again(void **state)
{
        static const struct {
                enum http_outcome outcome;
                enum retry_verdict verdict;
        } rows[] = {
                { HTTP_UNREACHABLE, RETRY_TRANSIENT }, { HTTP_BROKEN, RETRY_TRANSIENT },
                { HTTP_DEADLINE, RETRY_TRANSIENT },    { HTTP_UNTRUSTED, RETRY_PERMANENT },
                { HTTP_TOO_LARGE, RETRY_PERMANENT },   { HTTP_BODY_FAILED, RETRY_PERMANENT },
        };
        struct fault none = { .code = "" };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct retry_question question = { .outcome = rows[i].outcome, .fault = &none };

                assert_int_equal(retry_classify(&question), rows[i].verdict);
        }
}

static void waits_grow_to_their_ceiling_and_are_spread(void **state) /* rule 2 */
{
        uint64_t random = 42, sum = 0;

        (void)state;
        for (uint32_t attempt = 1; attempt < 60; attempt++) {
                uint64_t limit = attempt > 7 ? 10000 : 200u << (attempt - 1);

                for (unsigned i = 0; i < 50; i++)
                        assert_true(retry_wait_ms(&retry_policy_default, attempt, &random) <=
                                    (limit > 10000 ? 10000 : limit));
        }
        for (unsigned i = 0; i < 1000; i++)
                sum += retry_wait_ms(&retry_policy_default, 20, &random);
        assert_true(sum > 4000000 && sum < 6000000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_refusal_has_its_verdict),
                cmocka_unit_test(what_never_arrived_is_asked_again),
                cmocka_unit_test(waits_grow_to_their_ceiling_and_are_spread),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
