/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_S3_CLIENT_H
#define PUBLISH_S3_CLIENT_H

/* builder/publish/s3_client.h
 * s3_client: the calls of S3 that an upload needs, each on one bucket.
 *
 * Rules    (1) A bucket of AWS is addressed by its host name (BUCKET.s3.REGION.amazonaws.com), unless its name has a
 *              dot, which no certificate covers; one at any other endpoint, by its path.
 *          (2) Every body goes with its SHA-256, signed in x-amz-content-sha256; a part's also in
 *              x-amz-checksum-sha256, which the region keeps and composes (wire/s3_shape.h, rule 2).
 *          (3) A part has time in proportion to its size: 60 s and what it takes at 64 KiB/s.
 * Source   Amazon S3, service model 2006-03-01.
 * Tests    tests/unit/publish/test_s3_upload.c, scripts/check-wire, scripts/check-swift
 */
#include "publish/region_link.h"
#include "wire/s3_shape.h"

/* Filled in place by s3_client_init() and never moved: calls point into it. */
struct s3_client {
        struct region_link *link;
        struct endpoint endpoint; /* of the bucket */
        char bucket[S3_BUCKET_CHARS + 1];
        bool is_path_style;
};

/*
 * Sets up a client of one bucket.
 *
 * endpoint     service "s3", without a bucket
 * Fails with   INGOT_E_USAGE  no name of a bucket, or the host's name gets too long
 */
enum ingot_code s3_client_init(struct s3_client *client, struct region_link *link,
                               const struct endpoint *endpoint, const char *bucket,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether an endpoint is one of AWS's own. */
bool s3_endpoint_is_aws(const struct endpoint *endpoint);

/*
 * All of these fail with what region_link_call() fails with; INGOT_E_REMOTE also: the answer is not the model's.
 */

/* Makes the bucket, in the endpoint's region.  INGOT_E_CONFLICT: there is one of that name. */
enum ingot_code s3_create_bucket(const struct s3_client *client, struct ingot_error *err) INGOT_MUST_CHECK;

/* Where the bucket is.  INGOT_E_NOT_FOUND: there is no such bucket. */
enum ingot_code s3_get_bucket_location(const struct s3_client *client, char ret_region[S3_REGION_CHARS + 1],
                                       struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code s3_create_upload(const struct s3_client *client, const char *key,
                                 char ret_upload_id[S3_UPLOAD_ID_CHARS + 1],
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads every page; ret_list is owned by the caller.  INGOT_E_NOT_FOUND: the upload is over, or there was none. */
enum ingot_code s3_list_parts(const struct s3_client *client, const char *key, const char *upload_id,
                              struct s3_part_list *ret_list, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Puts an upload together.
 *
 * parts        ascending; with digests the answer is compared with rule 2 of s3_shape.h
 * ret_attempts may be NULL; also written on failure: "no such upload" at a second attempt may mean that the first had
 *              been carried out
 * Fails with   INGOT_E_CHECKSUM  the region composed another digest
 */
enum ingot_code s3_complete_upload(const struct s3_client *client, const char *key, const char *upload_id,
                                   const struct s3_part *parts, size_t count, unsigned *ret_attempts,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

/* INGOT_E_NOT_FOUND: there is no such upload (any more). */
enum ingot_code s3_abort_upload(const struct s3_client *client, const char *key, const char *upload_id,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* The size of an object.  Fails with INGOT_E_NOT_FOUND */
enum ingot_code s3_head_object(const struct s3_client *client, const char *key, uint64_t *ret_size_bytes,
                               struct ingot_error *err) INGOT_MUST_CHECK;

/* Deletes an object; one that is not there is fine. */
enum ingot_code s3_delete_object(const struct s3_client *client, const char *key,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Puts a whole object of at most 5 GiB from memory. */
enum ingot_code s3_put_object(const struct s3_client *client, const char *key, const void *bytes,
                              size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/* One UploadPart, which its owner keeps until done(); the members below the line are the client's. */
struct s3_put_part {
        const struct s3_client *client;
        const char *key, *upload_id;
        unsigned number;
        const struct byte_source *body; /* read from offset 0 */
        uint64_t body_bytes;
        struct digest digest; /* of those */
        /* etag: of the part, "" on failure. */
        void (*done)(void *context, struct s3_put_part *put, const char *etag, enum ingot_code code,
                     const struct ingot_error *err);
        void *context;
        unsigned attempts; /* in done() */
        bool is_digest_kept; /* in done(): the answer names it; else the server has none, and does not want to hear it */
        /* ---- */
        struct buffer path, query;
        char checksum[DIGEST_BASE64_CHARS + 1], hash[DIGEST_HEX_CHARS + 1];
        struct sigv4_header headers[1];
        struct region_call call;
};

/*
 * Starts a put; done() is called from region_link_pump().  s3_put_part_release() frees what it holds, after done().
 *
 * Fails with   INGOT_E_MEMORY, and then done() is not called
 */
enum ingot_code s3_put_part_start(struct s3_put_part *put, struct ingot_error *err) INGOT_MUST_CHECK;
void s3_put_part_release(struct s3_put_part *put);

#endif
