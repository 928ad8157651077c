/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/environment.h"
#include "base/own.h"
#include "publish/credential_fetch.h"

enum {
        CONTAINER_DEADLINE_MS = 2000,
        CONTAINER_ATTEMPTS = 3,
        INSTANCE_DEADLINE_MS = 1000,
        ORIGIN_CHARS = 400,
        TOKEN_BYTES_MAX = 1 << 16,
        ROLE_CHARS = 256,
        LATE_SECONDS = 15 * 60
};

static const struct credential_members members = { "AccessKeyId", "SecretAccessKey", "Token", "Expiration",
                                                   "AccountId" };

/* ---- a container's endpoint ---- */

static bool is_loopback(const char *host)
{
        struct in_addr v4;

        if (strcmp(host, "[::1]") == 0 || strcasecmp(host, "localhost") == 0)
                return true;
        return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

/* Credentials over plain HTTP only come from this machine. */
static enum ingot_code check_host(const struct endpoint *endpoint, struct ingot_error *err)
{
        static const char *const hosts[] = { "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]" };

        if (endpoint->is_tls || is_loopback(endpoint->host))
                return INGOT_OK;
        for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
                if (strcmp(endpoint->host, hosts[i]) == 0)
                        return INGOT_OK;
        }
        return ingot_fail(
                err, INGOT_E_USAGE,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI has the host '%.100s'; without https it may only "
                "be this machine, 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]",
                endpoint->host);
}

