/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "publish/service_endpoint.h"

static const struct {
        const char *name;     /* in the files' services sections ('-' is '_' there), and for messages */
        const char *host;     /* begins the host name */
        const char *signing;  /* what requests are signed for */
        const char *variable; /* rule 2 */
        bool gov_fips_is_plain; /* in us-gov the plain endpoint is the FIPS one, unless dual-stack is asked for */
} services[AWS_SERVICE_COUNT] = {
        [AWS_EC2] = { "ec2", "ec2", "ec2", "AWS_ENDPOINT_URL_EC2", true },
        [AWS_EBS] = { "ebs", "ebs", "ebs", "AWS_ENDPOINT_URL_EBS", false },
        [AWS_S3] = { "s3", "s3", "s3", "AWS_ENDPOINT_URL_S3", false },
        [AWS_STS] = { "sts", "sts", "sts", "AWS_ENDPOINT_URL_STS", true },
        [AWS_KMS] = { "kms", "kms", "kms", "AWS_ENDPOINT_URL_KMS", false },
        [AWS_SSM] = { "ssm", "ssm", "ssm", "AWS_ENDPOINT_URL_SSM", true },
        [AWS_SSO] = { "sso", "portal.sso", "awsssoportal", "AWS_ENDPOINT_URL_SSO", true },
        [AWS_SSO_OIDC] = { "sso-oidc", "oidc", "sso-oauth", "AWS_ENDPOINT_URL_SSO_OIDC", true },
        [AWS_SIGNIN] = { "signin", "signin", "signin", "AWS_ENDPOINT_URL_SIGNIN", false },
        [AWS_SERVICE_QUOTAS] = { "service-quotas", "servicequotas", "servicequotas",
                                 "AWS_ENDPOINT_URL_SERVICE_QUOTAS", true },
        [AWS_IAM] = { "iam", "iam", "iam", "AWS_ENDPOINT_URL_IAM", true },
};

