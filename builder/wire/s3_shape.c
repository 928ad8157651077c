/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "wire/s3_shape.h"
#include "wire/uri.h"
#include "wire/xml.h"

/* ---- names ---- */

bool s3_is_bucket_name(const char *name)
{
        size_t chars = strlen(name);

        if (chars < S3_BUCKET_CHARS_MIN || chars > S3_BUCKET_CHARS ||
            strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") != chars || strstr(name, ".."))
                return false;
        if (strchr(".-", name[0]) || strchr(".-", name[chars - 1]))
                return false;
        return strspn(name, "0123456789.") != chars || !strchr(name, '.'); /* "192.168.5.4" */
}

void s3_append_path(struct buffer *out, const char *bucket, const char *key)
{
        if (bucket) {
                buffer_append_char(out, '/');
                uri_encode(out, bucket, strlen(bucket), false);
        }
        if (key || !bucket)
                buffer_append_char(out, '/');
        if (key)
                uri_encode(out, key, strlen(key), true);
}

bool s3_copy_etag(char out[S3_ETAG_CHARS + 1], const char *text)
{
        size_t chars = text ? strlen(text) : 0;

        if (chars < 1 || chars > S3_ETAG_CHARS)
                return false;
        for (size_t i = 0; i < chars; i++)
                if (text[i] <= ' ' || text[i] > '~' || text[i] == '<' || text[i] == '&')
                        return false;
        memcpy(out, text, chars + 1);
        return true;
}

/* ---- reading ---- */

/* Opens a document whose root must have that name. */
static enum ingot_code open_document(const char *xml, size_t size_bytes, const char *root,
                                     struct xml_document **ret_document, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r;

        for (; size_bytes && *xml && strchr(" \t\r\n", *xml); size_bytes--)
                xml++; /* rule 3 */
        r = xml_parse(xml, size_bytes, S3_DOCUMENT_BYTES_MAX, &document, err);
        if (r)
                return r;
        if (!xml_is(xml_root(document), root))
                return ingot_fail(err, INGOT_E_FORMAT, "the answer is a <%.60s>, not a <%s>",
                                  xml_name(xml_root(document)), root);
        *ret_document = TAKE(document);
        return INGOT_OK;
}

/* Copies a member; false when it is missing or does not fit. */
static bool copy_text(char *out, size_t room_bytes, const struct xml_node *node, const char *name)
{
        const char *text = xml_text(xml_child(node, name));

        if (!text || strlen(text) >= room_bytes)
                return false;
        memcpy(out, text, strlen(text) + 1);
        return true;
}

static bool read_number(const struct xml_node *node, const char *name, uint64_t max, uint64_t *ret_value)
{
        const char *text = xml_text(xml_child(node, name));
        uint64_t value = 0;

        if (!text || !*text || strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
                return false;
        for (; *text; text++)
                value = value * 10 + (uint64_t)(*text - '0');
        if (value > max)
                return false;
        *ret_value = value;
        return true;
}

static enum ingot_code read_part(const struct xml_node *node, struct s3_part *part, struct ingot_error *err)
{
        const char *digest = xml_text(xml_child(node, "ChecksumSHA256"));
        uint64_t number = 0;

        *part = (struct s3_part){ .number = 0 };
        if (!read_number(node, "PartNumber", S3_PARTS_MAX, &number) || number < 1)
                return ingot_fail(err, INGOT_E_FORMAT, "a part has no PartNumber from 1 to %d", S3_PARTS_MAX);
        part->number = (unsigned)number;
        if (!s3_copy_etag(part->etag, xml_text(xml_child(node, "ETag"))))
                return ingot_fail(err, INGOT_E_FORMAT, "part %u has no ETag that is one", part->number);
        if (digest && !base64_decode(digest, part->digest.bytes, DIGEST_BYTES))
                return ingot_fail(err, INGOT_E_FORMAT, "the ChecksumSHA256 of part %u is none", part->number);
        part->has_digest = digest != NULL;
        if (xml_child(node, "Size") && !read_number(node, "Size", S3_PART_BYTES_MAX, &part->size_bytes))
                return ingot_fail(err, INGOT_E_FORMAT, "the Size of part %u is none", part->number);
        return INGOT_OK;
}

/* Adds all <Part> of a node to list. */
static enum ingot_code read_parts(const struct xml_node *node, struct s3_part_list *list,
                                  struct ingot_error *err)
{
        size_t more = 0;
        struct s3_part *grown;

        for (const struct xml_node *part = xml_child(node, "Part"); part; part = xml_next(part, "Part"))
                more++;
        if (more > S3_PARTS_MAX || list->count + more > S3_PARTS_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "more than %d parts", S3_PARTS_MAX);
        if (!more)
                return INGOT_OK;
        grown = realloc(list->parts, (list->count + more) * sizeof(*grown));
        if (!grown)
                return ingot_fail_memory(err, (list->count + more) * sizeof(*grown));
        list->parts = grown;
        for (const struct xml_node *part = xml_child(node, "Part"); part; part = xml_next(part, "Part")) {
                enum ingot_code r = read_part(part, &list->parts[list->count], err);

                if (r)
                        return r;
                list->count++;
        }
        return INGOT_OK;
}

static enum ingot_code check_order(const struct s3_part_list *list, enum ingot_code code,
                                   struct ingot_error *err)
{
        for (size_t i = 1; i < list->count; i++)
                if (list->parts[i].number <= list->parts[i - 1].number)
                        return ingot_fail(err, code, "part %u comes after part %u", list->parts[i].number,
                                          list->parts[i - 1].number);
        return INGOT_OK;
}

void s3_part_list_release(struct s3_part_list *list)
{
        free(list->parts);
        *list = (struct s3_part_list){ .parts = NULL };
}

enum ingot_code s3_reply_parts(const char *xml, size_t size_bytes, struct s3_part_list *list,
                               struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const char *truncated;
        uint64_t next = 0;
        enum ingot_code r = open_document(xml, size_bytes, "ListPartsResult", &document, err);

        if (!r)
                r = read_parts(xml_root(document), list, err);
        if (!r)
                r = check_order(list, INGOT_E_FORMAT, err);
        if (r)
                return r;
        truncated = xml_text(xml_child(xml_root(document), "IsTruncated"));
        list->is_truncated = truncated && strcmp(truncated, "true") == 0;
        if (list->is_truncated &&
            (!read_number(xml_root(document), "NextPartNumberMarker", S3_PARTS_MAX, &next) || !next ||
             next <= list->next_number))
                return ingot_fail(err, INGOT_E_FORMAT, "a list of parts that goes on does not say where");
        list->next_number = (unsigned)next;
        return INGOT_OK;
}

enum ingot_code s3_read_completion(const char *xml, size_t size_bytes, struct s3_part **ret_parts,
                                   size_t *ret_count, struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        OWNED(s3_part_list_release) struct s3_part_list list = { .parts = NULL };
        enum ingot_code r = open_document(xml, size_bytes, "CompleteMultipartUpload", &document, err);

        if (!r)
                r = read_parts(xml_root(document), &list, err);
        if (!r && !list.count)
                r = ingot_fail(err, INGOT_E_FORMAT, "no part is named");
        if (!r)
                r = check_order(&list, INGOT_E_CONFLICT, err);
        if (r)
                return r;
        *ret_parts = list.parts;
        *ret_count = list.count;
        list.parts = NULL;
        return INGOT_OK;
}

enum ingot_code s3_reply_upload_id(const char *xml, size_t size_bytes,
                                   char ret_upload_id[S3_UPLOAD_ID_CHARS + 1], struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = open_document(xml, size_bytes, "InitiateMultipartUploadResult", &document, err);

        if (r)
                return r;
        if (!copy_text(ret_upload_id, S3_UPLOAD_ID_CHARS + 1, xml_root(document), "UploadId") ||
            !*ret_upload_id)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer has no UploadId of 1 to %d characters",
                                  S3_UPLOAD_ID_CHARS);
        return INGOT_OK;
}

enum ingot_code s3_reply_completion(const char *xml, size_t size_bytes, struct s3_completed *ret_completed,
                                    struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        struct s3_completed completed = { .etag = "" };
        enum ingot_code r = open_document(xml, size_bytes, "CompleteMultipartUploadResult", &document, err);

        if (r)
                return r;
        if (!s3_copy_etag(completed.etag, xml_text(xml_child(xml_root(document), "ETag"))))
                return ingot_fail(err, INGOT_E_FORMAT, "the answer has no ETag that is one");
        if (xml_child(xml_root(document), "ChecksumSHA256") &&
            !copy_text(completed.checksum, sizeof(completed.checksum), xml_root(document), "ChecksumSHA256"))
                return ingot_fail(err, INGOT_E_FORMAT, "the answer's ChecksumSHA256 is none");
        *ret_completed = completed;
        return INGOT_OK;
}

enum ingot_code s3_reply_location(const char *xml, size_t size_bytes, char ret_region[S3_REGION_CHARS + 1],
                                  struct ingot_error *err)
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        enum ingot_code r = open_document(xml, size_bytes, "LocationConstraint", &document, err);
        const char *text = r ? NULL : xml_text(xml_root(document));

        if (r)
                return r;
        if (!text || strlen(text) > S3_REGION_CHARS)
                return ingot_fail(err, INGOT_E_FORMAT, "the answer names no region");
        if (!*text)
                text = "us-east-1";
        else if (strcmp(text, "EU") == 0)
                text = "eu-west-1";
        memcpy(ret_region, text, strlen(text) + 1);
        return INGOT_OK;
}

