/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "model/block_map.h"
#include "publish/ebs_read.h"
#include "wire/uri.h"

enum { PAGE_BYTES_MAX = 8 << 20, BLOCK_REPLY_BYTES_MAX = BLOCK_BYTES /* a refusal is shorter */ };

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ---- lists ---- */

static void print_list_query(uint64_t start_index, unsigned count_max, const char *page_token,
                             struct buffer *out)
{
        char number[24];

        buffer_clear(out); /* the names ascend: the query is canonical */
        if (count_max) {
                (void)snprintf(number, sizeof(number), "%u", count_max);
                uri_append_pair(out, "maxResults", number);
        }
        if (page_token) {
                uri_append_pair(out, "pageToken", page_token);
        } else if (start_index) {
                (void)snprintf(number, sizeof(number), "%" PRIu64, start_index);
                uri_append_pair(out, "startingBlockIndex", number);
        }
}

static enum ingot_code list_page(const struct ebs_client *client, const struct region_call *call,
                                 uint64_t start_index, struct ebs_page *ret_page, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(PAGE_BYTES_MAX);
        enum ingot_code r = region_link_call(client->link, call, &reply, NULL, NULL, err);

        if (r)
                return r;
        r = ebs_page_parse(reply.bytes, reply.size_bytes, ret_page, err);
        if (!r && ret_page->count && ret_page->blocks[0].index < start_index) {
                r = ingot_fail(err, INGOT_E_FORMAT, "block %" PRIu64 " was listed, from %" PRIu64 " on",
                               ret_page->blocks[0].index, start_index);
                ebs_page_release(ret_page);
        }
        return region_link_judge(r, call->operation, err);
}

enum ingot_code ebs_list_blocks(const struct ebs_client *client, const char *snapshot_id,
                                uint64_t start_index, unsigned count_max, struct ebs_page *ret_page,
                                struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(4096);
        OWNED(ebs_page_release) struct ebs_page page = { .count = 0 };
        char path[128];
        struct region_call call = { .endpoint = &client->endpoint,
                                    .operation = "ListSnapshotBlocks",
                                    .protocol = REGION_REST_JSON,
                                    .method = "GET",
                                    .path = path,
                                    .payload_hash = EMPTY_SHA256,
                                    .reply_bytes_max = PAGE_BYTES_MAX };
        enum ingot_code r;

        (void)snprintf(path, sizeof(path), "/snapshots/%s/blocks", snapshot_id);
        do {
                char token[EBS_TOKEN_CHARS + 1];

                memcpy(token, page.next_token, sizeof(token));
                ebs_page_release(&page);
                print_list_query(start_index, count_max, *token ? token : NULL, &query);
                r = buffer_check(&query, err);
                call.query = query.bytes;
                if (!r)
                        r = list_page(client, &call, start_index, &page, err);
        } while (!r && !page.count && *page.next_token);
        if (r)
                return r;
        *ret_page = page;
        page = (struct ebs_page){ .count = 0 };
        return INGOT_OK;
}

/* ---- blocks ---- */

/* Rule 2. */
static enum ingot_code check_block(const struct ebs_get *get, const struct http_reply *reply,
                                   struct ebs_got *got, struct ingot_error *err)
{
        char wanted[128], found[DIGEST_BASE64_CHARS + 1];
        enum ingot_code r;

        if (reply->body.size_bytes != BLOCK_BYTES)
                return ingot_fail(err, INGOT_E_REMOTE, "block %" PRIu64 " came with %zu bytes, not %d",
                                  get->block_index, reply->body.size_bytes, BLOCK_BYTES);
        if (!http_reply_header(reply, "x-amz-checksum", wanted, sizeof(wanted)))
                return ingot_fail(err, INGOT_E_REMOTE, "block %" PRIu64 " came without x-amz-Checksum",
                                  get->block_index);
        r = digest_of(reply->body.bytes, BLOCK_BYTES, &got->digest, err);
        if (r)
                return r;
        base64_encode(got->digest.bytes, DIGEST_BYTES, found);
        if (strcmp(found, wanted) != 0)
                return ingot_fail(err, INGOT_E_CHECKSUM,
                                  "block %" PRIu64 " came with the checksum %.64s; its bytes have %s",
                                  get->block_index, wanted, found);
        got->bytes = (const uint8_t *)reply->body.bytes;
        return INGOT_OK;
}

static void end_get(void *context, const struct region_result *result, const struct ingot_error *err)
{
        struct ebs_get *get = context;
        struct ebs_got got = { .bytes = NULL };
        struct ingot_error why;
        enum ingot_code r = result->code;

        if (!r) {
                r = check_block(get, result->reply, &got, &why);
        } else {
                got.token_expired = strcmp(result->fault->reason, "INVALID_BLOCK_TOKEN") == 0;
                why = *err;
        }
        get->done(get->context, get, r, &got, r ? &why : NULL);
}

enum ingot_code ebs_get_block(struct ebs_get *get, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(sizeof(get->query));
        enum ingot_code r;

        uri_append_pair(&query, "blockToken", get->block_token);
        r = buffer_check(&query, err);
        if (r)
                return r;
        (void)snprintf(get->query, sizeof(get->query), "%s", query.bytes);
        (void)snprintf(get->path, sizeof(get->path), "/snapshots/%s/blocks/%" PRIu64, get->snapshot_id,
                       get->block_index);
        get->call = (struct region_call){ .endpoint = &get->client->endpoint,
                                          .operation = "GetSnapshotBlock",
                                          .protocol = REGION_REST_JSON,
                                          .method = "GET",
                                          .path = get->path,
                                          .query = get->query,
                                          .payload_hash = EMPTY_SHA256,
                                          .deadline_ms = get->deadline_ms,
                                          .reply_bytes_max = BLOCK_REPLY_BYTES_MAX };
        return region_link_start(get->client->link, &get->call, end_get, get, err);
}
