/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"
#include "support/scripted_server.h"

#include "base/fd.h"
#include "base/own.h"
#include "publish/credential_chain.h"

enum { LINES = 12, LINE_CHARS = 600 };

/* A config file, an environment and somebody to ask. */
struct scene {
        void **state;
        struct scripted_server *server;
        unsigned status[4];    /* of the first answers; 0: 200 */
        const char *bodies[4]; /* the last one for ever */
        unsigned body_count, asked;
        char targets[8][256], authorizations[8][256], seen[8][256]; /* of requests */
        char lines[LINES][LINE_CHARS];
        const char *environment[LINES + 1];
        unsigned line_count;
        struct aws_config config;
        struct credential_answer answer;
        struct ingot_error err;
        int64_t now_seconds;
        struct clock clock;
};

static const char keys[] = "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"SECRET\",\"Token\":\"TOKEN\","
                           "\"Expiration\":\"2026-11-22T20:00:00Z\"}";

static int64_t wall_seconds(void *context)
{
        return *(int64_t *)context;
}

static uint64_t monotonic_ns(void *context)
{
        (void)context;
        return clock_monotonic_ns(&clock_of_system);
}

static void reply_next(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct scene *scene = context;
        unsigned number = request->number, last = scene->body_count - 1;

        if (number < 8) {
                (void)snprintf(scene->targets[number], sizeof(scene->targets[0]), "%s %s", request->method,
                               request->target);
                scripted_header(request, "authorization", scene->authorizations[number],
                                sizeof(scene->authorizations[0]));
                scripted_header(request, "x-aws-ec2-metadata-token", scene->seen[number],
                                sizeof(scene->seen[0]));
        }
        scene->asked++;
        reply->status = scene->status[number < last ? number : last];
        reply->body = scene->bodies[number < last ? number : last];
}

static void add_variable(struct scene *scene, const char *name, const char *value)
{
        (void)snprintf(scene->lines[scene->line_count], LINE_CHARS, "%s=%s", name, value);
        scene->environment[scene->line_count] = scene->lines[scene->line_count];
        scene->environment[++scene->line_count] = NULL;
}

static void write_file(const struct scene *scene, const char *name, const char *text)
{
        assert_int_equal(fd_replace_file(scratch_path(scene->state, name), text, strlen(text), 0600, NULL),
                         INGOT_OK);
}

