/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/checked.h"
#include "base/own.h"
#include "model/memory_source.h"
#include "publish/s3_client.h"
#include "wire/uri.h"

enum {
        TARGET_BYTES_MAX = 16384,
        DEADLINE_MS = 60000,
        COMPLETE_DEADLINE_MS = 600000, /* S3 puts an object of 10,000 parts together while we wait */
        SLOWEST_BYTES_PER_MS = 64,
        PART_ATTEMPTS = 3 /* that a part has time for, each at the slowest */
};

/* ---- where ---- */

bool s3_endpoint_is_aws(const struct endpoint *endpoint)
{
        /* S3 has no hosts in the dual-stack domains: "s3.dualstack.us-east-1.amazonaws.com". */
        static const char *const suffixes[] = { ".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu",
                                                ".c2s.ic.gov",    ".sc2s.sgov.gov",    ".csp.hci.ic.gov",
                                                ".cloud.adc-e.uk" };
        size_t chars = strlen(endpoint->host);

        for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
                size_t suffix_chars = strlen(suffixes[i]);

                if (chars > suffix_chars && strcmp(endpoint->host + chars - suffix_chars, suffixes[i]) == 0)
                        return true;
        }
        return false;
}

enum ingot_code s3_client_init(struct s3_client *client, struct region_link *link,
                               const struct endpoint *endpoint, const char *bucket, struct ingot_error *err)
{
        int chars;

        if (!s3_is_bucket_name(bucket))
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%.80s' is not the name of a bucket: 3 to 63 of a-z, 0-9, '.' and '-'",
                                  bucket);
        *client = (struct s3_client){ .link = link, .endpoint = *endpoint };
        (void)snprintf(client->bucket, sizeof(client->bucket), "%s", bucket);
        client->is_path_style = !s3_endpoint_is_aws(endpoint) || strchr(bucket, '.');
        if (client->is_path_style)
                return INGOT_OK;
        chars = snprintf(client->endpoint.host, sizeof(client->endpoint.host), "%s.%s", bucket,
                         endpoint->host);
        if (chars < 0 || (size_t)chars >= sizeof(client->endpoint.host))
                return ingot_fail(err, INGOT_E_USAGE, "'%s.%s' is too long for the name of a host", bucket,
                                  endpoint->host);
        return INGOT_OK;
}

static void append_path(struct buffer *out, const struct s3_client *client, const char *key)
{
        s3_append_path(out, client->is_path_style ? client->bucket : NULL, key);
}

/* ---- one call and its answer ---- */

struct asked {
        const char *operation, *method, *key; /* key NULL: the bucket itself */
        const char *query;
        const struct sigv4_header *headers;
        size_t header_count;
        const void *body;
        size_t body_bytes;
        uint32_t deadline_ms;
        bool needs_new_connection; /* region_call's */
};

