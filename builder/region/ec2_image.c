/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/ec2_image.h"

enum { IMAGE_NAME_CHARS_MIN = 3 };

static const char *read_id(struct ec2_call *ec2, const char *name, const char *prefix,
                           const char *malformed_code)
{
        const char *id = form_find(&ec2->form, "%s", name);

        if (!id)
                (void)ec2_refuse_value(ec2, "MissingParameter", "The request must contain the parameter %s",
                                       name);
        else if (!ec2_is_id(id, prefix))
                (void)ec2_refuse_value(ec2, malformed_code, "Invalid id: \"%.80s\" (expecting \"%s...\")", id,
                                       prefix);
        return id ? id : "";
}

const char *ec2_read_image_id(struct ec2_call *ec2)
{
        return read_id(ec2, "ImageId", "ami-", "InvalidAMIID.Malformed");
}

const char *ec2_read_snapshot_id(struct ec2_call *ec2)
{
        return read_id(ec2, "SnapshotId", "snap-", "InvalidSnapshotID.Malformed");
}

void ec2_read_image_name(struct ec2_call *ec2, char out[IMAGE_NAME_CHARS + 1])
{
        static const char alphabet[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()[] ./-'@_";
        const char *name = form_find(&ec2->form, "Name");
        size_t chars = name ? strlen(name) : 0;

        if (!name)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter name");
        else if (chars < IMAGE_NAME_CHARS_MIN || chars > IMAGE_NAME_CHARS || strspn(name, alphabet) != chars)
                (void)ec2_refuse_value(ec2, "InvalidAMIName.Malformed",
                                       "AMI names must be between %d and %d characters long, and may contain "
                                       "letters, numbers, and only the following characters: ()[] ./-'@_",
                                       IMAGE_NAME_CHARS_MIN, IMAGE_NAME_CHARS);
        else
                (void)snprintf(out, IMAGE_NAME_CHARS + 1, "%s", name);
}

static enum ingot_code find(struct ec2_call *ec2, const char *id, struct image_record *ret_image,
                            struct ingot_error *err)
{
        enum ingot_code r = catalogue_find_image(ec2->store->catalogue, ec2->region, id, ret_image, err);

        return r == INGOT_E_NOT_FOUND ? ec2_refuse_value(ec2, "InvalidAMIID.NotFound",
                                                         "The image id '[%s]' does not exist", id)
                                      : r;
}

enum ingot_code ec2_need_image(struct ec2_call *ec2, const char *id, struct image_record *ret_image,
                               struct ingot_error *err)
{
        enum ingot_code r = images_settle(ec2->store, ec2->region, err);

        return r ? r : find(ec2, id, ret_image, err);
}

enum ingot_code ec2_end_change(struct ec2_call *ec2, enum ingot_code so_far, struct ingot_error *err)
{
        if (so_far || !ec2->is_refused)
                return catalogue_end(ec2->store->catalogue, so_far, err);
        (void)!catalogue_end(ec2->store->catalogue, INGOT_E_CANCELLED, NULL); /* the refusal is the reply */
        return INGOT_OK;
}

static enum ingot_code change_found(struct ec2_call *ec2, const char *id, bool is_usable,
                                    ec2_image_change change, void *context, struct ingot_error *err)
{
        struct image_record image;
        enum ingot_code r = find(ec2, id, &image, err);

        if (r || ec2->is_refused)
                return r;
        if (is_usable && (strcmp(image.state, IMAGE_PENDING) == 0 || strcmp(image.state, IMAGE_FAILED) == 0))
                return ec2_refuse_value(ec2, "InvalidAMIID.Unavailable", "The image '%s' is in state %s", id,
                                        image.state);
        r = change(ec2, &image, context, err);
        if (!r && !ec2->is_refused)
                r = catalogue_update_image(ec2->store->catalogue, &image, err);
        return r;
}

enum ingot_code ec2_change_image(struct ec2_call *ec2, const char *id, bool is_usable,
                                 ec2_image_change change, void *context, struct ingot_error *err)
{
        enum ingot_code r = images_settle(ec2->store, ec2->region, err);

        if (!r)
                r = catalogue_begin(ec2->store->catalogue, err);
        if (r)
                return r;
        r = change_found(ec2, id, is_usable, change, context, err);
        r = ec2_end_change(ec2, r, err);
        if (!r && !ec2->is_refused)
                ec2_reply_true(ec2);
        return r;
}

void ec2_reply_true(struct ec2_call *ec2)
{
        ec2_begin(ec2);
        element_bool(ec2->out, "return", true);
        ec2_end(ec2);
}
