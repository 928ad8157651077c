/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_S3_SHAPE_H
#define WIRE_S3_SHAPE_H

/* builder/wire/s3_shape.h
 * s3_shape: what the calls of S3 look like that a multipart upload needs, for both ends.
 *
 * Rules    (1) A key's path is percent-encoded once, '/' left as it is; it is signed as it stands (sigv4.h, rule 3).
 *          (2) The digest of an object of N parts is base64(SHA-256(d[1] d[2] ... d[N])) "-N", over the raw 32-byte
 *              digests of its parts in the order of their numbers.
 *          (3) White space may come before a document: S3 keeps a connection alive with it.
 *          (4) A reply with status 200 may be an <Error>: s3_reply_fault() tells, for any reply.
 *          (5) An ETag is printable ASCII without '<' and '&'; its quotes belong to it.
 * Source   Amazon S3, service model 2006-03-01, protocol rest-xml.
 * Tests    tests/unit/wire/test_s3_shape.c, tests/fuzz/fuzz_s3_shape.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "wire/fault.h"

enum {
        S3_BUCKET_CHARS_MIN = 3,
        S3_BUCKET_CHARS = 63,
        S3_KEY_BYTES = 1024,
        S3_ETAG_CHARS = 127,
        S3_UPLOAD_ID_CHARS = 1023,
        S3_PARTS_MAX = 10000,
        S3_PART_BYTES_MIN = 5 << 20, /* but the last */
        S3_COMPOSITE_CHARS = DIGEST_BASE64_CHARS + 6,
        S3_REGION_CHARS = 63,
        S3_DOCUMENT_BYTES_MAX = 16 << 20
};

#define S3_PART_BYTES_MAX (UINT64_C(5) << 30)
#define S3_NAMESPACE      "http://s3.amazonaws.com/doc/2006-03-01/"

/* Whether a name can be that of a bucket: 3 to 63 of a-z 0-9 . -, with a letter or digit at both ends, no "..", and no
 * address. */
bool s3_is_bucket_name(const char *name);

/* Appends "/BUCKET/KEY"; NULL: without that part ("/KEY", "/BUCKET", "/"). */
void s3_append_path(struct buffer *out, const char *bucket, const char *key);

/* Appends the document that CreateBucket sends; the name of a region needs no escaping. */
void s3_append_constraint(struct buffer *out, const char *region);

struct s3_part {
        unsigned number; /* 1..S3_PARTS_MAX */
        char etag[S3_ETAG_CHARS + 1];
        bool has_digest;
        struct digest digest;
        uint64_t size_bytes; /* 0: not said */
};

/* Appends the document that CompleteMultipartUpload sends. */
void s3_append_completion(struct buffer *out, const struct s3_part *parts, size_t count);

/*
 * Reads that document.
 *
 * ret_parts    owned by the caller (free)
 * Fails with   INGOT_E_FORMAT    another document, no part, a part without number or ETag
 *              INGOT_E_CONFLICT  the numbers do not ascend
 *              INGOT_E_MEMORY
 */
enum ingot_code s3_read_completion(const char *xml, size_t size_bytes, struct s3_part **ret_parts,
                                   size_t *ret_count, struct ingot_error *err) INGOT_MUST_CHECK;

/* Prints rule 2; every part has a digest.  Fails with INGOT_E_BUG (OpenSSL), INGOT_E_MEMORY */
enum ingot_code s3_print_composite(const struct s3_part *parts, size_t count,
                                   char out[S3_COMPOSITE_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* Copies an ETag; false when it is none (rule 5). */
bool s3_copy_etag(char out[S3_ETAG_CHARS + 1], const char *text);

/* ---- replies: each fails with INGOT_E_FORMAT (another document, or a member that cannot be read), INGOT_E_MEMORY ---- */

/* CreateMultipartUpload's. */
enum ingot_code s3_reply_upload_id(const char *xml, size_t size_bytes,
                                   char ret_upload_id[S3_UPLOAD_ID_CHARS + 1],
                                   struct ingot_error *err) INGOT_MUST_CHECK;

struct s3_completed {
        char etag[S3_ETAG_CHARS + 1];
        char checksum[S3_COMPOSITE_CHARS + 1]; /* rule 2; "": not said */
};
enum ingot_code s3_reply_completion(const char *xml, size_t size_bytes, struct s3_completed *ret_completed,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* A list of parts, page by page; parts ascend. */
struct s3_part_list {
        struct s3_part *parts;
        size_t count;
        bool is_truncated;
        unsigned next_number; /* with is_truncated: the marker to ask for more with */
};
void s3_part_list_release(struct s3_part_list *list); /* also for OWNED; a zeroed list is an empty one */
enum ingot_code s3_reply_parts(const char *xml, size_t size_bytes, struct s3_part_list *list,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* GetBucketLocation's: the empty one is "us-east-1", and "EU" is "eu-west-1". */
enum ingot_code s3_reply_location(const char *xml, size_t size_bytes, char ret_region[S3_REGION_CHARS + 1],
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether a reply is an error document; ret_fault->code is "" when it is none. */
bool s3_reply_fault(const char *xml, size_t size_bytes, struct fault *ret_fault);

#endif
