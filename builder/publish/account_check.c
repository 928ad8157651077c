/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/json.h"
#include "base/own.h"
#include "model/memory_source.h"
#include "publish/account_check.h"
#include "publish/query_post.h"

#define IAM_VERSION "2010-05-08"

enum { REPLY_BYTES_MAX = 1 << 20, DEADLINE_MS = 30000 };

/* A call of the protocol json 1.1: its operation is a header. */
static enum ingot_code post_json(struct region_link *link, const struct endpoint *endpoint,
                                 const char *operation, const char *target, const struct json_doc *doc,
                                 struct buffer *ret_reply, struct fault *ret_fault, struct ingot_error *err)
{
        const struct sigv4_header headers[] = { { "Content-Type", KMS_JSON_TYPE },
                                                { "X-Amz-Target", target } };
        OWNED(buffer_release) struct buffer body = BUFFER_INIT(REPLY_BYTES_MAX);
        char hash[DIGEST_HEX_CHARS + 1];
        struct memory_source source;
        struct digest digest;
        struct region_call call = { .endpoint = endpoint,
                                    .operation = operation,
                                    .protocol = REGION_REST_JSON,
                                    .method = "POST",
                                    .path = "/",
                                    .headers = headers,
                                    .header_count = 2,
                                    .body = &source.source,
                                    .payload_hash = hash,
                                    .deadline_ms = DEADLINE_MS,
                                    .reply_bytes_max = REPLY_BYTES_MAX };
        enum ingot_code r = json_doc_print(doc, true, &body, err);

        if (!r)
                r = digest_of(body.bytes, body.size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        memory_source_init(&source, body.bytes, body.size_bytes);
        call.body_bytes = body.size_bytes;
        return region_link_call(link, &call, ret_reply, ret_fault, NULL, err);
}

/* These services answer what is not there with 400. */
static enum ingot_code judge_absence(enum ingot_code r, const struct fault *fault, const char *code,
                                     const char *what, const char *name, struct ingot_error *err)
{
        if (!r || strcmp(fault->code, code) != 0)
                return r;
        if (err)
                *err = (struct ingot_error){ 0 };
        return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no %s '%s': %s", what, name, fault->message);
}

enum ingot_code account_describe_key(struct region_link *link, const struct endpoint *kms, const char *key_id,
                                     struct kms_key *ret_key, struct ingot_error *err)
{
        static const char operation[] = "DescribeKey";
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(REPLY_BYTES_MAX);
        struct fault fault = { .code = "" };
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "KeyId", key_id);
        r = post_json(link, kms, operation, "TrentService.DescribeKey", &doc, &reply, &fault, err);
        if (r)
                return judge_absence(r, &fault, "NotFoundException", "key", key_id, err);
        return region_link_judge(kms_shape_key(reply.bytes, reply.size_bytes, ret_key, err), operation, err);
}

enum ingot_code account_quota(struct region_link *link, const struct endpoint *service_quotas,
                              const char *service_code, const char *quota_code, struct quota *ret_quota,
                              struct ingot_error *err)
{
        static const char operation[] = "GetServiceQuota";
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(REPLY_BYTES_MAX);
        struct fault fault = { .code = "" };
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "ServiceCode", service_code);
        json_doc_put_text(&doc, doc.root, "QuotaCode", quota_code);
        r = post_json(link, service_quotas, operation, "ServiceQuotasV20190624.GetServiceQuota", &doc, &reply,
                      &fault, err);
        if (r)
                return judge_absence(r, &fault, "NoSuchResourceException", "quota", quota_code, err);
        return region_link_judge(quota_shape_quota(reply.bytes, reply.size_bytes, ret_quota, err), operation,
                                 err);
}

enum ingot_code account_simulate(struct region_link *link, const struct endpoint *iam,
                                 const char *principal_arn, const char *const *actions, size_t action_count,
                                 const char *const *resource_arns, size_t resource_count,
                                 struct iam_evaluation_list *ret_evaluations, struct ingot_error *err)
{
        static const char operation[] = "SimulatePrincipalPolicy";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(REPLY_BYTES_MAX);
        struct fault fault = { .code = "" };
        enum ingot_code r;

        ec2_request_begin(&form, operation, IAM_VERSION);
        ec2_request_text(&form, "PolicySourceArn", principal_arn);
        ec2_request_list(&form, "ActionNames.member", actions, action_count);
        ec2_request_list(&form, "ResourceArns.member", resource_arns, resource_count);
        r = query_post_to(link, iam, operation, &form, &reply, &fault, err);
        if (r)
                return judge_absence(r, &fault, "NoSuchEntity", "principal", principal_arn, err);
        return region_link_judge(iam_reply_evaluations(reply.bytes, reply.size_bytes, ret_evaluations, err),
                                 operation, err);
}
