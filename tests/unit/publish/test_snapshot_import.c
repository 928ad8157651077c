/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/query_scene.h"

#include "publish/snapshot_import.h"

#define STARTED(detail)                                                                                      \
        "<ImportSnapshotResponse><importTaskId>import-snap-1</importTaskId><snapshotTaskDetail>" detail      \
        "</snapshotTaskDetail></ImportSnapshotResponse>"

static const struct snapshot_import_request request = { .bucket = "images",
                                                        .key = "a/b.vmdk",
                                                        .format = "VMDK",
                                                        .client_token = "t",
                                                        .encrypted = TRI_YES,
                                                        .kms_key_arn = "alias/k",
                                                        .first_ms = 1 };

static void the_request_says_where_the_disk_is(void **state)
{
        struct query_scene *scene = *state;
        struct snapshot_import_receipt receipt = { .task_id = "" };

        scene->reply = STARTED("<status>completed</status><snapshotId>snap-1</snapshotId>");
        assert_int_equal(snapshot_import(&scene->ec2, &request, NULL, &receipt, &scene->err), INGOT_OK);
        assert_string_equal(receipt.task_id, "import-snap-1");
        assert_string_equal(receipt.snapshot_id, "snap-1");
        assert_string_equal(
                scene->form,
                "Action=ImportSnapshot&Version=2016-11-15&DiskContainer.Format=VMDK"
                "&DiskContainer.UserBucket.S3Bucket=images&DiskContainer.UserBucket.S3Key=a%2Fb.vmdk"
                "&ClientToken=t&Encrypted=true&KmsKeyId=alias%2Fk");
}

/* Rule 2: what the SDKs' waiter does not see. */
static void every_end_that_is_none_is_a_failure_with_its_message(void **state)
{
        static const char *const replies[] = {
                STARTED("<status>deleting</status><statusMessage>ClientError: Disk validation "
                        "failed</statusMessage>"),
                STARTED("<status>deleted</status><statusMessage>ClientError: Disk validation "
                        "failed</statusMessage>"),
                STARTED("<status>error</status><statusMessage>ClientError: Disk validation "
                        "failed</statusMessage>"),
                STARTED("<status>cancelled</status><statusMessage>ClientError: Disk validation "
                        "failed</statusMessage>"),
        };
        struct query_scene *scene = *state;

        for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
                struct snapshot_import_receipt receipt = { .task_id = "" };

                scene->reply = replies[i];
                assert_int_equal(snapshot_import(&scene->ec2, &request, NULL, &receipt, &scene->err),
                                 INGOT_E_REMOTE);
                assert_true(receipt.has_failed);
                assert_non_null(strstr(ingot_error_frame(&scene->err, 0), "Disk validation failed"));
        }
}

static void completed_without_a_snapshot_is_a_failure(void **state)
{
        struct query_scene *scene = *state;
        struct snapshot_import_receipt receipt = { .task_id = "" };

        scene->reply = STARTED("<status>completed</status>");
        assert_int_equal(snapshot_import(&scene->ec2, &request, NULL, &receipt, &scene->err), INGOT_E_REMOTE);
}

static void a_refusal_is_no_failed_import(void **state)
{
        struct query_scene *scene = *state;
        struct snapshot_import_receipt receipt = { .task_id = "" };

        query_scene_refuse(scene, 403, "UnauthorizedOperation");
        assert_int_equal(snapshot_import(&scene->ec2, &request, NULL, &receipt, &scene->err), INGOT_E_DENIED);
        assert_false(receipt.has_failed);
}

static void a_task_is_found_among_others(void **state)
{
        static const char xml[] =
                "<DescribeImportSnapshotTasksResponse><importSnapshotTaskSet><item><importTaskId>a</"
                "importTaskId>"
                "</item><item><importTaskId>b</importTaskId><snapshotTaskDetail><status>active</status>"
                "<progress>42</progress></snapshotTaskDetail></item></importSnapshotTaskSet>"
                "</DescribeImportSnapshotTasksResponse>";
        struct import_task task;

        (void)state;
        assert_int_equal(import_reply_find(xml, sizeof(xml) - 1, "b", &task, NULL), INGOT_OK);
        assert_string_equal(task.progress, "42");
        assert_int_equal(import_reply_find(xml, sizeof(xml) - 1, "c", &task, NULL), INGOT_E_NOT_FOUND);
}

static void a_role_that_is_missing_is_not_found(void **state)
{
        struct query_scene *scene = *state;

        scene->status = 404;
        scene->reply = "<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>";
        assert_int_equal(snapshot_import_check_role(scene->ec2.link, &scene->iam, "vmimport", &scene->err),
                         INGOT_E_NOT_FOUND);
        assert_string_equal(scene->form, "Action=GetRole&Version=2010-05-08&RoleName=vmimport");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                QUERY_SCENE_TEST(the_request_says_where_the_disk_is),
                QUERY_SCENE_TEST(every_end_that_is_none_is_a_failure_with_its_message),
                QUERY_SCENE_TEST(completed_without_a_snapshot_is_a_failure),
                QUERY_SCENE_TEST(a_refusal_is_no_failed_import),
                cmocka_unit_test(a_task_is_found_among_others),
                QUERY_SCENE_TEST(a_role_that_is_missing_is_not_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
