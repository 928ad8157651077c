/* SPDX-License-Identifier: Apache-2.0 */
#include "publish/snapshot_attribute.h"
#include "base/own.h"
#include "publish/query_post.h"

static enum ingot_code modify(const struct ec2_client *client, const char *snapshot_id, const char *list,
                              const struct ec2_permission *permissions, size_t count, struct ingot_error *err)
{
        static const char operation[] = "ModifySnapshotAttribute";
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        for (size_t i = 0; i < count; i++) {
                if (permissions[i].organization_arn || permissions[i].organizational_unit_arn)
                        return ingot_fail(
                                err, INGOT_E_USAGE,
                                "snapshot '%s' can be shared with accounts and with all, not with '%s'",
                                snapshot_id,
                                permissions[i].organization_arn ? permissions[i].organization_arn
                                                                : permissions[i].organizational_unit_arn);
        }
        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "SnapshotId", snapshot_id);
        ec2_request_permissions(&form, list, permissions, count);
        return query_post_for_return(client, operation, &form, err);
}

enum ingot_code snapshot_share(const struct ec2_client *client, const char *snapshot_id,
                               const struct ec2_permission *permissions, size_t count,
                               struct ingot_error *err)
{
        return modify(client, snapshot_id, "CreateVolumePermission.Add", permissions, count, err);
}

enum ingot_code snapshot_unshare(const struct ec2_client *client, const char *snapshot_id,
                                 const struct ec2_permission *permissions, size_t count,
                                 struct ingot_error *err)
{
        return modify(client, snapshot_id, "CreateVolumePermission.Remove", permissions, count, err);
}

enum ingot_code snapshot_shares(const struct ec2_client *client, const char *snapshot_id,
                                struct ec2_permission_list *ret_permissions, struct ingot_error *err)
{
        static const char operation[] = "DescribeSnapshotAttribute";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "Attribute", "createVolumePermission");
        ec2_request_text(&form, "SnapshotId", snapshot_id);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (r || client->is_dry_run)
                return r;
        return region_link_judge(ec2_reply_permissions(reply.bytes, reply.size_bytes, operation,
                                                       "createVolumePermission", ret_permissions, err),
                                 operation, err);
}