static void open_scene(struct scene *scene, void **state)
{
        char url[64];

        memset(scene, 0, sizeof(*scene));
        scene->state = state;
        scene->bodies[0] = keys;
        scene->body_count = 1;
        scene->now_seconds = 1795359600; /* 2026-11-22T15:00:00Z */
        scene->clock = (struct clock){ &scene->now_seconds, wall_seconds, monotonic_ns };
        scene->server = scripted_server_start(reply_next, scene, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        add_variable(scene, "HOME", *state);
        add_variable(scene, "PATH", "/usr/bin:/bin");
        add_variable(scene, "AWS_CONFIG_FILE", scratch_path(state, "config"));
        add_variable(scene, "AWS_SHARED_CREDENTIALS_FILE", scratch_path(state, "credentials"));
        add_variable(scene, "AWS_ENDPOINT_URL", url);
        add_variable(scene, "AWS_EC2_METADATA_SERVICE_ENDPOINT", url);
}

static enum ingot_code ask(struct scene *scene, credential_ask source)
{
        struct credential_query query = { .config = &scene->config,
                                          .region = "us-east-1",
                                          .clock = &scene->clock };
        enum ingot_code r = aws_config_read(scene->environment, NULL, &scene->config, &scene->err);

        if (r)
                return r;
        query.profile = scene->config.profile;
        return source(&query, &scene->answer, &scene->err);
}

static void close_scene(struct scene *scene)
{
        scripted_server_stop(scene->server);
        credentials_release(&scene->answer.credentials);
        aws_config_release(&scene->config);
}

static void add_full_uri(struct scene *scene, const char *path)
{
        char url[128];

        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", scripted_server_port(scene->server), path);
        add_variable(scene, "AWS_CONTAINER_CREDENTIALS_FULL_URI", url);
}

static void a_containers_token_file_is_read_each_time(void **state) /* rule 2 */
{
        struct scene scene;

        open_scene(&scene, state);
        add_full_uri(&scene, "/creds?a=b");
        add_variable(&scene, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", scratch_path(state, "token"));
        write_file(&scene, "token", "first\n");
        assert_int_equal(ask(&scene, credential_ask_container), INGOT_OK);
        assert_true(scene.answer.found);
        assert_int_equal(scene.answer.credentials.expires_seconds, 1795377600);
        credentials_release(&scene.answer.credentials);
        aws_config_release(&scene.config);
        write_file(&scene, "token", "second");
        assert_int_equal(ask(&scene, credential_ask_container), INGOT_OK);
        assert_string_equal(scene.targets[0], "GET /creds?a=b");
        assert_string_equal(scene.authorizations[0], "first");
        assert_string_equal(scene.authorizations[1], "second");
        close_scene(&scene);
}

static void a_container_is_asked_again(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        add_full_uri(&scene, "/creds");
        scene.status[0] = 500;
        scene.bodies[0] = "no";
        scene.bodies[1] = keys;
        scene.body_count = 2;
        assert_int_equal(ask(&scene, credential_ask_container), INGOT_OK);
        assert_true(scene.answer.found);
        assert_int_equal(scene.asked, 2);
        close_scene(&scene);
}

static void plain_http_may_not_leave_the_machine(void **state)
{
        static const struct {
                const char *uri;
                enum ingot_code code;
        } rows[] = {
                { "http://192.0.2.1/", INGOT_E_USAGE },
                { "http://localhost.example.com/", INGOT_E_USAGE },
                { "http://127.0.0.1.example.com/", INGOT_E_USAGE },
                { "http://127.0.0.1@192.0.2.1/", INGOT_E_USAGE },
                { "ftp://127.0.0.1/", INGOT_E_USAGE },
                { "http://127.0.0.1/a b", INGOT_E_USAGE },
                { "http://127.1.2.3:1/", INGOT_E_REMOTE },
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene;

                open_scene(&scene, state);
                add_variable(&scene, "AWS_CONTAINER_CREDENTIALS_FULL_URI", rows[i].uri);
                assert_int_equal(ask(&scene, credential_ask_container), rows[i].code);
                close_scene(&scene);
        }
}

static void an_instance_is_asked_by_version_2(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        scene.bodies[0] = "TOK";
        scene.bodies[1] = "role-a\n";
        scene.bodies[2] = keys;
        scene.body_count = 3;
        assert_int_equal(ask(&scene, credential_ask_instance), INGOT_OK);
        assert_true(scene.answer.found);
        assert_string_equal(scene.targets[0], "PUT /latest/api/token");
        assert_string_equal(scene.targets[1], "GET /latest/meta-data/iam/security-credentials/");
        assert_string_equal(scene.targets[2], "GET /latest/meta-data/iam/security-credentials/role-a");
        assert_string_equal(scene.seen[0], "");
        assert_string_equal(scene.seen[1], "TOK");
        assert_string_equal(scene.seen[2], "TOK");
        assert_non_null(strstr(scene.answer.credentials.origin, "role 'role-a'"));
        close_scene(&scene);
}

static void what_an_instance_says_wrong_is_no_error(void **state)
{
        static const struct {
                unsigned status;
                const char *last;
        } rows[] = { { 404, "" },
                     { 200, "{\"Code\":\"AssumeRoleUnauthorizedAccess\",\"Message\":\"m\"}" },
                     { 200, "no json" },
                     { 200, "" },
                     { 200, "[]" } };

        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene;

                open_scene(&scene, state);
                scene.bodies[0] = "TOK";
                scene.bodies[1] = "role-a";
                scene.bodies[2] = rows[i].last;
                scene.status[2] = rows[i].status;
                scene.body_count = 3;
                assert_int_equal(ask(&scene, credential_ask_instance), INGOT_OK);
                assert_false(scene.answer.found);
                assert_true(strlen(scene.answer.why) > 0);
                close_scene(&scene);
        }
}

static void late_metadata_is_used_on(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        scene.now_seconds = 1795377600 + 60; /* a minute after the end */
        scene.bodies[0] = "TOK";
        scene.bodies[1] = "role-a";
        scene.bodies[2] = keys;
        scene.body_count = 3;
        assert_int_equal(ask(&scene, credential_ask_instance), INGOT_OK);
        assert_true(scene.answer.found);
        assert_true(scene.answer.credentials.expires_seconds > scene.now_seconds);
        close_scene(&scene);
}

static void a_process_runs_without_a_shell(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        write_file(&scene, "config",
                   "[default]\ncredential_process = printf %s '{\"Version\":1,\"AccessKeyId\":\"$HOME\","
                   "\"SecretAccessKey\":\"S\"}'\n");
        assert_int_equal(ask(&scene, credential_ask_process), INGOT_OK);
        assert_string_equal(scene.answer.credentials.access_key_id, "$HOME");
        close_scene(&scene);
}

static void a_role_tells_who_assumed_it_and_no_secret(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        write_file(&scene, "config",
                   "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = b\n"
                   "[profile b]\naws_access_key_id = BK\naws_secret_access_key = SECRET\n");
        scene.status[0] = 403;
        scene.bodies[0] =
                "<ErrorResponse><Error><Code>AccessDenied</Code><Message>you may not</Message></Error>"
                "</ErrorResponse>";
        assert_int_equal(ask(&scene, credential_ask_role), INGOT_E_DENIED);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "you may not"));
        assert_null(memmem(scene.err.text, scene.err.text_used_bytes, "SECRET", 6));
        assert_non_null(strstr(scene.authorizations[0], "Credential=BK/"));
        close_scene(&scene);
}

