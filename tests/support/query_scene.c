/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/query_scene.h"

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET";

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct query_scene *scene = context;

        (void)snprintf(scene->form, sizeof(scene->form), "%s", request->body);
        scripted_header(request, "x-amz-target", scene->target, sizeof(scene->target));
        reply->status = scene->status;
        reply->body = scene->reply;
}

static enum ingot_code open_link(struct query_scene *scene)
{
        struct region_link_options options = { .credentials = &scene->credentials };
        const struct {
                const char *service;
                struct endpoint *endpoint;
        } endpoints[] = { { "ec2", &scene->ec2.endpoint },
                          { "sts", &scene->ec2.sts },
                          { "kms", &scene->kms },
                          { "servicequotas", &scene->quotas },
                          { "iam", &scene->iam } };
        char url[64];
        enum ingot_code r = region_link_new(&options, &scene->ec2.link, NULL);

        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        for (size_t i = 0; !r && i < sizeof(endpoints) / sizeof(endpoints[0]); i++)
                r = endpoint_of_url(url, "us-east-1", endpoints[i].service, endpoints[i].endpoint, NULL);
        return r;
}

int query_scene_setup(void **state)
{
        struct query_scene *scene = calloc(1, sizeof(*scene));

        if (!scene)
                return -1;
        scene->status = 200;
        scene->credentials = (struct credentials){ .access_key_id = key, .secret_access_key = secret };
        scene->server = scripted_server_start(answer, scene, NULL);
        *state = scene;
        return scene->server && !open_link(scene) ? 0 : -1;
}

int query_scene_teardown(void **state)
{
        struct query_scene *scene = *state;

        region_link_free(scene->ec2.link);
        scripted_server_stop(scene->server);
        free(scene);
        return 0;
}

void query_scene_refuse(struct query_scene *scene, unsigned status, const char *code)
{
        (void)snprintf(
                scene->refusal, sizeof(scene->refusal),
                "<Response><Errors><Error><Code>%s</Code><Message>no</Message></Error></Errors></Response>",
                code);
        scene->status = status;
        scene->reply = scene->refusal;
}
