/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "publish/credential_fetch.h"
#include "publish/credential_sts.h"
#include "publish/service_endpoint.h"
#include "wire/ec2_request.h"
#include "wire/xml.h"

enum { DEADLINE_MS = 10000, ATTEMPTS = 5, FORM_BYTES_MAX = 1 << 18, ACCOUNT_CHARS = 12 };

/* The account in "arn:aws:sts::123456789012:assumed-role/...": "" when there is none. */
static void account_of_arn(const char *arn, char out[ACCOUNT_CHARS + 1])
{
        unsigned colons = 0;

        *out = '\0';
        for (; arn && *arn && colons < 4; arn++)
                colons += *arn == ':';
        if (arn && colons == 4 && strspn(arn, "0123456789") == ACCOUNT_CHARS) {
                memcpy(out, arn, ACCOUNT_CHARS);
                out[ACCOUNT_CHARS] = '\0';
        }
}

static enum ingot_code read_reply(const struct buffer *reply, const char *operation, const char *origin,
                                  struct credentials *ret_credentials, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *result, *node;
        char name[64], account[ACCOUNT_CHARS + 1];
        struct credentials_text found;
        enum ingot_code r =
                xml_parse(reply->bytes, reply->size_bytes, CREDENTIAL_REPLY_BYTES_MAX, &document, err);

        if (r)
                return r;
        (void)snprintf(name, sizeof(name), "%sResult", operation);
        result = xml_child(xml_root(document), name);
        node = xml_child(result, "Credentials");
        account_of_arn(xml_text(xml_child(xml_child(result, "AssumedRoleUser"), "Arn")), account);
        found = (struct credentials_text){ .access_key_id = xml_text(xml_child(node, "AccessKeyId")),
                                           .secret_access_key = xml_text(xml_child(node, "SecretAccessKey")),
                                           .session_token = xml_text(xml_child(node, "SessionToken")),
                                           .account_id = account,
                                           .expiration = xml_text(xml_child(node, "Expiration")) };
        return credentials_make(&found, origin, ret_credentials, err);
}

enum ingot_code credential_sts_assume(const struct credential_query *query, const struct sts_assume *assume,
                                      struct credentials *ret_credentials, struct ingot_error *err)
{
        static const struct sigv4_header headers[] = { { "Content-Type", EC2_CONTENT_TYPE } };
        OWNED(credential_buffer_release)
        struct buffer form = BUFFER_INIT(FORM_BYTES_MAX), reply = BUFFER_INIT(CREDENTIAL_REPLY_BYTES_MAX);
        const char *operation = assume->signer ? "AssumeRole" : "AssumeRoleWithWebIdentity";
        struct credential_fetch fetch = { .operation = operation,
                                          .protocol = REGION_QUERY_XML,
                                          .method = "POST",
                                          .path = "/",
                                          .headers = headers,
                                          .header_count = 1,
                                          .deadline_ms = DEADLINE_MS,
                                          .attempts = ATTEMPTS,
                                          .signer = assume->signer };
        char session_name[40];
        enum ingot_code r;

        (void)snprintf(session_name, sizeof(session_name), "ingot-%" PRId64,
                       clock_wall_seconds(query->clock));
        ec2_request_begin(&form, operation, STS_VERSION);
        ec2_request_text(&form, "RoleArn", assume->role_arn);
        ec2_request_text(&form, "RoleSessionName",
                         assume->session_name ? assume->session_name : session_name);
        ec2_request_text(&form, "ExternalId", assume->external_id);
        ec2_request_number(&form, "DurationSeconds", assume->duration_seconds);
        ec2_request_text(&form, "WebIdentityToken", assume->web_identity_token);
        r = buffer_check(&form, err);
        fetch.body = form.bytes;
        if (!r)
                r = service_endpoint(query->config, AWS_STS, query->region, &fetch.endpoint, err);
        if (!r)
                r = credential_fetch(query, &fetch, &reply, NULL, err);
        if (!r)
                r = region_link_judge(read_reply(&reply, operation, assume->origin, ret_credentials, err),
                                      operation, err);
        return ingot_while(err, r, "assuming role '%.200s'", assume->role_arn);
}
