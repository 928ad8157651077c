/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/own.h"
#include "region/s3_call.h"

struct s3_operation {
        const char *name, *method;
        enum { NO_BUCKET, BUCKET, KEY } level;
        const char *marks[3]; /* parameters that the query must have */
        enum ingot_code (*handle)(struct s3_call *s3, struct ingot_error *err);
};

/* The first that fits: those with marks come before those without. */
static const struct s3_operation operations[] = {
        { "ListBuckets", "GET", NO_BUCKET, { NULL }, serve_list_buckets },
        { "CreateBucket", "PUT", BUCKET, { NULL }, serve_create_bucket },
        { "HeadBucket", "HEAD", BUCKET, { NULL }, serve_head_bucket },
        { "DeleteBucket", "DELETE", BUCKET, { NULL }, serve_delete_bucket },
        { "GetBucketLocation", "GET", BUCKET, { "location" }, serve_get_bucket_location },
        { "ListMultipartUploads", "GET", BUCKET, { "uploads" }, serve_list_uploads },
        { "ListObjectsV2", "GET", BUCKET, { "list-type" }, serve_list_objects },
        { "UploadPart", "PUT", KEY, { "uploadId", "partNumber" }, serve_upload_part },
        { "PutObject", "PUT", KEY, { NULL }, serve_put_object },
        { "ListParts", "GET", KEY, { "uploadId" }, serve_list_parts },
        { "GetObject", "GET", KEY, { NULL }, serve_get_object },
        { "HeadObject", "HEAD", KEY, { NULL }, serve_get_object },
        { "AbortMultipartUpload", "DELETE", KEY, { "uploadId" }, serve_abort_upload },
        { "DeleteObject", "DELETE", KEY, { NULL }, serve_delete_object },
        { "CreateMultipartUpload", "POST", KEY, { "uploads" }, serve_create_upload },
        { "CompleteMultipartUpload", "POST", KEY, { "uploadId" }, serve_complete_upload },
};

/* Parameters of which any that an operation without its mark gets would ask for something that is not served. */
static const char *const sub_resources[] = {
        "acl",          "attributes",  "cors",    "encryption", "legal-hold",  "lifecycle",      "logging",
        "notification", "object-lock", "policy",  "partNumber", "replication", "requestPayment", "restore",
        "retention",    "select",      "tagging", "torrent",    "uploadId",    "uploads",        "versionId",
        "versioning",   "versions",    "website",
};

static bool has_marks(const struct s3_operation *operation, const struct uri_query *query)
{
        for (size_t i = 0; operation->marks[i]; i++)
                if (!uri_query_find(query, operation->marks[i]))
                        return false;
        return true;
}

static bool is_marked(const struct s3_operation *operation, const char *name)
{
        for (size_t i = 0; operation->marks[i]; i++)
                if (strcmp(operation->marks[i], name) == 0)
                        return true;
        return false;
}

/* What a request asks for; NULL: nothing that is served. */
static const struct s3_operation *find(const char *method, int level, const struct uri_query *query)
{
        for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
                const struct s3_operation *operation = &operations[i];

                if (strcmp(operation->method, method) != 0 || (int)operation->level != level ||
                    !has_marks(operation, query))
                        continue;
                for (size_t k = 0; k < sizeof(sub_resources) / sizeof(sub_resources[0]); k++)
                        if (uri_query_find(query, sub_resources[k]) &&
                            !is_marked(operation, sub_resources[k]))
                                return NULL;
                return operation;
        }
        return NULL;
}

/* Takes "/BUCKET/KEY" apart; returns the level, -1 when it cannot be a path of ours. */
static int split(const char *path, char *bucket, size_t bucket_room, char *key, size_t key_room)
{
        OWNED(buffer_release) struct buffer decoded = BUFFER_INIT(S3_KEY_BYTES + S3_BUCKET_CHARS + 2);
        const char *slash;
        size_t chars;

        if (path[0] != '/' || uri_decode(&decoded, path + 1, strlen(path + 1), URI_QUERY, NULL) ||
            buffer_check(&decoded, NULL))
                return -1;
        slash = strchr(decoded.bytes, '/');
        chars = slash ? (size_t)(slash - decoded.bytes) : decoded.size_bytes;
        if (chars >= bucket_room || (slash && strlen(slash + 1) >= key_room))
                return -1;
        memcpy(bucket, decoded.bytes, chars);
        bucket[chars] = '\0';
        key[0] = '\0';
        if (slash)
                memcpy(key, slash + 1, strlen(slash + 1) + 1);
        return *key ? KEY : *bucket ? BUCKET : NO_BUCKET;
}

