/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_image.h"
#include "region/snapshot_copy.h"

struct copying {
        struct copy_terms terms;
        struct image_record image, source;
        struct mapping_record mappings[MAPPINGS_MAX];
        uint32_t mapping_count;
        struct tag image_tags[TAGS_MAX], snapshot_tags[TAGS_MAX], source_tags[TAGS_MAX];
        uint32_t image_tag_count, snapshot_tag_count, source_tag_count;
        const char *source_id; /* borrowed from the form */
        bool with_tags;
};

/* TagSpecification.1 and .2: one for the AMI, one for its snapshots. */
static void read_tag_specifications(struct ec2_call *ec2, struct copying *copying)
{
        bool has_image = false, has_snapshot = false;
        char prefix[64];

        for (unsigned i = 1; form_has(&ec2->form, "TagSpecification.%u", i) && !ec2->is_refused; i++) {
                const char *type = form_find(&ec2->form, "TagSpecification.%u.ResourceType", i);
                bool is_image = type && strcmp(type, "image") == 0,
                     is_snapshot = type && strcmp(type, "snapshot") == 0;

                (void)snprintf(prefix, sizeof(prefix), "TagSpecification.%u.", i);
                if ((!is_image && !is_snapshot) || (is_image && has_image) || (is_snapshot && has_snapshot))
                        (void)ec2_refuse_value(
                                ec2, "InvalidParameterValue",
                                "'%.60s' is not a resource type this operation tags, or is given twice.",
                                type ? type : "");
                else if (is_image)
                        ec2_read_tags(ec2, prefix, copying->image_tags, NULL, &copying->image_tag_count);
                else
                        ec2_read_tags(ec2, prefix, copying->snapshot_tags, NULL,
                                      &copying->snapshot_tag_count);
                has_image |= is_image;
                has_snapshot |= is_snapshot;
        }
}

static void read_client_token(struct ec2_call *ec2, struct image_record *image)
{
        (void)ec2_read_text(ec2, "ClientToken", IMAGE_TOKEN_CHARS, image->client_token,
                            sizeof(image->client_token));
        for (const char *at = image->client_token; *at; at++) {
                if (isspace((unsigned char)*at) || (unsigned char)*at > 0x7E)
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                               "ClientToken must be ASCII without white space");
        }
}

static void read_copying(struct ec2_call *ec2, struct copying *copying)
{
        ec2_read_image_name(ec2, copying->image.name);
        copy_terms_read(ec2, "SnapshotCopyCompletionDurationMinutes", &copying->terms);
        copying->source_id = form_find(&ec2->form, "SourceImageId");
        if (!copying->source_id)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter SourceImageId");
        else if (!ec2_is_id(copying->source_id, "ami-"))
                (void)ec2_refuse_value(ec2, "InvalidAMIID.Malformed",
                                       "Invalid id: \"%.80s\" (expecting \"ami-...\")", copying->source_id);
        (void)ec2_read_bool(ec2, "CopyImageTags", &copying->with_tags);
        read_client_token(ec2, &copying->image);
        read_tag_specifications(ec2, copying);
}

