/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_objects.h"
#include "region/catalogue_statement.h"

/* ---- buckets ---- */

enum ingot_code catalogue_add_bucket(struct catalogue *catalogue, const struct bucket_record *bucket,
                                     struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "INSERT INTO buckets (name, account_id, region, created_seconds) VALUES (?, ?, ?, ?)");
        statement_bind_text(&statement, bucket->name);
        statement_bind_text(&statement, bucket->account_id);
        statement_bind_text(&statement, bucket->region);
        statement_bind_i64(&statement, bucket->created_seconds);
        return statement_run(&statement, err);
}

static void read_bucket(struct statement *statement, struct bucket_record *bucket)
{
        statement_read_text(statement, bucket->name, sizeof(bucket->name));
        statement_read_text(statement, bucket->account_id, sizeof(bucket->account_id));
        statement_read_text(statement, bucket->region, sizeof(bucket->region));
        bucket->created_seconds = statement_read_i64(statement);
}

enum ingot_code catalogue_find_bucket(struct catalogue *catalogue, const char *name,
                                      struct bucket_record *ret_bucket, struct ingot_error *err)
{
        struct bucket_record bucket;
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT name, account_id, region, created_seconds FROM buckets WHERE name = ?");
        statement_bind_text(&statement, name);
        is_found = statement_step(&statement);
        if (is_found)
                read_bucket(&statement, &bucket);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no bucket '%s'", name);
        if (!r)
                *ret_bucket = bucket;
        return r;
}

enum ingot_code catalogue_remove_bucket(struct catalogue *catalogue, const char *name,
                                        struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "DELETE FROM buckets WHERE name = ?");
        statement_bind_text(&statement, name);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_each_bucket(struct catalogue *catalogue, const char *account_id,
                                      void (*visit)(void *context, const struct bucket_record *bucket),
                                      void *context, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "SELECT name, account_id, region, created_seconds FROM buckets WHERE account_id = ? ORDER "
                "BY name");
        statement_bind_text(&statement, account_id);
        while (statement_step(&statement)) {
                struct bucket_record bucket;

                read_bucket(&statement, &bucket);
                visit(context, &bucket);
        }
        return statement_end(&statement, err);
}

/* ---- objects ---- */

#define OBJECT_COLUMNS "bucket, key, file, size_bytes, etag, checksum, content_type, created_seconds"

enum ingot_code catalogue_set_object(struct catalogue *catalogue, const struct object_record *object,
                                     struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT OR REPLACE INTO objects (" OBJECT_COLUMNS
                        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, object->bucket);
        statement_bind_text(&statement, object->key);
        statement_bind_text(&statement, object->file);
        statement_bind_i64(&statement, (int64_t)object->size_bytes);
        statement_bind_text(&statement, object->etag);
        statement_bind_text(&statement, object->checksum);
        statement_bind_text(&statement, object->content_type);
        statement_bind_i64(&statement, object->created_seconds);
        return statement_run(&statement, err);
}

static void read_object(struct statement *statement, struct object_record *object)
{
        statement_read_text(statement, object->bucket, sizeof(object->bucket));
        statement_read_text(statement, object->key, sizeof(object->key));
        statement_read_text(statement, object->file, sizeof(object->file));
        object->size_bytes = (uint64_t)statement_read_i64(statement);
        statement_read_text(statement, object->etag, sizeof(object->etag));
        statement_read_text(statement, object->checksum, sizeof(object->checksum));
        statement_read_text(statement, object->content_type, sizeof(object->content_type));
        object->created_seconds = statement_read_i64(statement);
}

enum ingot_code catalogue_find_object(struct catalogue *catalogue, const char *bucket, const char *key,
                                      struct object_record *ret_object, struct ingot_error *err)
{
        struct object_record object;
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT " OBJECT_COLUMNS " FROM objects WHERE bucket = ? AND key = ?");
        statement_bind_text(&statement, bucket);
        statement_bind_text(&statement, key);
        is_found = statement_step(&statement);
        if (is_found)
                read_object(&statement, &object);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no object '%s' in '%s'", key, bucket);
        if (!r)
                *ret_object = object;
        return r;
}

enum ingot_code catalogue_remove_object(struct catalogue *catalogue, const char *bucket, const char *key,
                                        struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "DELETE FROM objects WHERE bucket = ? AND key = ?");
        statement_bind_text(&statement, bucket);
        statement_bind_text(&statement, key);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_each_object(struct catalogue *catalogue, const char *bucket, const char *after,
                                      void (*visit)(void *context, const struct object_record *object,
                                                    bool *ret_stop),
                                      void *context, struct ingot_error *err)
{
        struct statement statement;
        bool is_stopped = false;

        statement_begin(&statement, catalogue,
                        "SELECT " OBJECT_COLUMNS " FROM objects WHERE bucket = ? AND key > ? ORDER BY key");
        statement_bind_text(&statement, bucket);
        statement_bind_text(&statement, after);
        while (!is_stopped && statement_step(&statement)) {
                struct object_record object;

                read_object(&statement, &object);
                visit(context, &object, &is_stopped);
        }
        return statement_end(&statement, err);
}

/* ---- uploads ---- */

#define UPLOAD_COLUMNS "id, bucket, key, algorithm, content_type, created_seconds"

