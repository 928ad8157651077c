/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "publish/service_endpoint.h"

static const struct {
        const char *name;     /* in host names, and what requests are signed for */
        const char *variable; /* rule 1 */
} services[AWS_SERVICE_COUNT] = {
        [AWS_EC2] = { "ec2", "AWS_ENDPOINT_URL_EC2" }, [AWS_EBS] = { "ebs", "AWS_ENDPOINT_URL_EBS" },
        [AWS_S3] = { "s3", "AWS_ENDPOINT_URL_S3" },    [AWS_STS] = { "sts", "AWS_ENDPOINT_URL_STS" },
        [AWS_KMS] = { "kms", "AWS_ENDPOINT_URL_KMS" }, [AWS_SSM] = { "ssm", "AWS_ENDPOINT_URL_SSM" },
};

static const char *variable(const char *const *environment, const char *name)
{
        size_t chars = strlen(name);

        for (size_t i = 0; environment && environment[i]; i++) {
                const char *entry = environment[i];

                if (strncmp(entry, name, chars) == 0 && entry[chars] == '=' && entry[chars + 1])
                        return entry + chars + 1;
        }
        return NULL;
}

enum ingot_code service_endpoint(const struct service_endpoint_request *request,
                                 struct endpoint *ret_endpoint, struct ingot_error *err)
{
        const char *name = services[request->service].name;
        const char *url = variable(request->environment, services[request->service].variable);
        char text[ENDPOINT_HOST_CHARS + 16];

        if (!url)
                url = variable(request->environment, "AWS_ENDPOINT_URL");
        if (!url) {
                (void)snprintf(text, sizeof(text), "https://%s.%s.amazonaws.com", name, request->region);
                url = text;
        }
        return endpoint_of_url(url, request->region, name, ret_endpoint, err);
}
