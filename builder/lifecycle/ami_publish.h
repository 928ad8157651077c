/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_AMI_PUBLISH_H
#define LIFECYCLE_AMI_PUBLISH_H

/* builder/lifecycle/ami_publish.h
 * ami_publish: a build's AMI in one region: found by name and content, or registered from its snapshots.
 *
 * Rules    (1) The name is the AMI's identity in a region.  One of the name with the same content digest is the
 *              result; one with another is INGOT_E_CONFLICT.
 *          (2) The content digest is SHA-256 over the volumes' device names and image digests: what makes two
 *              releases the same.
 *          (3) A provisional AMI has only ingot's own tags and ingot:release = pending; ami_finish() makes it final.
 */
#include "lifecycle/region_session.h"
#include "model/manifest.h"

/*
 * Computes the content digest (rule 2) in hex.
 *
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG
 */
enum ingot_code ami_content_digest(const struct manifest *manifest, char ret_digest[DIGEST_HEX_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Looks for the AMI (rule 1).
 *
 * receipt      ami_id, snapshots and already_published are filled in when it is there
 * ret_found    whether it is
 * ret_is_provisional  rule 3
 * Fails with   INGOT_E_CONFLICT  another AMI has the name
 *              INGOT_E_MEMORY, and what ec2_describe_images() fails with
 */
enum ingot_code ami_find_published(const struct region_session *session, const struct manifest *manifest,
                                   const char *content_digest, struct ingot_receipt *receipt, bool *ret_found,
                                   bool *ret_is_provisional, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Registers the AMI from receipt's snapshots, which are completed.
 *
 * receipt      ami_id is filled in
 * Fails with   INGOT_E_MEMORY, and what ami_register() fails with
 */
enum ingot_code ami_publish(const struct region_session *session, const struct manifest *manifest,
                            const char *content_digest, bool is_provisional, struct ingot_receipt *receipt,
                            struct ingot_error *err) INGOT_MUST_CHECK;

#endif
