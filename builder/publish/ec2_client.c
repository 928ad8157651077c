/* SPDX-License-Identifier: Apache-2.0 */
#include "base/own.h"
#include "publish/query_post.h"

enum { PAGES_MAX = 10000 };

/* Asks for page after page; add() reads one and says which token the next one has. */
struct pages {
        const char *operation;
        void *list;
        enum ingot_code (*add)(void *list, const struct buffer *reply, const char **ret_token,
                               struct ingot_error *err);
};

static enum ingot_code read_pages(const struct ec2_client *client, const struct pages *pages,
                                  struct buffer *form, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        size_t form_bytes = form->size_bytes;

        for (unsigned page = 0; page < PAGES_MAX; page++) {
                const char *token = NULL;
                enum ingot_code r = query_post(client, pages->operation, form, &reply, NULL, err);

                if (!r)
                        r = region_link_judge(pages->add(pages->list, &reply, &token, err), pages->operation,
                                              err);
                if (r || !token)
                        return r;
                form->size_bytes = form_bytes;
                form->bytes[form_bytes] = '\0';
                ec2_request_text(form, "NextToken", token);
        }
        return ingot_fail(err, INGOT_E_REMOTE, "%s answers page after page: %d were read", pages->operation,
                          PAGES_MAX);
}

static enum ingot_code add_images(void *list, const struct buffer *reply, const char **ret_token,
                                  struct ingot_error *err)
{
        struct ec2_image_list *images = list;
        enum ingot_code r = ec2_reply_images(reply->bytes, reply->size_bytes, images, err);

        *ret_token = images->next_token;
        return r;
}

static enum ingot_code add_snapshots(void *list, const struct buffer *reply, const char **ret_token,
                                     struct ingot_error *err)
{
        struct ec2_snapshot_list *snapshots = list;
        enum ingot_code r = ec2_reply_snapshots(reply->bytes, reply->size_bytes, snapshots, err);

        *ret_token = snapshots->next_token;
        return r;
}

static enum ingot_code add_tags(void *list, const struct buffer *reply, const char **ret_token,
                                struct ingot_error *err)
{
        struct ec2_tag_list *tags = list;
        enum ingot_code r = ec2_reply_tags(reply->bytes, reply->size_bytes, tags, err);

        *ret_token = tags->next_token;
        return r;
}

