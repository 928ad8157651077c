/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_ACCOUNT_CHECK_H
#define PUBLISH_ACCOUNT_CHECK_H

/* builder/publish/account_check.h
 * account_check: what other services than EC2 know about an account: keys, quotas, permissions.
 *
 * Rules    (1) Nothing here changes anything.
 *          (2) Each service has an endpoint of its own, with its signing name: "kms", "servicequotas", "iam" (which is
 *              signed for us-east-1 whatever the region; sts_ and ec2_ calls are ec2_client's).
 * Source   KMS 2014-11-01, Service Quotas 2019-06-24 (json 1.1); IAM 2010-05-08 (query).
 * Tests    tests/unit/publish/test_account_check.c
 */
#include "publish/region_link.h"
#include "wire/account_shape.h"
#include "wire/ec2_attribute_reply.h"

/*
 * Describes a key.
 *
 * key_id       an id, an ARN, or an alias ("alias/aws/ebs")
 * Fails with   INGOT_E_NOT_FOUND  there is no such key
 *              INGOT_E_DENIED     the caller may not look at it
 *              and as region_link_call()
 */
enum ingot_code account_describe_key(struct region_link *link, const struct endpoint *kms, const char *key_id,
                                     struct kms_key *ret_key, struct ingot_error *err) INGOT_MUST_CHECK;

/* The quotas that publishing comes near to, and of which service they are. */
#define QUOTA_PUTS_PER_ACCOUNT  "ebs", "L-AFAE1BE8"
#define QUOTA_PUTS_PER_SNAPSHOT "ebs", "L-1774F84A"
#define QUOTA_GETS_PER_ACCOUNT  "ebs", "L-C125AE42"
#define QUOTA_GETS_PER_SNAPSHOT "ebs", "L-028ACFB9"
#define QUOTA_PUBLIC_IMAGES     "ec2", "L-0E3CBAB9"

/*
 * Reads the quota that applies to the account.
 *
 * Fails with   INGOT_E_NOT_FOUND  the service has no such quota here
 *              INGOT_E_DENIED, and as region_link_call()
 */
enum ingot_code account_quota(struct region_link *link, const struct endpoint *service_quotas,
                              const char *service_code, const char *quota_code, struct quota *ret_quota,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Asks IAM what a principal may do.
 *
 * principal_arn    a user's or a role's, not that of an assumed role
 * resource_arns    may be none: any
 * ret_evaluations  one for each action; owned by the caller, iam_evaluation_list_release()
 * Fails with       INGOT_E_DENIED     the caller may not ask
 *                  INGOT_E_NOT_FOUND  no such principal (NoSuchEntity)
 *                  and as region_link_call()
 */
enum ingot_code account_simulate(struct region_link *link, const struct endpoint *iam,
                                 const char *principal_arn, const char *const *actions, size_t action_count,
                                 const char *const *resource_arns, size_t resource_count,
                                 struct iam_evaluation_list *ret_evaluations,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
