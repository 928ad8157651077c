/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/s3_call.h"
#include "wire/xml.h"

enum { KEYS_MAX = 1000 };

/* ---- ListBuckets ---- */

static void write_bucket(void *context, const struct bucket_record *bucket)
{
        struct buffer *out = context;
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(bucket->created_seconds, time);
        element_open(out, "Bucket");
        element_text(out, "Name", bucket->name);
        element_text(out, "CreationDate", time);
        element_close(out, "Bucket");
}

enum ingot_code serve_list_buckets(struct s3_call *s3, struct ingot_error *err)
{
        struct buffer *out = &s3->reply->body;
        enum ingot_code r;

        s3_begin(s3, "ListAllMyBucketsResult");
        element_open(out, "Owner");
        element_text(out, "ID", s3->call->account_id);
        element_close(out, "Owner");
        element_open(out, "Buckets");
        r = catalogue_each_bucket(s3->store->catalogue, s3->call->account_id, write_bucket, out, err);
        element_close(out, "Buckets");
        s3_end(s3, "ListAllMyBucketsResult");
        return r;
}

/* ---- CreateBucket and DeleteBucket ---- */

/* The region that the document asks for; false when it was refused. */
static bool read_constraint(struct s3_call *s3, enum ingot_code *ret_code, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const char *region = "us-east-1", *said;
        enum ingot_code r = INGOT_OK;

        *ret_code = INGOT_OK;
        if (s3->body_bytes)
                r = xml_parse(s3->body, s3->body_bytes, S3_DOCUMENT_BYTES_MAX, &document, err);
        if (r == INGOT_E_FORMAT || (document && !xml_is(xml_root(document), "CreateBucketConfiguration"))) {
                (void)s3_refuse(s3, 400, "MalformedXML", "The XML you provided was not well-formed");
                return false;
        }
        if (r) {
                *ret_code = r;
                return false;
        }
        said = document ? xml_text(xml_child(xml_root(document), "LocationConstraint")) : NULL;
        if (said && *said)
                region = said;
        /* A region of our own ("local-1") is like us-east-1 in this: it may be left out. */
        if (strcmp(region, s3->call->region_name) == 0 ||
            (!said && strncmp(s3->call->region_name, "local", 5) == 0))
                return true;
        (void)s3_refuse(s3, 400, "IllegalLocationConstraintException",
                        "The %s location constraint is incompatible for the region specific endpoint this "
                        "request was sent to.",
                        said && *said ? region : "unspecified");
        return false;
}

enum ingot_code serve_create_bucket(struct s3_call *s3, struct ingot_error *err)
{
        struct bucket_record bucket = { .created_seconds = clock_wall_seconds(s3->store->clock) }, found;
        char location[S3_BUCKET_CHARS + 2];
        enum ingot_code r;

        if (!s3_take_body(s3, &r, err) || !read_constraint(s3, &r, err))
                return r;
        (void)snprintf(bucket.name, sizeof(bucket.name), "%s", s3->bucket);
        (void)snprintf(bucket.account_id, sizeof(bucket.account_id), "%s", s3->call->account_id);
        (void)snprintf(bucket.region, sizeof(bucket.region), "%.*s", REGION_NAME_CHARS,
                       s3->call->region_name);
        r = catalogue_find_bucket(s3->store->catalogue, bucket.name, &found, err);
        if (r == INGOT_E_NOT_FOUND) {
                r = catalogue_add_bucket(s3->store->catalogue, &bucket, err);
        } else if (!r) {
                bool is_ours = strcmp(found.account_id, bucket.account_id) == 0;

                return s3_refuse(s3, 409, is_ours ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists",
                                 "The requested bucket name is not available.");
        }
        if (r)
                return r;
        (void)snprintf(location, sizeof(location), "/%s", bucket.name);
        s3_reply_empty(s3, 200);
        region_reply_add_header(s3->reply, "Location", location);
        return INGOT_OK;
}

enum ingot_code serve_delete_bucket(struct s3_call *s3, struct ingot_error *err)
{
        struct bucket_record bucket;
        enum ingot_code r;

        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        r = catalogue_remove_bucket(s3->store->catalogue, bucket.name, err);
        if (r == INGOT_E_CONFLICT)
                return s3_refuse(s3, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
        if (!r)
                s3_reply_empty(s3, 204);
        return r;
}

/* ---- looking at a bucket ---- */

enum ingot_code serve_head_bucket(struct s3_call *s3, struct ingot_error *err)
{
        struct bucket_record bucket;
        enum ingot_code r;

        if (!s3_find_bucket(s3, &bucket, &r, err))
                return r;
        s3_reply_empty(s3, 200);
        region_reply_add_header(s3->reply, "x-amz-bucket-region", bucket.region);
        return INGOT_OK;
}

/* Any region answers this: it is how one learns which to ask. */
enum ingot_code serve_get_bucket_location(struct s3_call *s3, struct ingot_error *err)
{
        struct bucket_record bucket;
        enum ingot_code r = catalogue_find_bucket(s3->store->catalogue, s3->bucket, &bucket, err);

