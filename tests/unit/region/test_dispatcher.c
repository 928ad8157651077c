/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"

#define IDENTITY "Version=2011-06-15&Action=GetCallerIdentity"

static unsigned ask_identity(struct region_rig *rig)
{
        return region_rig_send(rig, "sts", "POST", "/", "Content-Type: application/x-www-form-urlencoded\n",
                               IDENTITY, strlen(IDENTITY));
}

static void good_signature_is_served(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(ask_identity(rig), 200);
        assert_true(region_rig_says(rig, "<Account>111122223333</Account>"));
        assert_true(region_rig_says(rig, rig->store->access_key_id));
}

/* Sends headers as they are, unsigned ones among them. */
static unsigned send_raw(struct region_rig *rig, const char *method, const char *path,
                         const struct sigv4_header *headers, size_t count)
{
        struct region_request request = { .method = method,
                                          .path = path,
                                          .query = "",
                                          .headers = headers,
                                          .header_count = count,
                                          .body = "" };

        assert_int_equal(digest_of("", 0, &request.body_digest, NULL), INGOT_OK);
        region_reply_clear(&rig->reply);
        region_dispatch(rig->store, &request, &rig->reply);
        return rig->reply.status;
}

static void request_without_a_signature_is_refused_in_the_manner_of_its_service(void **state)
{
        struct region_rig *rig = *state;
        const struct sigv4_header host = { "Host", "localhost" };

        assert_int_equal(send_raw(rig, "POST", "/snapshots", &host, 1), 403);
        assert_string_equal(rig->reply.content_type, "application/json");
        assert_string_equal(rig->reply.headers[1].name, "x-amzn-ErrorType");
        assert_string_equal(rig->reply.headers[1].value, "MissingAuthenticationTokenException");
        assert_int_equal(send_raw(rig, "POST", "/", &host, 1), 403);
        assert_true(region_rig_says(rig, "<Code>MissingAuthenticationToken</Code>"));
        assert_true(region_rig_says(rig, "<RequestID>"));
}

static void malformed_signature_is_refused(void **state)
{
        struct region_rig *rig = *state;
        static const char *const values[] = {
                "", "Basic YTpi", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a",
                "AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=0"
        };

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
                const struct sigv4_header headers[] = { { "Host", "localhost" },
                                                        { "X-Amz-Date", "20270115T080000Z" },
                                                        { "Authorization", values[i] } };
                unsigned status = send_raw(rig, "POST", "/", headers, 3);

                if (status != 400 && status != 403)
                        fail_msg("'%s': %u", values[i], status);
        }
}

static void clock_that_is_wrong_is_refused(void **state)
{
        struct region_rig *rig = *state;

        rig->client_ahead_seconds = -301;
        assert_int_equal(ask_identity(rig), 403);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 400);
        assert_true(region_rig_says(rig, "RequestExpired"));
        rig->client_ahead_seconds = 301;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 401);
        rig->client_ahead_seconds = 299;
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 200);
}

static void session_token_is_refused(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/snap-1/blocks",
                                         "X-Amz-Security-Token: token\n", NULL, 0),
                         403);
        assert_string_equal(rig->reply.headers[1].value, "UnrecognizedClientException");
}

static void wrong_secret_and_unknown_key_are_refused(void **state)
{
        struct region_rig *rig = *state;

        rig->client_secret = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGH";
        assert_int_equal(ask_identity(rig), 403);
        assert_true(region_rig_says(rig, "SignatureDoesNotMatch"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 403);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/snap-1/blocks", NULL, NULL, 0), 403);
        assert_string_equal(rig->reply.headers[1].value, "InvalidSignatureException");
        rig->client_key_id = "AKIAAAAAAAAAAAAAAAAA";
        assert_int_equal(ask_identity(rig), 403);
        assert_true(region_rig_says(rig, "InvalidClientTokenId"));
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeImages"), 401);
        assert_true(region_rig_says(rig, "AuthFailure"));
        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/snap-1/blocks", NULL, NULL, 0), 403);
        assert_string_equal(rig->reply.headers[1].value, "UnrecognizedClientException");
}

static void service_and_region_of_the_scope_must_be_known(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "glacier", "GET", "/", NULL, NULL, 0), 403);
        rig->region = "Us_East";
        assert_int_equal(ask_identity(rig), 403);
        rig->region = "local";
        assert_int_equal(ask_identity(rig), 200);
}

static void operation_of_another_service_is_not_found(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "ec2", "POST", "/snapshots", NULL, "{}", 2), 404);
        assert_int_equal(region_rig_send(rig, "ebs", "POST", "/", NULL, IDENTITY, strlen(IDENTITY)), 404);
        assert_string_equal(rig->reply.headers[1].value, "UnknownOperationException");
        assert_int_equal(region_rig_send(rig, "ebs", "DELETE", "/snapshots/snap-1/blocks", NULL, NULL, 0),
                         404);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/snap-1/blocks/1/2", NULL, NULL, 0),
                         404);
}

static void path_that_climbs_finds_nothing(void **state)
{
        struct region_rig *rig = *state;

        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/..%2F..%2Fetc/blocks", NULL, NULL, 0),
                         400);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/snap-%2E%2E/blocks", NULL, NULL, 0),
                         400);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", "/snapshots/%zz/blocks", NULL, NULL, 0), 404);
}

static void failure_inside_is_an_internal_error_and_told_to_the_log(void **state)
{
        struct region_rig *rig = *state;
        char id[RESOURCE_ID_CHARS + 1], path[256], token[128], name[128];

        region_rig_upload(rig, "{\"VolumeSize\":1}", (const uint8_t[]){ 9 }, 1, id);
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks", id);
        assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 200);
        region_rig_pick(rig, "\"BlockToken\":\"", "\"", token, sizeof(token));
        (void)snprintf(name, sizeof(name), "%s/blocks/%s/data.0", rig->store->folder, id);
        assert_int_equal(truncate(name, 100), 0);
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks/0?blockToken=", id);
        for (const char *at = token; *at; at++) { /* as a query wants it */
                size_t used = strlen(path);

                (void)snprintf(path + used, sizeof(path) - used, strchr("+/=", *at) ? "%%%02X" : "%c", *at);
        }
        assert_int_equal(region_rig_send(rig, "ebs", "GET", path, NULL, NULL, 0), 500);
        assert_string_equal(rig->reply.headers[1].value, "InternalServerException");
        assert_non_null(strstr(rig->logged, id));
        assert_null(
                strstr(rig->reply.body.bytes, rig->store->folder)); /* clients learn nothing of our disk */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(good_signature_is_served),
                TEST(request_without_a_signature_is_refused_in_the_manner_of_its_service),
                TEST(malformed_signature_is_refused),
                TEST(clock_that_is_wrong_is_refused),
                TEST(session_token_is_refused),
                TEST(wrong_secret_and_unknown_key_are_refused),
                TEST(service_and_region_of_the_scope_must_be_known),
                TEST(operation_of_another_service_is_not_found),
                TEST(path_that_climbs_finds_nothing),
                TEST(failure_inside_is_an_internal_error_and_told_to_the_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
