/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_S3_CALL_H
#define REGION_S3_CALL_H

/* builder/region/s3_call.h
 * s3_call: what the operations of S3 share: bucket and key, the body and its checksums, refusals, replies in XML.
 *
 * Rules    (1) A bucket is addressed by the path: "/BUCKET/KEY".
 *          (2) The body of a request is looked at as a whole: it may be in aws-chunked encoding, with a checksum
 *              behind it; every checksum that came (Content-MD5, x-amz-checksum-*) must be the body's.
 *          (3) An error is <Error> with Code, Message, Resource and RequestId.
 *          (4) A bucket is of the region and the account it was made in: another region gets
 *              AuthorizationHeaderMalformed, another account AccessDenied.
 * Source   Amazon S3, service model 2006-03-01, protocol rest-xml; its error list.
 * Tests    tests/unit/region/test_s3_routes.c
 */
#include "region/catalogue_objects.h"
#include "region/object_store.h"
#include "region/routes.h"
#include "region/xml_writer.h"
#include "wire/uri.h"

struct s3_call {
        const struct service_call *call;
        struct region_store *store;           /* call's */
        const struct region_request *request; /* call's */
        struct region_reply *reply;           /* call's */
        struct uri_query query;
        char bucket[S3_BUCKET_CHARS + 1]; /* "" : none */
        char key[S3_KEY_BYTES + 1];       /* "" : none */
        /* What was sent, decoded: s3_take_body(). */
        const void *body;
        size_t body_bytes;
        void *decoded; /* owned; what body points to, if it was not sent as it is */
        char checksum_algorithm[OBJECT_ALGORITHM_CHARS + 1]; /* of the checksum that came; "": none */
        struct digest digest;                                /* of body */
        char etag[S3_ETAG_CHARS + 1];                        /* of body: its MD5, with quotes */
};

/* Refuses.  Returns INGOT_OK: the reply is whole. */
enum ingot_code s3_refuse(struct s3_call *s3, unsigned status, const char *code, const char *format, ...)
        INGOT_PRINTF(4, 5);

/* Replaces whatever a reply holds by an error. */
void s3_error_write(struct region_reply *reply, const char *resource, unsigned status, const char *code,
                    const char *message);

/* Begins a document: "ListBucketResult"; s3_end() writes its end and the reply's head. */
void s3_begin(struct s3_call *s3, const char *root);
void s3_end(struct s3_call *s3, const char *root);
/* A reply without a body. */
void s3_reply_empty(struct s3_call *s3, unsigned status);

/* The value of a parameter of the query; NULL when it was not sent. */
const char *s3_parameter(const struct s3_call *s3, const char *name);
/* Reads a number of the query; false when it was refused; out keeps what it is when it was not sent. */
bool s3_read_number(struct s3_call *s3, const char *name, unsigned min, unsigned max, unsigned *out);

/* Finds the request's bucket (rule 4); false: the reply is whole, or *ret_code is a failure. */
bool s3_find_bucket(struct s3_call *s3, struct bucket_record *ret_bucket, enum ingot_code *ret_code,
                    struct ingot_error *err);

/* Rule 2; false as above. */
bool s3_take_body(struct s3_call *s3, enum ingot_code *ret_code, struct ingot_error *err);

/* Prints seconds as headers say them: "Sun, 22 Nov 2026 17:43:02 GMT". */
enum { S3_DATE_CHARS = 29 };
void s3_print_date(int64_t seconds, char out[S3_DATE_CHARS + 1]);

/* The operations. */
enum ingot_code serve_list_buckets(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_create_bucket(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_head_bucket(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_delete_bucket(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_bucket_location(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_list_objects(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_put_object(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_get_object(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_delete_object(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_create_upload(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_upload_part(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_complete_upload(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_abort_upload(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_list_parts(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code serve_list_uploads(struct s3_call *s3, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
