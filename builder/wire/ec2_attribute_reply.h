/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EC2_ATTRIBUTE_REPLY_H
#define WIRE_EC2_ATTRIBUTE_REPLY_H

/* builder/wire/ec2_attribute_reply.h
 * ec2_attribute_reply: EC2's short answers: a text, a yes or no, a list of permissions, what became of snapshots; and
 * IAM's answer to a simulation.
 *
 * Rules    as for ec2_reply.h
 * Source   EC2 service model 2016-11-15, protocol ec2; IAM service model 2010-05-08, protocol query.
 * Tests    tests/unit/wire/test_ec2_attribute_reply.c, tests/fuzz/fuzz_ec2_reply.c
 */
#include <stdbool.h>

#include "wire/ec2_reply.h"
#include "wire/ec2_request.h"

struct ec2_permission_list {
        struct ec2_permission *items;
        size_t count;
        struct reply_pool pool; /* owns items and their texts */
};

/* What DeregisterImage did with one snapshot: "success", "skipped" (another AMI uses it), "missing-permissions",
 * "internal-error", "client-error". */
struct ec2_snapshot_deletion {
        const char *snapshot_id, *return_code;
};

struct ec2_deletion_list {
        struct ec2_snapshot_deletion *items;
        size_t count;
        struct reply_pool pool;
};

/* What IAM decides about one action: "allowed", "explicitDeny", "implicitDeny". */
struct iam_evaluation {
        const char *action, *decision;
};

struct iam_evaluation_list {
        struct iam_evaluation *items;
        size_t count;
        struct reply_pool pool;
};

/* Each release is also for OWNED; a zeroed list is an empty one. */
void ec2_permission_list_release(struct ec2_permission_list *list);
void ec2_deletion_list_release(struct ec2_deletion_list *list);
void iam_evaluation_list_release(struct iam_evaluation_list *list);

/*
 * Reads one text of an answer; an empty one is one, too.
 *
 * operation    "GetEbsDefaultKmsKeyId": the root must be its own
 * Fails with   INGOT_E_FORMAT  not XML, another root, the member is missing or longer than room_bytes - 1
 *              INGOT_E_MEMORY
 */
enum ingot_code ec2_reply_text(const char *xml, size_t size_bytes, const char *operation, const char *member,
                               char *ret_text, size_t room_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads a yes or no. Fails as ec2_reply_text(). */
enum ingot_code ec2_reply_bool(const char *xml, size_t size_bytes, const char *operation, const char *member,
                               bool *ret_value, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads the permissions that DescribeImageAttribute (set "launchPermission") or DescribeSnapshotAttribute
 * ("createVolumePermission") answers.
 *
 * ret_list     owned by the caller
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY
 */
enum ingot_code ec2_reply_permissions(const char *xml, size_t size_bytes, const char *operation,
                                      const char *set, struct ec2_permission_list *ret_list,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads what DeregisterImage did with snapshots; none where it was not asked to. */
enum ingot_code ec2_reply_deletions(const char *xml, size_t size_bytes, struct ec2_deletion_list *ret_list,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads the answer of SimulatePrincipalPolicy. */
enum ingot_code iam_reply_evaluations(const char *xml, size_t size_bytes,
                                      struct iam_evaluation_list *ret_list,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
