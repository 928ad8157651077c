/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "region/chaos_plan.h"
#include "support/cmocka_all.h"

static struct chaos_plan *parse(const char *text)
{
        OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
        struct chaos_plan *plan = NULL;
        struct ingot_error err = { 0 };

        if (chaos_plan_parse(text, strlen(text), "day.yaml", &complaints, &plan, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return plan;
}

static void an_empty_day_has_the_quotas_of_aws_and_nothing_else(void **state)
{
        struct chaos_plan *plan = parse("{}\n");

        (void)state;
        assert_int_equal(plan->quotas[BUCKET_PUT_SNAPSHOT].rate_per_second, 1000);
        assert_int_equal(plan->quotas[BUCKET_PUT_ACCOUNT].rate_per_second, 1000);
        assert_int_equal(plan->quotas[BUCKET_LIST].rate_per_second, 50);
        assert_int_equal(plan->quotas[BUCKET_START].rate_per_second, 10);
        assert_int_equal(plan->quotas[BUCKET_DESCRIBE].rate_per_second, 20);
        assert_int_equal(plan->quotas[BUCKET_DESCRIBE].burst, 100);
        assert_int_equal(plan->quotas[BUCKET_MUTATE].burst, 50);
        assert_int_equal(plan->pending_max, 100);
        assert_int_equal(plan->scale_ppm, CHAOS_MILLION);
        assert_false(plan->is_encrypted_by_default || plan->has_noise);
        assert_int_equal(plan->rule_count, 0);
        chaos_plan_free(plan);
}

static void every_key_arrives_and_durations_are_scaled(void **state)
{
        struct chaos_plan *plan =
                parse("seed: 9223372036854775807\n"
                      "time-scale: 0.01\n"
                      "throttle: {put-per-snapshot: 500, list: {rate: 5, burst: 7}, start: 0}\n"
                      "bandwidth: {per-connection: 10MiB, in-all: 1GiB}\n"
                      "pending-snapshots: 3\n"
                      "ebs-encryption-by-default: true\n"
                      "absent-blocks: noise\n"
                      "rules:\n"
                      "- {name: far, do: delay, by: 4s, jitter: 1s, from: 10s, until: 1m,\n"
                      "   regions: [us-east-1], operations: [PutSnapshotBlock], first: 2, last: 9,\n"
                      "   count: 4, burst: 3, probability: 0.25}\n"
                      "- {do: unknown, share: 0.5, for: 2m}\n"
                      "- {do: hang, at: work}\n"
                      "- {do: error, code: Blocked, status: 451, reason: R, message: no}\n");
        const struct chaos_rule *far = &plan->rules[0];

        (void)state;
        assert_true(plan->seed == INT64_MAX);
        assert_int_equal(plan->quotas[BUCKET_PUT_SNAPSHOT].burst, 500);
        assert_int_equal(plan->quotas[BUCKET_LIST].burst, 7);
        assert_int_equal(plan->quotas[BUCKET_START].rate_per_second, 0);
        assert_int_equal(plan->quotas[BUCKET_COMPLETE].rate_per_second, 10);
        assert_int_equal(plan->connection_bytes_per_second, 10 << 20);
        assert_int_equal(plan->total_bytes_per_second, 1 << 30);
        assert_int_equal(plan->pending_max, 3);
        assert_true(plan->is_encrypted_by_default && plan->has_noise);
        assert_int_equal(plan->rule_count, 4);
        assert_string_equal(far->name, "far");
        assert_int_equal(far->by_ns, 40000000);
        assert_int_equal(far->jitter_ns, 10000000);
        assert_int_equal(far->from_ns, 100000000);
        assert_int_equal(far->until_ns, 600000000);
        assert_int_equal(far->probability_ppm, 250000);
        assert_int_equal(far->first + 10 * far->last + 100 * far->count_max + 1000 * far->burst, 3492);
        assert_string_equal(plan->rules[1].name, "rules[1]");
        assert_int_equal(plan->rules[1].for_ns, 1200000000);
        assert_int_equal(plan->rules[1].share_ppm, 500000);
        assert_int_equal(plan->rules[2].moment, FATE_AT_WORK);
        assert_true(plan->rules[2].for_ns == UINT64_MAX && plan->rules[2].until_ns == UINT64_MAX);
        assert_int_equal(plan->rules[3].status, 451);
        chaos_plan_free(plan);
}

static void json_will_do_and_throttling_can_be_off(void **state)
{
        struct chaos_plan *plan = parse("{\"seed\": 1, \"throttle\": \"off\", \"rules\": ["
                                        "{\"do\": \"reset\", \"probability\": 1}]}");

        (void)state;
        for (unsigned i = 0; i < BUCKET_KINDS; i++)
                assert_int_equal(plan->quotas[i].rate_per_second, 0);
        assert_int_equal(plan->rules[0].deed, CHAOS_RESET);
        chaos_plan_free(plan);
}

static void each_mistake_is_told_with_its_place(void **state)
{
        static const struct {
                const char *text, *complaint;
        } rows[] = {
                { "sead: 1\n", "day.yaml:1:1: [sead] unknown key 'sead'; did you mean 'seed'?" },
                { "[]\n", "day.yaml:1:1: must be a mapping, not a list" },
                { "time-scale: 0\n", "day.yaml:1:13: [time-scale] must be more than 0" },
                { "time-scale: 2\n", "day.yaml:1:13: [time-scale] '2' is no decimal from 0 to 1 with at most "
                                     "six places, like 0.05" },
                { "throttle: on\n",
                  "day.yaml:1:11: [throttle] must be 'off', or a mapping of the quotas that "
                  "differ from AWS's" },
                { "throttle: {puts: 5}\n", "day.yaml:1:12: [throttle.puts] unknown key 'puts'" },
                { "bandwidth: {in-all: 5MB}\n",
                  "day.yaml:1:21: [bandwidth.in-all] '5MB' is no size: write bytes a "
                  "second, like 50MiB" },
                { "rules:\n- {by: 1s}\n", "day.yaml:2:3: [rules[0]] key 'do' is missing" },
                { "rules:\n- {do: dely, by: 1s}\n", "day.yaml:2:8: [rules[0].do] 'dely' is not delay, error, "
                                                    "hang, reset, close, expire, unknown, "
                                                    "pending, fail or hide; did you mean 'delay'?" },
                { "rules:\n- {do: delay}\n", "day.yaml:2:3: [rules[0]] 'do: delay' needs the key 'by'" },
                { "rules:\n- {do: hang, by: 1s}\n",
                  "day.yaml:2:14: [rules[0].by] 'do: hang' has no 'by'; it belongs to: delay" },
                { "rules:\n- {do: hang, at: reply}\n",
                  "day.yaml:2:18: [rules[0].at] a reply hangs before its first "
                  "byte: write 'at: work'" },
                { "rules:\n- {do: hang, for: 5}\n",
                  "day.yaml:2:19: [rules[0].for] '5' is no duration: write a whole "
                  "number and ms, s, m or h, like 40ms" },
                { "rules:\n- {do: hang, for: 9999999999h}\n",
                  "day.yaml:2:19: [rules[0].for] '9999999999h' is no duration: write a whole number and ms, "
                  "s, m or "
                  "h, like 40ms" },
                { "rules:\n- {do: hang, probability: 1.1}\n",
                  "day.yaml:2:27: [rules[0].probability] '1.1' is no decimal from 0 to 1 with at most six "
                  "places, "
                  "like 0.05" },
                { "rules:\n- {do: reset, operations: [PutSnapshotBlok]}\n",
                  "day.yaml:2:28: [rules[0].operations[0]] the region has no operation 'PutSnapshotBlok'; "
                  "did you "
                  "mean 'PutSnapshotBlock'?" },
                { "rules:\n- {do: error, code: trottled}\n",
                  "day.yaml:2:21: [rules[0].code] 'trottled' is neither a code of AWS's nor a word for one; "
                  "did you "
                  "mean 'throttled'?" },
                { "rules:\n- {do: error, code: \"A\\r\\nB: c\"}\n",
                  "day.yaml:2:21: [rules[0].code] must be printable ASCII" },
                { "rules:\n- {do: reset, from: 2s, until: 1s}\n",
                  "day.yaml:2:32: [rules[0].until] must be later than 'from'" },
                { "rules:\n- {do: reset, first: 3, last: 2}\n",
                  "day.yaml:2:31: [rules[0].last] must not be less than 'first'" },
                { "rules:\n- {do: delay, by: 1s, jitter: 2s}\n",
                  "day.yaml:2:31: [rules[0].jitter] must not be more than 'by'" },
                { "rules:\n- {do: pending, for: 1s, operations: [CompleteSnapshot]}\n",
                  "day.yaml:2:26: [rules[0].operations] 'do: pending' has no 'operations'; it belongs to: "
                  "delay, "
                  "error, hang, reset, close, expire, hide" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(complaint_list_release) struct complaint_list complaints = { 0 };
                struct chaos_plan *plan = NULL;
                struct ingot_error err = { 0 };

                assert_int_equal(chaos_plan_parse(rows[i].text, strlen(rows[i].text), "day.yaml", &complaints,
                                                  &plan, &err),
                                 INGOT_E_TEMPLATE);
                assert_null(plan);
                assert_string_equal(ingot_error_frame(&err, 0), rows[i].complaint);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_day_has_the_quotas_of_aws_and_nothing_else),
                cmocka_unit_test(every_key_arrives_and_durations_are_scaled),
                cmocka_unit_test(json_will_do_and_throttling_can_be_off),
                cmocka_unit_test(each_mistake_is_told_with_its_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
