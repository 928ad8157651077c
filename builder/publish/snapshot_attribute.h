/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SNAPSHOT_ATTRIBUTE_H
#define PUBLISH_SNAPSHOT_ATTRIBUTE_H

/* builder/publish/snapshot_attribute.h
 * snapshot_attribute: who may make volumes of a snapshot.
 *
 * Rules    (1) Only accounts and everybody (group "all"): an AMI that is shared with an organization can be launched
 *              there, its snapshots cannot be copied.
 *          (2) Adding and removing are two calls: EC2 takes only one of them at a time.
 * Source   EC2 service model 2016-11-15.
 * Tests    tests/unit/publish/test_image_attribute.c
 *
 * Fails with what region_link_call() fails with; among it
 *   INGOT_E_NOT_FOUND  no such snapshot
 *   INGOT_E_DENIED     block public access forbids it, or an encrypted snapshot would become public, or one under the
 *                      AWS-managed key would be shared
 *   INGOT_E_USAGE      a permission names an organization
 */
#include "publish/ec2_client.h"
#include "wire/ec2_attribute_reply.h"

enum ingot_code snapshot_share(const struct ec2_client *client, const char *snapshot_id,
                               const struct ec2_permission *permissions, size_t count,
                               struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code snapshot_unshare(const struct ec2_client *client, const char *snapshot_id,
                                 const struct ec2_permission *permissions, size_t count,
                                 struct ingot_error *err) INGOT_MUST_CHECK;
/* ret_permissions: owned by the caller, ec2_permission_list_release(). */
enum ingot_code snapshot_shares(const struct ec2_client *client, const char *snapshot_id,
                                struct ec2_permission_list *ret_permissions,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
