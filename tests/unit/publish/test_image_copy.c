/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/query_scene.h"

#include "publish/image_copy.h"

static void copy_says_what_it_was_told(void **state)
{
        static const struct wire_tag image_tags[] = { { "Name", "web" } },
                                     snapshot_tags[] = { { "of", "web" } };
        const struct image_copy_request request = { .name = "web",
                                                    .source_image_id = "ami-1",
                                                    .source_region = "us-east-1",
                                                    .client_token = "t",
                                                    .encrypted = TRI_YES,
                                                    .kms_key_id = "alias/k",
                                                    .with_tags = true,
                                                    .image_tags = image_tags,
                                                    .image_tag_count = 1,
                                                    .snapshot_tags = snapshot_tags,
                                                    .snapshot_tag_count = 1,
                                                    .completion_minutes = 30 };
        struct query_scene *scene = *state;
        char id[EC2_ID_CHARS + 1];

        scene->reply = "<CopyImageResponse><imageId>ami-2</imageId></CopyImageResponse>";
        assert_int_equal(image_copy(&scene->ec2, &request, id, NULL, &scene->err), INGOT_OK);
        assert_string_equal(id, "ami-2");
        assert_string_equal(
                scene->form,
                "Action=CopyImage&Version=2016-11-15&Name=web&SourceImageId=ami-1&SourceRegion=us-east-1"
                "&ClientToken=t&Encrypted=true&KmsKeyId=alias%2Fk&CopyImageTags=true"
                "&SnapshotCopyCompletionDurationMinutes=30&TagSpecification.1.ResourceType=image"
                "&TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=web"
                "&TagSpecification.2.ResourceType=snapshot&TagSpecification.2.Tag.1.Key=of"
                "&TagSpecification.2.Tag.1.Value=web");
        scene->reply = "<CopyImageResponse/>";
        assert_int_equal(image_copy(&scene->ec2, &request, id, NULL, &scene->err), INGOT_E_REMOTE);
        query_scene_refuse(scene, 400, "IdempotentParameterMismatch");
        assert_int_equal(image_copy(&scene->ec2, &request, id, NULL, &scene->err), INGOT_E_CONFLICT);
}

static void copy_of_a_snapshot_carries_a_signed_request(void **state)
{
        const struct sigv4_credentials credentials = { "AKIDEXAMPLE", "SECRET", NULL };
        struct endpoint source = { .is_tls = true,
                                   .host = "ec2.eu-west-1.amazonaws.com",
                                   .port = 443,
                                   .region = "eu-west-1",
                                   .service = "ec2" };
        const struct snapshot_copy_request request = { .source_snapshot_id = "snap-1",
                                                       .source = &source,
                                                       .credentials = &credentials };
        struct query_scene *scene = *state;
        char id[EC2_ID_CHARS + 1];

        scene->reply = "<CopySnapshotResponse><snapshotId>snap-2</snapshotId></CopySnapshotResponse>";
        assert_int_equal(snapshot_copy(&scene->ec2, &request, id, &scene->err), INGOT_OK);
        assert_string_equal(id, "snap-2");
        assert_non_null(strstr(scene->form,
                               "&SourceRegion=eu-west-1&SourceSnapshotId=snap-1&DestinationRegion=us-east-1"
                               "&PresignedUrl=https%3A%2F%2Fec2.eu-west-1.amazonaws.com%2F%3FAction%3D"
                               "CopySnapshot"));
        assert_non_null(strstr(scene->form, "X-Amz-Signature%3D"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                QUERY_SCENE_TEST(copy_says_what_it_was_told),
                QUERY_SCENE_TEST(copy_of_a_snapshot_carries_a_signed_request),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
