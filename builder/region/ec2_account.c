/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/ec2_image.h"
#include "region/encryption.h"
#include "region/keys.h"

/* ---- encryption by default ---- */

static enum ingot_code reply_encryption(struct ec2_call *ec2, struct ingot_error *err)
{
        bool is_default = false;
        enum ingot_code r = encryption_is_default(ec2->store, ec2->region, &is_default, err);

        if (r)
                return r;
        ec2_begin(ec2);
        element_bool(ec2->out, "ebsEncryptionByDefault", is_default);
        ec2_end(ec2);
        return INGOT_OK;
}

static enum ingot_code set_encryption(struct ec2_call *ec2, bool is_default, struct ingot_error *err)
{
        enum ingot_code r;

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = encryption_set_default(ec2->store, ec2->region, is_default, err);
        return r ? r : reply_encryption(ec2, err);
}

enum ingot_code serve_get_ebs_encryption_by_default(struct ec2_call *ec2, struct ingot_error *err)
{
        return ec2_may_go_on(ec2, true) ? reply_encryption(ec2, err) : INGOT_OK;
}

enum ingot_code serve_enable_ebs_encryption_by_default(struct ec2_call *ec2, struct ingot_error *err)
{
        return set_encryption(ec2, true, err);
}

enum ingot_code serve_disable_ebs_encryption_by_default(struct ec2_call *ec2, struct ingot_error *err)
{
        return set_encryption(ec2, false, err);
}

/* ---- the default key ---- */

static enum ingot_code reply_default_key(struct ec2_call *ec2, struct ingot_error *err)
{
        char arn[SETTING_CHARS + 1];
        enum ingot_code r = key_read_default(ec2->call, arn, err);

        if (r)
                return r;
        ec2_begin(ec2);
        /* While nobody has chosen one, AWS says the alias. */
        element_text(ec2->out, "kmsKeyId", key_is_aws_managed(arn) ? KEY_AWS_ALIAS : arn);
        ec2_end(ec2);
        return INGOT_OK;
}

enum ingot_code serve_get_ebs_default_kms_key_id(struct ec2_call *ec2, struct ingot_error *err)
{
        return ec2_may_go_on(ec2, true) ? reply_default_key(ec2, err) : INGOT_OK;
}

/* The key is looked at when it is used, not now: one that is not there is taken as it is said. */
enum ingot_code serve_modify_ebs_default_kms_key_id(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *text = form_find(&ec2->form, "KmsKeyId");
        struct key key;
        enum ingot_code r;

        if (!text)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter KmsKeyId");
        else if (!*text || strlen(text) > SETTING_CHARS)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "KmsKeyId is not a key");
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = key_find(ec2->call, text, &key, err);
        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        r = catalogue_write_setting(ec2->store->catalogue, ec2->region, SETTING_DEFAULT_KEY,
                                    r ? text : key.arn, err);
        return r ? r : reply_default_key(ec2, err);
}

enum ingot_code serve_reset_ebs_default_kms_key_id(struct ec2_call *ec2, struct ingot_error *err)
{
        enum ingot_code r;

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = catalogue_write_setting(ec2->store->catalogue, ec2->region, SETTING_DEFAULT_KEY, NULL, err);
        return r ? r : reply_default_key(ec2, err);
}

/* ---- block public access ---- */

struct access_kind {
        const char *setting, *otherwise; /* what it is before anybody sets it */
        const char *parameter, *member;
        const char *states[3]; /* that Enable takes; NULL ends */
};

static const struct access_kind of_images = { SETTING_IMAGE_PUBLIC_ACCESS,
                                              "block-new-sharing",
                                              "ImageBlockPublicAccessState",
                                              "imageBlockPublicAccessState",
                                              { "block-new-sharing", NULL } };
static const struct access_kind of_snapshots = { SETTING_SNAPSHOT_PUBLIC_ACCESS,
                                                 "unblocked",
                                                 "State",
                                                 "state",
                                                 { "block-all-sharing", "block-new-sharing", NULL } };

static enum ingot_code get_access(struct ec2_call *ec2, const struct access_kind *kind,
                                  struct ingot_error *err)
{
        char value[SETTING_CHARS + 1];
        enum ingot_code r;

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = catalogue_read_setting(ec2->store->catalogue, ec2->region, kind->setting, kind->otherwise, value,
                                   err);
        if (r)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, kind->member, value);
        element_text(ec2->out, "managedBy", "account");
        ec2_end(ec2);
        return INGOT_OK;
}

static enum ingot_code set_access(struct ec2_call *ec2, const struct access_kind *kind, const char *value,
                                  struct ingot_error *err)
{
        enum ingot_code r;

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = catalogue_write_setting(ec2->store->catalogue, ec2->region, kind->setting, value, err);
        if (r)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, kind->member, value);
        ec2_end(ec2);
        return INGOT_OK;
}

static enum ingot_code enable_access_block(struct ec2_call *ec2, const struct access_kind *kind,
                                           struct ingot_error *err)
{
        const char *text = form_find(&ec2->form, "%s", kind->parameter), *found = NULL;

        for (size_t i = 0; text && kind->states[i]; i++) {
                if (strcmp(kind->states[i], text) == 0)
                        found = kind->states[i];
        }
        if (!text)
                (void)ec2_refuse_value(ec2, "MissingParameter", "The request must contain the parameter %s",
                                       kind->parameter);
        else if (!found)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.60s) for parameter %s is invalid.", text, kind->parameter);
        return set_access(ec2, kind, found, err);
}

enum ingot_code serve_get_image_block_public_access_state(struct ec2_call *ec2, struct ingot_error *err)
{
        return get_access(ec2, &of_images, err);
}

enum ingot_code serve_enable_image_block_public_access(struct ec2_call *ec2, struct ingot_error *err)
{
        return enable_access_block(ec2, &of_images, err);
}

enum ingot_code serve_disable_image_block_public_access(struct ec2_call *ec2, struct ingot_error *err)
{
        return set_access(ec2, &of_images, "unblocked", err);
}

enum ingot_code serve_get_snapshot_block_public_access_state(struct ec2_call *ec2, struct ingot_error *err)
{
        return get_access(ec2, &of_snapshots, err);
}

enum ingot_code serve_enable_snapshot_block_public_access(struct ec2_call *ec2, struct ingot_error *err)
{
        return enable_access_block(ec2, &of_snapshots, err);
}

enum ingot_code serve_disable_snapshot_block_public_access(struct ec2_call *ec2, struct ingot_error *err)
{
        return set_access(ec2, &of_snapshots, "unblocked", err);
}
