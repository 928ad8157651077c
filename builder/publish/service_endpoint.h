/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SERVICE_ENDPOINT_H
#define PUBLISH_SERVICE_ENDPOINT_H

/* builder/publish/service_endpoint.h
 * service_endpoint: where AWS keeps a service of a region, and what the environment and the files say instead.
 *
 * Rules    (1) A region belongs to the partition its name begins like; one of no known partition is of "aws".
 *          (2) Instead of AWS's own endpoint the first of these is taken: AWS_ENDPOINT_URL_SERVICE,
 *              AWS_ENDPOINT_URL, endpoint_url of the service in the profile's services section, endpoint_url of the
 *              profile.  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS (ignore_configured_endpoint_urls) leaves all of them out.
 *          (3) AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT (use_fips_endpoint, use_dualstack_endpoint)
 *              choose among AWS's own; with an endpoint of rule 2 they are an error.
 * Source   botocore's partitions.json and endpoint-rule-set-1.json of each service, 2026-08.
 * Tests    tests/unit/publish/test_service_endpoint.c, tests/judges/credentials.py
 */
#include "publish/aws_config.h"
#include "publish/endpoint.h"

enum aws_service {
        AWS_EC2,
        AWS_EBS,
        AWS_S3,
        AWS_STS,
        AWS_KMS,
        AWS_SSM,
        AWS_SSO,
        AWS_SSO_OIDC,
        AWS_SIGNIN,
        AWS_SERVICE_QUOTAS,
        AWS_IAM, /* one for each partition, and signed for its first region: service_iam_region() */
        AWS_SERVICE_COUNT
};

enum { SERVICE_FIPS = 1, SERVICE_DUAL_STACK = 2 };

const char *service_name(enum aws_service service); /* "ec2"; "sso-oidc" */

/* "aws", "aws-cn", ...: rule 1. */
const char *service_partition(const char *region);

/* The region that a partition's IAM is signed for: "us-east-1"; NULL: not known. */
const char *service_iam_region(const char *region);

/*
 * AWS's own endpoint.
 *
 * flags        SERVICE_FIPS, SERVICE_DUAL_STACK
 * Fails with   INGOT_E_USAGE  region is no name of a region, or too long for a host name; S3 with FIPS in China
 */
enum ingot_code service_endpoint_of_aws(enum aws_service service, const char *region, unsigned flags,
                                        struct endpoint *ret_endpoint,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The endpoint to use: rules 2 and 3.
 *
 * Fails with   INGOT_E_USAGE      as above; what is configured is no URL; rule 3
 *              INGOT_E_NOT_FOUND  the profile names a services section that is not there
 */
enum ingot_code service_endpoint(const struct aws_config *config, enum aws_service service,
                                 const char *region, struct endpoint *ret_endpoint,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
