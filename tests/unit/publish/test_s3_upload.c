/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/scripted_server.h"

#include "base/own.h"
#include "publish/s3_upload.h"

enum { PART = S3_PART_BYTES_MIN, PUTS_MAX = 32 };

/* A server that takes an upload as S3 does, as far as a test says. */
struct scene {
        struct scripted_server *server;
        struct credentials credentials;
        struct region_link *link;
        struct s3_client s3;
        struct ingot_error err;
        unsigned puts, aborts, completions, heads, put_numbers[PUTS_MAX];
        unsigned fail_puts;        /* so many puts get 503 SlowDown first */
        unsigned fail_completions; /* so many completions are 200 with an <Error> */
        bool loses_completion;     /* the first completion is carried out, and the reply lost */
        bool upload_is_gone;
        char headers[256], body[1024], last_target[256];
        uint64_t object_bytes;
};

static void fill(uint8_t *bytes, unsigned number)
{
        memset(bytes, (int)number, PART);
}

static void answer_put(struct scene *scene, const struct scripted_request *request,
                       struct scripted_reply *reply)
{
        char sum[64], hash[80], wanted[DIGEST_BASE64_CHARS + 1], hex[DIGEST_HEX_CHARS + 1];
        const char *number = strstr(request->target, "partNumber=");
        struct digest digest;

        if (scene->fail_puts) {
                scene->fail_puts--;
                reply->status = 503;
                reply->body = "<Error><Code>SlowDown</Code></Error>";
                return;
        }
        scripted_header(request, "x-amz-checksum-sha256", sum, sizeof(sum));
        scripted_header(request, "x-amz-content-sha256", hash, sizeof(hash));
        assert_int_equal(digest_of(request->body, request->body_bytes, &digest, NULL), INGOT_OK);
        base64_encode(digest.bytes, DIGEST_BYTES, wanted);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        if (strcmp(sum, wanted) != 0 || strcmp(hash, hex) != 0 || !number || scene->puts == PUTS_MAX) {
                reply->status = 400;
                reply->body = "<Error><Code>BadDigest</Code></Error>";
                return;
        }
        scene->put_numbers[scene->puts++] = (unsigned)strtoul(number + 11, NULL, 10);
        scene->object_bytes += request->body_bytes;
        (void)snprintf(scene->headers, sizeof(scene->headers), "ETag: \"e%u\"\r\n",
                       scene->put_numbers[scene->puts - 1]);
        reply->headers = scene->headers;
}

static void answer_completion(struct scene *scene, struct scripted_reply *reply)
{
        scene->completions++;
        if (scene->loses_completion && scene->completions == 1) {
                reply->trick = SCRIPTED_HANG_UP;
        } else if (scene->loses_completion) {
                reply->status = 404;
                reply->body = "<Error><Code>NoSuchUpload</Code></Error>";
        } else if (scene->fail_completions) {
                scene->fail_completions--;
                reply->body = "\n\n<Error><Code>InternalError</Code><Message>again</Message></Error>";
        } else {
                reply->body = " <CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></"
                              "CompleteMultipartUploadResult>";
        }
}

static void answer_list(struct scene *scene, struct scripted_reply *reply)
{
        char text[DIGEST_BASE64_CHARS + 1];
        uint8_t *bytes = malloc(PART);
        struct digest digest;

        if (scene->upload_is_gone) {
                reply->status = 404;
                reply->body = "<Error><Code>NoSuchUpload</Code></Error>";
                free(bytes);
                return;
        }
        fill(bytes, 1);
        (void)!digest_of(bytes, PART, &digest, NULL);
        free(bytes);
        base64_encode(digest.bytes, DIGEST_BYTES, text);
        (void)snprintf(scene->body, sizeof(scene->body),
                       "<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>1</"
                       "PartNumber><ETag>\"e1\""
                       "</ETag><Size>%d</Size><ChecksumSHA256>%s</ChecksumSHA256></Part></ListPartsResult>",
                       PART, text);
        scene->object_bytes += PART;
        reply->body = scene->body;
}

