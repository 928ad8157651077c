/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_settings.h"
#include "region/ec2_sharing.h"
#include "region/keys.h"

enum { CHANGES_OF_A_REQUEST_MAX = 500 };

static enum ingot_code find(struct ec2_call *ec2, const char *id, struct snapshot_record *ret_record,
                            struct ingot_error *err)
{
        enum ingot_code r = snapshots_look(ec2->store, ec2->region, id, ret_record, err);

        return r == INGOT_E_NOT_FOUND ? ec2_refuse_value(ec2, "InvalidSnapshot.NotFound",
                                                         "The snapshot '%s' does not exist.", id)
                                      : r;
}

/* ---- ModifySnapshotAttribute ---- */

static enum ingot_code judge(struct ec2_call *ec2, const struct sharing *sharing,
                             const struct snapshot_record *snapshot, struct ingot_error *err)
{
        char access[SETTING_CHARS + 1];
        enum ingot_code r;

        if (snapshot->state != SNAPSHOT_COMPLETED)
                return ec2_refuse_value(ec2, "IncorrectState", "The snapshot '%s' is not completed",
                                        snapshot->id);
        if (sharing->add_count == 0)
                return INGOT_OK;
        if (snapshot->is_encrypted && key_is_aws_managed(snapshot->kms_key_arn))
                return ec2_refuse_value(ec2, "OperationNotPermitted",
                                        "Encrypted snapshots with EBS default key cannot be shared");
        if (!sharing_makes_public(sharing))
                return INGOT_OK;
        if (snapshot->is_encrypted)
                return ec2_refuse_value(ec2, "OperationNotPermitted",
                                        "Encrypted snapshots cannot be made public");
        r = catalogue_read_setting(ec2->store->catalogue, ec2->region, SETTING_SNAPSHOT_PUBLIC_ACCESS,
                                   "unblocked", access, err);
        if (r || strcmp(access, "unblocked") == 0)
                return r;
        return ec2_refuse_value(
                ec2, "OperationNotPermitted",
                "You can't publicly share this snapshot because block public access for snapshots "
                "is enabled for this account (%s)",
                access);
}

static void read_change(struct ec2_call *ec2, const struct sharing *sharing)
{
        const char *attribute = form_find(&ec2->form, "Attribute");

        if (attribute && strcmp(attribute, sharing->attribute) != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.60s) for parameter attribute is invalid.", attribute);
        if (sharing->count == 0)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must say whom to add or to remove");
        if (sharing->add_count > 0 && sharing->removal_count > 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "Permissions are added and removed in requests of their own");
        if (sharing->count > CHANGES_OF_A_REQUEST_MAX)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "A request changes at most %d permissions", CHANGES_OF_A_REQUEST_MAX);
}

enum ingot_code serve_modify_snapshot_attribute(struct ec2_call *ec2, struct ingot_error *err)
{
        struct sharing sharing = { .attribute = "createVolumePermission",
                                   .list = "CreateVolumePermission",
                                   .code = "InvalidParameterValue" };
        const char *id = ec2_read_snapshot_id(ec2);
        struct snapshot_record snapshot;
        enum ingot_code r = sharing_read(ec2, &sharing, err);

        if (!r)
                read_change(ec2, &sharing);
        if (!r && ec2_may_go_on(ec2, true)) {
                r = find(ec2, id, &snapshot, err);
                if (!r && !ec2->is_refused)
                        r = judge(ec2, &sharing, &snapshot, err);
                if (!r && !ec2->is_refused) {
                        r = catalogue_begin(ec2->store->catalogue, err);
                        if (!r)
                                r = ec2_end_change(ec2, sharing_apply(ec2, &sharing, id, err), err);
                }
                if (!r && !ec2->is_refused)
                        ec2_reply_true(ec2);
        }
        sharing_release(&sharing);
        return r;
}

/* ---- DescribeSnapshotAttribute ---- */

enum ingot_code serve_describe_snapshot_attribute(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_snapshot_id(ec2), *attribute = form_find(&ec2->form, "Attribute");
        bool is_permission = attribute && strcmp(attribute, "createVolumePermission") == 0;
        struct snapshot_record snapshot;
        enum ingot_code r;

        if (!attribute)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter attribute");
        else if (!is_permission && strcmp(attribute, "productCodes") != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.60s) for parameter attribute is invalid.", attribute);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = find(ec2, id, &snapshot, err);
        if (r || ec2->is_refused)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, "snapshotId", id);
        if (is_permission) {
                r = sharing_write(ec2, "createVolumePermission", id, err);
        } else {
                element_open(ec2->out, "productCodes");
                element_close(ec2->out, "productCodes");
        }
        ec2_end(ec2);
        return r;
}
