/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/s3_call.h"

/* ---- PutObject ---- */

enum ingot_code serve_put_object(struct s3_call *s3, struct ingot_error *err)
{
        struct object_record *old, *object;
        OWNED(heap_drop) struct object_record *records = calloc(2, sizeof(*records));
        const char *type = region_request_header(s3->request, "content-type");
        struct bucket_record bucket;
        char digest[DIGEST_BASE64_CHARS + 1];
        enum ingot_code r, found;

        if (!records)
                return ingot_fail_memory(err, 2 * sizeof(*records));
        object = &records[0];
        old = &records[1];
        if (!s3_find_bucket(s3, &bucket, &r, err) || !s3_take_body(s3, &r, err))
                return r;
        if (region_request_header(s3->request, "x-amz-copy-source"))
                return s3_refuse(s3, 501, "NotImplemented", "CopyObject is not implemented.");
        (void)snprintf(object->bucket, sizeof(object->bucket), "%s", bucket.name);
        (void)snprintf(object->key, sizeof(object->key), "%s", s3->key);
        (void)snprintf(object->etag, sizeof(object->etag), "%s", s3->etag);
        (void)snprintf(object->content_type, sizeof(object->content_type), "%.100s",
                       type ? type : "binary/octet-stream");
        object->size_bytes = s3->body_bytes;
        object->created_seconds = clock_wall_seconds(s3->store->clock);
        base64_encode(s3->digest.bytes, DIGEST_BYTES, digest);
        if (strcmp(s3->checksum_algorithm, "SHA256") == 0)
                (void)snprintf(object->checksum, sizeof(object->checksum), "%s", digest);
        r = object_store_write(s3->store, s3->body, s3->body_bytes, object->file, err);
        if (r)
                return r;
        found = catalogue_find_object(s3->store->catalogue, bucket.name, s3->key, old, err);
        r = found && found != INGOT_E_NOT_FOUND ? found
                                                : catalogue_set_object(s3->store->catalogue, object, err);
        if (r) {
                object_store_remove(s3->store, object->file);
                return r;
        }
        if (!found)
                object_store_remove(s3->store, old->file);
        s3_reply_empty(s3, 200);
        region_reply_add_header(s3->reply, "ETag", object->etag);
        if (*object->checksum)
                region_reply_add_header(s3->reply, "x-amz-checksum-sha256", object->checksum);
        return INGOT_OK;
}

/* ---- GetObject and HeadObject ---- */

struct span {
        uint64_t from_bytes, size_bytes;
        bool is_part; /* 206 */
};

/* "bytes=A-B", "bytes=A-", "bytes=-N"; false when nothing of it is there.  What is no range is passed over. */
static bool read_range(const char *text, uint64_t object_bytes, struct span *span)
{
        char first[24], last[24];
        uint64_t from = 0, to = 0;
        const char *dash;

        *span = (struct span){ .size_bytes = object_bytes };
        if (!text || strncmp(text, "bytes=", 6) != 0 || strchr(text, ',') || !(dash = strchr(text, '-')) ||
            strlen(text) > 46)
                return true;
        (void)snprintf(first, sizeof(first), "%.*s", (int)(dash - text - 6), text + 6);
        (void)snprintf(last, sizeof(last), "%.23s", dash + 1);
        if ((*first && !read_digits(first, &from)) || (*last && !read_digits(last, &to)) ||
            (!*first && !*last) || (*first && *last && to < from))
                return true;
        if (!*first) { /* the last so many */
                from = to < object_bytes ? object_bytes - to : 0;
                to = object_bytes - 1;
        } else if (!*last || to >= object_bytes) {
                to = object_bytes - 1;
        }
        if (!object_bytes || from >= object_bytes)
                return false;
        *span = (struct span){ .from_bytes = from, .size_bytes = to - from + 1, .is_part = true };
        return true;
}

static void add_headers(struct s3_call *s3, const struct object_record *object, const struct span *span)
{
        const char *mode = region_request_header(s3->request, "x-amz-checksum-mode");
        char date[S3_DATE_CHARS + 1], range[96];

        s3_reply_empty(s3, span->is_part ? 206 : 200);
        s3_print_date(object->created_seconds, date);
        region_reply_add_header(s3->reply, "ETag", object->etag);
        region_reply_add_header(s3->reply, "Last-Modified", date);
        region_reply_add_header(s3->reply, "Accept-Ranges", "bytes");
        region_reply_add_header(s3->reply, "Content-Type", object->content_type);
        if (mode && strcmp(mode, "ENABLED") == 0 && *object->checksum && !span->is_part)
                region_reply_add_header(s3->reply, "x-amz-checksum-sha256", object->checksum);
        if (!span->is_part)
                return;
        (void)snprintf(range, sizeof(range), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, span->from_bytes,
                       span->from_bytes + span->size_bytes - 1, object->size_bytes);
        region_reply_add_header(s3->reply, "Content-Range", range);
}

enum ingot_code serve_get_object(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct object_record *object = calloc(1, sizeof(*object));
        const char *match = region_request_header(s3->request, "if-match");
        OWNED(fd_drop) int fd = FD_NONE;
        struct bucket_record bucket;
        struct span span;
        enum ingot_code r;

        if (!object)
                return ingot_fail_memory(err, sizeof(*object));
        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        r = catalogue_find_object(s3->store->catalogue, bucket.name, s3->key, object, err);
        if (r == INGOT_E_NOT_FOUND)
                return s3_refuse(s3, 404, "NoSuchKey", "The specified key does not exist.");
        if (r)
                return r;
        if (match && strcmp(match, "*") != 0 && strcmp(match, object->etag) != 0)
                return s3_refuse(s3, 412, "PreconditionFailed",
                                 "At least one of the pre-conditions you specified did not hold");
        if (!read_range(region_request_header(s3->request, "range"), object->size_bytes, &span))
                return s3_refuse(s3, 416, "InvalidRange", "The requested range is not satisfiable");
        r = object_store_open(s3->store, object->file, &fd, err);
        if (r)
                return r;
        add_headers(s3, object, &span);
        s3->reply->file_fd = fd;
        s3->reply->file_from_bytes = span.from_bytes;
        s3->reply->file_bytes = span.size_bytes;
        fd = FD_NONE;
        return INGOT_OK;
}

/* ---- DeleteObject ---- */

enum ingot_code serve_delete_object(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct object_record *object = calloc(1, sizeof(*object));
        struct bucket_record bucket;
        enum ingot_code r;

        if (!object)
                return ingot_fail_memory(err, sizeof(*object));
        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        r = catalogue_find_object(s3->store->catalogue, bucket.name, s3->key, object, err);
        if (!r) {
                r = catalogue_remove_object(s3->store->catalogue, bucket.name, s3->key, err);
                if (!r)
                        object_store_remove(s3->store, object->file);
        }
        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        s3_reply_empty(s3, 204);
        return INGOT_OK;
}