/* The token to send, read anew each time: EKS exchanges it while a pod runs. */
static enum ingot_code read_token(const struct credential_query *query, struct buffer *token,
                                  struct ingot_error *err)
{
        const char *const *environment = query->config->environment;
        const char *path = environment_get(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
        const char *given = environment_get(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
        enum ingot_code r = INGOT_OK;

        if (path)
                r = credential_read_file(path, token, err);
        else if (given)
                buffer_append_text(token, given);
        if (!r)
                r = buffer_check(token, err);
        if (!r && strpbrk(token->bytes, "\r\n"))
                r = ingot_fail(err, INGOT_E_FORMAT, "the token of %s%.200s%s has a line break in it",
                               path ? "'" : "", path ? path : "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                               path ? "'" : "");
        return r;
}

static enum ingot_code read_credentials(const struct buffer *reply, const char *origin,
                                        struct credentials *ret_credentials, struct ingot_error *err)
{
        OWNED(json_value_drop) struct json_value *answer = NULL;
        enum ingot_code r = json_value_parse(reply->bytes, reply->size_bytes, origin, &answer, err);

        return r ? r : credential_of_json(answer, &members, origin, ret_credentials, err);
}

enum ingot_code credential_ask_container(const struct credential_query *query,
                                         struct credential_answer *answer, struct ingot_error *err)
{
        const char *const *environment = query->config->environment;
        const char *relative = environment_get(environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
        const char *full = environment_get(environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
        OWNED(credential_buffer_release) struct buffer token = BUFFER_INIT(TOKEN_BYTES_MAX);
        OWNED(credential_buffer_release) struct buffer reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        OWNED(buffer_release) struct buffer url = BUFFER_INIT(CREDENTIAL_PATH_CHARS + 256);
        char path[CREDENTIAL_PATH_CHARS + 1], origin[ORIGIN_CHARS];
        struct credential_fetch fetch = { .operation = "the container's credentials",
                                          .protocol = REGION_REST_JSON,
                                          .method = "GET",
                                          .deadline_ms = CONTAINER_DEADLINE_MS,
                                          .attempts = CONTAINER_ATTEMPTS };
        struct sigv4_header headers[2] = { { "Accept", "application/json" } };
        enum ingot_code r;

        if (!relative && !full)
                return credential_not_mine(answer, "neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
                                                   "AWS_CONTAINER_CREDENTIALS_FULL_URI is set");
        if (relative)
                buffer_appendf(&url, "http://169.254.170.2%s", relative);
        else
                buffer_append_text(&url, full);
        r = buffer_check(&url, err);
        if (!r)
                r = credential_fetch_url(&fetch, url.bytes, path, err);
        if (!r)
                r = check_host(&fetch.endpoint, err);
        if (!r)
                r = read_token(query, &token, err);
        if (r)
                return r;
        fetch.headers = headers;
        fetch.header_count = 1;
        if (token.size_bytes)
                headers[fetch.header_count++] = (struct sigv4_header){ "Authorization", token.bytes };
        (void)snprintf(origin, sizeof(origin), "the container's endpoint '%.300s'", url.bytes);
        r = credential_fetch(query, &fetch, &reply, NULL, err);
        if (!r)
                r = region_link_judge(read_credentials(&reply, origin, &answer->credentials, err),
                                      fetch.operation, err);
        answer->found = !r;
        return r;
}

/* ---- an instance's metadata ---- */

/* How a metadata service is asked. */
struct instance {
        const struct credential_query *query;
        const char *base; /* "http://169.254.169.254" */
        struct buffer token;
        unsigned attempts;
        uint32_t deadline_ms;
};

static enum ingot_code ask_instance(const struct instance *instance, const char *method, const char *target,
                                    struct buffer *reply, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer url = BUFFER_INIT(CREDENTIAL_PATH_CHARS + 256);
        const struct sigv4_header lifetime = { "x-aws-ec2-metadata-token-ttl-seconds", "21600" };
        const struct sigv4_header token = { "x-aws-ec2-metadata-token", instance->token.bytes };
        size_t base_chars = strlen(instance->base);
        char path[CREDENTIAL_PATH_CHARS + 1];
        struct credential_fetch fetch = { .operation = "the instance's metadata",
                                          .protocol = REGION_REST_JSON,
                                          .method = method,
                                          .headers = instance->token.size_bytes ? &token : &lifetime,
                                          .header_count = 1,
                                          .deadline_ms = instance->deadline_ms,
                                          .attempts = instance->attempts };
        enum ingot_code r;

        if (base_chars && instance->base[base_chars - 1] == '/')
                base_chars--;
        buffer_append(&url, instance->base, base_chars);
        buffer_append_text(&url, target);
        r = buffer_check(&url, err);
        if (!r)
                r = credential_fetch_url(&fetch, url.bytes, path, err);
        if (!r)
                r = credential_fetch(instance->query, &fetch, reply, NULL, err);
        if (!r && !reply->size_bytes)
                r = ingot_fail(err, INGOT_E_REMOTE, "the instance's metadata has nothing at '%.100s'", path);
        return r;
}

/* Token, role, credentials: each is needed for the next. */
static enum ingot_code talk(struct instance *instance, struct credentials *ret_credentials,
                            struct ingot_error *err)
{
        static const char roles[] = "/latest/meta-data/iam/security-credentials/";
        OWNED(credential_buffer_release) struct buffer reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        char target[sizeof(roles) + ROLE_CHARS + 1], origin[ORIGIN_CHARS];
        enum ingot_code r = ask_instance(instance, "PUT", "/latest/api/token", &reply, err);
        size_t chars;

        if (r)
                return r;
        buffer_append(&instance->token, reply.bytes, reply.size_bytes);
        r = buffer_check(&instance->token, err);
        if (!r && strpbrk(instance->token.bytes, "\r\n"))
                r = ingot_fail(err, INGOT_E_REMOTE, "the instance's metadata token has a line break in it");
        if (!r)
                r = ask_instance(instance, "GET", roles, &reply, err);
        if (r)
                return r;
        chars = strcspn(reply.bytes, "\r\n");
        if (chars > ROLE_CHARS)
                return ingot_fail(err, INGOT_E_REMOTE, "the instance's role has a name of %zu characters",
                                  chars);
        (void)snprintf(target, sizeof(target), "%s%.*s", roles, (int)chars, reply.bytes);
        (void)snprintf(origin, sizeof(origin), "role '%.*s' of the instance, by '%.100s'", (int)chars,
                       reply.bytes, instance->base);
        r = ask_instance(instance, "GET", target, &reply, err);
        return r ? r : read_credentials(&reply, origin, ret_credentials, err);
}

static unsigned small_number(const char *text, unsigned by_default)
{
        unsigned value = 0;

        for (const char *c = text; c && *c; c++) {
                if (*c < '0' || *c > '9' || value > 100)
                        return by_default;
                value = value * 10 + (unsigned)(*c - '0');
        }
        return value ? value : by_default;
}

static enum ingot_code find_base(const struct aws_config *config, const char **ret_base,
                                 struct ingot_error *err)
{
        const char *mode = aws_config_setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
                                              "ec2_metadata_service_endpoint_mode");
        const char *given = aws_config_setting(config, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                               "ec2_metadata_service_endpoint");
        bool v6 = mode ? strcasecmp(mode, "ipv6") == 0
                       : aws_config_flag(config, "AWS_IMDS_USE_IPV6", "imds_use_ipv6");

        if (mode && !v6 && strcasecmp(mode, "ipv4") != 0)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the mode of the instance's metadata is '%.40s', neither ipv4 nor ipv6",
                                  mode);
        *ret_base = given ? given : v6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
        return INGOT_OK;
}

enum ingot_code credential_ask_instance(const struct credential_query *query,
                                        struct credential_answer *answer, struct ingot_error *err)
{
        const struct aws_config *config = query->config;
        const char *disabled = environment_get(config->environment, "AWS_EC2_METADATA_DISABLED");
        struct instance instance = {
                .query = query,
                .token = BUFFER_INIT(TOKEN_BYTES_MAX),
                .attempts = small_number(aws_config_setting(config, "AWS_METADATA_SERVICE_NUM_ATTEMPTS",
                                                            "metadata_service_num_attempts"),
                                         1),
                .deadline_ms = INSTANCE_DEADLINE_MS *
                               small_number(aws_config_setting(config, "AWS_METADATA_SERVICE_TIMEOUT",
                                                               "metadata_service_timeout"),
                                            1),
        };
        struct ingot_error trouble = { .code = INGOT_OK };
        int64_t now_seconds = clock_wall_seconds(query->clock);
        enum ingot_code r;

        if (disabled && strcasecmp(disabled, "true") == 0)
                return credential_not_mine(answer, "AWS_EC2_METADATA_DISABLED is true");
        r = find_base(config, &instance.base, err);
        if (r)
                return r;
        r = talk(&instance, &answer->credentials, &trouble);
        credential_buffer_release(&instance.token);
        if (r == INGOT_E_CANCELLED || r == INGOT_E_MEMORY) {
                if (err)
                        *err = trouble;
                return r;
        }
        if (r) /* most machines are no instance: rule 1's exception, as botocore has it */
                return credential_not_mine(answer, "%.200s", ingot_error_frame(&trouble, 0));
        /* A metadata service that is late in making new ones says so by giving old ones: they are good for longer
         * than they say. */
        if (answer->credentials.expires_seconds &&
            answer->credentials.expires_seconds < now_seconds + LATE_SECONDS)
                answer->credentials.expires_seconds = now_seconds + LATE_SECONDS;
        answer->found = true;
        return INGOT_OK;
}
