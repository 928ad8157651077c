/* SPDX-License-Identifier: Apache-2.0 */
/* Every reader of EC2's and STS's answers on the same bytes. */
#include "wire/ec2_attribute_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        const char *xml = (const char *)bytes;
        struct ec2_image_list images = { .items = NULL };
        struct ec2_snapshot_list snapshots = { .items = NULL };
        struct ec2_tag_list tags = { .items = NULL };
        struct ec2_region_list regions = { .items = NULL };
        struct ec2_caller_identity identity = { .account = NULL };
        char image_id[EC2_ID_CHARS + 1];
        struct ec2_permission_list permissions = { .items = NULL };
        struct ec2_deletion_list deletions = { .items = NULL };
        struct iam_evaluation_list evaluations = { .items = NULL };
        struct fault fault;
        bool said;

        /* Twice: a page is added to what is there. */
        (void)!ec2_reply_images(xml, size_bytes, &images, NULL);
        (void)!ec2_reply_images(xml, size_bytes, &images, NULL);
        (void)!ec2_reply_snapshots(xml, size_bytes, &snapshots, NULL);
        (void)!ec2_reply_tags(xml, size_bytes, &tags, NULL);
        (void)!ec2_reply_regions(xml, size_bytes, &regions, NULL);
        (void)!ec2_reply_caller_identity(xml, size_bytes, &identity, NULL);
        (void)!ec2_reply_image_id(xml, size_bytes, image_id, NULL);
        (void)!ec2_reply_return(xml, size_bytes, "CreateTags", NULL);
        (void)!ec2_reply_text(xml, size_bytes, "CopyImage", "imageId", image_id, sizeof(image_id), NULL);
        (void)!ec2_reply_bool(xml, size_bytes, "CreateTags", "return", &said, NULL);
        (void)!ec2_reply_permissions(xml, size_bytes, "DescribeImageAttribute", "launchPermission",
                                     &permissions, NULL);
        (void)!ec2_reply_deletions(xml, size_bytes, &deletions, NULL);
        (void)!iam_reply_evaluations(xml, size_bytes, &evaluations, NULL);
        ec2_reply_fault(xml, size_bytes, &fault);
        ec2_image_list_release(&images);
        ec2_snapshot_list_release(&snapshots);
        ec2_tag_list_release(&tags);
        ec2_region_list_release(&regions);
        ec2_caller_identity_release(&identity);
        ec2_permission_list_release(&permissions);
        ec2_deletion_list_release(&deletions);
        iam_evaluation_list_release(&evaluations);
        return 0;
}
