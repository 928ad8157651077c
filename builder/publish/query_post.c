/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "model/memory_source.h"
#include "publish/query_post.h"
#include "wire/ec2_attribute_reply.h"

enum { DEADLINE_MS = 60000 };

enum ingot_code query_post_to(struct region_link *link, const struct endpoint *endpoint,
                              const char *operation, const struct buffer *form, struct buffer *ret_reply,
                              struct fault *ret_fault, struct ingot_error *err)
{
        static const struct sigv4_header headers[] = { { "Content-Type", EC2_CONTENT_TYPE } };
        char hash[DIGEST_HEX_CHARS + 1];
        struct memory_source source;
        struct digest digest;
        struct region_call call = { .endpoint = endpoint,
                                    .operation = operation,
                                    .protocol = REGION_QUERY_XML,
                                    .method = "POST",
                                    .path = "/",
                                    .headers = headers,
                                    .header_count = 1,
                                    .body = &source.source,
                                    .body_bytes = form->size_bytes,
                                    .payload_hash = hash,
                                    .deadline_ms = DEADLINE_MS,
                                    .reply_bytes_max = EC2_REPLY_BYTES_MAX };
        enum ingot_code r = buffer_check(form, err);

        if (!r)
                r = digest_of(form->bytes, form->size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        memory_source_init(&source, form->bytes, form->size_bytes);
        return region_link_call(link, &call, ret_reply, ret_fault, NULL, err);
}

enum ingot_code query_post(const struct ec2_client *client, const char *operation, struct buffer *form,
                           struct buffer *ret_reply, struct fault *ret_fault, struct ingot_error *err)
{
        struct ingot_error refusal = { 0 };
        struct fault fault = { .code = "" };
        enum ingot_code r;

        if (!client->is_dry_run)
                return query_post_to(client->link, &client->endpoint, operation, form, ret_reply, ret_fault,
                                     err);
        ec2_request_tri(form, "DryRun", TRI_YES);
        r = query_post_to(client->link, &client->endpoint, operation, form, ret_reply, &fault, &refusal);
        if (ret_fault)
                *ret_fault = fault;
        if (strcmp(fault.code, "DryRunOperation") == 0) {
                buffer_clear(ret_reply);
                return INGOT_OK;
        }
        /* It was carried out, then: the one thing that must not happen. */
        if (!r)
                return ingot_fail(err, INGOT_E_REMOTE, "%s was answered as if DryRun had not been sent",
                                  operation);
        if (err)
                *err = refusal;
        return r;
}

enum ingot_code query_post_for_return(const struct ec2_client *client, const char *operation,
                                      struct buffer *form, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r = query_post(client, operation, form, &reply, NULL, err);

        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_return(reply.bytes, reply.size_bytes, operation, err), operation,
                                 err);
}

enum ingot_code query_post_for_text(const struct ec2_client *client, const char *operation,
                                    struct buffer *form, const char *member, char *ret_text,
                                    size_t room_bytes, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r = query_post(client, operation, form, &reply, NULL, err);

        if (r || client->is_dry_run)
                return r;
        return region_link_judge(
                ec2_reply_text(reply.bytes, reply.size_bytes, operation, member, ret_text, room_bytes, err),
                operation, err);
}