static enum ingot_code call(const struct s3_client *client, const struct asked *asked, struct buffer *reply,
                            unsigned *ret_attempts, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(TARGET_BYTES_MAX);
        char hash[DIGEST_HEX_CHARS + 1];
        struct memory_source source = { .size_bytes = 0 };
        struct digest digest;
        struct region_call made = { .endpoint = &client->endpoint,
                                    .operation = asked->operation,
                                    .protocol = REGION_REST_XML,
                                    .method = asked->method,
                                    .query = asked->query,
                                    .headers = asked->headers,
                                    .header_count = asked->header_count,
                                    .body = asked->body_bytes ? &source.source : NULL,
                                    .body_bytes = asked->body_bytes,
                                    .payload_hash = hash,
                                    .has_content_sha256 = true,
                                    .deadline_ms = asked->deadline_ms ? asked->deadline_ms : DEADLINE_MS,
                                    .reply_bytes_max = S3_DOCUMENT_BYTES_MAX,
                                    .needs_new_connection = asked->needs_new_connection };
        enum ingot_code r = digest_of(asked->body ? asked->body : "", asked->body_bytes, &digest, err);

        append_path(&path, client, asked->key);
        if (!r)
                r = buffer_check(&path, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        memory_source_init(&source, asked->body, asked->body_bytes);
        made.path = path.bytes;
        made.budget_ms = 3 * made.deadline_ms;
        r = region_link_call(client->link, &made, reply, NULL, ret_attempts, err);
        return ingot_while(err, r, "asking S3 about '%s%s%s'", client->bucket, asked->key ? "/" : "",
                           asked->key ? asked->key : "");
}

enum ingot_code s3_create_bucket(const struct s3_client *client, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer body = BUFFER_INIT(TARGET_BYTES_MAX);
        struct asked asked = { .operation = "CreateBucket", .method = "PUT" };

        if (strcmp(client->endpoint.region, "us-east-1") != 0) /* which must not be said */
                s3_append_constraint(&body, client->endpoint.region);
        asked.body = body.bytes;
        asked.body_bytes = body.size_bytes;
        return call(client, &asked, NULL, NULL, err);
}

enum ingot_code s3_get_bucket_location(const struct s3_client *client, char ret_region[S3_REGION_CHARS + 1],
                                       struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);
        const struct asked asked = { .operation = "GetBucketLocation",
                                     .method = "GET",
                                     .query = "location=" };
        enum ingot_code r = call(client, &asked, &reply, NULL, err);

        return r ? r
                 : region_link_judge(s3_reply_location(reply.bytes, reply.size_bytes, ret_region, err),
                                     asked.operation, err);
}

enum ingot_code s3_create_upload(const struct s3_client *client, const char *key,
                                 char ret_upload_id[S3_UPLOAD_ID_CHARS + 1], struct ingot_error *err)
{
        static const struct sigv4_header headers[] = { { "x-amz-checksum-algorithm", "SHA256" } };
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);
        const struct asked asked = { .operation = "CreateMultipartUpload",
                                     .method = "POST",
                                     .key = key,
                                     .query = "uploads=",
                                     .headers = headers,
                                     .header_count = 1 };
        enum ingot_code r = call(client, &asked, &reply, NULL, err);

        return r ? r
                 : region_link_judge(s3_reply_upload_id(reply.bytes, reply.size_bytes, ret_upload_id, err),
                                     asked.operation, err);
}

enum ingot_code s3_list_parts(const struct s3_client *client, const char *key, const char *upload_id,
                              struct s3_part_list *ret_list, struct ingot_error *err)
{
        OWNED(s3_part_list_release) struct s3_part_list list = { .parts = NULL };
        enum ingot_code r = INGOT_OK;

        do {
                OWNED(buffer_release) struct buffer reply = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);
                OWNED(buffer_release) struct buffer query = BUFFER_INIT(TARGET_BYTES_MAX);
                char marker[16];
                struct asked asked = { .operation = "ListParts", .method = "GET", .key = key };

                (void)snprintf(marker, sizeof(marker), "%u", list.next_number);
                if (list.is_truncated)
                        uri_append_pair(&query, "part-number-marker", marker);
                uri_append_pair(&query, "uploadId", upload_id);
                r = buffer_check(&query, err);
                asked.query = query.bytes;
                if (!r)
                        r = call(client, &asked, &reply, NULL, err);
                if (!r)
                        r = region_link_judge(s3_reply_parts(reply.bytes, reply.size_bytes, &list, err),
                                              asked.operation, err);
        } while (!r && list.is_truncated);
        if (r)
                return r;
        *ret_list = list;
        list = (struct s3_part_list){ .parts = NULL };
        return INGOT_OK;
}

static enum ingot_code check_composite(const struct s3_completed *completed, const struct s3_part *parts,
                                       size_t count, struct ingot_error *err)
{
        char composite[S3_COMPOSITE_CHARS + 1];
        enum ingot_code r;

        for (size_t i = 0; i < count; i++)
                if (!parts[i].has_digest)
                        return INGOT_OK;
        r = s3_print_composite(parts, count, composite, err);
        if (!r && *completed->checksum && strcmp(completed->checksum, composite) != 0)
                r = ingot_fail(
                        err, INGOT_E_CHECKSUM,
                        "CompleteMultipartUpload: S3 says the object's SHA-256 is %s; the parts sent have "
                        "%s",
                        completed->checksum, composite);
        return r;
}

