/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/chaos_draw.h"
#include "region/chaos_errors.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"
#include "wire/uri.h"

enum { MS = 1000000, SECOND = 1000 * MS };

/* A day by itself: a clock that stands still, and no store. */
struct day {
        uint64_t now_ns;
        struct clock clock;
        struct chaos_plan *plan;
        struct chaos *chaos;
};

static uint64_t day_monotonic(void *context)
{
        return ((struct day *)context)->now_ns;
}

static void begin(struct day *day, const char *yaml)
{
        struct complaint_list complaints = { 0 };
        struct ingot_error err = { 0 };

        *day = (struct day){ .now_ns = UINT64_C(5000) * SECOND };
        day->clock = (struct clock){ .context = day, .monotonic_ns = day_monotonic };
        if (chaos_plan_parse(yaml, strlen(yaml), "day.yaml", &complaints, &day->plan, &err) ||
            chaos_new(day->plan, &day->clock, &day->chaos, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        complaint_list_release(&complaints);
}

static void end(struct day *day)
{
        chaos_free(day->chaos);
        chaos_plan_free(day->plan);
}

static struct region_fate ask(struct day *day, const char *service, const char *region, const char *operation,
                              const char *snapshot_id, uint64_t block_index)
{
        const struct chaos_request request = { .service = service,
                                               .region = region,
                                               .credential = "AKIA",
                                               .operation = operation,
                                               .snapshot_id = snapshot_id,
                                               .block_index = block_index };
        struct region_fate fate;

        chaos_judge(day->chaos, &request, &fate);
        return fate;
}

static struct region_fate put(struct day *day)
{
        return ask(day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-1", 0);
}

/* Rule 1. */
static void the_same_seed_and_requests_fare_the_same_and_another_seed_does_not(void **state)
{
        char fates[3][201] = { "" };

        (void)state;
        for (unsigned run = 0; run < 3; run++) {
                char yaml[200];
                struct day day;

                (void)snprintf(yaml, sizeof(yaml),
                               "seed: %u\nthrottle: off\nrules:\n- {do: reset, probability: 0.3}\n",
                               run < 2 ? 42U : 43U);
                begin(&day, yaml);
                for (unsigned i = 0; i < 200; i++)
                        fates[run][i] = put(&day).end == FATE_RESET ? 'x' : '.';
                end(&day);
        }
        assert_string_equal(fates[0], fates[1]);
        assert_string_not_equal(fates[0], fates[2]);
}

/* Rule 1: requests of another operation between them change nothing. */
static void operations_draw_by_themselves(void **state)
{
        char fates[2][101] = { "" };

        (void)state;
        for (unsigned run = 0; run < 2; run++) {
                struct day day;

                begin(&day, "seed: 1\nthrottle: off\nrules:\n- {do: reset, probability: 0.3}\n");
                for (unsigned i = 0; i < 100; i++) {
                        fates[run][i] = put(&day).end == FATE_RESET ? 'x' : '.';
                        if (run)
                                (void)ask(&day, "ec2", "us-east-1", "DescribeImages", "", 0);
                }
                end(&day);
        }
        assert_string_equal(fates[0], fates[1]);
}

static void a_share_is_met(void **state)
{
        struct day day;
        unsigned hits = 0;

        (void)state;
        begin(&day, "throttle: off\nrules:\n- {do: reset, probability: 0.1}\n");
        for (unsigned i = 0; i < 10000; i++)
                hits += put(&day).end == FATE_RESET;
        assert_in_range(hits, 900, 1100);
        end(&day);
}

static void limits_of_a_rule_hold(void **state)
{
        struct day day;
        unsigned hits;

        (void)state;
        begin(&day,
              "throttle: off\nrules:\n"
              "- {do: reset, first: 3, last: 5, operations: [PutSnapshotBlock], regions: [us-east-1]}\n");
        for (unsigned i = 1; i <= 8; i++) {
                assert_int_equal(ask(&day, "ebs", "us-east-1", "StartSnapshot", "", 0).end, FATE_ANSWER);
                assert_int_equal(ask(&day, "ebs", "eu-west-1", "PutSnapshotBlock", "snap-1", 0).end,
                                 FATE_ANSWER);
                assert_int_equal(put(&day).end == FATE_RESET, i >= 3 && i <= 5);
        }
        end(&day);
        begin(&day, "throttle: off\nrules:\n- {do: reset, count: 2}\n");
        hits = 0;
        for (unsigned i = 0; i < 9; i++)
                hits += put(&day).end == FATE_RESET;
        assert_int_equal(hits, 2);
        end(&day);
        begin(&day, "throttle: off\ntime-scale: 0.1\nrules:\n- {do: reset, from: 10s, until: 30s}\n");
        for (unsigned tenths = 0; tenths < 50; tenths++, day.now_ns += SECOND / 10)
                assert_int_equal(put(&day).end == FATE_RESET, tenths >= 10 && tenths < 30);
        end(&day);
}

static void a_burst_comes_in_a_row(void **state)
{
        struct day day;
        unsigned run = 0, runs = 0;

        (void)state;
        begin(&day, "throttle: off\nrules:\n- {do: error, code: internal, probability: 0.01, burst: 4}\n");
        for (unsigned i = 0; i < 5000; i++) {
                if (put(&day).refusal.status == 500) {
                        run++;
                        continue;
                }
                runs += run > 0;
                assert_int_equal(run % 4, 0);
                run = 0;
        }
        assert_in_range(runs, 20, 90);
        end(&day);
}

/* Rule 2. */
static void delays_add_up_and_the_first_end_counts(void **state)
{
        struct day day;
        struct region_fate fate;

        (void)state;
        begin(&day, "throttle: off\nrules:\n- {do: delay, by: 40ms, jitter: 10ms}\n- {do: delay, by: 1s}\n"
                    "- {do: close, at: work}\n- {do: error, code: throttled}\n");
        for (unsigned i = 0; i < 100; i++) {
                fate = put(&day);
                assert_in_range(fate.delay_ns, SECOND + 30 * MS, SECOND + 50 * MS);
                assert_int_equal(fate.end, FATE_CLOSE);
                assert_int_equal(fate.moment, FATE_AT_WORK);
                assert_int_equal(fate.refusal.status, 0);
        }
        end(&day);
}

static void an_error_is_spelled_as_its_service_spells_it(void **state)
{
        struct day day;
        struct region_fate fate;

        (void)state;
        begin(&day, "throttle: off\nrules:\n- {do: error, code: throttled, until: 1s}\n"
                    "- {do: error, code: InvalidSnapshot.NotFound, from: 1s}\n");
        fate = put(&day);
        assert_int_equal(fate.refusal.status, 400);
        assert_string_equal(fate.refusal.code, "RequestThrottledException");
        assert_string_equal(fate.refusal.reason, "ACCOUNT_THROTTLED");
        fate = ask(&day, "ec2", "us-east-1", "RegisterImage", "", 0);
        assert_int_equal(fate.refusal.status, 503);
        assert_string_equal(fate.refusal.code, "RequestLimitExceeded");
        day.now_ns += SECOND;
        fate = ask(&day, "ec2", "us-east-1", "RegisterImage", "", 0);
        assert_int_equal(fate.refusal.status, 400);
        assert_string_equal(fate.refusal.code, "InvalidSnapshot.NotFound");
        end(&day);
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
        const struct chaos_quota quota = { .rate_per_second = 20, .burst = 100 };
        uint64_t full_at_ns = 0, now_ns = UINT64_C(9) * SECOND;
        unsigned given = 0;

        (void)state;
        while (chaos_take_token(&quota, now_ns, &full_at_ns))
                given++;
        assert_int_equal(given, 100);
        for (unsigned i = 0; i < 1000; i++, now_ns += 10 * MS)
                given += chaos_take_token(&quota, now_ns, &full_at_ns);
        assert_in_range(given, 298, 300);
        now_ns += UINT64_C(3600) * SECOND;
        given = 0;
        while (chaos_take_token(&quota, now_ns, &full_at_ns))
                given++;
        assert_int_equal(given, 100);
}

/* Rule 3: 1,000 puts a second for a snapshot, for an account and for a region, by the Reason that says which. */
static void puts_are_throttled_by_snapshot_and_by_account(void **state)
{
        struct day day;
        struct region_fate fate;

        (void)state;
        begin(&day, "throttle: {put-per-account: 1500}\n");
        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(put(&day).refusal.status, 0);
        fate = put(&day);
        assert_string_equal(fate.refusal.code, "RequestThrottledException");
        assert_string_equal(fate.refusal.reason, "RESOURCE_LEVEL_THROTTLE");
        for (unsigned i = 0; i < 500; i++)
                assert_int_equal(
                        ask(&day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-2", 0).refusal.status, 0);
        fate = ask(&day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-2", 0);
        assert_string_equal(fate.refusal.reason, "ACCOUNT_THROTTLED");
        assert_int_equal(ask(&day, "ebs", "eu-west-1", "PutSnapshotBlock", "snap-3", 0).refusal.status, 0);
        day.now_ns += MS;
        assert_int_equal(put(&day).refusal.status, 0);
        assert_int_equal(put(&day).refusal.status, 400);
        end(&day);
}

static void calls_have_the_quotas_of_aws(void **state)
{
        static const struct {
                const char *service, *operation;
                unsigned quota;
                const char *code;
        } rows[] = {
                { "ebs", "StartSnapshot", 10, "RequestThrottledException" },
                { "ebs", "CompleteSnapshot", 10, "RequestThrottledException" },
                { "ebs", "ListSnapshotBlocks", 50, "RequestThrottledException" },
                { "ebs", "ListChangedBlocks", 50, "RequestThrottledException" },
                { "ec2", "DescribeImages", 100, "RequestLimitExceeded" },
                { "ec2", "RegisterImage", 50, "RequestLimitExceeded" },
        };
        struct day day;

        (void)state;
        begin(&day, "{}");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct region_fate fate;

                for (unsigned call = 0; call < rows[i].quota; call++)
                        assert_int_equal(ask(&day, rows[i].service, "us-east-1", rows[i].operation, "", 0)
                                                 .refusal.status,
                                         0);
                fate = ask(&day, rows[i].service, "us-east-1", rows[i].operation, "", 0);
                assert_string_equal(fate.refusal.code, rows[i].code);
        }
        end(&day);
}

static void bandwidth_is_shared_and_each_connection_has_its_own(void **state)
{
        struct day day;
        uint64_t first = 0, second = 0;

        (void)state;
        begin(&day, "bandwidth: {per-connection: 1MiB, in-all: 1536KiB}\n");
        assert_in_range(chaos_pass(day.chaos, 1 << 20, &first), SECOND - MS, SECOND + MS);
        assert_in_range(chaos_pass(day.chaos, 1 << 20, &second), 1333 * MS, 1334 * MS);
        day.now_ns += UINT64_C(10) * SECOND;
        assert_int_equal(chaos_pass(day.chaos, 100, &first), 0);
        end(&day);
        begin(&day, "{}");
        first = 0;
        assert_int_equal(chaos_pass(day.chaos, 1 << 30, &first), 0);
        end(&day);
}

static void credentials_expire_some_time_after_their_first_use(void **state)
{
        struct day day;

        (void)state;
        begin(&day, "rules:\n- {do: expire, after: 10s}\n");
        assert_int_equal(put(&day).refusal.status, 0);
        day.now_ns += UINT64_C(11) * SECOND;
        assert_string_equal(put(&day).refusal.code, "ExpiredTokenException");
        assert_string_equal(ask(&day, "ec2", "us-east-1", "DescribeImages", "", 0).refusal.code,
                            "RequestExpired");
        end(&day);
}

static void some_blocks_of_a_new_snapshot_are_not_known_for_a_while(void **state)
{
        struct day day;
        char before[201] = "", after[201] = "";
        unsigned unknown = 0;

        (void)state;
        begin(&day, "seed: 3\nrules:\n- {do: unknown, share: 0.3, for: 120s}\n");
        chaos_note_birth(day.chaos, "us-east-1", "snap-1");
        for (unsigned i = 0; i < 200; i++) {
                struct region_fate fate = ask(&day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-1", i);

                before[i] = fate.refusal.status ? 'x' : '.';
                unknown += fate.refusal.status == 404;
                if (fate.refusal.status)
                        assert_string_equal(fate.refusal.reason, "SNAPSHOT_NOT_FOUND");
        }
        assert_in_range(unknown, 40, 80);
        day.now_ns += UINT64_C(119) * SECOND;
        for (unsigned i = 0; i < 200; i++)
                after[i] = ask(&day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-1", i).refusal.status
                                   ? 'x'
                                   : '.';
        assert_string_equal(before, after);
        day.now_ns += UINT64_C(1) * SECOND;
        for (unsigned i = 0; i < 200; i++)
                assert_int_equal(
                        ask(&day, "ebs", "us-east-1", "PutSnapshotBlock", "snap-1", i).refusal.status, 0);
        end(&day);
}

/* ---- with a region behind it ---- */

static void a_refusal_is_answered_only_to_who_signed(void **state)
{
        struct region_rig *rig = *state;

        region_rig_begin_chaos(rig, "rules:\n- {do: error, code: internal}\n");
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 500);
        assert_true(region_rig_says(rig, "<Code>InternalError</Code>"));
        rig->client_secret = "not the secret";
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 403);
        assert_true(region_rig_says(rig, "<Code>SignatureDoesNotMatch</Code>"));
}

static void a_completed_snapshot_stays_pending_as_long_as_told(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_begin_chaos(rig, "rules:\n- {do: pending, for: 3m}\n");
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
        rig->now_seconds += 600;
        assert_int_equal(region_rig_complete(rig, id, 1), 202);
        rig->now_seconds += 179;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<status>pending</status>"));
        rig->now_seconds += 1;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<status>completed</status>"));
}

static void a_snapshot_goes_to_error_and_takes_no_more_blocks(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_begin_chaos(rig, "rules:\n- {do: fail, after: 5s, message: disk on fire, count: 1}\n");
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
        rig->now_seconds += 5;
        assert_int_equal(region_rig_put(rig, id, 1, 1), 400);
        assert_true(region_rig_says(rig, "disk on fire"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_true(region_rig_says(rig, "<status>error</status>"));
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        rig->now_seconds += 50;
        assert_int_equal(region_rig_put(rig, id, 1, 1), 201);
}

static void a_timeout_is_scaled(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];

        region_rig_begin_chaos(rig, "time-scale: 0.01\n");
        region_rig_start(rig, "{\"VolumeSize\":1,\"Timeout\":10}", id);
        rig->now_seconds += 6;
        assert_int_equal(region_rig_put(rig, id, 0, 1), 201);
        rig->now_seconds += 7;
        assert_int_equal(region_rig_put(rig, id, 1, 1), 400);
        assert_true(region_rig_says(rig, "No block was written for as long as Timeout says."));
}

static void a_new_id_is_not_described_for_a_while(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], form[400];
        static const uint8_t fills[] = { 1 };

        region_rig_begin_chaos(rig, "rules:\n- {do: hide, for: 30s}\n");
        region_rig_start(rig, "{\"VolumeSize\":1}", id);
        (void)snprintf(form, sizeof(form), "Action=DescribeSnapshots&SnapshotId.1=%s", id);
        assert_int_equal(region_rig_ec2(rig, form), 400);
        assert_true(region_rig_says(rig, "InvalidSnapshot.NotFound"));
        rig->now_seconds += 30;
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_upload(rig, "{\"VolumeSize\":1}", fills, 1, id);
        (void)snprintf(
                form, sizeof(form),
                "Action=RegisterImage&Name=abc&Architecture=x86_64&VirtualizationType=hvm&RootDeviceName=/"
                "dev/"
                "xvda&BlockDeviceMapping.1.DeviceName=/dev/xvda&BlockDeviceMapping.1.Ebs.SnapshotId=%s",
                id);
        rig->now_seconds += 60;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
        assert_int_equal(region_rig_ec2(rig, form), 200);
        region_rig_pick(rig, "<imageId>", "</imageId>", id, sizeof(id));
        (void)snprintf(form, sizeof(form), "Action=DescribeImages&ImageId.1=%s", id);
        assert_int_equal(region_rig_ec2(rig, form), 400);
        assert_true(region_rig_says(rig, "InvalidAMIID.NotFound"));
        rig->now_seconds += 30;
        assert_int_equal(region_rig_ec2(rig, form), 200);
}

static void no_more_snapshots_are_pending_than_told(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1];
        static const char json[] = "{\"VolumeSize\":1}";

        region_rig_begin_chaos(rig, "pending-snapshots: 2\n");
        region_rig_start(rig, json, id);
        region_rig_start(rig, json, id);
        assert_int_equal(region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, json, strlen(json)), 400);
        assert_string_equal(rig->reply.headers[1].value, "ConcurrentLimitExceededException");
}

/* What nobody wrote to an encrypted snapshot is listed and reads as noise, the same each time. */
static void absent_blocks_of_encrypted_snapshots_are_noise(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], token[300], path[500], checksums[2][REPLY_VALUE_CHARS + 1];
        static const uint8_t fills[] = { 0, 7 };

        region_rig_begin_chaos(rig, "absent-blocks: noise\n");
        region_rig_upload(rig, "{\"VolumeSize\":1,\"Encrypted\":true}", fills, 2, id);
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks", id);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 200);
        assert_true(region_rig_says(rig, "\"BlockIndex\":2047"));
        region_rig_pick(rig, "\"BlockIndex\":0,\"BlockToken\":\"", "\"", token, sizeof(token));
        for (unsigned i = 0; i < 2; i++) {
                struct buffer query = BUFFER_INIT(400);

                uri_append_pair(&query, "blockToken", token);
                (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks/0?%s", id, query.bytes);
                assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 200);
                assert_int_equal(rig->reply.body.size_bytes, BLOCK_BYTES);
                (void)snprintf(checksums[i], sizeof(checksums[i]), "%s", rig->reply.headers[2].value);
                buffer_release(&query);
        }
        assert_string_equal(checksums[0], checksums[1]);
        assert_string_not_equal(checksums[0], "B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE=");
        region_rig_upload(rig, "{\"VolumeSize\":1}", fills, 2, id);
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks", id);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 200);
        assert_null(strstr(rig->reply.body.bytes, "\"BlockIndex\":2"));
}

#define WITH_REGION(test) cmocka_unit_test_setup_teardown(test, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_seed_and_requests_fare_the_same_and_another_seed_does_not),
                cmocka_unit_test(operations_draw_by_themselves),
                cmocka_unit_test(a_share_is_met),
                cmocka_unit_test(limits_of_a_rule_hold),
                cmocka_unit_test(a_burst_comes_in_a_row),
                cmocka_unit_test(delays_add_up_and_the_first_end_counts),
                cmocka_unit_test(an_error_is_spelled_as_its_service_spells_it),
                cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
                cmocka_unit_test(puts_are_throttled_by_snapshot_and_by_account),
                cmocka_unit_test(calls_have_the_quotas_of_aws),
                cmocka_unit_test(bandwidth_is_shared_and_each_connection_has_its_own),
                cmocka_unit_test(credentials_expire_some_time_after_their_first_use),
                cmocka_unit_test(some_blocks_of_a_new_snapshot_are_not_known_for_a_while),
                WITH_REGION(a_refusal_is_answered_only_to_who_signed),
                WITH_REGION(a_completed_snapshot_stays_pending_as_long_as_told),
                WITH_REGION(a_snapshot_goes_to_error_and_takes_no_more_blocks),
                WITH_REGION(a_timeout_is_scaled),
                WITH_REGION(a_new_id_is_not_described_for_a_while),
                WITH_REGION(no_more_snapshots_are_pending_than_told),
                WITH_REGION(absent_blocks_of_encrypted_snapshots_are_noise),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
