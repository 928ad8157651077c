/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "publish/region_link.h"

enum { STEPS = 24 };

/* A server that answers its n-th request with step n (the last one for ever), and a link to it. */
struct scene {
        struct scripted_reply steps[STEPS];
        unsigned step_count;
        char dates[STEPS][32]; /* X-Amz-Date of each request */
        char authorizations[STEPS][600];
        struct scripted_server *server;
        struct credentials credentials;
        struct retry_policy policy;
        struct endpoint endpoint;
        struct region_link *link;
        struct region_call call;
        struct ingot_error err;
        struct buffer body;
};

static char key[] = "AKIDEXAMPLE", secret[] = "SECRET";

static void answer_step(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct scene *scene = context;
        unsigned last = scene->step_count - 1, number = request->number < last ? request->number : last;

        if (request->number < STEPS) {
                scripted_header(request, "x-amz-date", scene->dates[request->number],
                                sizeof(scene->dates[0]));
                scripted_header(request, "authorization", scene->authorizations[request->number],
                                sizeof(scene->authorizations[0]));
        }
        *reply = scene->steps[number];
}

static void add_step(struct scene *scene, enum scripted_trick trick, unsigned status, const char *headers,
                     const char *body)
{
        scene->steps[scene->step_count++] =
                (struct scripted_reply){ .trick = trick, .status = status, .headers = headers, .body = body };
}

static void open_scene(struct scene *scene, const struct clock *clock, const struct ingot_observer *observer)
{
        struct region_link_options options = { .credentials = &scene->credentials,
                                               .clock = clock,
                                               .policy = &scene->policy,
                                               .observer = observer };
        char url[64];

        scene->credentials = (struct credentials){ .access_key_id = key, .secret_access_key = secret };
        scene->policy = retry_policy_default;
        scene->policy.first_ms = 1;
        scene->policy.ceiling_ms = 2;
        scene->server = scripted_server_start(answer_step, scene, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(endpoint_of_url(url, "us-east-1", "ebs", &scene->endpoint, NULL), INGOT_OK);
        assert_int_equal(region_link_new(&options, &scene->link, NULL), INGOT_OK);
        buffer_init(&scene->body, 65536);
        scene->call = (struct region_call){ .endpoint = &scene->endpoint,
                                            .operation = "StartSnapshot",
                                            .protocol = REGION_REST_JSON,
                                            .method = "POST",
                                            .path = "/snapshots",
                                            .payload_hash = SIGV4_UNSIGNED_PAYLOAD };
}

static enum ingot_code call(struct scene *scene, unsigned *ret_attempts)
{
        return region_link_call(scene->link, &scene->call, &scene->body, NULL, ret_attempts, &scene->err);
}

static void close_scene(struct scene *scene)
{
        region_link_free(scene->link);
        scripted_server_stop(scene->server);
        buffer_release(&scene->body);
}

static void throttling_is_waited_out(void **state)
{
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 400, "x-amzn-ErrorType: RequestThrottledException:http://a/\r\n",
                 "{\"Reason\":\"ACCOUNT_THROTTLED\",\"message\":\"slow down\"}");
        add_step(&scene, SCRIPTED_ANSWER, 400, NULL, "{\"__type\":\"ConcurrentLimitExceededException\"}");
        add_step(&scene, SCRIPTED_ANSWER, 201, NULL, "{\"a\":1}");
        open_scene(&scene, NULL, NULL);
        assert_int_equal(call(&scene, &attempts), INGOT_OK);
        assert_int_equal(attempts, 2); /* what waits in a queue does not count */
        assert_int_equal(region_link_counts(scene.link).throttles, 1);
        assert_string_equal(scene.body.bytes, "{\"a\":1}");
        close_scene(&scene);
}

static void see_phase(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        (void)done_bytes;
        (void)total_bytes;
        (void)snprintf(context, 200, "%s", phase);
}

