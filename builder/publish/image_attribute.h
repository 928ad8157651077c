/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_IMAGE_ATTRIBUTE_H
#define PUBLISH_IMAGE_ATTRIBUTE_H

/* builder/publish/image_attribute.h
 * image_attribute: what is said about an AMI after it was registered: who may launch it, until when it is fresh,
 * whether it may be deregistered.
 *
 * Rules    (1) One attribute a call, as EC2 has it; each may be asked again with the same result.
 *          (2) Through a client that is_dry_run nothing is changed (ec2_client.h, rule 4).
 * Source   EC2 service model 2016-11-15.
 * Tests    tests/unit/publish/test_image_attribute.c
 *
 * All of these fail with what region_link_call() fails with; among it
 *   INGOT_E_NOT_FOUND  no such AMI
 *   INGOT_E_DENIED     not the caller's AMI, or block public access forbids it; too many public AMIs
 *                      (ResourceLimitExceeded)
 *   INGOT_E_CONFLICT   the AMI is not in a state for it (still pending)
 *   INGOT_E_USAGE      EC2 refuses a value
 */
#include "publish/ec2_client.h"
#include "wire/ec2_attribute_reply.h"

/* deprecate_at_seconds: since 1970, in the future, at most 10 years (2 for a public AMI); EC2 rounds to minutes. */
enum ingot_code image_deprecate(const struct ec2_client *client, const char *image_id,
                                int64_t deprecate_at_seconds, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code image_undeprecate(const struct ec2_client *client, const char *image_id,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* with_cooldown: protected for 24 hours more after image_unprotect(). */
enum ingot_code image_protect(const struct ec2_client *client, const char *image_id, bool with_cooldown,
                              struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code image_unprotect(const struct ec2_client *client, const char *image_id,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* Withdraws an AMI from use, and with it everybody's launch permission, which image_enable() does not give back. */
enum ingot_code image_disable(const struct ec2_client *client, const char *image_id,
                              struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code image_enable(const struct ec2_client *client, const char *image_id,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Adds and removes launch permissions; either list may be empty, not both. */
enum ingot_code image_share(const struct ec2_client *client, const char *image_id,
                            const struct ec2_permission *add, size_t add_count,
                            const struct ec2_permission *remove, size_t remove_count,
                            struct ingot_error *err) INGOT_MUST_CHECK;
/* ret_permissions: owned by the caller, ec2_permission_list_release(). */
enum ingot_code image_shares(const struct ec2_client *client, const char *image_id,
                             struct ec2_permission_list *ret_permissions,
                             struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code image_describe_anew(const struct ec2_client *client, const char *image_id,
                                    const char *description, struct ingot_error *err) INGOT_MUST_CHECK;
/* Turns imdsSupport v2.0 on; there is no way back. */
enum ingot_code image_require_imds_v2(const struct ec2_client *client, const char *image_id,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Deregisters an AMI and deletes its snapshots, but for those that other AMIs use.
 *
 * ret_deletions  what became of each snapshot; owned by the caller, ec2_deletion_list_release()
 */
enum ingot_code image_deregister_with_snapshots(const struct ec2_client *client, const char *image_id,
                                                struct ec2_deletion_list *ret_deletions,
                                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
