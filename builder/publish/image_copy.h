/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_IMAGE_COPY_H
#define PUBLISH_IMAGE_COPY_H

/* builder/publish/image_copy.h
 * image_copy: an AMI, or a snapshot, copied into the client's region from another.
 *
 * Rules    (1) A copy answers at once and goes on for minutes: the id is that of an AMI (a snapshot) that is pending,
 *              and can still fail; ec2_describe_images() tells (state, state_reason).
 *          (2) Permissions, deprecation, protection and tags of snapshots are not copied.
 *          (3) The key is looked at late: one that cannot be used makes the copy fail, not the call.
 *          (4) 20 snapshots may be under way into a region; beyond, the call waits in the queue of region_link and
 *              fails with INGOT_E_DENIED or INGOT_E_THROTTLED when that is over (ResourceLimitExceeded).
 *          (5) CopyImage is safe to ask again under its client_token.  CopySnapshot has none: look for your tag first.
 * Source   EC2 service model 2016-11-15.
 * Tests    tests/unit/publish/test_image_copy.c
 */
#include "publish/ec2_client.h"

enum { IMAGE_COPY_TOKEN_CHARS = 128 };

struct image_copy_request {
        const char *name, *source_image_id, *source_region;
        const char *description, *client_token;
        const char
                *kms_key_id; /* id, alias or ARN of a key of the client's region; wants encrypted TRI_YES */
        enum tri_state encrypted; /* TRI_NO is EC2's to refuse */
        bool with_tags;           /* the tags of the source AMI, too */
        const struct wire_tag *image_tags, *snapshot_tags;
        size_t image_tag_count, snapshot_tag_count;
        uint32_t completion_minutes; /* 15..2880, in steps of 15; 0: when it comes */
};

/*
 * Starts a copy of an AMI.
 *
 * ret_image_id  the new AMI's
 * ret_fault     the refusal, on any result; may be NULL
 * Fails with    INGOT_E_NOT_FOUND  no such AMI there
 *               INGOT_E_CONFLICT   client_token was used with other values; the AMI is not available
 *               INGOT_E_USAGE      EC2 refuses a value
 *               and as region_link_call()
 */
enum ingot_code image_copy(const struct ec2_client *client, const struct image_copy_request *request,
                           char ret_image_id[EC2_ID_CHARS + 1], struct fault *ret_fault,
                           struct ingot_error *err) INGOT_MUST_CHECK;

struct snapshot_copy_request {
        const char *source_snapshot_id, *description, *kms_key_id;
        enum tri_state encrypted;
        const struct wire_tag *tags;
        size_t tag_count;
        uint32_t completion_minutes;
        /* Where the source is, and who says so: the call carries a request to the source, signed by query, which an
         * encrypted source needs. Both are borrowed. */
        const struct endpoint *source;
        const struct sigv4_credentials *credentials;
};

/* Starts a copy of a snapshot. Fails as image_copy(). */
enum ingot_code snapshot_copy(const struct ec2_client *client, const struct snapshot_copy_request *request,
                              char ret_snapshot_id[EC2_ID_CHARS + 1],
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