enum ingot_code catalogue_add_upload(struct catalogue *catalogue, const struct upload_record *upload,
                                     struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT INTO uploads (" UPLOAD_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, upload->id);
        statement_bind_text(&statement, upload->bucket);
        statement_bind_text(&statement, upload->key);
        statement_bind_text(&statement, upload->algorithm);
        statement_bind_text(&statement, upload->content_type);
        statement_bind_i64(&statement, upload->created_seconds);
        return statement_run(&statement, err);
}

static void read_upload(struct statement *statement, struct upload_record *upload)
{
        statement_read_text(statement, upload->id, sizeof(upload->id));
        statement_read_text(statement, upload->bucket, sizeof(upload->bucket));
        statement_read_text(statement, upload->key, sizeof(upload->key));
        statement_read_text(statement, upload->algorithm, sizeof(upload->algorithm));
        statement_read_text(statement, upload->content_type, sizeof(upload->content_type));
        upload->created_seconds = statement_read_i64(statement);
}

enum ingot_code catalogue_find_upload(struct catalogue *catalogue, const char *bucket, const char *key,
                                      const char *id, struct upload_record *ret_upload,
                                      struct ingot_error *err)
{
        struct upload_record upload;
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT " UPLOAD_COLUMNS " FROM uploads WHERE id = ? AND bucket = ? AND key = ?");
        statement_bind_text(&statement, id);
        statement_bind_text(&statement, bucket);
        statement_bind_text(&statement, key);
        is_found = statement_step(&statement);
        if (is_found)
                read_upload(&statement, &upload);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no upload '%s'", id);
        if (!r)
                *ret_upload = upload;
        return r;
}

enum ingot_code catalogue_remove_upload(struct catalogue *catalogue, const char *id, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "DELETE FROM uploads WHERE id = ?");
        statement_bind_text(&statement, id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_each_upload(struct catalogue *catalogue, const char *bucket,
                                      void (*visit)(void *context, const struct upload_record *upload),
                                      void *context, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " UPLOAD_COLUMNS
                        " FROM uploads WHERE bucket = ? ORDER BY key, created_seconds");
        statement_bind_text(&statement, bucket);
        while (statement_step(&statement)) {
                struct upload_record upload;

                read_upload(&statement, &upload);
                visit(context, &upload);
        }
        return statement_end(&statement, err);
}

/* ---- parts ---- */

enum ingot_code catalogue_set_part(struct catalogue *catalogue, const char *upload_id,
                                   const struct part_record *part, struct ingot_error *err)
{
        char digest[DIGEST_HEX_CHARS + 1];
        struct statement statement;

        hex_encode(part->part.digest.bytes, DIGEST_BYTES, digest);
        statement_begin(&statement, catalogue,
                        "INSERT OR REPLACE INTO parts (upload_id, number, file, size_bytes, etag, digest, "
                        "created_seconds) VALUES (?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, upload_id);
        statement_bind_i64(&statement, part->part.number);
        statement_bind_text(&statement, part->file);
        statement_bind_i64(&statement, (int64_t)part->part.size_bytes);
        statement_bind_text(&statement, part->part.etag);
        statement_bind_text(&statement, digest);
        statement_bind_i64(&statement, part->created_seconds);
        return statement_run(&statement, err);
}

static void read_part(struct statement *statement, struct part_record *part)
{
        char digest[DIGEST_HEX_CHARS + 1];

        part->part.number = (unsigned)statement_read_i64(statement);
        statement_read_text(statement, part->file, sizeof(part->file));
        part->part.size_bytes = (uint64_t)statement_read_i64(statement);
        statement_read_text(statement, part->part.etag, sizeof(part->part.etag));
        statement_read_text(statement, digest, sizeof(digest));
        part->created_seconds = statement_read_i64(statement);
        part->part.has_digest = hex_decode(digest, part->part.digest.bytes, DIGEST_BYTES);
}

enum ingot_code catalogue_find_part(struct catalogue *catalogue, const char *upload_id, unsigned number,
                                    struct part_record *ret_part, struct ingot_error *err)
{
        struct part_record part;
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT number, file, size_bytes, etag, digest, created_seconds FROM parts WHERE "
                        "upload_id = ? AND number = ?");
        statement_bind_text(&statement, upload_id);
        statement_bind_i64(&statement, number);
        is_found = statement_step(&statement);
        if (is_found)
                read_part(&statement, &part);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "upload '%s' has no part %u", upload_id, number);
        if (!r)
                *ret_part = part;
        return r;
}

enum ingot_code catalogue_each_part(struct catalogue *catalogue, const char *upload_id, unsigned after,
                                    void (*visit)(void *context, const struct part_record *part,
                                                  bool *ret_stop),
                                    void *context, struct ingot_error *err)
{
        struct statement statement;
        bool is_stopped = false;

        statement_begin(&statement, catalogue,
                        "SELECT number, file, size_bytes, etag, digest, created_seconds FROM parts WHERE "
                        "upload_id = ? AND number > ? ORDER BY number");
        statement_bind_text(&statement, upload_id);
        statement_bind_i64(&statement, after);
        while (!is_stopped && statement_step(&statement)) {
                struct part_record part;

                read_part(&statement, &part);
                visit(context, &part, &is_stopped);
        }
        return statement_end(&statement, err);
}
