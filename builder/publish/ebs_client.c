/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "model/block_map.h"
#include "model/memory_source.h"
#include "publish/ebs_client.h"

enum { BODY_BYTES_MAX = 1 << 20, TEXT_CHARS_MAX = 255, TOKEN_CHARS_MAX = 64 };

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static enum ingot_code check_start(const struct ebs_start_request *request, struct ingot_error *err)
{
        if (request->volume_size_gib < 1 || request->volume_size_gib > 65536)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a snapshot of %" PRIu64 " GiB; 1 to 65536 are possible",
                                  request->volume_size_gib);
        if (request->timeout_minutes && (request->timeout_minutes < 10 || request->timeout_minutes > 4320))
                return ingot_fail(err, INGOT_E_USAGE, "a timeout of %u minutes; 10 to 4320 are possible",
                                  (unsigned)request->timeout_minutes);
        if (request->description && strlen(request->description) > TEXT_CHARS_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "a snapshot's description of %zu bytes; at most %d",
                                  strlen(request->description), TEXT_CHARS_MAX);
        if (!request->client_token || !*request->client_token ||
            strlen(request->client_token) > TOKEN_CHARS_MAX || strpbrk(request->client_token, " \t\r\n"))
                return ingot_fail(err, INGOT_E_USAGE,
                                  "a client token has 1 to %d characters and no white space, not '%.80s'",
                                  TOKEN_CHARS_MAX, request->client_token ? request->client_token : "");
        return INGOT_OK;
}

enum ingot_code ebs_start_snapshot(const struct ebs_client *client, const struct ebs_start_request *request,
                                   struct ebs_started *ret_started, struct ingot_error *err)
{
        static const struct sigv4_header json[] = { { "Content-Type", "application/json" } };
        OWNED(buffer_release)
        struct buffer body = BUFFER_INIT(BODY_BYTES_MAX), reply = BUFFER_INIT(BODY_BYTES_MAX);
        char hash[DIGEST_HEX_CHARS + 1];
        struct memory_source source;
        struct digest digest;
        struct region_call call = { .endpoint = &client->endpoint,
                                    .operation = "StartSnapshot",
                                    .protocol = REGION_REST_JSON,
                                    .method = "POST",
                                    .path = "/snapshots",
                                    .headers = json,
                                    .header_count = 1,
                                    .body = &source.source,
                                    .payload_hash = hash };
        enum ingot_code r = check_start(request, err);

        if (!r)
                r = ebs_shape_start(&body, request, err);
        if (!r)
                r = digest_of(body.bytes, body.size_bytes, &digest, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        memory_source_init(&source, body.bytes, body.size_bytes);
        call.body_bytes = body.size_bytes;
        r = region_link_call(client->link, &call, &reply, NULL, NULL, err);
        if (r)
                return r;
        r = ebs_shape_started(reply.bytes, reply.size_bytes, ret_started, err);
        r = region_link_judge(r, call.operation, err);
        if (!r && ret_started->block_bytes != BLOCK_BYTES)
                r = ingot_fail(err, INGOT_E_REMOTE, "the region wants blocks of %" PRIu64 " bytes, not %d",
                               ret_started->block_bytes, BLOCK_BYTES);
        return r;
}

/* Rule 2. */
static enum ingot_code check_echo(const struct ebs_put *put, const struct http_reply *reply,
                                  struct ingot_error *err)
{
        char echo[128];

        if (!http_reply_header(reply, "x-amz-checksum", echo, sizeof(echo)))
                return ingot_fail(err, INGOT_E_REMOTE,
                                  "the answer to PutSnapshotBlock has no x-amz-Checksum");
        if (strcmp(echo, put->checksum) != 0)
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "block %" PRIu64 " was sent as %s and acknowledged as %.64s",
                                  put->block_index, put->checksum, echo);
        return INGOT_OK;
}

static void end_put(void *context, const struct region_result *result, const struct ingot_error *err)
{
        struct ebs_put *put = context;
        struct ingot_error why;
        enum ingot_code r = result->code;

        put->last_attempt_ns = result->last_attempt_ns;
        if (!r) {
                r = check_echo(put, result->reply, &why);
        } else if (r == INGOT_E_CHECKSUM) {
                r = ingot_fail(&why, INGOT_E_CHECKSUM,
                               "block %" PRIu64 " no longer has the digest in its block map: the region "
                               "refused it (%s: %s); build the image again",
                               put->block_index, result->fault->code, result->fault->message);
        } else {
                why = *err;
        }
        put->done(put->context, put, r, r ? &why : NULL);
}

enum ingot_code ebs_put_block(struct ebs_put *put, struct ingot_error *err)
{
        (void)snprintf(put->path, sizeof(put->path), "/snapshots/%s/blocks/%" PRIu64, put->snapshot_id,
                       put->block_index);
        base64_encode(put->digest->bytes, DIGEST_BYTES, put->checksum);
        put->headers[0] = (struct sigv4_header){ "Content-Type", "application/octet-stream" };
        put->headers[1] = (struct sigv4_header){ "x-amz-Data-Length", "524288" };
        put->headers[2] = (struct sigv4_header){ "x-amz-Checksum", put->checksum };
        put->headers[3] = (struct sigv4_header){ "x-amz-Checksum-Algorithm", "SHA256" };
        put->call = (struct region_call){ .endpoint = &put->client->endpoint,
                                          .operation = "PutSnapshotBlock",
                                          .protocol = REGION_REST_JSON,
                                          .method = "PUT",
                                          .path = put->path,
                                          .headers = put->headers,
                                          .header_count = 4,
                                          .body = put->body,
                                          .body_bytes = BLOCK_BYTES,
                                          .payload_hash = SIGV4_UNSIGNED_PAYLOAD,
                                          .has_content_sha256 = true,
                                          .found_by_ns = put->found_by_ns,
                                          .deadline_ms = put->deadline_ms };
        memcpy(put->call.paces, put->paces, sizeof(put->call.paces));
        return region_link_start(put->client->link, &put->call, end_put, put, err);
}

enum ingot_code ebs_complete_snapshot(const struct ebs_client *client, const char *snapshot_id,
                                      uint64_t block_count, const struct digest *linear,
                                      char ret_state[EBS_WORD_CHARS + 1], unsigned *ret_attempts,
                                      struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(BODY_BYTES_MAX);
        char path[128], count[24], checksum[DIGEST_BASE64_CHARS + 1];
        const struct sigv4_header headers[] = { { "x-amz-ChangedBlocksCount", count },
                                                { "x-amz-Checksum", checksum },
                                                { "x-amz-Checksum-Algorithm", "SHA256" },
                                                { "x-amz-Checksum-Aggregation-Method", "LINEAR" } };
        const struct region_call call = { .endpoint = &client->endpoint,
                                          .operation = "CompleteSnapshot",
                                          .protocol = REGION_REST_JSON,
                                          .method = "POST",
                                          .path = path,
                                          .headers = headers,
                                          .header_count = 4,
                                          .payload_hash = EMPTY_SHA256,
                                          .needs_new_connection = true /* ret_attempts must be right */ };
        enum ingot_code r;

        (void)snprintf(path, sizeof(path), "/snapshots/completion/%s", snapshot_id);
        (void)snprintf(count, sizeof(count), "%" PRIu64, block_count);
        base64_encode(linear->bytes, DIGEST_BYTES, checksum);
        r = region_link_call(client->link, &call, &reply, NULL, ret_attempts, err);
        if (r)
                return r;
        return region_link_judge(ebs_shape_completed(reply.bytes, reply.size_bytes, ret_state, err),
                                 call.operation, err);
}
