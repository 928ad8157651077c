/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/ebs_shape.h"

static void only_what_was_given_is_written(void **state) /* rule 1 */
{
        static const struct wire_tag tags[] = { { "Name", "web" } };
        struct ebs_start_request request = { .volume_size_gib = 8, .client_token = "t" };
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(4096);

        (void)state;
        assert_int_equal(ebs_shape_start(&out, &request, NULL), INGOT_OK);
        assert_string_equal(out.bytes, "{\"ClientToken\":\"t\",\"VolumeSize\":8}");
        request.encrypted = TRI_NO;
        request.description = "d";
        request.timeout_minutes = 60;
        request.tags = tags;
        request.tag_count = 1;
        buffer_clear(&out);
        assert_int_equal(ebs_shape_start(&out, &request, NULL), INGOT_OK);
        assert_string_equal(
                out.bytes,
                "{\"ClientToken\":\"t\",\"Description\":\"d\",\"Encrypted\":false,"
                "\"Tags\":[{\"Key\":\"Name\",\"Value\":\"web\"}],\"Timeout\":60,\"VolumeSize\":8}");
}

static void a_started_snapshot_is_read(void **state)
{
        static const char json[] = "{\"SnapshotId\":\"snap-0a1b\",\"Status\":\"pending\",\"VolumeSize\":8,"
                                   "\"BlockSize\":524288,\"SseType\":\"sse-kms\",\"KmsKeyArn\":\"a\","
                                   "\"StartTime\":1.7e9,\"New\":{}}";
        struct ebs_started started;

        (void)state;
        assert_int_equal(ebs_shape_started(json, strlen(json), &started, NULL), INGOT_OK);
        assert_string_equal(started.snapshot_id, "snap-0a1b");
        assert_string_equal(started.state, "pending");
        assert_string_equal(started.sse_type, "sse-kms");
        assert_true(started.has_kms_key);
        assert_int_equal(started.block_bytes, 524288);
}

static void answers_outside_the_model_are_refused(void **state) /* rule 2 */
{
        static const char *const texts[] = {
                "",
                "[]",
                "{}",
                "{\"SnapshotId\":1,\"VolumeSize\":8,\"BlockSize\":524288}",
                "{\"SnapshotId\":\"snap-1\",\"VolumeSize\":\"8\",\"BlockSize\":524288}",
                "{\"SnapshotId\":\"snap-1\",\"VolumeSize\":8,\"BlockSize\":524288,\"Status\":7}",
                "{\"SnapshotId\":\"snap-1/../x\",\"VolumeSize\":8,\"BlockSize\":524288}",
        };
        struct ebs_started started;
        char status[EBS_WORD_CHARS + 1];

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_int_equal(ebs_shape_started(texts[i], strlen(texts[i]), &started, NULL),
                                 INGOT_E_FORMAT);
        assert_int_equal(ebs_shape_completed("{}", 2, status, NULL), INGOT_E_FORMAT);
        assert_int_equal(ebs_shape_completed("{\"Status\":\"pending\"}", 20, status, NULL), INGOT_OK);
        assert_string_equal(status, "pending");
}

static void snapshot_ids_are_checked(void **state) /* rule 3 */
{
        (void)state;
        assert_true(ebs_is_snapshot_id("snap-0123456789abcdef0"));
        assert_false(ebs_is_snapshot_id("snap-"));
        assert_false(ebs_is_snapshot_id("snap-0A"));
        assert_false(ebs_is_snapshot_id("vol-0a"));
        assert_false(ebs_is_snapshot_id("snap-0a?x=1"));
}

static void refusals_are_read_from_header_or_body(void **state)
{
        static const struct {
                const char *type, *json, *code, *reason, *message;
        } rows[] = {
                { "ValidationException:http://internal/", "{\"Reason\":\"INVALID_BLOCK\",\"message\":\"m\"}",
                  "ValidationException", "INVALID_BLOCK", "m" },
                { NULL, "{\"__type\":\"com.amazonaws.ebs#ConflictException\",\"Message\":\"M\"}",
                  "ConflictException", "", "M" },
                { NULL, "{\"code\":\"InternalServerException\"}", "InternalServerException", "", "" },
                { "X", "not JSON", "X", "", "" },
                { NULL, "", "", "", "" },
                { NULL, "[1]", "", "", "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct fault fault;

                ebs_shape_fault(rows[i].json, strlen(rows[i].json), rows[i].type, &fault);
                assert_string_equal(fault.code, rows[i].code);
                assert_string_equal(fault.reason, rows[i].reason);
                assert_string_equal(fault.message, rows[i].message);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_what_was_given_is_written),
                cmocka_unit_test(a_started_snapshot_is_read),
                cmocka_unit_test(answers_outside_the_model_are_refused),
                cmocka_unit_test(snapshot_ids_are_checked),
                cmocka_unit_test(refusals_are_read_from_header_or_body),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
