/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/image_attribute.h"
#include "base/own.h"
#include "publish/query_post.h"

/* A call that says an image's id and at most one more parameter. */
static enum ingot_code change(const struct ec2_client *client, const char *operation, const char *image_id,
                              const char *name, const char *value, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "ImageId", image_id);
        if (name)
                ec2_request_text(&form, name, value);
        return query_post_for_return(client, operation, &form, err);
}

enum ingot_code image_deprecate(const struct ec2_client *client, const char *image_id,
                                int64_t deprecate_at_seconds, struct ingot_error *err)
{
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(deprecate_at_seconds, time);
        return change(client, "EnableImageDeprecation", image_id, "DeprecateAt", time, err);
}

enum ingot_code image_undeprecate(const struct ec2_client *client, const char *image_id,
                                  struct ingot_error *err)
{
        return change(client, "DisableImageDeprecation", image_id, NULL, NULL, err);
}

/* In the model <return> of these two is a text, which need not be "true". */
static enum ingot_code change_protection(const struct ec2_client *client, const char *operation,
                                         const char *image_id, enum tri_state with_cooldown,
                                         struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);
        char state[64] = "";

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "ImageId", image_id);
        ec2_request_tri(&form, "WithCooldown", with_cooldown);
        return query_post_for_text(client, operation, &form, "return", state, sizeof(state), err);
}

enum ingot_code image_protect(const struct ec2_client *client, const char *image_id, bool with_cooldown,
                              struct ingot_error *err)
{
        return change_protection(client, "EnableImageDeregistrationProtection", image_id,
                                 with_cooldown ? TRI_YES : TRI_UNSET, err);
}

enum ingot_code image_unprotect(const struct ec2_client *client, const char *image_id,
                                struct ingot_error *err)
{
        return change_protection(client, "DisableImageDeregistrationProtection", image_id, TRI_UNSET, err);
}

enum ingot_code image_disable(const struct ec2_client *client, const char *image_id, struct ingot_error *err)
{
        return change(client, "DisableImage", image_id, NULL, NULL, err);
}

enum ingot_code image_enable(const struct ec2_client *client, const char *image_id, struct ingot_error *err)
{
        return change(client, "EnableImage", image_id, NULL, NULL, err);
}

enum ingot_code image_share(const struct ec2_client *client, const char *image_id,
                            const struct ec2_permission *add, size_t add_count,
                            const struct ec2_permission *remove, size_t remove_count, struct ingot_error *err)
{
        static const char operation[] = "ModifyImageAttribute";
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "ImageId", image_id);
        ec2_request_permissions(&form, "LaunchPermission.Add", add, add_count);
        ec2_request_permissions(&form, "LaunchPermission.Remove", remove, remove_count);
        return query_post_for_return(client, operation, &form, err);
}

enum ingot_code image_shares(const struct ec2_client *client, const char *image_id,
                             struct ec2_permission_list *ret_permissions, struct ingot_error *err)
{
        static const char operation[] = "DescribeImageAttribute";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "Attribute", "launchPermission");
        ec2_request_text(&form, "ImageId", image_id);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_permissions(reply.bytes, reply.size_bytes, operation,
                                                       "launchPermission", ret_permissions, err),
                                 operation, err);
}

enum ingot_code image_describe_anew(const struct ec2_client *client, const char *image_id,
                                    const char *description, struct ingot_error *err)
{
        return change(client, "ModifyImageAttribute", image_id, "Description.Value", description, err);
}

enum ingot_code image_require_imds_v2(const struct ec2_client *client, const char *image_id,
                                      struct ingot_error *err)
{
        return change(client, "ModifyImageAttribute", image_id, "ImdsSupport.Value", "v2.0", err);
}

enum ingot_code image_deregister_with_snapshots(const struct ec2_client *client, const char *image_id,
                                                struct ec2_deletion_list *ret_deletions,
                                                struct ingot_error *err)
{
        static const char operation[] = "DeregisterImage";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "ImageId", image_id);
        ec2_request_tri(&form, "DeleteAssociatedSnapshots", TRI_YES);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_deletions(reply.bytes, reply.size_bytes, ret_deletions, err),
                                 operation, err);
}
