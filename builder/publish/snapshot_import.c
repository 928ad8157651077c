/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "publish/query_post.h"
#include "publish/snapshot_import.h"

enum { FORM_BYTES_MAX = 1 << 18, FIRST_MS = 500, CEILING_MS = 15000, ROLE_WAIT_MS = 5000 };

#define IAM_VERSION "2010-05-08"

static void print_request(const struct snapshot_import_request *request, struct buffer *form)
{
        ec2_request_begin(form, "ImportSnapshot", EC2_VERSION);
        ec2_request_text(form, "Description", request->description);
        ec2_request_text(form, "DiskContainer.Description", request->description);
        ec2_request_text(form, "DiskContainer.Format", request->format);
        ec2_request_text(form, "DiskContainer.UserBucket.S3Bucket", request->bucket);
        ec2_request_text(form, "DiskContainer.UserBucket.S3Key", request->key);
        ec2_request_text(form, "ClientToken", request->client_token);
        ec2_request_text(form, "RoleName", request->role_name);
        ec2_request_tri(form, "Encrypted", request->encrypted);
        ec2_request_text(form, "KmsKeyId", request->kms_key_arn);
        if (request->tag_count) {
                ec2_request_text(form, "TagSpecification.1.ResourceType", "import-snapshot-task");
                ec2_request_tags(form, "TagSpecification.1.", request->tags, request->tag_count);
        }
}

/* Rule 5. */
static bool is_about_role(const struct fault *fault)
{
        return strcmp(fault->code, "InvalidParameter") == 0 && strstr(fault->message, "role");
}

static enum ingot_code start(const struct ec2_client *ec2, const struct snapshot_import_request *request,
                             struct import_task *ret_task, struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(ec2->link);
        uint64_t started_ns = clock_monotonic_ns(clock);
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(FORM_BYTES_MAX);
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        struct fault fault = { .code = "" };
        enum ingot_code r, waited = INGOT_OK;

        print_request(request, &form);
        for (;;) {
                r = query_post(ec2, "ImportSnapshot", &form, &reply, &fault, err);
                if (!r || !request->role_is_there || !is_about_role(&fault) ||
                    (clock_monotonic_ns(clock) - started_ns) / 1000000 >= IMPORT_ROLE_GRACE_MS)
                        break;
                waited = region_link_wait(ec2->link, ROLE_WAIT_MS, err);
                if (waited)
                        return waited;
        }
        if (r)
                return r;
        return region_link_judge(import_reply_task(reply.bytes, reply.size_bytes, ret_task, err),
                                 "ImportSnapshot", err);
}

static enum ingot_code look(const struct ec2_client *ec2, struct import_task *task, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(FORM_BYTES_MAX);
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        const char *id = task->task_id;
        struct import_task found;
        enum ingot_code r;

        ec2_request_begin(&form, "DescribeImportSnapshotTasks", EC2_VERSION);
        ec2_request_list(&form, "ImportTaskId", &id, 1);
        r = query_post(ec2, "DescribeImportSnapshotTasks", &form, &reply, NULL, err);
        if (!r)
                r = region_link_judge(
                        import_reply_find(reply.bytes, reply.size_bytes, task->task_id, &found, err),
                        "DescribeImportSnapshotTasks", err);
        if (!r)
                *task = found;
        return r;
}

/* Rule 3. */
static enum ingot_code take_snapshot_id(const struct ec2_client *ec2,
                                        const struct snapshot_import_request *request,
                                        const struct import_task *task,
                                        struct snapshot_import_receipt *receipt, struct ingot_error *err)
{
        const char *id = receipt->snapshot_id;

        if (*receipt->snapshot_id || !*task->snapshot_id)
                return INGOT_OK;
        memcpy(receipt->snapshot_id, task->snapshot_id, sizeof(receipt->snapshot_id));
        return request->tag_count ? ec2_create_tags(ec2, &id, 1, request->tags, request->tag_count, err)
                                  : INGOT_OK;
}