static void multi_factor_is_refused_with_a_way_out(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        write_file(&scene, "config",
                   "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\nmfa_serial = m\n");
        assert_int_equal(ask(&scene, credential_ask_role), INGOT_E_USAGE);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "mfa_serial"));
        assert_int_equal(scene.asked, 0);
        close_scene(&scene);
}

static void an_answer_of_sts_is_read_or_is_its_fault(void **state)
{
        struct scene scene;

        open_scene(&scene, state);
        write_file(&scene, "token", "T");
        add_variable(&scene, "AWS_WEB_IDENTITY_TOKEN_FILE", scratch_path(state, "token"));
        add_variable(&scene, "AWS_ROLE_ARN", "arn:aws:iam::1:role/r");
        scene.bodies[0] = "<AssumeRoleWithWebIdentityResponse/>";
        assert_int_equal(ask(&scene, credential_ask_web_identity), INGOT_E_REMOTE);
        assert_string_equal(scene.authorizations[0], "");
        close_scene(&scene);
}

static void nobody_has_any(void **state)
{
        struct credential_query query = { .region = "us-east-1", .clock = &clock_of_system };
        struct credential_search search;
        struct credentials found;
        struct scene scene;

        open_scene(&scene, state);
        add_variable(&scene, "AWS_EC2_METADATA_DISABLED", "true");
        assert_int_equal(aws_config_read(scene.environment, NULL, &scene.config, NULL), INGOT_OK);
        query.config = &scene.config;
        query.profile = scene.config.profile;
        assert_int_equal(credential_chain_find(&query, &search, &found, NULL), INGOT_OK);
        assert_int_equal(search.found, -1);
        assert_int_equal(search.asked, CREDENTIAL_SOURCE_COUNT);
        for (unsigned i = 0; i < search.asked; i++)
                assert_true(strlen(search.why[i]) > 0);
        close_scene(&scene);
}

int main(void)
{
#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                IN_SCRATCH(a_containers_token_file_is_read_each_time),
                IN_SCRATCH(a_container_is_asked_again),
                IN_SCRATCH(plain_http_may_not_leave_the_machine),
                IN_SCRATCH(an_instance_is_asked_by_version_2),
                IN_SCRATCH(what_an_instance_says_wrong_is_no_error),
                IN_SCRATCH(late_metadata_is_used_on),
                IN_SCRATCH(a_process_runs_without_a_shell),
                IN_SCRATCH(a_role_tells_who_assumed_it_and_no_secret),
                IN_SCRATCH(multi_factor_is_refused_with_a_way_out),
                IN_SCRATCH(an_answer_of_sts_is_read_or_is_its_fault),
                IN_SCRATCH(nobody_has_any),
        };
#undef IN_SCRATCH

        return cmocka_run_group_tests(tests, NULL, NULL);
}
