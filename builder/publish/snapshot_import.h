/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SNAPSHOT_IMPORT_H
#define PUBLISH_SNAPSHOT_IMPORT_H

/* builder/publish/snapshot_import.h
 * snapshot_import: an object in S3 becomes a snapshot, by ImportSnapshot.
 *
 *   ImportSnapshot --> active --+--> completed, with a snapshot id
 *                               +--> deleting, deleted, error, cancelled ...: a failure, with its message
 *
 * Rules    (1) The same client token starts nothing twice: a run that died is gone on with by the same request.
 *          (2) Any status that is neither active, pending nor completed is a failure, told with StatusMessage: the
 *              SDKs' waiter knows only "error" and waits for ever for the others.
 *          (3) TagSpecification tags the task, not the snapshot; the snapshot gets its tags as soon as its id appears.
 *          (4) It is looked at after 500 ms, then less and less often, up to every 15 s, half of each wait by chance;
 *              until deadline_ms.
 *          (5) A role that was just made is not known everywhere for some seconds: the start is asked for again, for
 *              ROLE_GRACE_MS, where role_is_there.
 * Source   EC2 service model 2016-11-15; the VM Import/Export guide.
 * Tests    tests/unit/publish/test_snapshot_import.c
 */
#include "publish/ec2_client.h"
#include "wire/import_reply.h"

enum { IMPORT_ROLE_GRACE_MS = 60000, IMPORT_DEADLINE_MS = 2 * 3600 * 1000 };

/* Borrowed for the call. */
struct snapshot_import_request {
        const char *bucket, *key, *format; /* "VMDK" */
        const char *description, *client_token;
        const char *role_name; /* NULL: AWS's default, vmimport */
        bool role_is_there;    /* rule 5 */
        enum tri_state encrypted;
        const char *kms_key_arn;
        const struct wire_tag *tags; /* of the snapshot */
        size_t tag_count;
        uint32_t deadline_ms; /* 0: IMPORT_DEADLINE_MS */
        uint32_t first_ms;    /* 0: rule 4 */
};

struct snapshot_import_receipt {
        char task_id[EC2_ID_CHARS + 1];
        char snapshot_id[EC2_ID_CHARS + 1];
        bool has_failed; /* rule 2: the region has given it up */
        uint64_t elapsed_ms;
};

/*
 * Imports, and waits for the end.
 *
 * observer     borrowed; may be NULL
 * receipt      zeroed by the caller; filled in as facts become known, on failure too
 * Fails with   INGOT_E_REMOTE  the import failed; the cause has what the region says of it; or it took too long
 *              and as ec2_client's calls
 */
enum ingot_code snapshot_import(const struct ec2_client *ec2, const struct snapshot_import_request *request,
                                const struct ingot_observer *observer,
                                struct snapshot_import_receipt *receipt,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Asks IAM whether there is a role.
 *
 * iam          service "iam", with its signing region
 * Fails with   INGOT_E_NOT_FOUND  there is none
 *              INGOT_E_DENIED     the caller may not ask
 */
enum ingot_code snapshot_import_check_role(struct region_link *link, const struct endpoint *iam,
                                           const char *role_name, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
