/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SERVICE_ENDPOINT_H
#define PUBLISH_SERVICE_ENDPOINT_H

/* builder/publish/service_endpoint.h
 * service_endpoint: where AWS keeps a service of a region, and what the environment says instead.
 *
 * Rules    (1) AWS_ENDPOINT_URL_SERVICE goes before AWS_ENDPOINT_URL.
 * Tests    tests/unit/publish/test_service_endpoint.c
 */
#include "publish/endpoint.h"

enum aws_service { AWS_EC2, AWS_EBS, AWS_S3, AWS_STS, AWS_KMS, AWS_SSM, AWS_SERVICE_COUNT };

struct service_endpoint_request {
        const char *const *environment; /* "NAME=VALUE", NULL-terminated; NULL: none */
        const char *region;
        enum aws_service service;
};

/*
 * Fails with   INGOT_E_USAGE  the region has no name of a region, or a variable no URL
 */
enum ingot_code service_endpoint(const struct service_endpoint_request *request,
                                 struct endpoint *ret_endpoint, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