static void what_is_full_is_queued_for_and_told(void **state) /* rule 6 */
{
        char phase[200] = "";
        struct ingot_observer observer = { .context = phase, .progress = see_phase };
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        for (unsigned i = 0; i < 20; i++) /* more than attempts_max */
                add_step(&scene, SCRIPTED_ANSWER, 400, NULL,
                         "{\"__type\":\"ConcurrentLimitExceededException\"}");
        add_step(&scene, SCRIPTED_ANSWER, 201, NULL, "{}");
        open_scene(&scene, NULL, &observer);
        assert_int_equal(call(&scene, &attempts), INGOT_OK);
        assert_int_equal(attempts, 1);
        assert_string_equal(phase, "waiting until the region has room for another StartSnapshot "
                                   "(ConcurrentLimitExceededException)");
        close_scene(&scene);
}

static void a_queue_has_an_end(void **state) /* rule 6 */
{
        struct scene scene = { .step_count = 0 };
        struct retry_policy policy = retry_policy_default;
        struct region_link_options options = { .credentials = &scene.credentials, .policy = &policy };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 400, NULL, "{\"__type\":\"ResourceLimitExceeded\"}");
        open_scene(&scene, NULL, NULL);
        region_link_free(scene.link);
        policy.ceiling_ms = 2;
        policy.queue_ms = 30;
        assert_int_equal(region_link_new(&options, &scene.link, NULL), INGOT_OK);
        assert_int_equal(call(&scene, NULL), INGOT_E_THROTTLED);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "ResourceLimitExceeded"));
        close_scene(&scene);
}

static void end_one(void *context, const struct region_result *result, const struct ingot_error *err)
{
        (void)err;
        assert_int_equal(result->code, INGOT_OK);
        ++*(unsigned *)context;
}

static void a_pace_holds_for_every_attempt(void **state) /* rule 5 */
{
        struct scene scene = { .step_count = 0 };
        uint64_t started_ns, took_ns;
        struct pace slow, quick;
        unsigned ended = 0;

        (void)state;
        pace_init(&slow, 50);
        pace_init(&quick, 100000);
        add_step(&scene, SCRIPTED_ANSWER, 500, NULL, "{}");
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        scene.call.paces[0] = &slow;
        scene.call.paces[1] = &quick;
        region_link_set_in_flight_max(scene.link, 2);
        started_ns = clock_monotonic_ns(&clock_of_system);
        for (unsigned i = 0; i < 12; i++)
                assert_int_equal(region_link_start(scene.link, &scene.call, end_one, &ended, NULL), INGOT_OK);
        while (ended < 12)
                assert_int_equal(region_link_pump(scene.link, 100, NULL), INGOT_OK);
        took_ns = clock_monotonic_ns(&clock_of_system) - started_ns;
        assert_int_equal(region_link_counts(scene.link).attempts, 13);
        assert_true(took_ns >= 150000000); /* 13 attempts at 50 a second, a burst of 5 */
        assert_true(took_ns < 2000000000);
        close_scene(&scene);
}

static void throttling_without_end_is_told(void **state)
{
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 400, "x-amzn-ErrorType: RequestThrottledException\r\n",
                 "{\"Reason\":\"RESOURCE_LEVEL_THROTTLE\",\"message\":\"slow down\"}");
        open_scene(&scene, NULL, NULL);
        assert_int_equal(call(&scene, &attempts), INGOT_E_THROTTLED);
        assert_int_equal(attempts, 8);
        assert_string_equal(
                ingot_error_frame(&scene.err, 0),
                "StartSnapshot: HTTP 400 RequestThrottledException (RESOURCE_LEVEL_THROTTLE): slow down");
        assert_true(scene.err.retry_after_ms > 0);
        close_scene(&scene);
}

