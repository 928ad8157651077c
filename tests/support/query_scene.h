/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SUPPORT_QUERY_SCENE_H
#define SUPPORT_QUERY_SCENE_H

/* tests/support/query_scene.h
 * query_scene: a client of EC2 and its neighbours, and a server that answers as a test says and keeps what was asked.
 */
#include "publish/ec2_client.h"
#include "support/scripted_server.h"

struct query_scene {
        unsigned status;   /* of the answers */
        const char *reply; /* their body */
        char form[16384];  /* the body of the last request */
        char target[128];  /* its X-Amz-Target */
        char refusal[512];
        struct scripted_server *server;
        struct credentials credentials;
        struct ec2_client ec2;
        struct endpoint kms, quotas, iam;
        struct ingot_error err;
};

int query_scene_setup(void **state);
int query_scene_teardown(void **state);

/* Answers with an EC2 error from now on. */
void query_scene_refuse(struct query_scene *scene, unsigned status, const char *code);

#define QUERY_SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, query_scene_setup, query_scene_teardown)

#endif