/* Rule 2. */
static enum ingot_code judge(const struct import_task *task, bool *ret_done, struct ingot_error *err)
{
        *ret_done = strcmp(task->status, "completed") == 0;
        if (*ret_done && !*task->snapshot_id)
                return ingot_fail(err, INGOT_E_REMOTE, "the import %s is completed and names no snapshot",
                                  task->task_id);
        if (*ret_done || strcmp(task->status, "active") == 0 || strcmp(task->status, "pending") == 0 ||
            !*task->status)
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_REMOTE, "the import %s failed (%s): %s", task->task_id, task->status,
                          *task->status_message ? task->status_message : "the region does not say why");
}

static enum ingot_code tell(const struct import_task *task, const struct ingot_observer *observer,
                            struct ingot_error *err)
{
        uint64_t percent = 0;
        char phase[96];

        for (const char *c = task->progress; *c >= '0' && *c <= '9' && percent < 100; c++)
                percent = percent * 10 + (uint64_t)(*c - '0');
        (void)snprintf(phase, sizeof(phase), "importing, %u %% (%.40s)",
                       (unsigned)(percent > 100 ? 100 : percent), task->status_message);
        return ingot_observe(observer, phase, 0, 0, err);
}

static enum ingot_code await(const struct ec2_client *ec2, const struct snapshot_import_request *request,
                             struct import_task *task, const struct ingot_observer *observer,
                             struct snapshot_import_receipt *receipt, struct ingot_error *err)
{
        const struct clock *clock = region_link_clock(ec2->link);
        uint64_t started_ns = clock_monotonic_ns(clock), random_state = started_ns;
        struct retry_policy waits = { .first_ms = request->first_ms ? request->first_ms : FIRST_MS,
                                      .ceiling_ms = CEILING_MS };
        uint32_t deadline_ms = request->deadline_ms ? request->deadline_ms : IMPORT_DEADLINE_MS;
        enum ingot_code r = INGOT_OK;

        for (uint32_t round = 1;; round++) {
                bool is_done = false;

                r = take_snapshot_id(ec2, request, task, receipt, err);
                if (!r) {
                        r = judge(task, &is_done, err);
                        receipt->has_failed = r != INGOT_OK;
                }
                receipt->elapsed_ms = (clock_monotonic_ns(clock) - started_ns) / 1000000;
                if (r || is_done)
                        return r;
                r = tell(task, observer, err);
                if (!r && receipt->elapsed_ms >= deadline_ms)
                        r = ingot_fail(err, INGOT_E_REMOTE, "the import %s is still %s after %u s",
                                       task->task_id, task->status, deadline_ms / 1000);
                if (!r)
                        r = region_link_wait(ec2->link,
                                             waits.first_ms / 2 + retry_wait_ms(&waits, round, &random_state),
                                             err);
                if (!r)
                        r = look(ec2, task, err);
                if (r == INGOT_E_NOT_FOUND && receipt->elapsed_ms < RETRY_NOT_FOUND_GRACE_MS)
                        r = INGOT_OK; /* it was just started: not every server knows of it */
                if (r)
                        return r;
        }
}

enum ingot_code snapshot_import(const struct ec2_client *ec2, const struct snapshot_import_request *request,
                                const struct ingot_observer *observer,
                                struct snapshot_import_receipt *receipt, struct ingot_error *err)
{
        struct import_task task = { .task_id = "" };
        enum ingot_code r = start(ec2, request, &task, err);

        if (r)
                return r;
        memcpy(receipt->task_id, task.task_id, sizeof(receipt->task_id));
        return await(ec2, request, &task, observer, receipt, err);
}

enum ingot_code snapshot_import_check_role(struct region_link *link, const struct endpoint *iam,
                                           const char *role_name, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(FORM_BYTES_MAX);
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);

        ec2_request_begin(&form, "GetRole", IAM_VERSION);
        ec2_request_text(&form, "RoleName", role_name);
        return query_post_to(link, iam, "GetRole", &form, &reply, NULL, err);
}