static void what_is_forbidden_is_asked_once(void **state)
{
        static const struct {
                unsigned status;
                const char *body;
                enum ingot_code code;
        } rows[] = {
                { 403, "{\"__type\":\"com.amazonaws.ebs#AccessDeniedException\",\"message\":\"no\"}",
                  INGOT_E_DENIED },
                { 402, "{\"__type\":\"ServiceQuotaExceededException\"}", INGOT_E_DENIED },
                { 404, "{\"__type\":\"ResourceNotFoundException\",\"Reason\":\"SNAPSHOT_NOT_FOUND\"}",
                  INGOT_E_NOT_FOUND },
                { 409, "{\"__type\":\"ConflictException\"}", INGOT_E_CONFLICT },
                { 400, "{\"__type\":\"ValidationException\",\"Reason\":\"INVALID_BLOCK\"}", INGOT_E_BUG },
                { 400, "{\"__type\":\"ValidationException\",\"message\":\"Checksum does not match\"}",
                  INGOT_E_CHECKSUM },
                { 301, "", INGOT_E_REMOTE },
                { 400, "not JSON", INGOT_E_REMOTE },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene = { .step_count = 0 };

                add_step(&scene, SCRIPTED_ANSWER, rows[i].status, NULL, rows[i].body);
                open_scene(&scene, NULL, NULL);
                assert_int_equal(call(&scene, NULL), rows[i].code);
                assert_int_equal(scripted_server_request_count(scene.server), 1);
                close_scene(&scene);
        }
}

static void faults_of_the_region_are_asked_again(void **state)
{
        static const struct {
                enum scripted_trick trick;
                unsigned status;
                const char *body;
        } rows[] = {
                { SCRIPTED_ANSWER, 500, "{\"__type\":\"InternalServerException\"}" },
                { SCRIPTED_ANSWER, 503, "<html>busy</html>" },
                { SCRIPTED_ANSWER, 400,
                  "{\"__type\":\"ValidationException\",\"Reason\":\"WRITE_REQUEST_TIMEOUT\"}" },
                { SCRIPTED_HANG_UP, 200, "" },
                { SCRIPTED_HALF, 200, "{\"half\":true}" },
                { SCRIPTED_GARBAGE, 200, "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct scene scene = { .step_count = 0 };
                unsigned attempts;

                add_step(&scene, rows[i].trick, rows[i].status, NULL, rows[i].body);
                add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
                open_scene(&scene, NULL, NULL);
                assert_int_equal(call(&scene, &attempts), INGOT_OK);
                assert_int_equal(attempts, 2);
                close_scene(&scene);
        }
}

static void a_region_that_stays_broken_is_given_up(void **state)
{
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        add_step(&scene, SCRIPTED_HANG_UP, 0, NULL, NULL);
        open_scene(&scene, NULL, NULL);
        assert_int_equal(call(&scene, &attempts), INGOT_E_REMOTE);
        assert_int_equal(attempts, 8);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "broke"));
        close_scene(&scene);
}

static void a_missed_deadline_opens_a_new_connection(void **state)
{
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        add_step(&scene, SCRIPTED_STALL, 0, NULL, NULL);
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        scene.call.deadline_ms = 40;
        assert_int_equal(call(&scene, &attempts), INGOT_OK);
        assert_int_equal(attempts, 2);
        close_scene(&scene);
}

/* A monotonic clock that leaps by leap_ms at every look. */
struct leaping_clock {
        struct clock clock;
        uint64_t now_ns, leap_ms;
        int64_t wall_seconds;
};

static uint64_t leap(void *context)
{
        struct leaping_clock *leaping = context;

        return leaping->now_ns += leaping->leap_ms * 1000000;
}

static int64_t stand_still(void *context)
{
        struct leaping_clock *leaping = context;

        return leaping->wall_seconds;
}

static struct leaping_clock leaping_clock_of(uint64_t leap_ms, int64_t wall_seconds)
{
        return (struct leaping_clock){ .clock = { NULL, stand_still, leap },
                                       .leap_ms = leap_ms,
                                       .wall_seconds = wall_seconds };
}

static void not_found_is_transient_for_two_minutes(void **state) /* retry.h, rule 4 */
{
        static const char *const body =
                "{\"__type\":\"ResourceNotFoundException\",\"Reason\":\"SNAPSHOT_NOT_FOUND\"}";
        struct leaping_clock leaping = leaping_clock_of(1, 1795355220);
        unsigned attempts;

        (void)state;
        leaping.clock.context = &leaping;
        for (unsigned late = 0; late < 2; late++) {
                struct scene scene = { .step_count = 0 };

                for (unsigned i = 0; i < 12; i++) /* more than attempts_max */
                        add_step(&scene, SCRIPTED_ANSWER, 404, NULL, body);
                add_step(&scene, SCRIPTED_ANSWER, 201, NULL, "{}");
                open_scene(&scene, &leaping.clock, NULL);
                scene.call.found_by_ns = leaping.now_ns + UINT64_C(120000000000);
                if (late)
                        leaping.now_ns += UINT64_C(121000000000);
                assert_int_equal(call(&scene, &attempts), late ? INGOT_E_NOT_FOUND : INGOT_OK);
                assert_int_equal(attempts, 1);
                close_scene(&scene);
        }
}

