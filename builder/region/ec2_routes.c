/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_call.h"
#include "region/query_call.h"
#include "region/query_error.h"

#define EC2_VERSION "2016-11-15"

struct ec2_operation {
        const char *name;
        enum ingot_code (*handle)(struct ec2_call *ec2, struct ingot_error *err);
};

static const struct ec2_operation operations[] = {
        { "CopyImage", serve_copy_image },
        { "CopySnapshot", serve_copy_snapshot },
        { "CreateTags", serve_create_tags },
        { "DeleteSnapshot", serve_delete_snapshot },
        { "DeleteTags", serve_delete_tags },
        { "DeregisterImage", serve_deregister_image },
        { "DescribeImageAttribute", serve_describe_image_attribute },
        { "DescribeImages", serve_describe_images },
        { "DescribeImportSnapshotTasks", serve_describe_import_snapshot_tasks },
        { "DescribeRegions", serve_describe_regions },
        { "DescribeSnapshotAttribute", serve_describe_snapshot_attribute },
        { "DescribeSnapshots", serve_describe_snapshots },
        { "DescribeTags", serve_describe_tags },
        { "DisableEbsEncryptionByDefault", serve_disable_ebs_encryption_by_default },
        { "DisableImage", serve_disable_image },
        { "DisableImageBlockPublicAccess", serve_disable_image_block_public_access },
        { "DisableImageDeprecation", serve_disable_image_deprecation },
        { "DisableImageDeregistrationProtection", serve_disable_image_deregistration_protection },
        { "DisableSnapshotBlockPublicAccess", serve_disable_snapshot_block_public_access },
        { "EnableEbsEncryptionByDefault", serve_enable_ebs_encryption_by_default },
        { "EnableImage", serve_enable_image },
        { "EnableImageBlockPublicAccess", serve_enable_image_block_public_access },
        { "EnableImageDeprecation", serve_enable_image_deprecation },
        { "EnableImageDeregistrationProtection", serve_enable_image_deregistration_protection },
        { "EnableSnapshotBlockPublicAccess", serve_enable_snapshot_block_public_access },
        { "GetEbsDefaultKmsKeyId", serve_get_ebs_default_kms_key_id },
        { "GetEbsEncryptionByDefault", serve_get_ebs_encryption_by_default },
        { "GetImageBlockPublicAccessState", serve_get_image_block_public_access_state },
        { "GetSnapshotBlockPublicAccessState", serve_get_snapshot_block_public_access_state },
        { "ImportSnapshot", serve_import_snapshot },
        { "ModifyEbsDefaultKmsKeyId", serve_modify_ebs_default_kms_key_id },
        { "ModifyImageAttribute", serve_modify_image_attribute },
        { "ModifySnapshotAttribute", serve_modify_snapshot_attribute },
        { "RegisterImage", serve_register_image },
        { "ResetEbsDefaultKmsKeyId", serve_reset_ebs_default_kms_key_id },
};

static enum ingot_code run(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *action = form_find(&ec2->form, "Action"), *version = form_find(&ec2->form, "Version");

        if (!action)
                return ec2_refuse_value(ec2, "MissingAction",
                                        "The request must contain the parameter Action.");
        if (!version || strcmp(version, EC2_VERSION) != 0)
                return ec2_refuse_value(ec2, version ? "InvalidParameterValue" : "MissingParameter",
                                        "The parameter Version must be " EC2_VERSION ".");
        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
                if (strcmp(operations[i].name, action) == 0) {
                        ec2->action = operations[i].name;
                        return operations[i].handle(ec2, err);
                }
        }
        return ec2_refuse_value(ec2, "InvalidAction", "The action %.80s is not valid for this web service.",
                                action);
}

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        const struct region_request *request = call->request;
        bool is_post = strcmp(request->method, "POST") == 0;
        struct ec2_call ec2 = {
                .call = call, .store = call->store, .region = call->region, .out = &call->reply->body
        };
        struct ingot_error why = { 0 };
        enum ingot_code r;

        if (strcmp(request->path, "/") != 0 || (!is_post && strcmp(request->method, "GET") != 0))
                return ec2_refuse(&ec2, 404, "InvalidAction", "There is nothing at %.200s.", request->path);
        if (request->is_body_too_long)
                return ec2_refuse(&ec2, 413, "RequestEntityTooLarge", "The request is too long.");
        r = is_post ? form_parse(request->body, request->body_bytes, URI_FORM, &ec2.form, &why)
                    : form_parse(request->query, strlen(request->query), URI_QUERY, &ec2.form, &why);
        if (r == INGOT_E_FORMAT)
                return ec2_refuse_value(&ec2, "MalformedQueryString", "%s.", ingot_error_frame(&why, 0));
        if (r)
                return ingot_fail(err, r, "%s", ingot_error_frame(&why, 0));
        r = run(&ec2, err);
        form_release(&ec2.form);
        return r;
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        switch (refusal->verdict) {
        case SIGV4_EXPIRED:
                query_error_write(QUERY_EC2, reply, 400, "RequestExpired", refusal->detail);
                break;
        case SIGV4_MALFORMED:
                query_error_write(QUERY_EC2, reply, 400, "IncompleteSignature", refusal->detail);
                break;
        case SIGV4_MISSING:
                query_error_write(QUERY_EC2, reply, 403, "MissingAuthenticationToken", refusal->detail);
                break;
        case SIGV4_MISMATCH:
        case SIGV4_WRONG_PAYLOAD:
        case SIGV4_UNSIGNED_HEADER:
                query_error_write(QUERY_EC2, reply, 403, "SignatureDoesNotMatch", refusal->detail);
                break;
        case SIGV4_GOOD:
        case SIGV4_UNKNOWN_KEY:
        case SIGV4_WRONG_TOKEN:
        case SIGV4_NOT_YET:
        default: query_error_write(QUERY_EC2, reply, 401, "AuthFailure", refusal->detail); break;
        }
}

static void break_down(struct region_reply *reply)
{
        query_error_write(QUERY_EC2, reply, 500, "InternalError", "An internal error has occurred.");
}

static void fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        query_error_write(QUERY_EC2, reply, refusal->status, refusal->code, refusal->message);
}

static const char *operation_at(size_t index)
{
        return index < sizeof(operations) / sizeof(operations[0]) ? operations[index].name : NULL;
}

static const char *find_operation(const struct region_request *request)
{
        return query_find_operation(request, operation_at);
}

const struct region_service ec2_service = { "ec2", serve,          refuse,      break_down,
                                            fail,  find_operation, operation_at };
