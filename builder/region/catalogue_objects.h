/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_OBJECTS_H
#define REGION_CATALOGUE_OBJECTS_H

/* builder/region/catalogue_objects.h
 * catalogue_objects: the buckets of a store, the objects in them, and the uploads under way.
 *
 * Unit     seconds since 1970
 * Rules    (1) A bucket's name is one for all regions and accounts of the store.
 *          (2) Bytes lie in files (object_store.h), which the catalogue names.
 * Tests    tests/unit/region/test_s3_routes.c
 */
#include <stdint.h>

#include "region/catalogue_sessions.h"
#include "wire/s3_shape.h"

enum { OBJECT_FILE_CHARS = 31, OBJECT_TYPE_CHARS = 127, OBJECT_ALGORITHM_CHARS = 15, UPLOAD_ID_CHARS = 32 };

struct bucket_record {
        char name[S3_BUCKET_CHARS + 1], account_id[ACCOUNT_ID_CHARS + 1], region[REGION_NAME_CHARS + 1];
        int64_t created_seconds;
};

struct object_record {
        char bucket[S3_BUCKET_CHARS + 1], key[S3_KEY_BYTES + 1];
        char file[OBJECT_FILE_CHARS + 1];
        uint64_t size_bytes;
        char etag[S3_ETAG_CHARS + 1]; /* with its quotes */
        char checksum[S3_COMPOSITE_CHARS +
                      1]; /* SHA-256, of parts where it was sent in parts; "": not asked for */
        char content_type[OBJECT_TYPE_CHARS + 1];
        int64_t created_seconds;
};

struct upload_record {
        char id[UPLOAD_ID_CHARS + 1];
        char bucket[S3_BUCKET_CHARS + 1], key[S3_KEY_BYTES + 1];
        char algorithm[OBJECT_ALGORITHM_CHARS + 1]; /* "SHA256", "CRC32", ...; "": none */
        char content_type[OBJECT_TYPE_CHARS + 1];
        int64_t created_seconds;
};

struct part_record {
        struct s3_part part; /* with the digest of its bytes */
        char file[OBJECT_FILE_CHARS + 1];
        int64_t created_seconds;
};

/* Fails with   INGOT_E_CONFLICT  there is a bucket of that name */
enum ingot_code catalogue_add_bucket(struct catalogue *catalogue, const struct bucket_record *bucket,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_bucket(struct catalogue *catalogue, const char *name,
                                      struct bucket_record *ret_bucket,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_CONFLICT  there is an object in it, or an upload under way */
enum ingot_code catalogue_remove_bucket(struct catalogue *catalogue, const char *name,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
/* Walks an account's buckets by name. */
enum ingot_code catalogue_each_bucket(struct catalogue *catalogue, const char *account_id,
                                      void (*visit)(void *context, const struct bucket_record *bucket),
                                      void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/* Sets an object in the place of one that has its key. */
enum ingot_code catalogue_set_object(struct catalogue *catalogue, const struct object_record *object,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_object(struct catalogue *catalogue, const char *bucket, const char *key,
                                      struct object_record *ret_object,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_remove_object(struct catalogue *catalogue, const char *bucket, const char *key,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
/* Walks a bucket's objects by key, from the first after that one ("" : all). */
enum ingot_code catalogue_each_object(struct catalogue *catalogue, const char *bucket, const char *after,
                                      void (*visit)(void *context, const struct object_record *object,
                                                    bool *ret_stop),
                                      void *context, struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code catalogue_add_upload(struct catalogue *catalogue, const struct upload_record *upload,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND  no such upload of that key */
enum ingot_code catalogue_find_upload(struct catalogue *catalogue, const char *bucket, const char *key,
                                      const char *id, struct upload_record *ret_upload,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
/* Forgets an upload and its parts. */
enum ingot_code catalogue_remove_upload(struct catalogue *catalogue, const char *id,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
/* Walks the uploads under way by key. */
enum ingot_code catalogue_each_upload(struct catalogue *catalogue, const char *bucket,
                                      void (*visit)(void *context, const struct upload_record *upload),
                                      void *context, struct ingot_error *err) INGOT_MUST_CHECK;

/* Sets a part in the place of one that has its number. */
enum ingot_code catalogue_set_part(struct catalogue *catalogue, const char *upload_id,
                                   const struct part_record *part, struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_part(struct catalogue *catalogue, const char *upload_id, unsigned number,
                                    struct part_record *ret_part, struct ingot_error *err) INGOT_MUST_CHECK;
/* Walks the parts with a number above after. */
enum ingot_code catalogue_each_part(struct catalogue *catalogue, const char *upload_id, unsigned after,
                                    void (*visit)(void *context, const struct part_record *part,
                                                  bool *ret_stop),
                                    void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
