/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of publish against the region of this house: both ends of each, through a socket. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/region_session.h"
#include "publish/account_check.h"
#include "publish/account_state.h"
#include "publish/image_attribute.h"
#include "publish/image_copy.h"
#include "publish/snapshot_attribute.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

struct scene {
        void *folder;
        char snapshot_id[EBS_SNAPSHOT_ID_CHARS + 1], image_id[EC2_ID_CHARS + 1];
        struct region_session session;
        struct ingot_error err;
};

#define GOOD(call)                                                                                           \
        do {                                                                                                 \
                if (call)                                                                                    \
                        fail_msg("%s", ingot_error_frame(&scene->err, 0));                                   \
        } while (0)

static void open_scene(struct scene *scene)
{
        const struct ingot_target target = { .to = "local:us-east-1",
                                             .region_folder = scratch_path(&scene->folder, "region") };

        GOOD(region_session_open(&target, NULL, &scene->session, &scene->err));
}

/* An AMI of an empty volume. */
static void make_image(struct scene *scene)
{
        const struct ebs_start_request start = { .volume_size_gib = 1, .client_token = "t" };
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list seen = { .items = NULL };
        const char *ids[1] = { scene->snapshot_id };
        const struct ec2_describe_request look = { .ids = ids, .id_count = 1 };
        struct mapping_entry entry = { .kind = MAPPING_EBS, .snapshot_id = scene->snapshot_id };
        char device[] = "/dev/xvda", state[EBS_WORD_CHARS + 1];
        const struct ec2_register_request registration = { .name = "web",
                                                           .architecture = "x86_64",
                                                           .virtualization_type = "hvm",
                                                           .root_device_name = device,
                                                           .block_devices = &entry,
                                                           .block_device_count = 1 };
        struct ec2_client dry = scene->session.ec2;
        struct ebs_started started;
        struct digest linear;

        entry.device_name = device;
        GOOD(ebs_start_snapshot(&scene->session.ebs, &start, &started, &scene->err));
        memcpy(scene->snapshot_id, started.snapshot_id, sizeof(started.snapshot_id));
        GOOD(digest_of("", 0, &linear, &scene->err));
        GOOD(ebs_complete_snapshot(&scene->session.ebs, scene->snapshot_id, 0, &linear, state, NULL,
                                   &scene->err));
        GOOD(ec2_describe_snapshots(&scene->session.ec2, &look, &seen, &scene->err));
        dry.is_dry_run = true;
        GOOD(ec2_register_image(&dry, &registration, scene->image_id, NULL, &scene->err));
        assert_string_equal(scene->image_id, "");
        GOOD(ec2_register_image(&scene->session.ec2, &registration, scene->image_id, NULL, &scene->err));
}

static void share_and_age(struct scene *scene)
{
        const struct ec2_client *ec2 = &scene->session.ec2;
        static const struct ec2_permission friend = { .user_id = "444455556666" }, all = { .group = "all" };
        OWNED(ec2_permission_list_release) struct ec2_permission_list of_image = { .items = NULL };
        OWNED(ec2_permission_list_release) struct ec2_permission_list of_snapshot = { .items = NULL };
        OWNED(ec2_image_list_release) struct ec2_image_list images = { .items = NULL };
        const char *ids[1] = { scene->image_id };
        const struct ec2_describe_request look = { .ids = ids, .id_count = 1 };

        GOOD(image_share(ec2, scene->image_id, &friend, 1, NULL, 0, &scene->err));
        GOOD(image_shares(ec2, scene->image_id, &of_image, &scene->err));
        assert_int_equal(of_image.count, 1);
        assert_string_equal(of_image.items[0].user_id, "444455556666");
        assert_int_equal(image_share(ec2, scene->image_id, &all, 1, NULL, 0, &scene->err), INGOT_E_DENIED);
        GOOD(snapshot_share(ec2, scene->snapshot_id, &all, 1, &scene->err));
        GOOD(snapshot_unshare(ec2, scene->snapshot_id, &all, 1, &scene->err));
        GOOD(snapshot_shares(ec2, scene->snapshot_id, &of_snapshot, &scene->err));
        assert_int_equal(of_snapshot.count, 0);
        GOOD(image_deprecate(ec2, scene->image_id, clock_wall_seconds(&clock_of_system) + 86400,
                             &scene->err));
        GOOD(image_protect(ec2, scene->image_id, false, &scene->err));
        GOOD(ec2_describe_images(ec2, &look, &images, &scene->err));
        assert_non_null(images.items[0].deprecation_time);
        assert_string_equal(images.items[0].deregistration_protection, "enabled-without-cooldown");
        assert_int_equal(ec2_deregister_image(ec2, scene->image_id, &scene->err), INGOT_E_DENIED);
        GOOD(image_unprotect(ec2, scene->image_id, &scene->err));
        GOOD(image_undeprecate(ec2, scene->image_id, &scene->err));
        GOOD(image_disable(ec2, scene->image_id, &scene->err));
        GOOD(image_enable(ec2, scene->image_id, &scene->err));
        GOOD(image_require_imds_v2(ec2, scene->image_id, &scene->err));
        GOOD(image_describe_anew(ec2, scene->image_id, "new", &scene->err));
}

