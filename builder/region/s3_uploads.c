/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/own.h"
#include "region/s3_call.h"

enum { LIST_PARTS_MAX = 1000 };

/* Finds the bucket and the upload that the query names; false: the reply is whole, or *ret_code is a failure. */
static bool find_upload(struct s3_call *s3, struct upload_record *ret_upload, enum ingot_code *ret_code,
                        struct ingot_error *err)
{
        struct bucket_record bucket;
        enum ingot_code r;

        if (!s3_find_bucket(s3, &bucket, ret_code, err))
                return false;
        r = catalogue_find_upload(s3->store->catalogue, bucket.name, s3->key, s3_parameter(s3, "uploadId"),
                                  ret_upload, err);
        *ret_code = r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        if (r == INGOT_E_NOT_FOUND)
                (void)s3_refuse(s3, 404, "NoSuchUpload",
                                "The specified upload does not exist. The upload ID may be invalid, or the "
                                "upload may have been aborted or completed.");
        return r == INGOT_OK;
}

/* ---- CreateMultipartUpload ---- */

enum ingot_code serve_create_upload(struct s3_call *s3, struct ingot_error *err)
{
        static const char *const algorithms[] = { "SHA256", "SHA1", "CRC32", "CRC32C", "CRC64NVME" };
        OWNED(heap_drop) struct upload_record *upload = calloc(1, sizeof(*upload));
        const char *algorithm = region_request_header(s3->request, "x-amz-checksum-algorithm");
        const char *type = region_request_header(s3->request, "content-type");
        struct buffer *out = &s3->reply->body;
        struct bucket_record bucket;
        uint8_t id[UPLOAD_ID_CHARS / 2];
        bool is_known = !algorithm;
        enum ingot_code r;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        for (size_t i = 0; !is_known && i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
                is_known = strcmp(algorithm, algorithms[i]) == 0;
        if (!is_known)
                return s3_refuse(s3, 400, "InvalidRequest", "Checksum algorithm provided is unsupported.");
        r = random_bytes(id, sizeof(id), err);
        if (r)
                return r;
        hex_encode(id, sizeof(id), upload->id);
        (void)snprintf(upload->bucket, sizeof(upload->bucket), "%s", bucket.name);
        (void)snprintf(upload->key, sizeof(upload->key), "%s", s3->key);
        (void)snprintf(upload->algorithm, sizeof(upload->algorithm), "%s", algorithm ? algorithm : "");
        (void)snprintf(upload->content_type, sizeof(upload->content_type), "%.100s",
                       type ? type : "binary/octet-stream");
        upload->created_seconds = clock_wall_seconds(s3->store->clock);
        r = catalogue_add_upload(s3->store->catalogue, upload, err);
        if (r)
                return r;
        s3_begin(s3, "InitiateMultipartUploadResult");
        element_text(out, "Bucket", upload->bucket);
        element_text(out, "Key", upload->key);
        element_text(out, "UploadId", upload->id);
        s3_end(s3, "InitiateMultipartUploadResult");
        if (algorithm)
                region_reply_add_header(s3->reply, "x-amz-checksum-algorithm", upload->algorithm);
        return INGOT_OK;
}

/* ---- UploadPart ---- */

static bool accepts_checksum(struct s3_call *s3, const struct upload_record *upload)
{
        if (!*upload->algorithm || strcmp(upload->algorithm, s3->checksum_algorithm) == 0)
                return true;
        (void)s3_refuse(
                s3, 400, "InvalidRequest",
                "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
                upload->algorithm, *s3->checksum_algorithm ? s3->checksum_algorithm : "null");
        return false;
}

enum ingot_code serve_upload_part(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct upload_record *upload = calloc(1, sizeof(*upload));
        struct part_record part = { .part = { .has_digest = true } }, old;
        char digest[DIGEST_BASE64_CHARS + 1];
        unsigned number = 0;
        enum ingot_code r, found;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        if (!find_upload(s3, upload, &r, err) ||
            !s3_read_number(s3, "partNumber", 1, S3_PARTS_MAX, &number) || !s3_take_body(s3, &r, err) ||
            !accepts_checksum(s3, upload))
                return r;
        part.part.number = number;
        part.part.digest = s3->digest;
        part.part.size_bytes = s3->body_bytes;
        memcpy(part.part.etag, s3->etag, sizeof(part.part.etag));
        part.created_seconds = clock_wall_seconds(s3->store->clock);
        r = object_store_write(s3->store, s3->body, s3->body_bytes, part.file, err);
        if (r)
                return r;
        found = catalogue_find_part(s3->store->catalogue, upload->id, number, &old, err);
        r = found && found != INGOT_E_NOT_FOUND
                    ? found
                    : catalogue_set_part(s3->store->catalogue, upload->id, &part, err);
        if (r) {
                object_store_remove(s3->store, part.file);
                return r;
        }
        if (!found)
                object_store_remove(s3->store, old.file);
        s3_reply_empty(s3, 200);
        region_reply_add_header(s3->reply, "ETag", part.part.etag);
        base64_encode(s3->digest.bytes, DIGEST_BYTES, digest);
        if (strcmp(s3->checksum_algorithm, "SHA256") == 0)
                region_reply_add_header(s3->reply, "x-amz-checksum-sha256", digest);
        return INGOT_OK;
}

/* ---- AbortMultipartUpload ---- */

struct part_files {
        struct part_record *parts;
        size_t count, room;
        bool has_failed;
};

static void collect_part(void *context, const struct part_record *part, bool *ret_stop)
{
        struct part_files *files = context;

        if (files->count == files->room) {
                size_t room = files->room ? 2 * files->room : 64;
                struct part_record *grown = realloc(files->parts, room * sizeof(*grown));

                if (!grown) {
                        files->has_failed = *ret_stop = true;
                        return;
                }
                files->parts = grown;
                files->room = room;
        }
        files->parts[files->count++] = *part;
}

static void part_files_release(struct part_files *files)
{
        free(files->parts);
}

static enum ingot_code collect_parts(struct s3_call *s3, const char *upload_id, struct part_files *files,
                                     struct ingot_error *err)
{
        enum ingot_code r = catalogue_each_part(s3->store->catalogue, upload_id, 0, collect_part, files, err);

