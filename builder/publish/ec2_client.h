/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_EC2_CLIENT_H
#define PUBLISH_EC2_CLIENT_H

/* builder/publish/ec2_client.h
 * ec2_client: the EC2 and STS calls that publishing needs, each a struct in and a struct out.
 *
 * Rules    (1) A describe reads every page before it returns.
 *          (2) A text that is NULL, a number that is 0 and a tri_state that is TRI_UNSET are not sent.
 *          (3) Whatever the region leaves out of an answer is NULL, 0 or TRI_UNSET (wire/ec2_reply.h).
 *          (4) Through a client that is_dry_run every EC2 call is sent with DryRun: INGOT_OK means that the region
 *              would have done it, nothing is changed, and ret_ values are left as they are.
 *          (5) More calls, by noun: image_attribute.h, snapshot_attribute.h, image_copy.h, account_state.h.
 * Source   EC2 service model 2016-11-15; STS service model 2011-06-15.
 * Tests    tests/unit/publish/test_ec2_client.c
 */
#include "model/mapping.h"
#include "publish/region_link.h"
#include "wire/ec2_reply.h"
#include "wire/ec2_request.h"

/* A plain value; link is borrowed. */
struct ec2_client {
        struct region_link *link;
        struct endpoint endpoint; /* service "ec2" */
        struct endpoint sts;      /* service "sts" */
        bool is_dry_run;          /* rule 4 */
};

/* For DescribeImages and DescribeSnapshots; all of it may be empty. */
struct ec2_describe_request {
        const char *const *ids;
        size_t id_count;
        const char *const *owners; /* "self" */
        size_t owner_count;
        const struct ec2_filter *filters;
        size_t filter_count;
};

struct ec2_register_request {
        const char *name, *description, *architecture, *root_device_name, *virtualization_type;
        const char *boot_mode, *tpm_support, *uefi_data, *imds_support, *sriov_net_support;
        const char *kernel_id, *ramdisk_id, *image_location;
        enum tri_state ena_support;
        bool is_dry_run;
        const char *const *billing_products;
        size_t billing_product_count;
        const struct mapping_entry *block_devices;
        size_t block_device_count;
        const struct wire_tag *tags; /* of the image */
        size_t tag_count;
};

/*
 * All of these fail with what region_link_call() fails with; INGOT_E_REMOTE also: the answer is not the
 * model's; INGOT_E_NOT_FOUND: an id is not known.  A list is owned by the caller on INGOT_OK (…_list_release()).
 */
enum ingot_code ec2_describe_images(const struct ec2_client *client,
                                    const struct ec2_describe_request *request,
                                    struct ec2_image_list *ret_images,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_describe_snapshots(const struct ec2_client *client,
                                       const struct ec2_describe_request *request,
                                       struct ec2_snapshot_list *ret_snapshots,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_describe_tags(const struct ec2_client *client, const struct ec2_filter *filters,
                                  size_t filter_count, struct ec2_tag_list *ret_tags,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_describe_regions(const struct ec2_client *client, struct ec2_region_list *ret_regions,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* INGOT_E_CONFLICT: the name is taken.  ret_fault (may be NULL) is the refusal, on any result. */
enum ingot_code ec2_register_image(const struct ec2_client *client,
                                   const struct ec2_register_request *request,
                                   char ret_image_id[EC2_ID_CHARS + 1], struct fault *ret_fault,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_deregister_image(const struct ec2_client *client, const char *image_id,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* INGOT_E_CONFLICT: an AMI uses the snapshot. */
enum ingot_code ec2_delete_snapshot(const struct ec2_client *client, const char *snapshot_id,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ec2_create_tags(const struct ec2_client *client, const char *const *resource_ids,
                                size_t resource_id_count, const struct wire_tag *tags, size_t tag_count,
                                struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code sts_get_caller_identity(const struct ec2_client *client,
                                        struct ec2_caller_identity *ret_identity,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

#endif