/* The first whose prefix a region's name begins with. */
static const struct partition {
        const char *name, *prefix, *suffix, *dual_stack_suffix, *signin_suffix;
} partitions[] = {
        { "aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "amazonaws.cn" },
        { "aws-us-gov", "us-gov-", "amazonaws.com", "api.aws", "amazonaws-us-gov.com" },
        { "aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud", "sc2shome.sgov.gov" },
        { "aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "csphome.hci.ic.gov" },
        { "aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov", "c2shome.ic.gov" },
        { "aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "csphome.adc-e.uk" },
        { "aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu", "amazonaws-eusc.eu" },
        { "aws", "", "amazonaws.com", "api.aws", "aws.amazon.com" },
};

static const struct partition *find_partition(const char *region)
{
        const struct partition *partition = partitions;

        while (strncmp(region, partition->prefix, strlen(partition->prefix)) != 0)
                partition++; /* the last one's prefix fits all */
        return partition;
}

const char *service_name(enum aws_service service)
{
        return services[service].name;
}

const char *service_partition(const char *region)
{
        return find_partition(region)->name;
}

/* S3 says "s3.dualstack.REGION.SUFFIX" where the others have another suffix. */
static int print_s3(char *out, size_t room, const char *region, unsigned flags, const char *suffix)
{
        return snprintf(out, room, "https://s3%s%s.%s.%s", flags & SERVICE_FIPS ? "-fips" : "",
                        flags & SERVICE_DUAL_STACK ? ".dualstack" : "", region, suffix);
}

/* Signing in has a name of its own, unless FIPS or dual-stack is asked for; in us-gov with FIPS too. */
static int print_signin(char *out, size_t room, const char *region, bool fips, const char *suffix)
{
        bool is_first = fips && strcmp(region, "us-gov-west-1") == 0;

        return snprintf(out, room, "https://%s%ssignin%s.%s", is_first ? "" : region, is_first ? "" : ".",
                        fips ? "-fips" : "", suffix);
}

const char *service_iam_region(const char *region)
{
        const char *partition = service_partition(region);

        return strcmp(partition, "aws") == 0          ? "us-east-1"
               : strcmp(partition, "aws-cn") == 0     ? "cn-north-1"
               : strcmp(partition, "aws-us-gov") == 0 ? "us-gov-west-1"
                                                      : NULL;
}

/* IAM's name has no region in it, but for China's. */
static int print_iam(char *out, size_t room, const struct partition *partition)
{
        return snprintf(out, room, "https://iam%s.%s",
                        strcmp(partition->name, "aws-cn") == 0       ? ".cn-north-1"
                        : strcmp(partition->name, "aws-us-gov") == 0 ? ".us-gov"
                                                                     : "",
                        partition->suffix);
}

enum ingot_code service_endpoint_of_aws(enum aws_service service, const char *region, unsigned flags,
                                        struct endpoint *ret_endpoint, struct ingot_error *err)
{
        const struct partition *partition = find_partition(region);
        bool fips = (flags & SERVICE_FIPS) != 0, dual_stack = (flags & SERVICE_DUAL_STACK) != 0;
        char url[ENDPOINT_HOST_CHARS + 16];
        int chars;

        if (fips && !dual_stack && services[service].gov_fips_is_plain &&
            strcmp(partition->name, "aws-us-gov") == 0)
                fips = false;
        if (service == AWS_S3 && fips && strcmp(partition->name, "aws-cn") == 0)
                return ingot_fail(err, INGOT_E_USAGE, "S3 has no FIPS endpoint in '%.80s'", region);
        if (service == AWS_S3)
                chars = print_s3(url, sizeof(url), region, flags, partition->suffix);
        else if (service == AWS_IAM)
                chars = print_iam(url, sizeof(url), partition);
        else if (service == AWS_SIGNIN && !dual_stack &&
                 (!fips || strcmp(partition->name, "aws-us-gov") == 0))
                chars = print_signin(url, sizeof(url), region, fips, partition->signin_suffix);
        else
                chars = snprintf(url, sizeof(url), "https://%s%s.%s.%s", services[service].host,
                                 fips ? "-fips" : "", region,
                                 dual_stack ? partition->dual_stack_suffix : partition->suffix);
        if (chars < 0 || (size_t)chars >= sizeof(url))
                return ingot_fail(err, INGOT_E_USAGE, "'%.80s...' is too long for the name of a region",
                                  region);
        return endpoint_of_url(url, region, services[service].signing, ret_endpoint, err);
}

/* ---- what is configured ---- */

/* endpoint_url of the service in [services NAME], copied to out; "" when it is not there. */
static enum ingot_code read_services(const struct aws_config *config, enum aws_service service, char *out,
                                     size_t room, struct ingot_error *err)
{
        const char *name = aws_config_value(config, config->profile, "services"), *block, *url;
        const struct ini_section *section = name ? aws_config_section(config, "services", name) : NULL;
        char key[16];
        size_t chars = 0;

        *out = '\0';
        if (!name)
                return INGOT_OK;
        if (!section)
                return ingot_fail(err, INGOT_E_NOT_FOUND,
                                  "profile '%.80s' says services = %.80s, and there is no [services %.80s]",
                                  config->profile, name, name);
        (void)snprintf(key, sizeof(key), "%s", services[service].name);
        for (char *c = key; *c; c++)
                if (*c == '-')
                        *c = '_';
        block = ini_file_value(&config->config, section, key);
        url = block ? ini_nested_value(block, "endpoint_url", &chars) : NULL;
        if (url && chars >= room)
                return ingot_fail(err, INGOT_E_USAGE, "endpoint_url of %s in [services %.80s] has %zu bytes",
                                  key, name, chars);
        if (url) {
                memcpy(out, url, chars);
                out[chars] = '\0';
        }
        return INGOT_OK;
}

enum ingot_code service_endpoint(const struct aws_config *config, enum aws_service service,
                                 const char *region, struct endpoint *ret_endpoint, struct ingot_error *err)
{
        unsigned flags =
                (aws_config_flag(config, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint") ? SERVICE_FIPS : 0U) |
                (aws_config_flag(config, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint")
                         ? SERVICE_DUAL_STACK
                         : 0U);
        char of_services[ENDPOINT_HOST_CHARS + 32];
        const char *url = NULL;
        enum ingot_code r;

        if (!aws_config_flag(config, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
                             "ignore_configured_endpoint_urls")) {
                url = aws_config_setting(config, services[service].variable, NULL);
                if (!url)
                        url = aws_config_setting(config, "AWS_ENDPOINT_URL", NULL);
                if (!url) {
                        r = read_services(config, service, of_services, sizeof(of_services), err);
                        if (r)
                                return r;
                        url = *of_services ? of_services : NULL;
                }
                if (!url)
                        url = aws_config_value(config, config->profile, "endpoint_url");
        }
        if (!url)
                return service_endpoint_of_aws(service, region, flags, ret_endpoint, err);
        if (flags)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "%s has the endpoint '%.200s', which cannot be combined with %s",
                                  services[service].name, url,
                                  flags & SERVICE_FIPS ? "use_fips_endpoint" : "use_dualstack_endpoint");
        r = endpoint_of_url(url, region, services[service].signing, ret_endpoint, err);
        return ingot_while(err, r, "reading the endpoint of %s", services[service].name);
}