        return !r && files->has_failed ? ingot_fail_memory(err, files->room * sizeof(struct part_record)) : r;
}

enum ingot_code serve_abort_upload(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct upload_record *upload = calloc(1, sizeof(*upload));
        OWNED(part_files_release) struct part_files files = { .parts = NULL };
        enum ingot_code r;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        if (!find_upload(s3, upload, &r, err))
                return r;
        r = collect_parts(s3, upload->id, &files, err);
        if (!r)
                r = catalogue_remove_upload(s3->store->catalogue, upload->id, err);
        for (size_t i = 0; !r && i < files.count; i++)
                object_store_remove(s3->store, files.parts[i].file);
        if (!r)
                s3_reply_empty(s3, 204);
        return r;
}

/* ---- ListParts, ListMultipartUploads ---- */

struct part_listing {
        struct buffer *out;
        bool has_sha256, is_truncated;
        unsigned count, max, last;
};

static void write_part(void *context, const struct part_record *part, bool *ret_stop)
{
        struct part_listing *listing = context;
        char time[CLOCK_ISO_CHARS + 1], digest[DIGEST_BASE64_CHARS + 1];

        if (listing->count == listing->max) {
                listing->is_truncated = *ret_stop = true;
                return;
        }
        listing->count++;
        listing->last = part->part.number;
        clock_print_iso(part->created_seconds, time);
        base64_encode(part->part.digest.bytes, DIGEST_BYTES, digest);
        element_open(listing->out, "Part");
        element_u64(listing->out, "PartNumber", part->part.number);
        element_text(listing->out, "LastModified", time);
        element_text(listing->out, "ETag", part->part.etag);
        element_u64(listing->out, "Size", part->part.size_bytes);
        if (listing->has_sha256)
                element_text(listing->out, "ChecksumSHA256", digest);
        element_close(listing->out, "Part");
}

enum ingot_code serve_list_parts(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct upload_record *upload = calloc(1, sizeof(*upload));
        OWNED(buffer_release) struct buffer parts = BUFFER_INIT(REPLY_BODY_CEILING_BYTES);
        struct part_listing listing = { .out = &parts, .max = LIST_PARTS_MAX };
        struct buffer *out = &s3->reply->body;
        unsigned after = 0;
        enum ingot_code r;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        if (!find_upload(s3, upload, &r, err) ||
            !s3_read_number(s3, "part-number-marker", 0, S3_PARTS_MAX, &after) ||
            !s3_read_number(s3, "max-parts", 0, LIST_PARTS_MAX, &listing.max))
                return r;
        listing.has_sha256 = strcmp(upload->algorithm, "SHA256") == 0;
        listing.last = after;
        r = catalogue_each_part(s3->store->catalogue, upload->id, after, write_part, &listing, err);
        if (r)
                return r;
        s3_begin(s3, "ListPartsResult");
        element_text(out, "Bucket", upload->bucket);
        element_text(out, "Key", upload->key);
        element_text(out, "UploadId", upload->id);
        element_u64(out, "PartNumberMarker", after);
        element_u64(out, "NextPartNumberMarker", listing.last);
        element_u64(out, "MaxParts", listing.max);
        element_bool(out, "IsTruncated", listing.is_truncated);
        element_text(out, "StorageClass", "STANDARD");
        element_text_if(out, "ChecksumAlgorithm", upload->algorithm);
        buffer_append(out, parts.bytes, parts.size_bytes);
        s3_end(s3, "ListPartsResult");
        return buffer_check(&parts, err);
}

static void write_upload(void *context, const struct upload_record *upload)
{
        struct buffer *out = context;
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(upload->created_seconds, time);
        element_open(out, "Upload");
        element_text(out, "UploadId", upload->id);
        element_text(out, "Key", upload->key);
        element_text(out, "Initiated", time);
        element_text(out, "StorageClass", "STANDARD");
        element_text_if(out, "ChecksumAlgorithm", upload->algorithm);
        element_close(out, "Upload");
}

enum ingot_code serve_list_uploads(struct s3_call *s3, struct ingot_error *err)
{
        struct bucket_record bucket;
        enum ingot_code r;

        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        s3_begin(s3, "ListMultipartUploadsResult");
        element_text(&s3->reply->body, "Bucket", bucket.name);
        element_bool(&s3->reply->body, "IsTruncated", false);
        r = catalogue_each_upload(s3->store->catalogue, bucket.name, write_upload, &s3->reply->body, err);
        s3_end(s3, "ListMultipartUploadsResult");
        return r;
}

/* ---- CompleteMultipartUpload ---- */

/* Clients may leave the quotes away. */
static bool is_same_etag(const char *ours, const char *named)
{
        size_t chars = strlen(named);

        return strcmp(ours, named) == 0 ||
               (chars + 2 == strlen(ours) && strncmp(ours + 1, named, chars) == 0);
}

/* Finds what the document names among what was sent; false: the reply is whole.  Parts that are not named go. */
static bool choose_parts(struct s3_call *s3, const struct upload_record *upload, const struct s3_part *named,
                         size_t count, const struct part_files *sent, struct part_record *chosen)
{
        bool needs_digest = strcmp(upload->algorithm, "SHA256") == 0;
        size_t at = 0;

        for (size_t i = 0; i < count; i++) {
                while (at < sent->count && sent->parts[at].part.number < named[i].number)
                        at++;
                if (at == sent->count || sent->parts[at].part.number != named[i].number ||
                    !is_same_etag(sent->parts[at].part.etag, named[i].etag) ||
                    (named[i].has_digest && !digest_equal(&sent->parts[at].part.digest, &named[i].digest))) {
                        (void)s3_refuse(
                                s3, 400, "InvalidPart",
                                "One or more of the specified parts could not be found, or its entity "
                                "tag is not the one of part %u.",
                                named[i].number);
                        return false;
                }
                if (needs_digest && !named[i].has_digest) {
                        (void)s3_refuse(
                                s3, 400, "InvalidRequest",
                                "The upload was created using a sha256 checksum. The complete request "
                                "must include the checksum for each part. It was missing for part %u in "
                                "the request.",
                                named[i].number);
                        return false;
                }
                if (i + 1 < count && sent->parts[at].part.size_bytes < S3_PART_BYTES_MIN) {
                        (void)s3_refuse(s3, 400, "EntityTooSmall",
                                        "Your proposed upload is smaller than the minimum allowed size");
                        return false;
                }
                chosen[i] = sent->parts[at];
        }
        return true;
}

static enum ingot_code print_etag(const struct part_record *parts, size_t count, char out[S3_ETAG_CHARS + 1],
                                  struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer all = BUFFER_INIT(DIGEST_MD5_BYTES * S3_PARTS_MAX);
        uint8_t md5[DIGEST_MD5_BYTES];
        char hex[2 * DIGEST_MD5_BYTES + 1];
        enum ingot_code r;

        for (size_t i = 0; i < count; i++) {
                char digits[2 * DIGEST_MD5_BYTES + 1];

                (void)snprintf(digits, sizeof(digits), "%.32s", parts[i].part.etag + 1);
                if (hex_decode(digits, md5, sizeof(md5)))
                        buffer_append(&all, md5, sizeof(md5));
        }
        r = buffer_check(&all, err);
        if (!r)
                r = digest_md5(all.bytes, all.size_bytes, md5, err);
        if (r)
                return r;
        hex_encode(md5, sizeof(md5), hex);
        (void)snprintf(out, S3_ETAG_CHARS + 1, "\"%s-%zu\"", hex, count);
        return INGOT_OK;
}

/* The object and the end of the upload, in one change. */
static enum ingot_code record_object(struct s3_call *s3, const struct upload_record *upload,
                                     const struct object_record *object, char old_file[OBJECT_FILE_CHARS + 1],
                                     struct ingot_error *err)
{
        struct catalogue *catalogue = s3->store->catalogue;
        OWNED(heap_drop) struct object_record *old = calloc(1, sizeof(*old));
        enum ingot_code r = old ? catalogue_begin(catalogue, err) : ingot_fail_memory(err, sizeof(*old));

