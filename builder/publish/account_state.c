/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "publish/account_state.h"
#include "publish/query_post.h"
#include "wire/ec2_attribute_reply.h"

enum ingot_code account_encrypts_by_default(const struct ec2_client *client, bool *ret_does,
                                            struct ingot_error *err)
{
        static const char operation[] = "GetEbsEncryptionByDefault";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_bool(reply.bytes, reply.size_bytes, operation,
                                                "ebsEncryptionByDefault", ret_does, err),
                                 operation, err);
}

enum ingot_code account_default_key(const struct ec2_client *client, char ret_key[ACCOUNT_KEY_CHARS + 1],
                                    struct ingot_error *err)
{
        static const char operation[] = "GetEbsDefaultKmsKeyId";
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, operation, EC2_VERSION);
        return query_post_for_text(client, operation, &form, "kmsKeyId", ret_key, ACCOUNT_KEY_CHARS + 1, err);
}

bool public_access_is_open(const struct public_access *access)
{
        return strcmp(access->state, "unblocked") == 0;
}

static enum ingot_code read_access(const struct ec2_client *client, const char *operation, const char *member,
                                   struct public_access *ret_access, struct ingot_error *err)
{
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        struct public_access access = { .state = "" };
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (r || client->is_dry_run)
                return r;
        r = region_link_judge(ec2_reply_text(reply.bytes, reply.size_bytes, operation, member, access.state,
                                             sizeof(access.state), err),
                              operation, err);
        if (r)
                return r;
        /* Newer than the call itself: older regions leave it out. */
        if (ec2_reply_text(reply.bytes, reply.size_bytes, operation, "managedBy", access.managed_by,
                           sizeof(access.managed_by), NULL))
                access.managed_by[0] = '\0';
        *ret_access = access;
        return INGOT_OK;
}

enum ingot_code account_image_public_access(const struct ec2_client *client, struct public_access *ret_access,
                                            struct ingot_error *err)
{
        return read_access(client, "GetImageBlockPublicAccessState", "imageBlockPublicAccessState",
                           ret_access, err);
}

enum ingot_code account_snapshot_public_access(const struct ec2_client *client,
                                               struct public_access *ret_access, struct ingot_error *err)
{
        return read_access(client, "GetSnapshotBlockPublicAccessState", "state", ret_access, err);
}