bool s3_reply_fault(const char *xml, size_t size_bytes, struct fault *ret_fault)
{
        OWNED(xml_drop) struct xml_document *document = NULL;

        *ret_fault = (struct fault){ .code = "" };
        if (!size_bytes || open_document(xml, size_bytes, "Error", &document, NULL) != INGOT_OK)
                return false;
        fault_set_text(ret_fault->code, FAULT_CODE_CHARS, xml_text(xml_child(xml_root(document), "Code")));
        fault_set_text(ret_fault->message, FAULT_MESSAGE_CHARS,
                       xml_text(xml_child(xml_root(document), "Message")));
        return true;
}

/* ---- writing ---- */

void s3_append_constraint(struct buffer *out, const char *region)
{
        buffer_appendf(out,
                       "<CreateBucketConfiguration xmlns=\"" S3_NAMESPACE
                       "\"><LocationConstraint>%s</LocationConstraint></CreateBucketConfiguration>",
                       region);
}

void s3_append_completion(struct buffer *out, const struct s3_part *parts, size_t count)
{
        buffer_append_text(out, "<CompleteMultipartUpload xmlns=\"" S3_NAMESPACE "\">");
        for (size_t i = 0; i < count; i++) {
                char digest[DIGEST_BASE64_CHARS + 1];

                buffer_appendf(out, "<Part><ETag>%s</ETag>", parts[i].etag);
                if (parts[i].has_digest) {
                        base64_encode(parts[i].digest.bytes, DIGEST_BYTES, digest);
                        buffer_appendf(out, "<ChecksumSHA256>%s</ChecksumSHA256>", digest);
                }
                buffer_appendf(out, "<PartNumber>%u</PartNumber></Part>", parts[i].number);
        }
        buffer_append_text(out, "</CompleteMultipartUpload>");
}

enum ingot_code s3_print_composite(const struct s3_part *parts, size_t count,
                                   char out[S3_COMPOSITE_CHARS + 1], struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        struct digest digest;
        char text[DIGEST_BASE64_CHARS + 1];
        enum ingot_code r = digest_stream_new(&stream, err);

        if (r)
                return r;
        for (size_t i = 0; i < count; i++)
                digest_stream_update(stream, parts[i].digest.bytes, DIGEST_BYTES);
        r = digest_stream_finish(stream, &digest, err);
        if (r)
                return r;
        base64_encode(digest.bytes, DIGEST_BYTES, text);
        (void)snprintf(out, S3_COMPOSITE_CHARS + 1, "%s-%u", text, (uint16_t)count); /* at most 10,000 */
        return INGOT_OK;
}
