/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"
#include "support/region_rig.h"
#include "support/scratch.h"

enum { HEADERS_MAX = 24 };

static int64_t rig_wall(void *context)
{
        return ((struct region_rig *)context)->now_seconds;
}

static uint64_t rig_monotonic(void *context)
{
        return (uint64_t)((struct region_rig *)context)->now_seconds * 1000000000u;
}

static void rig_log(void *context, const char *line)
{
        struct region_rig *rig = context;

        (void)snprintf(rig->logged, sizeof(rig->logged), "%s", line);
}

static void open_store(struct region_rig *rig)
{
        struct ingot_error err = { 0 };

        if (region_store_new(scratch_path(&rig->folder, "store"), true, &rig->clock, &rig->store, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        rig->store->log = rig_log;
        rig->store->log_context = rig;
}

int region_rig_setup(void **state)
{
        struct region_rig *rig = calloc(1, sizeof(*rig));

        if (!rig || scratch_setup(&rig->folder))
                return -1;
        rig->now_seconds = 1800000000;
        rig->clock = (struct clock){ rig, rig_wall, rig_monotonic };
        rig->region = "us-east-1";
        open_store(rig);
        region_reply_init(&rig->reply, "00000000-0000-4000-8000-000000000001");
        *state = rig;
        return 0;
}

static void end_chaos(struct region_rig *rig)
{
        chaos_free(rig->chaos);
        chaos_plan_free(rig->chaos_plan);
        rig->chaos = NULL;
        rig->chaos_plan = NULL;
}

void region_rig_begin_chaos(struct region_rig *rig, const char *yaml)
{
        struct complaint_list complaints = { 0 };
        struct ingot_error err = { 0 };

        end_chaos(rig);
        if (chaos_plan_parse(yaml, strlen(yaml), "day.yaml", &complaints, &rig->chaos_plan, &err) ||
            chaos_new(rig->chaos_plan, &rig->clock, &rig->chaos, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        complaint_list_release(&complaints);
        rig->store->chaos = rig->chaos;
}

int region_rig_teardown(void **state)
{
        struct region_rig *rig = *state;
        int r;

        end_chaos(rig);
        region_reply_release(&rig->reply);
        region_store_free(rig->store);
        r = scratch_teardown(&rig->folder);
        free(rig);
        return r;
}

void region_rig_reopen(struct region_rig *rig)
{
        region_store_free(rig->store);
        end_chaos(rig);
        open_store(rig);
}

/* Splits "Name: value\n" lines in place and adds them to headers. */
static size_t split_headers(char *lines, struct sigv4_header *headers, size_t count)
{
        while (*lines) {
                char *end = strchr(lines, '\n'), *colon = strstr(lines, ": ");

                assert_non_null(end);
                assert_non_null(colon);
                assert_true(count < HEADERS_MAX - 3);
                *end = *colon = '\0';
                headers[count++] = (struct sigv4_header){ lines, colon + 2 };
                lines = end + 1;
        }
        return count;
}

unsigned region_rig_send(struct region_rig *rig, const char *service, const char *method,
                         const char *path_and_query, const char *headers_text, const void *body,
                         size_t body_bytes)
{
        struct sigv4_header headers[HEADERS_MAX] = { { "Host", "localhost" } };
        const struct sigv4_credentials credentials = {
                .access_key_id = rig->client_key_id ? rig->client_key_id : rig->store->access_key_id,
                .secret_access_key = rig->client_secret ? rig->client_secret : rig->store->secret_access_key,
                .session_token = rig->client_token
        };
        struct region_request request = { .method = method,
                                          .body = body ? body : "",
                                          .body_bytes = body_bytes };
        char *path = strdup(path_and_query), *lines = strdup(headers_text ? headers_text : "");
        char *question = strchr(path, '?'), hash[DIGEST_HEX_CHARS + 1];
        struct sigv4_signature signature;
        struct sigv4_request signing = { .method = method,
                                         .path = path,
                                         .query = question ? question + 1 : "",
                                         .headers = headers,
                                         .header_count = split_headers(lines, headers, 1),
                                         .payload_hash = hash,
                                         .region = rig->region,
                                         .service = service };

        if (question)
                *question = '\0';
        assert_int_equal(digest_of(request.body, body_bytes, &request.body_digest, NULL), INGOT_OK);
        hex_encode(request.body_digest.bytes, DIGEST_BYTES, hash);
        assert_int_equal(sigv4_sign(&signing, &credentials, rig->now_seconds + rig->client_ahead_seconds,
                                    &signature, NULL),
                         INGOT_OK);
        headers[signing.header_count] = (struct sigv4_header){ "X-Amz-Date", signature.date };
        headers[signing.header_count + 1] =
                (struct sigv4_header){ "Authorization", signature.authorization.bytes };
        headers[signing.header_count + 2] =
                (struct sigv4_header){ "X-Amz-Security-Token", rig->client_token };
        request.path = path;
        request.query = signing.query;
        request.headers = headers;
        request.header_count = signing.header_count + (rig->is_unsigned ? 0u : rig->client_token ? 3u : 2u);
        region_reply_clear(&rig->reply);
        rig->fate = (struct region_fate){ .is_decided = false };
        region_judge(rig->store, &request, true, &rig->fate);
        request.fate = &rig->fate;
        region_dispatch(rig->store, &request, &rig->reply);
        sigv4_signature_release(&signature);
        free(path);
        free(lines);
        return rig->reply.status;
}

unsigned region_rig_ec2(struct region_rig *rig, const char *form)
{
        char body[16384];

        (void)snprintf(body, sizeof(body), "Version=2016-11-15&%s", form);
        return region_rig_send(rig, "ec2", "POST", "/",
                               "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n", body,
                               strlen(body));
}

unsigned region_rig_sts(struct region_rig *rig, const char *form)
{
        char body[16384];

        (void)snprintf(body, sizeof(body), "Version=2011-06-15&%s", form);
        return region_rig_send(rig, "sts", "POST", "/",
                               "Content-Type: application/x-www-form-urlencoded; charset=utf-8\n", body,
                               strlen(body));
}

void region_rig_start(struct region_rig *rig, const char *json, char id[RESOURCE_ID_CHARS + 1])
{
        unsigned status = region_rig_send(rig, "ebs", "POST", "/snapshots", NULL, json, strlen(json));

        if (status != 201)
                fail_msg("%u %s", status, rig->reply.body.bytes);
        region_rig_pick(rig, "\"SnapshotId\":\"", "\"", id, RESOURCE_ID_CHARS + 1);
}

unsigned region_rig_put(struct region_rig *rig, const char *id, uint64_t block_index, uint8_t fill)
{
        uint8_t *block = malloc(BLOCK_BYTES);
        char path[128], headers[256], checksum[DIGEST_BASE64_CHARS + 1];
        struct digest digest;
        unsigned status;

        memset(block, fill, BLOCK_BYTES);
        assert_int_equal(digest_of(block, BLOCK_BYTES, &digest, NULL), INGOT_OK);
        base64_encode(digest.bytes, DIGEST_BYTES, checksum);
        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks/%" PRIu64, id, block_index);
        (void)snprintf(headers, sizeof(headers),
                       "x-amz-Data-Length: 524288\nx-amz-Checksum: %s\nx-amz-Checksum-Algorithm: SHA256\n",
                       checksum);
        status = region_rig_send(rig, "ebs", "PUT", path, headers, block, BLOCK_BYTES);
        free(block);
        return status;
}

unsigned region_rig_complete(struct region_rig *rig, const char *id, uint64_t changed_count)
{
        char path[128], headers[64];

        (void)snprintf(path, sizeof(path), "/snapshots/completion/%s", id);
        (void)snprintf(headers, sizeof(headers), "x-amz-ChangedBlocksCount: %" PRIu64 "\n", changed_count);
        return region_rig_send(rig, "ebs", "POST", path, headers, NULL, 0);
}

void region_rig_upload(struct region_rig *rig, const char *json, const uint8_t *fills, size_t count,
                       char id[RESOURCE_ID_CHARS + 1])
{
        uint64_t put_count = 0;

        region_rig_start(rig, json, id);
        for (size_t i = 0; i < count; i++) {
                if (fills[i] == 0)
                        continue;
                assert_int_equal(region_rig_put(rig, id, i, fills[i]), 201);
                put_count++;
        }
        assert_int_equal(region_rig_complete(rig, id, put_count), 202);
        assert_int_equal(region_rig_ec2(rig, "Action=DescribeSnapshots"), 200);
}

bool region_rig_says(const struct region_rig *rig, const char *text)
{
        if (strstr(rig->reply.body.bytes, text))
                return true;
        print_message("# no '%s' in: %s\n", text, rig->reply.body.bytes);
        return false;
}

void region_rig_pick(const struct region_rig *rig, const char *begin, const char *end, char *out, size_t room)
{
        const char *from = strstr(rig->reply.body.bytes, begin), *to;

        out[0] = '\0';
        if (!from)
                return;
        from += strlen(begin);
        to = strstr(from, end);
        if (to)
                (void)snprintf(out, room, "%.*s", (int)(to - from), from);
}