static void answer(void *context, const struct scripted_request *request, struct scripted_reply *reply)
{
        struct scene *scene = context;

        (void)snprintf(scene->last_target, sizeof(scene->last_target), "%s", request->target);
        if (strcmp(request->method, "PUT") == 0) {
                answer_put(scene, request, reply);
        } else if (strcmp(request->method, "HEAD") == 0) {
                scene->heads++;
                (void)snprintf(scene->body, sizeof(scene->body), "%*s", 0, "");
                reply->status = 404;
        } else if (strcmp(request->method, "DELETE") == 0) {
                scene->aborts++;
                reply->status = 204;
        } else if (strstr(request->target, "uploads=")) {
                reply->body = "<InitiateMultipartUploadResult><UploadId>new</UploadId></"
                              "InitiateMultipartUploadResult>";
        } else if (strcmp(request->method, "GET") == 0) {
                answer_list(scene, reply);
        } else {
                answer_completion(scene, reply);
        }
}

static int setup(void **state)
{
        static const struct retry_policy policy = { .first_ms = 1,
                                                    .ceiling_ms = 5,
                                                    .attempts_max = 4,
                                                    .unreachable_attempts = 2,
                                                    .budget_ms = 20000,
                                                    .queue_ms = 20000 };
        struct scene *scene = calloc(1, sizeof(*scene));
        struct region_link_options options = { .policy = &policy };
        struct endpoint endpoint;
        char url[64];

        assert_non_null(scene);
        scene->credentials.access_key_id = strdup("AKIDEXAMPLE");
        scene->credentials.secret_access_key = strdup("SECRET");
        options.credentials = &scene->credentials;
        scene->server = scripted_server_start(answer, scene, NULL);
        assert_non_null(scene->server);
        (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", scripted_server_port(scene->server));
        assert_int_equal(endpoint_of_url(url, "us-east-1", "s3", &endpoint, NULL), INGOT_OK);
        assert_int_equal(region_link_new(&options, &scene->link, NULL), INGOT_OK);
        assert_int_equal(s3_client_init(&scene->s3, scene->link, &endpoint, "images", NULL), INGOT_OK);
        *state = scene;
        return 0;
}

static int teardown(void **state)
{
        struct scene *scene = *state;

        region_link_free(scene->link);
        scripted_server_stop(scene->server);
        credentials_release(&scene->credentials);
        free(scene);
        return 0;
}

/* Uploads three parts and a bit. */
static enum ingot_code upload(struct scene *scene, const char *upload_id,
                              struct s3_upload_receipt *ret_receipt)
{
        const struct s3_upload_request request = {
                .key = "k", .part_bytes = PART, .parts_in_flight = 2, .upload_id = upload_id
        };
        OWNED(s3_upload_drop) struct s3_upload *up = NULL;
        OWNED(heap_drop) uint8_t *bytes = malloc(PART);
        enum ingot_code r = s3_upload_begin(&scene->s3, &request, &up, &scene->err);

        for (unsigned i = 1; !r && i <= 3; i++) {
                fill(bytes, i);
                for (size_t at = 0; !r && at < PART; at += PART / 5) /* not in parts of its own */
                        r = byte_sink_write(s3_upload_sink(up), bytes + at, PART / 5, &scene->err);
        }
        if (!r)
                r = byte_sink_write(s3_upload_sink(up), "end", 3, &scene->err);
        if (!r)
                r = s3_upload_finish(up, &scene->err);
        if (up)
                *ret_receipt = s3_upload_receipt(up);
        return r;
}

static void every_part_goes_with_its_digest(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        assert_int_equal(upload(scene, NULL, &receipt), INGOT_OK);
        assert_int_equal(receipt.parts, 4);
        assert_int_equal(receipt.size_bytes, 3 * PART + 3);
        assert_int_equal(receipt.bytes_sent, receipt.size_bytes);
        assert_int_equal(scene->puts, 4);
        assert_int_equal(scene->completions, 1);
}

static void a_part_is_sent_again_when_s3_says_slow_down(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        scene->fail_puts = 2;
        assert_int_equal(upload(scene, NULL, &receipt), INGOT_OK);
        assert_int_equal(receipt.retries, 2);
}

/* s3_shape.h, rule 4. */
static void an_error_with_status_200_is_an_error(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        scene->fail_completions = 2;
        assert_int_equal(upload(scene, NULL, &receipt), INGOT_OK);
        assert_int_equal(scene->completions, 3);
        scene->fail_completions = 9;
        assert_int_equal(upload(scene, NULL, &receipt), INGOT_E_REMOTE);
}

/* Rule 3. */
static void parts_that_are_there_are_not_sent_again(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        assert_int_equal(upload(scene, "old", &receipt), INGOT_OK);
        assert_int_equal(receipt.parts_resumed, 1);
        assert_int_equal(scene->puts, 3);
        assert_non_null(strstr(scene->last_target, "uploadId=old"));
}

static void an_upload_that_is_over_is_begun_anew(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        scene->upload_is_gone = true;
        assert_int_equal(upload(scene, "old", &receipt), INGOT_OK);
        assert_int_equal(receipt.parts_resumed, 0);
        assert_non_null(strstr(scene->last_target, "uploadId=new"));
}

static void a_lost_reply_makes_it_look_for_the_object(void **state)
{
        struct scene *scene = *state;
        struct s3_upload_receipt receipt;

        scene->loses_completion = true;
        assert_int_equal(upload(scene, NULL, &receipt), INGOT_E_NOT_FOUND); /* and here there is none */
        assert_true(scene->heads > 0);
}

static void parts_below_five_mebibytes_are_refused(void **state)
{
        const struct s3_upload_request small = { .key = "k", .part_bytes = PART - 1 };
        struct scene *scene = *state;
        struct s3_upload *up = NULL;

        assert_int_equal(s3_upload_begin(&scene->s3, &small, &up, &scene->err), INGOT_E_USAGE);
        assert_null(up);
}

static void buckets_of_aws_are_hosts_and_others_are_paths(void **state)
{
        struct endpoint aws, own;
        struct s3_client client;

        (void)state;
        assert_int_equal(endpoint_of_url("https://s3.eu-west-1.amazonaws.com", "eu-west-1", "s3", &aws, NULL),
                         INGOT_OK);
        assert_int_equal(endpoint_of_url("https://s3.example.com", "eu-west-1", "s3", &own, NULL), INGOT_OK);
        assert_int_equal(s3_client_init(&client, NULL, &aws, "images", NULL), INGOT_OK);
        assert_string_equal(client.endpoint.host, "images.s3.eu-west-1.amazonaws.com");
        assert_int_equal(s3_client_init(&client, NULL, &aws, "my.images", NULL), INGOT_OK);
        assert_string_equal(client.endpoint.host, "s3.eu-west-1.amazonaws.com");
        assert_int_equal(s3_client_init(&client, NULL, &own, "images", NULL), INGOT_OK);
        assert_true(client.is_path_style);
        assert_int_equal(s3_client_init(&client, NULL, &own, "No", NULL), INGOT_E_USAGE);
}

#define SCENE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCENE_TEST(every_part_goes_with_its_digest),
                SCENE_TEST(a_part_is_sent_again_when_s3_says_slow_down),
                SCENE_TEST(an_error_with_status_200_is_an_error),
                SCENE_TEST(parts_that_are_there_are_not_sent_again),
                SCENE_TEST(an_upload_that_is_over_is_begun_anew),
                SCENE_TEST(a_lost_reply_makes_it_look_for_the_object),
                SCENE_TEST(parts_below_five_mebibytes_are_refused),
                cmocka_unit_test(buckets_of_aws_are_hosts_and_others_are_paths),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
