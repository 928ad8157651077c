/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/catalogue_settings.h"
#include "region/ec2_sharing.h"

/* ---- ModifyImageAttribute ---- */

struct modification {
        const char *description, *imds_support; /* borrowed from the form; NULL: not this one */
        struct sharing sharing;
};

static bool is_attribute(const char *attribute, const char *name)
{
        return attribute && strcmp(attribute, name) == 0;
}

/* One attribute a request, which can be said in two ways. */
static enum ingot_code read_modification(struct ec2_call *ec2, struct modification *change,
                                         struct ingot_error *err)
{
        const char *attribute = form_find(&ec2->form, "Attribute"), *value = form_find(&ec2->form, "Value");
        size_t chars = 0;
        enum ingot_code r;

        if (attribute && strcmp(attribute, "description") != 0 && strcmp(attribute, "imdsSupport") != 0 &&
            strcmp(attribute, "launchPermission") != 0)
                return ec2_refuse_value(ec2, "InvalidParameterValue",
                                        "Value (%.60s) for parameter attribute is invalid.", attribute);
        change->description = form_find(&ec2->form, "Description.Value");
        change->imds_support = form_find(&ec2->form, "ImdsSupport.Value");
        if (value && is_attribute(attribute, "description"))
                change->description = value;
        else if (value && is_attribute(attribute, "imdsSupport"))
                change->imds_support = value;
        else if (value)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "Value needs the Attribute description or imdsSupport");
        r = sharing_read(ec2, &change->sharing, err);
        if (r)
                return r;
        if ((change->description != NULL) + (change->imds_support != NULL) + (change->sharing.count > 0) != 1)
                (void)ec2_refuse_value(
                        ec2, "InvalidParameterCombination",
                        "A request modifies exactly one attribute: description, imdsSupport or "
                        "launchPermission");
        if (change->description && (!is_plain_text(change->description, &chars) || chars > DESCRIPTION_CHARS))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Description must have at most %d characters.", DESCRIPTION_CHARS);
        if (change->imds_support && strcmp(change->imds_support, "v2.0") != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.40s) for ImdsSupport is invalid.", change->imds_support);
        return INGOT_OK;
}

static enum ingot_code has_encrypted_snapshot(struct ec2_call *ec2, const char *image_id, bool *ret_has,
                                              struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_record *mappings = calloc(MAPPINGS_MAX, sizeof(*mappings));
        uint32_t count = 0;
        enum ingot_code r;

        if (!mappings)
                return ingot_fail_memory(err, MAPPINGS_MAX * sizeof(*mappings));
        r = catalogue_read_mappings(ec2->store->catalogue, image_id, mappings, &count, err);
        *ret_has = false;
        for (uint32_t i = 0; !r && i < count; i++)
                *ret_has |= mappings[i].is_encrypted && *mappings[i].snapshot_id;
        return r;
}

static enum ingot_code judge_publication(struct ec2_call *ec2, struct image_record *image,
                                         struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        int64_t last = years_later(image->created_seconds, IMAGE_PUBLIC_YEARS_MAX);
        char access[SETTING_CHARS + 1];
        bool is_public, is_encrypted = false;
        uint64_t count = 0;
        enum ingot_code r =
                catalogue_has_permission(catalogue, image->id, PERMISSION_GROUP, "all", &is_public, err);

        if (r || is_public)
                return r;
        r = catalogue_read_setting(catalogue, ec2->region, SETTING_IMAGE_PUBLIC_ACCESS, "block-new-sharing",
                                   access, err);
        if (!r)
                r = has_encrypted_snapshot(ec2, image->id, &is_encrypted, err);
        if (!r)
                r = catalogue_count_public_images(catalogue, ec2->region, &count, err);
        if (r)
                return r;
        if (strcmp(access, "unblocked") != 0)
                return ec2_refuse_value(
                        ec2, "OperationNotPermitted",
                        "You can't publicly share this image because block public access for AMIs "
                        "is enabled for this account. To publicly share the image, you must call "
                        "the DisableImageBlockPublicAccess API.");
        if (is_encrypted)
                return ec2_refuse_value(ec2, "OperationNotPermitted",
                                        "The image '%s' has encrypted snapshots and cannot be made public",
                                        image->id);
        if (count >= IMAGE_PUBLIC_MAX)
                return ec2_refuse_value(
                        ec2, "ResourceLimitExceeded",
                        "You have reached your quota of %d public AMIs (L-0E3CBAB9) in this Region",
                        IMAGE_PUBLIC_MAX);
        if (image->deprecation_seconds == 0 || image->deprecation_seconds > last)
                image->deprecation_seconds = last;
        return INGOT_OK;
}

static enum ingot_code modify(struct ec2_call *ec2, struct image_record *image, void *context,
                              struct ingot_error *err)
{
        const struct modification *change = context;
        uint64_t count = 0;
        enum ingot_code r;