static void the_budget_ends_a_call(void **state) /* retry.h, rule 3 */
{
        struct leaping_clock leaping = leaping_clock_of(30000, 1795355220);
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        leaping.clock.context = &leaping;
        add_step(&scene, SCRIPTED_ANSWER, 500, NULL, "{}");
        open_scene(&scene, &leaping.clock, NULL);
        assert_int_equal(call(&scene, &attempts), INGOT_E_REMOTE);
        assert_true(attempts < 5);
        close_scene(&scene);
}

static void a_wrong_clock_is_set_by_the_region(void **state) /* retry.h, rule 6 */
{
        struct leaping_clock leaping = leaping_clock_of(1, 1795355220 - 3600);
        struct scene scene = { .step_count = 0 };
        unsigned attempts;

        (void)state;
        leaping.clock.context = &leaping;
        add_step(&scene, SCRIPTED_ANSWER, 403, "Date: Sun, 22 Nov 2026 13:47:00 GMT\r\n",
                 "{\"__type\":\"InvalidSignatureException\",\"message\":\"expired\"}");
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, &leaping.clock, NULL);
        assert_int_equal(call(&scene, &attempts), INGOT_OK);
        assert_int_equal(attempts, 2);
        assert_string_equal(scene.dates[0], "20261122T124700Z");
        assert_string_equal(scene.dates[1], "20261122T134700Z");
        close_scene(&scene);
}

static void a_wrong_secret_is_not_a_wrong_clock(void **state)
{
        struct leaping_clock leaping = leaping_clock_of(1, 1795355220);
        struct scene scene = { .step_count = 0 };

        (void)state;
        leaping.clock.context = &leaping;
        add_step(&scene, SCRIPTED_ANSWER, 403, "Date: Sun, 22 Nov 2026 13:47:00 GMT\r\n",
                 "{\"__type\":\"SignatureDoesNotMatch\"}");
        open_scene(&scene, &leaping.clock, NULL);
        assert_int_equal(call(&scene, NULL), INGOT_E_DENIED);
        assert_int_equal(scripted_server_request_count(scene.server), 1);
        close_scene(&scene);
}

static void every_attempt_is_signed_anew(void **state) /* rule 2 */
{
        struct scene scene = { .step_count = 0 };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 500, NULL, "{}");
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        assert_int_equal(call(&scene, NULL), INGOT_OK);
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(strlen(scene.dates[i]), 16);
                assert_non_null(strstr(scene.authorizations[i], "/us-east-1/ebs/aws4_request, "
                                                                "SignedHeaders=host;x-amz-date, "));
        }
        close_scene(&scene);
}

static void an_absent_region_is_told_soon(void **state) /* retry.h, rule 3 */
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        socklen_t bytes = sizeof(address);
        struct scene scene = { .step_count = 0 };
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        unsigned attempts;

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        /* A port that is bound but not listened to refuses, and nobody else can take it meanwhile. */
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &bytes), 0);
        scene.endpoint.port = ntohs(address.sin_port);
        assert_int_equal(call(&scene, &attempts), INGOT_E_REMOTE);
        assert_int_equal(attempts, 3);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "Connection refused"));
        (void)close(fd);
        close_scene(&scene);
}

static void a_missing_socket_is_told_by_its_path(void **state)
{
        struct scene scene = { .step_count = 0 };

        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        (void)snprintf(scene.endpoint.unix_socket, sizeof(scene.endpoint.unix_socket), "%s",
                       scratch_path(state, "nobody"));
        assert_int_equal(call(&scene, NULL), INGOT_E_REMOTE);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "/nobody"));
        close_scene(&scene);
}