        if (r == INGOT_E_NOT_FOUND)
                return s3_refuse(s3, 404, "NoSuchBucket", "The specified bucket does not exist");
        if (!r && strcmp(bucket.account_id, s3->call->account_id) != 0)
                return s3_refuse(s3, 403, "AccessDenied", "Access Denied");
        if (r)
                return r;
        s3_begin(s3, "LocationConstraint");
        if (strcmp(bucket.region, "us-east-1") != 0)
                buffer_append_text(&s3->reply->body, bucket.region);
        s3_end(s3, "LocationConstraint");
        return INGOT_OK;
}

/* ---- ListObjectsV2 ---- */

struct listing {
        struct s3_call *s3;
        const char *prefix, *delimiter;
        bool is_encoded;
        unsigned count, max;
        bool is_truncated;
        char last[S3_KEY_BYTES + 1]; /* the key, or the common prefix, that was listed last */
        struct buffer contents, prefixes;
};

static void write_name(const struct listing *listing, struct buffer *out, const char *element,
                       const char *name)
{
        OWNED(buffer_release) struct buffer encoded = BUFFER_INIT(3 * S3_KEY_BYTES + 1);

        if (listing->is_encoded)
                uri_encode(&encoded, name, strlen(name), true);
        element_text(out, element, listing->is_encoded ? encoded.bytes : name);
}

static void write_object(struct listing *listing, const struct object_record *object)
{
        struct buffer *out = &listing->contents;
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(object->created_seconds, time);
        element_open(out, "Contents");
        write_name(listing, out, "Key", object->key);
        element_text(out, "LastModified", time);
        element_text(out, "ETag", object->etag);
        element_u64(out, "Size", object->size_bytes);
        element_text(out, "StorageClass", "STANDARD");
        element_close(out, "Contents");
}

static void visit_object(void *context, const struct object_record *object, bool *ret_stop)
{
        struct listing *listing = context;
        size_t prefix_chars = strlen(listing->prefix), chars = strlen(object->key);
        const char *end;
        bool is_common;

        if (strncmp(object->key, listing->prefix, prefix_chars) != 0)
                return;
        end = listing->delimiter ? strstr(object->key + prefix_chars, listing->delimiter) : NULL;
        is_common = end != NULL;
        if (is_common)
                chars = (size_t)(end - object->key) + strlen(listing->delimiter);
        if (is_common && strlen(listing->last) == chars && strncmp(listing->last, object->key, chars) == 0)
                return; /* under a common prefix that was listed */
        if (listing->count == listing->max) {
                listing->is_truncated = *ret_stop = true;
                return;
        }
        listing->count++;
        (void)snprintf(listing->last, sizeof(listing->last), "%.*s", (int)chars, object->key);
        if (!is_common) {
                write_object(listing, object);
                return;
        }
        element_open(&listing->prefixes, "CommonPrefixes");
        write_name(listing, &listing->prefixes, "Prefix", listing->last);
        element_close(&listing->prefixes, "CommonPrefixes");
}

static void write_listing(struct listing *listing)
{
        struct s3_call *s3 = listing->s3;
        struct buffer *out = &s3->reply->body;
        char token[2 * S3_KEY_BYTES + 1];

        s3_begin(s3, "ListBucketResult");
        element_text(out, "Name", s3->bucket);
        write_name(listing, out, "Prefix", listing->prefix);
        if (listing->delimiter)
                write_name(listing, out, "Delimiter", listing->delimiter);
        element_u64(out, "KeyCount", listing->count);
        element_u64(out, "MaxKeys", listing->max);
        if (listing->is_encoded)
                element_text(out, "EncodingType", "url");
        element_bool(out, "IsTruncated", listing->is_truncated);
        if (listing->is_truncated) {
                hex_encode(listing->last, strlen(listing->last), token);
                element_text(out, "NextContinuationToken", token);
        }
        buffer_append(out, listing->contents.bytes, listing->contents.size_bytes);
        buffer_append(out, listing->prefixes.bytes, listing->prefixes.size_bytes);
        s3_end(s3, "ListBucketResult");
}

/* Where to go on: after that key; false when the token is none of ours. */
static bool read_after(struct listing *listing, char after[S3_KEY_BYTES + 1])
{
        const char *token = s3_parameter(listing->s3, "continuation-token");
        const char *start = s3_parameter(listing->s3, "start-after");
        size_t chars = token ? strlen(token) / 2 : 0;

        after[0] = '\0';
        if (!token) {
                (void)snprintf(after, S3_KEY_BYTES + 1, "%s", start ? start : "");
                return true;
        }
        if (chars > S3_KEY_BYTES || !hex_decode(token, (uint8_t *)after, chars))
                return false;
        after[chars] = '\0';
        (void)snprintf(listing->last, sizeof(listing->last), "%s",
                       after); /* a common prefix is not listed again */
        return true;
}

enum ingot_code serve_list_objects(struct s3_call *s3, struct ingot_error *err)
{
        OWNED(heap_drop) struct listing *listing = calloc(1, sizeof(*listing));
        const char *encoding = s3_parameter(s3, "encoding-type"), *delimiter = s3_parameter(s3, "delimiter");
        const char *prefix = s3_parameter(s3, "prefix");
        char after[S3_KEY_BYTES + 1];
        struct bucket_record bucket;
        enum ingot_code r;

        if (!listing)
                return ingot_fail_memory(err, sizeof(*listing));
        listing->s3 = s3;
        listing->max = KEYS_MAX;
        listing->prefix = prefix ? prefix : "";
        listing->delimiter = delimiter && *delimiter ? delimiter : NULL;
        listing->is_encoded = encoding && strcmp(encoding, "url") == 0;
        if (!s3_find_bucket(s3, &bucket, &r, err) ||
            !s3_read_number(s3, "max-keys", 0, KEYS_MAX, &listing->max))
                return r;
        if (!read_after(listing, after))
                return s3_refuse(s3, 400, "InvalidArgument", "The continuation token provided is incorrect");
        buffer_init(&listing->contents, REPLY_BODY_CEILING_BYTES);
        buffer_init(&listing->prefixes, REPLY_BODY_CEILING_BYTES);
        r = catalogue_each_object(s3->store->catalogue, bucket.name, after, visit_object, listing, err);
        if (!r)
                write_listing(listing);
        buffer_release(&listing->contents);
        buffer_release(&listing->prefixes);
        return r;
}