static void copy_and_retire(struct scene *scene)
{
        const struct ec2_client *ec2 = &scene->session.ec2;
        const struct image_copy_request image = { .name = "copy",
                                                  .source_image_id = scene->image_id,
                                                  .source_region = "us-east-1" };
        const struct sigv4_credentials credentials = { scene->session.credentials.access_key_id,
                                                       scene->session.credentials.secret_access_key, NULL };
        const struct snapshot_copy_request snapshot = { .source_snapshot_id = scene->snapshot_id,
                                                        .source = &ec2->endpoint,
                                                        .credentials = &credentials };
        OWNED(ec2_deletion_list_release) struct ec2_deletion_list deletions = { .items = NULL };
        char id[EC2_ID_CHARS + 1];

        GOOD(image_copy(ec2, &image, id, NULL, &scene->err));
        GOOD(snapshot_copy(ec2, &snapshot, id, &scene->err));
        GOOD(image_deregister_with_snapshots(ec2, scene->image_id, &deletions, &scene->err));
        assert_int_equal(deletions.count, 1);
        assert_string_equal(deletions.items[0].return_code, "success");
}

static void look_at_the_account(struct scene *scene)
{
        static const char *const actions[] = { "ebs:StartSnapshot" };
        const struct ec2_client *ec2 = &scene->session.ec2;
        OWNED(iam_evaluation_list_release) struct iam_evaluation_list list = { .items = NULL };
        struct endpoint kms = ec2->endpoint, quotas = ec2->endpoint, iam = ec2->endpoint;
        char key_id[ACCOUNT_KEY_CHARS + 1];
        struct public_access access;
        struct kms_key key;
        struct quota quota;
        bool does = true;

        (void)snprintf(kms.service, sizeof(kms.service), "kms");
        (void)snprintf(quotas.service, sizeof(quotas.service), "servicequotas");
        (void)snprintf(iam.service, sizeof(iam.service), "iam");
        GOOD(account_encrypts_by_default(ec2, &does, &scene->err));
        assert_false(does);
        GOOD(account_image_public_access(ec2, &access, &scene->err));
        assert_false(public_access_is_open(&access));
        GOOD(account_snapshot_public_access(ec2, &access, &scene->err));
        assert_true(public_access_is_open(&access));
        GOOD(account_default_key(ec2, key_id, &scene->err));
        GOOD(account_describe_key(ec2->link, &kms, key_id, &key, &scene->err));
        assert_string_equal(key.manager, "AWS");
        assert_int_equal(account_describe_key(ec2->link, &kms, "alias/none", &key, &scene->err),
                         INGOT_E_NOT_FOUND);
        GOOD(account_quota(ec2->link, &quotas, QUOTA_PUBLIC_IMAGES, &quota, &scene->err));
        assert_int_equal(quota.value, 5);
        GOOD(account_simulate(ec2->link, &iam, "arn:aws:iam::111122223333:user/ingot", actions, 1, NULL, 0,
                              &list, &scene->err));
        assert_string_equal(list.items[0].decision, "allowed");
}

static void region_and_client_mean_the_same(void **state)
{
        struct scene scene = { .folder = *state };

        open_scene(&scene);
        make_image(&scene);
        share_and_age(&scene);
        copy_and_retire(&scene);
        look_at_the_account(&scene);
        region_session_close(&scene.session);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(region_and_client_mean_the_same, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