static void a_unix_socket_is_as_good_as_a_port(void **state)
{
        const char *path = scratch_path(state, "socket");
        struct scene scene = { .step_count = 0 };
        struct scripted_server *server;

        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{\"by\":\"socket\"}");
        open_scene(&scene, NULL, NULL);
        server = scripted_server_start(answer_step, &scene, path);
        assert_non_null(server);
        assert_int_equal(endpoint_of_socket(path, "local-1", "ebs", &scene.endpoint, NULL), INGOT_OK);
        assert_int_equal(call(&scene, NULL), INGOT_OK);
        assert_int_equal(scripted_server_request_count(server), 1);
        assert_int_equal(scripted_server_request_count(scene.server), 0);
        scripted_server_stop(server);
        close_scene(&scene);
}

static void an_answer_above_its_ceiling_is_refused(void **state)
{
        struct scene scene = { .step_count = 0 };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 200, NULL, "{\"a\":\"0123456789\"}");
        open_scene(&scene, NULL, NULL);
        scene.call.reply_bytes_max = 8;
        assert_int_equal(call(&scene, NULL), INGOT_E_REMOTE);
        assert_non_null(strstr(ingot_error_frame(&scene.err, 0), "larger than 8 bytes"));
        assert_int_equal(scripted_server_request_count(scene.server), 1);
        close_scene(&scene);
}

static int has_asked_thrice(void *context)
{
        return ++*(unsigned *)context > 3;
}

static void a_call_stops_when_the_observer_asks(void **state) /* rule 3 */
{
        unsigned asked = 0;
        struct ingot_observer observer = { .context = &asked, .is_cancelled = has_asked_thrice };
        struct scene scene = { .step_count = 0 };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 500, NULL, "{}");
        open_scene(&scene, NULL, &observer);
        assert_int_equal(call(&scene, NULL), INGOT_E_CANCELLED);
        close_scene(&scene);
}

static void refusals_in_xml_are_read(void **state)
{
        struct scene scene = { .step_count = 0 };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 503, NULL,
                 "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>slow</Message></Error>"
                 "</Errors><RequestID>x</RequestID></Response>");
        add_step(&scene, SCRIPTED_ANSWER, 400, NULL,
                 "<Response><Errors><Error><Code>InvalidAMIName.Duplicate</Code><Message>taken</Message></"
                 "Error>"
                 "</Errors><RequestID>x</RequestID></Response>");
        open_scene(&scene, NULL, NULL);
        scene.call.protocol = REGION_QUERY_XML;
        assert_int_equal(call(&scene, NULL), INGOT_E_CONFLICT);
        assert_int_equal(region_link_counts(scene.link).throttles, 1);
        assert_string_equal(ingot_error_frame(&scene.err, 0),
                            "StartSnapshot: HTTP 400 InvalidAMIName.Duplicate: taken");
        close_scene(&scene);
}

/* A source that has other credentials each time it is asked, or always the same. */
struct renewer {
        bool is_static;
        unsigned fetches;
};

static enum ingot_code fetch_next(void *context, const struct ingot_observer *stop,
                                  struct credentials *ret_credentials, struct ingot_error *err)
{
        struct renewer *renewer = context;
        char text[32];
        const struct credentials_text made = { text, "SECRET", "TOKEN", NULL, NULL };

        (void)stop;
        (void)snprintf(text, sizeof(text), "KEY%u", renewer->is_static ? 0 : ++renewer->fetches);
        return credentials_make(&made, "a test", ret_credentials, err);
}

/* Makes the scene's link anew, with a provider. */
static struct credential_provider *provide(struct scene *scene, struct renewer *renewer)
{
        const struct credential_provider_options options = { .context = renewer, .fetch = fetch_next };
        const struct credentials_text text = { "KEY0", "SECRET", "TOKEN", NULL, NULL };
        struct region_link_options link_options = { .policy = &scene->policy };
        struct credentials first = { .origin = NULL };

        assert_int_equal(credentials_make(&text, "a test", &first, NULL), INGOT_OK);
        assert_int_equal(credential_provider_new(&options, &first, &link_options.provider, NULL), INGOT_OK);
        region_link_free(scene->link);
        assert_int_equal(region_link_new(&link_options, &scene->link, NULL), INGOT_OK);
        return link_options.provider;
}

