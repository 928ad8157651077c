/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_S3_UPLOAD_H
#define PUBLISH_S3_UPLOAD_H

/* builder/publish/s3_upload.h
 * s3_upload: bytes that come front to back, sent as an object while they are being made.
 *
 *   sink --> [ part being filled ] --full--> SHA-256 --> there already? --> in flight --> ETag
 *
 * Rules    (1) Nothing is kept in a file: memory is parts_in_flight parts of part_bytes.  A part is kept until S3 has it,
 *              so it can be sent again.
 *          (2) part_bytes is what was asked for, or what is needed for size_bytes_max to fit 10,000 parts.
 *          (3) An upload that is gone on with sends only parts that S3 does not have: a part is known by its number,
 *              size and SHA-256.  A server that tells no SHA-256 gets all of them again.
 *          (4) The order in which parts arrive does not matter; the object is what was written, in its order.
 *          (5) The caller decides what becomes of an upload that failed: s3_upload_abort(), or later going on.
 * Tests    tests/unit/publish/test_s3_upload.c, scripts/check-wire, scripts/check-swift
 */
#include "model/byte_sink.h"
#include "publish/s3_client.h"

enum { S3_UPLOAD_PART_BYTES = 16 << 20, S3_UPLOAD_IN_FLIGHT = 4, S3_UPLOAD_IN_FLIGHT_MAX = 64 };

/* Borrowed; key and note's context outlive the upload. */
struct s3_upload_request {
        const char *key;
        uint64_t part_bytes;      /* 0: S3_UPLOAD_PART_BYTES; at least S3_PART_BYTES_MIN */
        uint64_t size_bytes_max;  /* a bound of what will come: rule 2 */
        unsigned parts_in_flight; /* 0: S3_UPLOAD_IN_FLIGHT */
        const char
                *upload_id; /* to go on with, with the part_bytes that it was begun with; NULL: a new one */
        /* Told of a new upload before anything is sent in it; NULL: nobody wants to know. */
        enum ingot_code (*note)(void *context, const char *upload_id, uint64_t part_bytes,
                                struct ingot_error *err);
        void *context;
};

struct s3_upload_receipt {
        uint64_t size_bytes;           /* of the object */
        uint64_t bytes_sent;           /* in this run */
        unsigned parts, parts_resumed; /* parts_resumed: of parts, those that were there */
        uint64_t retries;
};

struct s3_upload;

/*
 * Begins an upload, or goes on with one; when that is over, a new one is begun.
 *
 * client       borrowed, outlives the upload
 * ret_upload   owned by the caller: s3_upload_drop()
 * Fails with   INGOT_E_USAGE  part_bytes or parts_in_flight is out of range
 *              INGOT_E_MEMORY, and as s3_create_upload() and s3_list_parts()
 */
enum ingot_code s3_upload_begin(const struct s3_client *client, const struct s3_upload_request *request,
                                struct s3_upload **ret_upload, struct ingot_error *err) INGOT_MUST_CHECK;

/* What is written here is sent; borrowed from upload.  Writing fails with what a part's sending fails with. */
const struct byte_sink *s3_upload_sink(const struct s3_upload *upload);

/*
 * Sends the rest, waits until S3 has every part, and lets it put them together.
 *
 * Fails with   INGOT_E_CHECKSUM  S3 put something else together
 *              and as s3_complete_upload()
 */
enum ingot_code s3_upload_finish(struct s3_upload *upload, struct ingot_error *err) INGOT_MUST_CHECK;

/* At any time. */
const char *s3_upload_id(const struct s3_upload *upload);
struct s3_upload_receipt s3_upload_receipt(const struct s3_upload *upload);

/* Lets S3 forget the upload and its parts. */
enum ingot_code s3_upload_abort(struct s3_upload *upload, struct ingot_error *err) INGOT_MUST_CHECK;

/* Forgets what is in flight and frees; what S3 has stays there. */
void s3_upload_free(struct s3_upload *upload);
void s3_upload_drop(struct s3_upload **upload);

#endif
