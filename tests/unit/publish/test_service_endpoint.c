/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "publish/service_endpoint.h"

static void print_url(const struct endpoint *endpoint, char out[ENDPOINT_AUTHORITY_CHARS + 16])
{
        char authority[ENDPOINT_AUTHORITY_CHARS + 1];

        endpoint_print_authority(endpoint, authority);
        (void)snprintf(out, ENDPOINT_AUTHORITY_CHARS + 16, "%s://%s", endpoint->is_tls ? "https" : "http",
                       authority);
}

static enum aws_service find_service(const char *name)
{
        for (int i = 0; i < AWS_SERVICE_COUNT; i++) {
                if (strcmp(service_name((enum aws_service)i), name) == 0)
                        return (enum aws_service)i;
        }
        fail_msg("no service '%s'", name);
        return AWS_SERVICE_COUNT;
}

/* Every line of botocore's own expectations: tests/golden/endpoints. */
static void endpoints_are_where_aws_has_them(void **state) /* rule 1 */
{
        OWNED(heap_drop) char *text = NULL;
        size_t size_bytes = 0;
        unsigned rows = 0;

        (void)state;
        assert_int_equal(
                fd_read_file("tests/golden/endpoints/endpoints.txt", 1 << 20, &text, &size_bytes, NULL),
                INGOT_OK);
        for (char *line = text, *next; line && *line; line = next) {
                char service[16], region[64], wanted[256], got[ENDPOINT_AUTHORITY_CHARS + 16];
                int fips = 0, dual_stack = 0;
                struct endpoint endpoint;
                enum ingot_code r;

                next = strchr(line, '\n');
                if (next)
                        *next++ = '\0';
                if (*line == '#')
                        continue;
                assert_int_equal(sscanf(line, "%15s %63s %d %d %255s", service, region, &fips,
                                        &dual_stack, /* NOLINT(cert-err34-c) */
                                        wanted),
                                 5);
                r = service_endpoint_of_aws(
                        find_service(service), region,
                        (fips ? SERVICE_FIPS : 0U) | (dual_stack ? SERVICE_DUAL_STACK : 0U), &endpoint, NULL);
                rows++;
                if (strcmp(wanted, "-") == 0) {
                        assert_int_equal(r, INGOT_E_USAGE);
                        continue;
                }
                assert_int_equal(r, INGOT_OK);
                print_url(&endpoint, got);
                assert_string_equal(got, wanted);
                assert_string_equal(endpoint.region, region);
        }
        assert_true(rows > 600);
}

static void regions_belong_to_partitions(void **state) /* rule 1 */
{
        static const char *const rows[][2] = {
                { "us-east-1", "aws" },
                { "cn-north-1", "aws-cn" },
                { "us-gov-west-1", "aws-us-gov" },
                { "us-iso-east-1", "aws-iso" },
                { "us-isob-east-1", "aws-iso-b" },
                { "eu-isoe-west-1", "aws-iso-e" },
                { "us-isof-south-1", "aws-iso-f" },
                { "eusc-de-east-1", "aws-eusc" },
                { "xx-new-9", "aws" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                assert_string_equal(service_partition(rows[i][0]), rows[i][1]);
}

/* What is configured, by a line of environment and a config file; wanted NULL: refused. */
struct configured {
        const char *first, *second, *config;
        enum aws_service service;
        const char *wanted;
};

static void check_configured(void **state, const struct configured *row)
{
        OWNED(aws_config_release) struct aws_config config = { .environment = NULL };
        char file[512], got[ENDPOINT_AUTHORITY_CHARS + 16];
        const char *path = scratch_path(state, "config");
        const char *environment[] = { file, "AWS_SHARED_CREDENTIALS_FILE=/dev/null", row->first, row->second,
                                      NULL };
        struct endpoint endpoint;
        enum ingot_code r;

        (void)snprintf(file, sizeof(file), "AWS_CONFIG_FILE=%s", path);
        assert_int_equal(fd_replace_file(path, row->config, strlen(row->config), 0600, NULL), INGOT_OK);
        assert_int_equal(aws_config_read(environment, NULL, &config, NULL), INGOT_OK);
        r = service_endpoint(&config, row->service, "eu-west-1", &endpoint, NULL);
        if (!row->wanted) {
                assert_int_not_equal(r, INGOT_OK);
                return;
        }
        assert_int_equal(r, INGOT_OK);
        print_url(&endpoint, got);
        assert_string_equal(got, row->wanted);
}

static void what_is_configured_goes_before(void **state) /* rules 2 and 3 */
{
        static const char services[] = "[default]\nservices = mine\nendpoint_url = http://profile\n"
                                       "[services mine]\nebs =\n  endpoint_url = http://block\n"
                                       "sso_oidc =\n  endpoint_url = http://oidc\n";
        static const struct configured rows[] = {
                { NULL, NULL, "", AWS_EBS, "https://ebs.eu-west-1.amazonaws.com" },
                { "AWS_ENDPOINT_URL=http://all", NULL, "", AWS_EBS, "http://all" },
                { "AWS_ENDPOINT_URL=http://all", "AWS_ENDPOINT_URL_EBS=http://ebs:81/", "", AWS_EBS,
                  "http://ebs:81" },
                { "AWS_ENDPOINT_URL=http://all", "AWS_ENDPOINT_URL_EBS=http://ebs", "", AWS_EC2,
                  "http://all" },
                { "AWS_ENDPOINT_URL=http://all", NULL, services, AWS_EBS, "http://all" },
                { NULL, NULL, services, AWS_EBS, "http://block" },
                { NULL, NULL, services, AWS_SSO_OIDC, "http://oidc" },
                { NULL, NULL, services, AWS_EC2, "http://profile" },
                { NULL, NULL, "[default]\nservices = gone\n", AWS_EBS, NULL },
                { "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=True", "AWS_ENDPOINT_URL=http://all", services,
                  AWS_EBS, "https://ebs.eu-west-1.amazonaws.com" },
                { NULL, NULL, "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://a\n",
                  AWS_STS, "https://sts.eu-west-1.amazonaws.com" },
                { "AWS_USE_FIPS_ENDPOINT=true", NULL, "", AWS_EC2,
                  "https://ec2-fips.eu-west-1.amazonaws.com" },
                { "AWS_USE_FIPS_ENDPOINT=false", NULL, "[default]\nuse_fips_endpoint = true\n", AWS_EC2,
                  "https://ec2.eu-west-1.amazonaws.com" },
                { NULL, NULL, "[default]\nuse_dualstack_endpoint = true\n", AWS_EC2,
                  "https://ec2.eu-west-1.api.aws" },
                { "AWS_USE_DUALSTACK_ENDPOINT=true", "AWS_ENDPOINT_URL=http://all", "", AWS_EC2, NULL },
                { "AWS_USE_FIPS_ENDPOINT=true", "AWS_ENDPOINT_URL_EC2=http://all", "", AWS_EC2, NULL },
                { "AWS_ENDPOINT_URL=ftp://all", NULL, "", AWS_EC2, NULL },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                check_configured(state, &rows[i]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(endpoints_are_where_aws_has_them),
                cmocka_unit_test(regions_belong_to_partitions),
                cmocka_unit_test_setup_teardown(what_is_configured_goes_before, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