static void expired_credentials_are_fetched_anew_once(void **state) /* rule 7 */
{
        struct scene scene = { .step_count = 0 };
        struct renewer renewer = { .fetches = 0 };
        struct credential_provider *provider;

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 403, "x-amzn-ErrorType: ExpiredTokenException\r\n", "{}");
        add_step(&scene, SCRIPTED_ANSWER, 201, NULL, "{}");
        add_step(&scene, SCRIPTED_ANSWER, 403, NULL, "{\"__type\":\"ExpiredTokenException\"}");
        open_scene(&scene, NULL, NULL);
        provider = provide(&scene, &renewer);
        assert_int_equal(call(&scene, NULL), INGOT_OK);
        assert_non_null(strstr(scene.authorizations[0], "Credential=KEY0/"));
        assert_non_null(strstr(scene.authorizations[1], "Credential=KEY1/"));
        assert_int_equal(call(&scene, NULL),
                         INGOT_E_DENIED); /* refused for ever: asked once more, not twice */
        assert_int_equal(renewer.fetches, 2);
        assert_int_equal(scripted_server_request_count(scene.server), 4);
        close_scene(&scene);
        credential_provider_free(provider);
}

static void expired_credentials_without_others_are_told_at_once(void **state) /* rule 7 */
{
        struct scene scene = { .step_count = 0 };
        struct renewer renewer = { .is_static = true };
        struct credential_provider *provider;

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 403, NULL, "{\"__type\":\"ExpiredTokenException\"}");
        open_scene(&scene, NULL, NULL);
        provider = provide(&scene, &renewer);
        assert_int_equal(call(&scene, NULL), INGOT_E_DENIED);
        assert_int_equal(scripted_server_request_count(scene.server), 1);
        close_scene(&scene);
        credential_provider_free(provider);
}

static void a_link_without_credentials_signs_nothing(void **state) /* rule 8 */
{
        struct scene scene = { .step_count = 0 };
        struct region_link_options options = { .policy = &scene.policy };

        (void)state;
        add_step(&scene, SCRIPTED_ANSWER, 201, NULL, "{}");
        open_scene(&scene, NULL, NULL);
        region_link_free(scene.link);
        assert_int_equal(region_link_new(&options, &scene.link, NULL), INGOT_OK);
        assert_int_equal(call(&scene, NULL), INGOT_OK);
        assert_string_equal(scene.authorizations[0], "");
        assert_string_equal(scene.dates[0], "");
        close_scene(&scene);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(throttling_is_waited_out),
                cmocka_unit_test(throttling_without_end_is_told),
                cmocka_unit_test(what_is_full_is_queued_for_and_told),
                cmocka_unit_test(a_queue_has_an_end),
                cmocka_unit_test(a_pace_holds_for_every_attempt),
                cmocka_unit_test(what_is_forbidden_is_asked_once),
                cmocka_unit_test(faults_of_the_region_are_asked_again),
                cmocka_unit_test(a_region_that_stays_broken_is_given_up),
                cmocka_unit_test(a_missed_deadline_opens_a_new_connection),
                cmocka_unit_test(not_found_is_transient_for_two_minutes),
                cmocka_unit_test(the_budget_ends_a_call),
                cmocka_unit_test(a_wrong_clock_is_set_by_the_region),
                cmocka_unit_test(a_wrong_secret_is_not_a_wrong_clock),
                cmocka_unit_test(every_attempt_is_signed_anew),
                cmocka_unit_test(an_absent_region_is_told_soon),
                cmocka_unit_test_setup_teardown(a_missing_socket_is_told_by_its_path, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_unix_socket_is_as_good_as_a_port, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(an_answer_above_its_ceiling_is_refused),
                cmocka_unit_test(a_call_stops_when_the_observer_asks),
                cmocka_unit_test(refusals_in_xml_are_read),
                cmocka_unit_test(expired_credentials_are_fetched_anew_once),
                cmocka_unit_test(expired_credentials_without_others_are_told_at_once),
                cmocka_unit_test(a_link_without_credentials_signs_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