enum ingot_code ec2_describe_images(const struct ec2_client *client,
                                    const struct ec2_describe_request *request,
                                    struct ec2_image_list *ret_images, struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { .items = NULL };
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);
        const struct pages pages = { "DescribeImages", &images, add_images };
        enum ingot_code r;

        ec2_request_begin(&form, pages.operation, EC2_VERSION);
        ec2_request_list(&form, "ImageId", request->ids, request->id_count);
        ec2_request_list(&form, "Owner", request->owners, request->owner_count);
        ec2_request_filters(&form, request->filters, request->filter_count);
        r = read_pages(client, &pages, &form, err);
        if (r)
                return r;
        *ret_images = images;
        images = (struct ec2_image_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_describe_snapshots(const struct ec2_client *client,
                                       const struct ec2_describe_request *request,
                                       struct ec2_snapshot_list *ret_snapshots, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list snapshots = { .items = NULL };
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);
        const struct pages pages = { "DescribeSnapshots", &snapshots, add_snapshots };
        enum ingot_code r;

        ec2_request_begin(&form, pages.operation, EC2_VERSION);
        ec2_request_list(&form, "SnapshotId", request->ids, request->id_count);
        ec2_request_list(&form, "Owner", request->owners, request->owner_count);
        ec2_request_filters(&form, request->filters, request->filter_count);
        r = read_pages(client, &pages, &form, err);
        if (r)
                return r;
        *ret_snapshots = snapshots;
        snapshots = (struct ec2_snapshot_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_describe_tags(const struct ec2_client *client, const struct ec2_filter *filters,
                                  size_t filter_count, struct ec2_tag_list *ret_tags, struct ingot_error *err)
{
        OWNED(ec2_tag_list_release) struct ec2_tag_list tags = { .items = NULL };
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);
        const struct pages pages = { "DescribeTags", &tags, add_tags };
        enum ingot_code r;

        ec2_request_begin(&form, pages.operation, EC2_VERSION);
        ec2_request_filters(&form, filters, filter_count);
        r = read_pages(client, &pages, &form, err);
        if (r)
                return r;
        *ret_tags = tags;
        tags = (struct ec2_tag_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_describe_regions(const struct ec2_client *client, struct ec2_region_list *ret_regions,
                                     struct ingot_error *err)
{
        static const char operation[] = "DescribeRegions";
        OWNED(ec2_region_list_release) struct ec2_region_list regions = { .items = NULL };
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        r = query_post(client, operation, &form, &reply, NULL, err);
        if (!r)
                r = region_link_judge(ec2_reply_regions(reply.bytes, reply.size_bytes, &regions, err),
                                      operation, err);
        if (r)
                return r;
        *ret_regions = regions;
        regions = (struct ec2_region_list){ .items = NULL };
        return INGOT_OK;
}

enum ingot_code ec2_register_image(const struct ec2_client *client,
                                   const struct ec2_register_request *request,
                                   char ret_image_id[EC2_ID_CHARS + 1], struct fault *ret_fault,
                                   struct ingot_error *err)
{
        static const char operation[] = "RegisterImage";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, EC2_VERSION);
        ec2_request_text(&form, "Name", request->name);
        ec2_request_text(&form, "Description", request->description);
        ec2_request_text(&form, "Architecture", request->architecture);
        ec2_request_text(&form, "RootDeviceName", request->root_device_name);
        ec2_request_text(&form, "VirtualizationType", request->virtualization_type);
        ec2_request_tri(&form, "EnaSupport", request->ena_support);
        ec2_request_text(&form, "SriovNetSupport", request->sriov_net_support);
        ec2_request_text(&form, "BootMode", request->boot_mode);
        ec2_request_text(&form, "TpmSupport", request->tpm_support);
        ec2_request_text(&form, "UefiData", request->uefi_data);
        ec2_request_text(&form, "ImdsSupport", request->imds_support);
        ec2_request_list(&form, "BillingProduct", request->billing_products, request->billing_product_count);
        ec2_request_text(&form, "KernelId", request->kernel_id);
        ec2_request_text(&form, "RamdiskId", request->ramdisk_id);
        ec2_request_text(&form, "ImageLocation", request->image_location);
        ec2_request_block_devices(&form, request->block_devices, request->block_device_count);
        if (request->tag_count)
                ec2_request_text(&form, "TagSpecification.1.ResourceType", "image");
        ec2_request_tags(&form, "TagSpecification.1.", request->tags, request->tag_count);
        if (request->is_dry_run)
                ec2_request_tri(&form, "DryRun", TRI_YES);
        r = query_post(client, operation, &form, &reply, ret_fault, err);
        if (!r && client->is_dry_run)
                return INGOT_OK;
        if (!r)
                r = region_link_judge(ec2_reply_image_id(reply.bytes, reply.size_bytes, ret_image_id, err),
                                      operation, err);
        return r;
}

enum ingot_code ec2_deregister_image(const struct ec2_client *client, const char *image_id,
                                     struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, "DeregisterImage", EC2_VERSION);
        ec2_request_text(&form, "ImageId", image_id);
        return query_post_for_return(client, "DeregisterImage", &form, err);
}

enum ingot_code ec2_delete_snapshot(const struct ec2_client *client, const char *snapshot_id,
                                    struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, "DeleteSnapshot", EC2_VERSION);
        ec2_request_text(&form, "SnapshotId", snapshot_id);
        return query_post_for_return(client, "DeleteSnapshot", &form, err);
}

enum ingot_code ec2_create_tags(const struct ec2_client *client, const char *const *resource_ids,
                                size_t resource_id_count, const struct wire_tag *tags, size_t tag_count,
                                struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX);

        ec2_request_begin(&form, "CreateTags", EC2_VERSION);
        ec2_request_list(&form, "ResourceId", resource_ids, resource_id_count);
        ec2_request_tags(&form, "", tags, tag_count);
        return query_post_for_return(client, "CreateTags", &form, err);
}

enum ingot_code sts_get_caller_identity(const struct ec2_client *client,
                                        struct ec2_caller_identity *ret_identity, struct ingot_error *err)
{
        static const char operation[] = "GetCallerIdentity";
        OWNED(buffer_release)
        struct buffer form = BUFFER_INIT(QUERY_BODY_BYTES_MAX), reply = BUFFER_INIT(EC2_REPLY_BYTES_MAX);
        enum ingot_code r;

        ec2_request_begin(&form, operation, STS_VERSION);
        r = query_post_to(client->link, &client->sts, operation, &form, &reply, NULL, err);
        if (!r)
                r = region_link_judge(
                        ec2_reply_caller_identity(reply.bytes, reply.size_bytes, ret_identity, err),
                        operation, err);
        return r;
}
