/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "publish/ec2_client.h"

struct scene {
        const char *replies[4];
        unsigned status;
        char forms[4][1024];
        char content_type[128], token[80];
        struct scripted_server *server;
        struct credentials credentials;
        struct ec2_client ec2;
        struct ingot_error err;
};

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET", token[] = "TOKEN";

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct scene *scene = context;
        unsigned number = request->number < 3 ? request->number : 3;

        (void)snprintf(scene->forms[number], sizeof(scene->forms[0]), "%s", request->body);
        scripted_header(request, "content-type", scene->content_type, sizeof(scene->content_type));
        scripted_header(request, "x-amz-security-token", scene->token, sizeof(scene->token));
        reply->status = scene->status;
        reply->body = scene->replies[number];
}

static void open_scene(struct scene *scene)
{
        struct region_link_options options = { .credentials = &scene->credentials };
        char url[64];

        scene->credentials = (struct credentials){ .access_key_id = key,
                                                   .secret_access_key = secret,
                                                   .session_token = token };
        scene->server = scripted_server_start(answer, scene, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(region_link_new(&options, &scene->ec2.link, NULL), INGOT_OK);
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ec2", &scene->ec2.endpoint, NULL), INGOT_OK);
        assert_int_equal(endpoint_of_url(url, "us-east-1", "sts", &scene->ec2.sts, NULL), INGOT_OK);
}

static void close_scene(struct scene *scene)
{
        region_link_free(scene->ec2.link);
        scripted_server_stop(scene->server);
}

static void every_page_is_read(void **state) /* rule 1 */
{
        static const char *const ids[] = { "snap-1" };
        const struct ec2_describe_request request = { .ids = ids, .id_count = 1 };
        struct scene scene = { .replies = {
                                       "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-1</"
                                       "snapshotId>"
                                       "</item></snapshotSet><nextToken>a+b</nextToken></"
                                       "DescribeSnapshotsResponse>",
                                       "<DescribeSnapshotsResponse><snapshotSet/><nextToken>c</nextToken>"
                                       "</DescribeSnapshotsResponse>",
                                       "<DescribeSnapshotsResponse><snapshotSet><item><snapshotId>snap-2</"
                                       "snapshotId>"
                                       "</item></snapshotSet></DescribeSnapshotsResponse>",
                               } };
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { .items = NULL };

        (void)state;
        open_scene(&scene);
        assert_int_equal(ec2_describe_snapshots(&scene.ec2, &request, &list, &scene.err), INGOT_OK);
        assert_int_equal(list.count, 2);
        assert_string_equal(list.items[1].snapshot_id, "snap-2");
        assert_string_equal(scene.forms[0],
                            "Action=DescribeSnapshots&Version=2016-11-15&SnapshotId.1=snap-1");
        assert_string_equal(scene.forms[1], "Action=DescribeSnapshots&Version=2016-11-15&SnapshotId.1=snap-1"
                                            "&NextToken=a%2Bb");
        assert_string_equal(scene.forms[2], "Action=DescribeSnapshots&Version=2016-11-15&SnapshotId.1=snap-1"
                                            "&NextToken=c");
        assert_string_equal(scene.content_type, "application/x-www-form-urlencoded; charset=utf-8");
        assert_string_equal(scene.token, "TOKEN");
        close_scene(&scene);
}

static void answers_outside_the_model_are_the_regions_fault(void **state)
{
        static const char *const garbage[] = { "", "{}", "<html>hello</html>", "<CreateTagsResponse>" };

        (void)state;
        for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
                static const char *const ids[] = { "ami-1" };
                const struct ec2_describe_request request = { .ids = ids, .id_count = 1 };
                const struct wire_tag tag = { "k", "v" };
                struct scene scene = { .replies = { garbage[i], garbage[i], garbage[i], garbage[i] } };
                struct ec2_caller_identity identity;
                struct ec2_image_list images;

                open_scene(&scene);
                assert_int_equal(ec2_describe_images(&scene.ec2, &request, &images, &scene.err),
                                 INGOT_E_REMOTE);
                assert_int_equal(scene.err.code, INGOT_E_REMOTE);
                assert_int_equal(ec2_create_tags(&scene.ec2, ids, 1, &tag, 1, &scene.err), INGOT_E_REMOTE);
                assert_int_equal(sts_get_caller_identity(&scene.ec2, &identity, &scene.err), INGOT_E_REMOTE);
                assert_string_equal(scene.forms[2], "Action=GetCallerIdentity&Version=2011-06-15");
                close_scene(&scene);
        }
}

static void a_snapshot_in_use_is_a_conflict(void **state)
{
        struct scene scene = { .status = 400,
                               .replies = { "<Response><Errors><Error><Code>InvalidSnapshot.InUse</Code>"
                                            "<Message>ami-1</Message></Error></Errors></Response>" } };

        (void)state;
        open_scene(&scene);
        assert_int_equal(ec2_delete_snapshot(&scene.ec2, "snap-1", &scene.err), INGOT_E_CONFLICT);
        assert_string_equal(scene.forms[0], "Action=DeleteSnapshot&Version=2016-11-15&SnapshotId=snap-1");
        close_scene(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_page_is_read),
                cmocka_unit_test(answers_outside_the_model_are_the_regions_fault),
                cmocka_unit_test(a_snapshot_in_use_is_a_conflict),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
