/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/catalogue_permissions.h"
#include "region/ec2_image.h"
#include "region/ec2_sharing.h"

enum { MINUTE_SECONDS = 60, COOLDOWN_SECONDS = 86400 };

/* ---- deprecation ---- */

static enum ingot_code deprecate(struct ec2_call *ec2, struct image_record *image, void *context,
                                 struct ingot_error *err)
{
        int64_t at = *(const int64_t *)context, now = clock_wall_seconds(ec2->store->clock);
        bool is_public = false;
        enum ingot_code r = catalogue_has_permission(ec2->store->catalogue, image->id, PERMISSION_GROUP,
                                                     "all", &is_public, err);

        if (r)
                return r;
        if (at < now)
                return ec2_refuse_value(ec2, "InvalidParameterValue",
                                        "DeprecateAt must be a time in the future");
        if (at > years_later(now, IMAGE_DEPRECATION_YEARS_MAX))
                return ec2_refuse_value(ec2, "InvalidParameterValue",
                                        "DeprecateAt must be at most %d years from now",
                                        IMAGE_DEPRECATION_YEARS_MAX);
        if (is_public && at > years_later(image->created_seconds, IMAGE_PUBLIC_YEARS_MAX))
                return ec2_refuse_value(
                        ec2, "InvalidParameterValue",
                        "DeprecateAt of a public AMI must be at most %d years after it was made",
                        IMAGE_PUBLIC_YEARS_MAX);
        image->deprecation_seconds = at;
        return INGOT_OK;
}

enum ingot_code serve_enable_image_deprecation(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2), *text = form_find(&ec2->form, "DeprecateAt");
        int64_t at = text ? clock_parse_iso(text) : -1;

        if (!text)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter DeprecateAt");
        else if (at < 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterValue", "DeprecateAt '%.60s' is not a time",
                                       text);
        at = (at + MINUTE_SECONDS / 2) / MINUTE_SECONDS * MINUTE_SECONDS;
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, deprecate, &at, err);
}

/* A public AMI stays deprecated: AWS says yes and does nothing. */
static enum ingot_code undeprecate(struct ec2_call *ec2, struct image_record *image, void *context,
                                   struct ingot_error *err)
{
        bool is_public = false;
        enum ingot_code r = catalogue_has_permission(ec2->store->catalogue, image->id, PERMISSION_GROUP,
                                                     "all", &is_public, err);

        (void)context;
        if (!r && !is_public)
                image->deprecation_seconds = 0;
        return r;
}

enum ingot_code serve_disable_image_deprecation(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2);

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, undeprecate, NULL, err);
}

/* ---- protection from deregistering ---- */

static enum ingot_code protect(struct ec2_call *ec2, struct image_record *image, void *context,
                               struct ingot_error *err)
{
        (void)ec2;
        (void)err;
        (void)snprintf(image->protection, sizeof(image->protection), "%s",
                       *(const bool *)context ? IMAGE_PROTECTED_AND_COOLING : IMAGE_PROTECTED);
        image->protected_until_seconds = 0;
        return INGOT_OK;
}

enum ingot_code serve_enable_image_deregistration_protection(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2);
        bool with_cooldown = false;

        (void)ec2_read_bool(ec2, "WithCooldown", &with_cooldown);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, protect, &with_cooldown, err);
}

static enum ingot_code unprotect(struct ec2_call *ec2, struct image_record *image, void *context,
                                 struct ingot_error *err)
{
        (void)context;
        (void)err;
        if (strcmp(image->protection, IMAGE_PROTECTED_AND_COOLING) == 0)
                image->protected_until_seconds = clock_wall_seconds(ec2->store->clock) + COOLDOWN_SECONDS;
        (void)snprintf(image->protection, sizeof(image->protection), IMAGE_UNPROTECTED);
        return INGOT_OK;
}

enum ingot_code serve_disable_image_deregistration_protection(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2);

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, unprotect, NULL, err);
}

/* ---- taking an AMI out of use ---- */

static enum ingot_code disable(struct ec2_call *ec2, struct image_record *image, void *context,
                               struct ingot_error *err)
{
        (void)context;
        (void)snprintf(image->state, sizeof(image->state), IMAGE_DISABLED);
        return catalogue_forget_permissions(ec2->store->catalogue, image->id, err);
}

enum ingot_code serve_disable_image(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2);

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, disable, NULL, err);
}

static enum ingot_code enable(struct ec2_call *ec2, struct image_record *image, void *context,
                              struct ingot_error *err)
{
        (void)ec2;
        (void)context;
        (void)err;
        (void)snprintf(image->state, sizeof(image->state), IMAGE_AVAILABLE);
        return INGOT_OK;
}

enum ingot_code serve_enable_image(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = ec2_read_image_id(ec2);

        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        return ec2_change_image(ec2, id, true, enable, NULL, err);
}