enum ingot_code s3_complete_upload(const struct s3_client *client, const char *key, const char *upload_id,
                                   const struct s3_part *parts, size_t count, unsigned *ret_attempts,
                                   struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer body = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);
        OWNED(buffer_release) struct buffer reply = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(TARGET_BYTES_MAX);
        static const struct sigv4_header headers[] = { { "Content-Type", "application/xml" } };
        struct asked asked = { .operation = "CompleteMultipartUpload",
                               .method = "POST",
                               .key = key,
                               .headers = headers,
                               .header_count = 1,
                               .deadline_ms = COMPLETE_DEADLINE_MS,
                               .needs_new_connection = true /* ret_attempts is to be true */ };
        struct s3_completed completed;
        enum ingot_code r;

        if (ret_attempts)
                *ret_attempts = 0;
        s3_append_completion(&body, parts, count);
        uri_append_pair(&query, "uploadId", upload_id);
        r = buffer_check(&body, err);
        if (!r)
                r = buffer_check(&query, err);
        asked.query = query.bytes;
        asked.body = body.bytes;
        asked.body_bytes = body.size_bytes;
        if (!r)
                r = call(client, &asked, &reply, ret_attempts, err);
        if (!r)
                r = region_link_judge(s3_reply_completion(reply.bytes, reply.size_bytes, &completed, err),
                                      asked.operation, err);
        return r ? r : check_composite(&completed, parts, count, err);
}

enum ingot_code s3_abort_upload(const struct s3_client *client, const char *key, const char *upload_id,
                                struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer query = BUFFER_INIT(TARGET_BYTES_MAX);
        struct asked asked = { .operation = "AbortMultipartUpload", .method = "DELETE", .key = key };
        enum ingot_code r;

        uri_append_pair(&query, "uploadId", upload_id);
        r = buffer_check(&query, err);
        asked.query = query.bytes;
        return r ? r : call(client, &asked, NULL, NULL, err);
}

enum ingot_code s3_delete_object(const struct s3_client *client, const char *key, struct ingot_error *err)
{
        const struct asked asked = { .operation = "DeleteObject", .method = "DELETE", .key = key };
        enum ingot_code r = call(client, &asked, NULL, NULL, err);

        return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
}

enum ingot_code s3_put_object(const struct s3_client *client, const char *key, const void *bytes,
                              size_t size_bytes, struct ingot_error *err)
{
        const struct asked asked = {
                .operation = "PutObject", .method = "PUT", .key = key, .body = bytes, .body_bytes = size_bytes
        };

        return call(client, &asked, NULL, NULL, err);
}

/* ---- HeadObject: what it says is in its headers ---- */

struct head {
        bool is_done;
        enum ingot_code code;
        uint64_t size_bytes;
        struct ingot_error *err;
};

static void end_head(void *context, const struct region_result *result, const struct ingot_error *err)
{
        struct head *head = context;
        char text[24];

        head->is_done = true;
        head->code = result->code;
        if (result->code) {
                if (head->err)
                        *head->err = *err;
                return;
        }
        if (!http_reply_header(result->reply, "content-length", text, sizeof(text)) || strlen(text) > 18 ||
            strspn(text, "0123456789") != strlen(text)) {
                head->code = ingot_fail(head->err, INGOT_E_REMOTE, "HeadObject: no size of the object");
                return;
        }
        for (const char *c = text; *c; c++)
                head->size_bytes = head->size_bytes * 10 + (uint64_t)(*c - '0');
}