        if (change->description)
                (void)snprintf(image->description, sizeof(image->description), "%s", change->description);
        if (change->imds_support)
                (void)snprintf(image->imds_support, sizeof(image->imds_support), "%s", change->imds_support);
        if (change->sharing.count == 0)
                return INGOT_OK;
        if (change->sharing.add_count > 0 && strcmp(image->state, IMAGE_DISABLED) == 0)
                return ec2_refuse_value(ec2, "InvalidAMIID.Unavailable", "The image '%s' is in state %s",
                                        image->id, image->state);
        r = sharing_makes_public(&change->sharing) ? judge_publication(ec2, image, err) : INGOT_OK;
        if (r || ec2->is_refused)
                return r;
        r = sharing_apply(ec2, &change->sharing, image->id, err);
        if (!r)
                r = catalogue_count_permissions(ec2->store->catalogue, image->id, &count, err);
        if (!r && count > IMAGE_SHARES_MAX)
                return ec2_refuse_value(ec2, "ResourceLimitExceeded",
                                        "An AMI is shared with at most %d entities", IMAGE_SHARES_MAX);
        return r;
}

enum ingot_code serve_modify_image_attribute(struct ec2_call *ec2, struct ingot_error *err)
{
        struct modification change = { .sharing = { .attribute = "launchPermission",
                                                    .list = "LaunchPermission",
                                                    .code = "InvalidAMIAttributeItemValue",
                                                    .has_organizations = true } };
        const char *id = ec2_read_image_id(ec2);
        enum ingot_code r = read_modification(ec2, &change, err);

        if (!r && ec2_may_go_on(ec2, true))
                r = ec2_change_image(ec2, id, true, modify, &change, err);
        sharing_release(&change.sharing);
        return r;
}

/* ---- DescribeImageAttribute ---- */

static void write_value(struct ec2_call *ec2, const char *name, const char *value)
{
        element_open(ec2->out, name);
        element_text_if(ec2->out, "value", value);
        element_close(ec2->out, name);
}

static enum ingot_code write_uefi_data(struct ec2_call *ec2, const char *image_id, struct ingot_error *err)
{
        OWNED(heap_drop) char *data = malloc(UEFI_DATA_CHARS + 1);
        enum ingot_code r;

        if (!data)
                return ingot_fail_memory(err, UEFI_DATA_CHARS + 1);
        r = catalogue_read_uefi_data(ec2->store->catalogue, image_id, data, err);
        if (!r)
                write_value(ec2, "uefiData", data);
        return r;
}

static enum ingot_code write_attribute(struct ec2_call *ec2, const struct image_record *image,
                                       const char *attribute, struct ingot_error *err)
{
        const struct {
                const char *name, *value;
        } values[] = { { "description", image->description },
                       { "kernel", image->kernel_id },
                       { "ramdisk", image->ramdisk_id },
                       { "sriovNetSupport", image->sriov_net_support },
                       { "bootMode", image->boot_mode },
                       { "tpmSupport", image->tpm_support },
                       { "lastLaunchedTime", "" }, /* nothing is ever launched here */
                       { "imdsSupport", image->imds_support },
                       { "deregistrationProtection", image->protection } };

        if (strcmp(attribute, "uefiData") == 0)
                return write_uefi_data(ec2, image->id, err);
        if (strcmp(attribute, "launchPermission") == 0)
                return sharing_write(ec2, attribute, image->id, err);
        if (strcmp(attribute, "productCodes") == 0) {
                element_open(ec2->out, attribute);
                element_close(ec2->out, attribute);
        }
        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
                if (strcmp(values[i].name, attribute) == 0)
                        write_value(ec2, attribute, values[i].value);
        }
        return INGOT_OK;
}

enum ingot_code serve_describe_image_attribute(struct ec2_call *ec2, struct ingot_error *err)
{
        static const char *const known[] = { "description",
                                             "kernel",
                                             "ramdisk",
                                             "launchPermission",
                                             "productCodes",
                                             "bootMode",
                                             "sriovNetSupport",
                                             "tpmSupport",
                                             "uefiData",
                                             "imdsSupport",
                                             "lastLaunchedTime",
                                             "deregistrationProtection",
                                             NULL };
        const char *id = ec2_read_image_id(ec2), *attribute = form_find(&ec2->form, "Attribute");
        const char *found = NULL;
        struct image_record image;
        enum ingot_code r;

        for (size_t i = 0; attribute && known[i]; i++) {
                if (strcmp(known[i], attribute) == 0)
                        found = known[i];
        }
        if (!attribute)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter attribute");
        else if (strcmp(attribute, "blockDeviceMapping") == 0)
                (void)ec2_refuse(ec2, 401, "AuthFailure",
                                 "Unauthorized attempt to access restricted resource");
        else if (!found)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.60s) for parameter attribute is invalid.", attribute);
        if (!ec2_may_go_on(ec2, true) || !found)
                return INGOT_OK;
        r = ec2_need_image(ec2, id, &image, err);
        if (r || ec2->is_refused)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, "imageId", image.id);
        r = write_attribute(ec2, &image, found, err);
        ec2_end(ec2);
        return r;
}