        if (r)
                return r;
        r = catalogue_find_object(catalogue, object->bucket, object->key, old, err);
        if (!r)
                (void)snprintf(old_file, OBJECT_FILE_CHARS + 1, "%s", old->file);
        if (!r || r == INGOT_E_NOT_FOUND)
                r = catalogue_set_object(catalogue, object, err);
        if (!r)
                r = catalogue_remove_upload(catalogue, upload->id, err);
        return catalogue_end(catalogue, r, err);
}

static enum ingot_code put_together(struct s3_call *s3, const struct upload_record *upload,
                                    const struct part_record *chosen, size_t count,
                                    const struct part_files *sent, struct ingot_error *err)
{
        OWNED(heap_drop) struct object_record *object = calloc(1, sizeof(*object));
        OWNED(heap_drop) struct s3_part *parts = calloc(count, sizeof(*parts));
        char old_file[OBJECT_FILE_CHARS + 1] = "", location[S3_BUCKET_CHARS + S3_KEY_BYTES + 3];
        struct buffer *out = &s3->reply->body;
        enum ingot_code r;

        if (!object || !parts)
                return ingot_fail_memory(err, sizeof(*object) + count * sizeof(*parts));
        (void)snprintf(object->bucket, sizeof(object->bucket), "%s", upload->bucket);
        (void)snprintf(object->key, sizeof(object->key), "%s", upload->key);
        (void)snprintf(object->content_type, sizeof(object->content_type), "%s", upload->content_type);
        object->created_seconds = clock_wall_seconds(s3->store->clock);
        for (size_t i = 0; i < count; i++) {
                parts[i] = chosen[i].part;
                object->size_bytes += parts[i].size_bytes;
        }
        r = print_etag(chosen, count, object->etag, err);
        if (!r && strcmp(upload->algorithm, "SHA256") == 0)
                r = s3_print_composite(parts, count, object->checksum, err);
        if (!r)
                r = object_store_join(s3->store, chosen, count, object->file, err);
        if (r)
                return r;
        r = record_object(s3, upload, object, old_file, err);
        if (r) {
                object_store_remove(s3->store, object->file);
                return r;
        }
        for (size_t i = 0; i < sent->count; i++)
                object_store_remove(s3->store, sent->parts[i].file);
        if (*old_file)
                object_store_remove(s3->store, old_file);
        (void)snprintf(location, sizeof(location), "/%s/%s", object->bucket, object->key);
        s3_begin(s3, "CompleteMultipartUploadResult");
        element_text(out, "Location", location);
        element_text(out, "Bucket", object->bucket);
        element_text(out, "Key", object->key);
        element_text(out, "ETag", object->etag);
        element_text_if(out, "ChecksumSHA256", object->checksum);
        s3_end(s3, "CompleteMultipartUploadResult");
        return INGOT_OK;
}

enum ingot_code serve_complete_upload(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct upload_record *upload = calloc(1, sizeof(*upload));
        OWNED(part_files_release) struct part_files sent = { .parts = NULL };
        OWNED(heap_drop) struct s3_part *named = NULL;
        OWNED(heap_drop) struct part_record *chosen = NULL;
        size_t count = 0;
        enum ingot_code r;

        if (!upload)
                return ingot_fail_memory(err, sizeof(*upload));
        if (!find_upload(s3, upload, &r, err) || !s3_take_body(s3, &r, err))
                return r;
        r = s3_read_completion(s3->body, s3->body_bytes, &named, &count, err);
        if (r == INGOT_E_FORMAT)
                return s3_refuse(s3, 400, "MalformedXML", "The XML you provided was not well-formed");
        if (r == INGOT_E_CONFLICT)
                return s3_refuse(s3, 400, "InvalidPartOrder",
                                 "The list of parts was not in ascending order.");
        if (!r)
                r = collect_parts(s3, upload->id, &sent, err);
        if (r)
                return r;
        chosen = calloc(count, sizeof(*chosen));
        if (!chosen)
                return ingot_fail_memory(err, count * sizeof(*chosen));
        return choose_parts(s3, upload, named, count, &sent, chosen)
                       ? put_together(s3, upload, chosen, count, &sent, err)
                       : INGOT_OK;
}