enum ingot_code s3_head_object(const struct s3_client *client, const char *key, uint64_t *ret_size_bytes,
                               struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(TARGET_BYTES_MAX);
        struct head head = { .err = err };
        char hash[DIGEST_HEX_CHARS + 1];
        struct digest digest;
        struct region_call made = { .endpoint = &client->endpoint,
                                    .operation = "HeadObject",
                                    .protocol = REGION_REST_XML,
                                    .method = "HEAD",
                                    .payload_hash = hash,
                                    .has_content_sha256 = true,
                                    .deadline_ms = DEADLINE_MS };
        enum ingot_code r = digest_of("", 0, &digest, err);

        append_path(&path, client, key);
        if (!r)
                r = buffer_check(&path, err);
        if (r)
                return r;
        hex_encode(digest.bytes, DIGEST_BYTES, hash);
        made.path = path.bytes;
        r = region_link_start(client->link, &made, end_head, &head, err);
        while (!r && !head.is_done)
                r = region_link_pump(client->link, 1000, err);
        if (r)
                region_link_abandon(client->link); /* head is about to go */
        else
                r = head.code;
        if (r)
                return ingot_while(err, r, "asking S3 about '%s/%s'", client->bucket, key);
        *ret_size_bytes = head.size_bytes;
        return INGOT_OK;
}

/* ---- parts ---- */

static void end_put(void *context, const struct region_result *result, const struct ingot_error *err)
{
        struct s3_put_part *put = context;
        struct ingot_error own = { 0 };
        char text[S3_ETAG_CHARS + 1], etag[S3_ETAG_CHARS + 1] = "";
        enum ingot_code code = result->code;

        put->attempts = result->attempts;
        if (!code &&
            (!http_reply_header(result->reply, "etag", text, sizeof(text)) || !s3_copy_etag(etag, text))) {
                code = ingot_fail(&own, INGOT_E_REMOTE, "UploadPart: the answer has no ETag");
                err = &own;
        }
        put->is_digest_kept =
                !code && http_reply_header(result->reply, "x-amz-checksum-sha256", text, sizeof(text));
        if (put->is_digest_kept && strcmp(text, put->checksum) != 0) {
                code = ingot_fail(&own, INGOT_E_CHECKSUM,
                                  "UploadPart: S3 says the part's SHA-256 is %.60s, not %s", text,
                                  put->checksum);
                err = &own;
        }
        put->done(put->context, put, code ? "" : etag, code, err);
}

enum ingot_code s3_put_part_start(struct s3_put_part *put, struct ingot_error *err)
{
        const uint64_t deadline_ms =
                min_u64(DEADLINE_MS + put->body_bytes / SLOWEST_BYTES_PER_MS, UINT32_MAX / PART_ATTEMPTS);
        char number[16];
        enum ingot_code r;

        buffer_init(&put->path, TARGET_BYTES_MAX);
        buffer_init(&put->query, TARGET_BYTES_MAX);
        append_path(&put->path, put->client, put->key);
        (void)snprintf(number, sizeof(number), "%u", put->number);
        uri_append_pair(&put->query, "partNumber", number);
        uri_append_pair(&put->query, "uploadId", put->upload_id);
        r = buffer_check(&put->path, err);
        if (!r)
                r = buffer_check(&put->query, err);
        if (r)
                return r;
        base64_encode(put->digest.bytes, DIGEST_BYTES, put->checksum);
        hex_encode(put->digest.bytes, DIGEST_BYTES, put->hash);
        put->headers[0] = (struct sigv4_header){ "x-amz-checksum-sha256", put->checksum };
        put->call = (struct region_call){ .endpoint = &put->client->endpoint,
                                          .operation = "UploadPart",
                                          .protocol = REGION_REST_XML,
                                          .method = "PUT",
                                          .path = put->path.bytes,
                                          .query = put->query.bytes,
                                          .headers = put->headers,
                                          .header_count = 1,
                                          .body = put->body,
                                          .body_bytes = put->body_bytes,
                                          .payload_hash = put->hash,
                                          .has_content_sha256 = true,
                                          .deadline_ms = (uint32_t)deadline_ms,
                                          .budget_ms = (uint32_t)(PART_ATTEMPTS * deadline_ms) };
        return region_link_start(put->client->link, &put->call, end_put, put, err);
}

void s3_put_part_release(struct s3_put_part *put)
{
        buffer_release(&put->path);
        buffer_release(&put->query);
}