static enum ingot_code run(struct s3_call *s3, struct ingot_error *err)
{
        const struct region_request *request = s3->request;
        const char *payload = region_request_header(request, "x-amz-content-sha256");
        int level = split(request->path, s3->bucket, sizeof(s3->bucket), s3->key, sizeof(s3->key));
        const struct s3_operation *operation;
        size_t chars;

        if (!payload && !uri_query_find(&s3->query, "X-Amz-Signature"))
                return s3_refuse(s3, 400, "InvalidRequest",
                                 "Missing required header for this request: x-amz-content-sha256");
        if (level < 0 || !is_plain_text(s3->key, &chars))
                return s3_refuse(s3, 400, "KeyTooLongError", "Your key is too long, or no text");
        if (level != NO_BUCKET && !s3_is_bucket_name(s3->bucket))
                return s3_refuse(s3, 400, "InvalidBucketName", "The specified bucket is not valid.");
        operation = find(request->method, level, &s3->query);
        if (!operation)
                return s3_refuse(s3, 501, "NotImplemented",
                                 "A header or parameter you provided implies functionality that is not "
                                 "implemented.");
        if (request->is_body_too_long)
                return s3_refuse(s3, 400, "EntityTooLarge",
                                 "Your proposed upload exceeds the maximum allowed size");
        return operation->handle(s3, err);
}

static enum ingot_code serve(const struct service_call *call, struct ingot_error *err)
{
        OWNED(heap_drop) struct s3_call *s3 = calloc(1, sizeof(*s3));
        enum ingot_code r;

        if (!s3)
                return ingot_fail_memory(err, sizeof(*s3));
        s3->call = call;
        s3->store = call->store;
        s3->request = call->request;
        s3->reply = call->reply;
        if (uri_query_parse(call->request->query, strlen(call->request->query), URI_QUERY, &s3->query, NULL))
                return s3_refuse(s3, 400, "InvalidURI", "Couldn't parse the specified URI.");
        r = run(s3, err);
        uri_query_release(&s3->query);
        free(s3->decoded);
        return r;
}

static void refuse(const struct region_refusal *refusal, struct region_reply *reply)
{
        static const struct {
                unsigned status;
                const char *code;
        } answers[] = {
                [SIGV4_MISSING] = { 403, "AccessDenied" },
                [SIGV4_MALFORMED] = { 400, "AuthorizationHeaderMalformed" },
                [SIGV4_UNKNOWN_KEY] = { 403, "InvalidAccessKeyId" },
                [SIGV4_WRONG_TOKEN] = { 400, "InvalidToken" },
                [SIGV4_EXPIRED] = { 403, "RequestTimeTooSkewed" },
                [SIGV4_NOT_YET] = { 403, "RequestTimeTooSkewed" },
                [SIGV4_UNSIGNED_HEADER] = { 403, "AccessDenied" },
                [SIGV4_WRONG_PAYLOAD] = { 400, "XAmzContentSHA256Mismatch" },
                [SIGV4_MISMATCH] = { 403, "SignatureDoesNotMatch" },
        };
        size_t at = (size_t)refusal->verdict < sizeof(answers) / sizeof(answers[0]) ? refusal->verdict
                                                                                    : SIGV4_MISMATCH;

        if (refusal->is_session_over)
                s3_error_write(reply, "", 400, "ExpiredToken", "The provided token has expired.");
        else
                s3_error_write(reply, "", answers[at].status, answers[at].code, refusal->detail);
}

static void break_down(struct region_reply *reply)
{
        s3_error_write(reply, "", 500, "InternalError",
                       "We encountered an internal error. Please try again.");
}

static void fail(const struct fate_refusal *refusal, struct region_reply *reply)
{
        s3_error_write(reply, "", refusal->status, refusal->code, refusal->message);
}

static const char *find_operation(const struct region_request *request)
{
        char bucket[S3_BUCKET_CHARS + 1], key[S3_KEY_BYTES + 1];
        const struct s3_operation *operation;
        struct uri_query query;
        int level = split(request->path, bucket, sizeof(bucket), key, sizeof(key));

        if (level < 0 || uri_query_parse(request->query, strlen(request->query), URI_QUERY, &query, NULL))
                return NULL;
        operation = find(request->method, level, &query);
        uri_query_release(&query);
        return operation ? operation->name : NULL;
}

static const char *operation_at(size_t index)
{
        return index < sizeof(operations) / sizeof(operations[0]) ? operations[index].name : NULL;
}

const struct region_service s3_service = {
        "s3", serve, refuse, break_down, fail, find_operation, operation_at
};