/* What a client token stands for: every parameter but itself, and but a signature in the query. */
static enum ingot_code fingerprint(struct ec2_call *ec2, char out[DIGEST_HEX_CHARS + 1],
                                   struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(4 << 20);
        struct digest digest;
        enum ingot_code r;

        for (size_t i = 0; i < ec2->form.query.count; i++) {
                const struct uri_pair *pair = &ec2->form.query.pairs[i];

                if (strcmp(pair->name, "ClientToken") != 0 && strncmp(pair->name, "X-Amz-", 6) != 0)
                        uri_append_pair(&text, pair->name, pair->value);
        }
        r = buffer_check(&text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

/* *ret_id is the AMI that the token made before; "" when there is none. */
static enum ingot_code find_earlier(struct ec2_call *ec2, struct copying *copying,
                                    char ret_id[RESOURCE_ID_CHARS + 1], struct ingot_error *err)
{
        struct image_record *image = &copying->image, earlier;
        enum ingot_code r;

        ret_id[0] = '\0';
        if (!*image->client_token)
                return INGOT_OK;
        r = fingerprint(ec2, image->request_digest, err);
        if (!r)
                r = catalogue_find_image_by_token(ec2->store->catalogue, ec2->region, image->client_token,
                                                  &earlier, err);
        if (r)
                return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (strcmp(earlier.request_digest, image->request_digest) != 0)
                return ec2_refuse_value(ec2, "IdempotentParameterMismatch",
                                        "The client token was used for '%s' with other parameters",
                                        earlier.id);
        memcpy(ret_id, earlier.id, sizeof(earlier.id));
        return INGOT_OK;
}

/* Finds the AMI and its snapshots, in the region they are in. */
static enum ingot_code find_source(struct ec2_call *ec2, struct copying *copying, struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        const char *region = copying->terms.source_region;
        uint32_t snapshot_count = 0;
        enum ingot_code r = images_settle(ec2->store, region, err);

        if (!r)
                r = catalogue_find_image(catalogue, region, copying->source_id, &copying->source, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidAMIID.NotFound", "The image id '[%s]' does not exist",
                                        copying->source_id);
        if (r)
                return r;
        if (strcmp(copying->source.state, IMAGE_AVAILABLE) != 0)
                return ec2_refuse_value(ec2, "InvalidAMIID.Unavailable", "The image '%s' is in state %s",
                                        copying->source_id, copying->source.state);
        r = catalogue_read_mappings(catalogue, copying->source_id, copying->mappings, &copying->mapping_count,
                                    err);
        if (!r && copying->with_tags)
                r = catalogue_read_tags(catalogue, copying->source_id, copying->source_tags,
                                        &copying->source_tag_count, err);
        for (uint32_t i = 0; i < copying->mapping_count; i++)
                snapshot_count += *copying->mappings[i].snapshot_id != '\0';
        return r ? r : copies_need_room(ec2, snapshot_count, err);
}

/* Copies a mapping's snapshot and puts the copy in its place. */
static enum ingot_code copy_snapshot(struct ec2_call *ec2, struct copying *copying,
                                     struct mapping_record *mapping, struct ingot_error *err)
{
        struct snapshot_record source, copy = { .is_encrypted = false };
        enum ingot_code r =
                snapshots_look(ec2->store, copying->terms.source_region, mapping->snapshot_id, &source, err);

        if (!r)
                r = snapshot_copy_start(ec2, &source, &copying->terms, copying->snapshot_tags,
                                        copying->snapshot_tag_count, mapping->snapshot_id, err);
        if (!r)
                r = snapshots_find(ec2->store, ec2->region, mapping->snapshot_id, &copy, err);
        if (!r)
                mapping->is_encrypted = copy.is_encrypted;
        return r;
}

/* The copy's record: the source's, but for what is not copied. */
static enum ingot_code fill_record(struct ec2_call *ec2, struct copying *copying, struct ingot_error *err)
{
        struct image_record *image = &copying->image, asked = *image;

        *image = copying->source;
        (void)snprintf(image->name, sizeof(image->name), "%s", asked.name);
        (void)snprintf(image->client_token, sizeof(image->client_token), "%s", asked.client_token);
        (void)snprintf(image->request_digest, sizeof(image->request_digest), "%s", asked.request_digest);
        (void)snprintf(image->region, sizeof(image->region), "%s", ec2->region);
        (void)snprintf(image->description, sizeof(image->description), "%s", copying->terms.description);
        (void)snprintf(image->source_image_id, sizeof(image->source_image_id), "%s", copying->source_id);
        (void)snprintf(image->source_region, sizeof(image->source_region), "%s",
                       copying->terms.source_region_name);
        (void)snprintf(image->state, sizeof(image->state), IMAGE_PENDING);
        (void)snprintf(image->protection, sizeof(image->protection), IMAGE_UNPROTECTED);
        image->state_reason[0] = '\0';
        image->deprecation_seconds = image->protected_until_seconds = 0;
        image->created_seconds = clock_wall_seconds(ec2->store->clock);
        return random_resource_id("ami-", image->id, err);
}

static enum ingot_code copy_uefi_data(struct ec2_call *ec2, const struct copying *copying,
                                      struct ingot_error *err)
{
        OWNED(heap_drop) char *data = malloc(UEFI_DATA_CHARS + 1);
        enum ingot_code r;

        if (!data)
                return ingot_fail_memory(err, UEFI_DATA_CHARS + 1);
        r = catalogue_read_uefi_data(ec2->store->catalogue, copying->source_id, data, err);
        if (!r && *data)
                r = catalogue_add_uefi_data(ec2->store->catalogue, copying->image.id, data, err);
        return r;
}

/* In a transaction; the request's own tags win over the source's. */
static enum ingot_code add_records(struct ec2_call *ec2, const struct copying *copying,
                                   struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        const char *id = copying->image.id;
        enum ingot_code r = catalogue_add_image(catalogue, &copying->image, copying->mappings,
                                                copying->mapping_count, err);

        for (uint32_t i = 0; !r && i < copying->source_tag_count; i++)
                r = catalogue_set_tag(catalogue, ec2->region, id, &copying->source_tags[i], err);
        for (uint32_t i = 0; !r && i < copying->image_tag_count; i++)
                r = catalogue_set_tag(catalogue, ec2->region, id, &copying->image_tags[i], err);
        return r ? r : copy_uefi_data(ec2, copying, err);
}

static enum ingot_code copy_all(struct ec2_call *ec2, struct copying *copying, struct ingot_error *err)
{
        enum ingot_code r = fill_record(ec2, copying, err);

        for (uint32_t i = 0; !r && i < copying->mapping_count; i++) {
                if (*copying->mappings[i].snapshot_id)
                        r = copy_snapshot(ec2, copying, &copying->mappings[i], err);
        }
        if (!r)
                r = catalogue_begin(ec2->store->catalogue, err);
        return r ? r : catalogue_end(ec2->store->catalogue, add_records(ec2, copying, err), err);
}

enum ingot_code serve_copy_image(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct copying *copying = calloc(1, sizeof(*copying));
        char id[RESOURCE_ID_CHARS + 1];
        enum ingot_code r;

        if (!copying)
                return ingot_fail_memory(err, sizeof(*copying));
        read_copying(ec2, copying);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = find_earlier(ec2, copying, id, err);
        if (!r && !ec2->is_refused && !*id) {
                r = find_source(ec2, copying, err);
                if (!r && !ec2->is_refused)
                        r = copy_all(ec2, copying, err);
                memcpy(id, copying->image.id, sizeof(id));
        }
        if (r || ec2->is_refused)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, "imageId", id);
        ec2_end(ec2);
        return INGOT_OK;
}
