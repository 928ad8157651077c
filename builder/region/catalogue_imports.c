/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "region/catalogue_imports.h"
#include "region/catalogue_statement.h"

#define COLUMNS                                                                                              \
        "number, region, id, status, status_message, progress, snapshot_id, bucket, key, format, "           \
        "description, "                                                                                      \
        "size_bytes, is_encrypted, kms_key_arn, client_token, request_digest, created_seconds"

enum ingot_code catalogue_add_import(struct catalogue *catalogue, const struct import_record *record,
                                     struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "INSERT INTO imports (region, id, status, status_message, progress, snapshot_id, "
                "bucket, key, format, description, size_bytes, is_encrypted, kms_key_arn, client_token, "
                "request_digest, created_seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?)");
        statement_bind_text(&statement, record->region);
        statement_bind_text(&statement, record->id);
        statement_bind_text(&statement, record->status);
        statement_bind_text(&statement, record->status_message);
        statement_bind_i64(&statement, record->progress_percent);
        statement_bind_text(&statement, record->snapshot_id);
        statement_bind_text(&statement, record->bucket);
        statement_bind_text(&statement, record->key);
        statement_bind_text(&statement, record->format);
        statement_bind_text(&statement, record->description);
        statement_bind_i64(&statement, (int64_t)record->size_bytes);
        statement_bind_i64(&statement, record->is_encrypted);
        statement_bind_text(&statement, record->kms_key_arn);
        statement_bind_text(&statement, *record->client_token ? record->client_token : NULL);
        statement_bind_text(&statement, record->request_digest);
        statement_bind_i64(&statement, record->created_seconds);
        return statement_run(&statement, err);
}

static void read_import(struct statement *statement, struct import_record *record)
{
        memset(record, 0, sizeof(*record));
        record->number = statement_read_i64(statement);
        statement_read_text(statement, record->region, sizeof(record->region));
        statement_read_text(statement, record->id, sizeof(record->id));
        statement_read_text(statement, record->status, sizeof(record->status));
        statement_read_text(statement, record->status_message, sizeof(record->status_message));
        record->progress_percent = (uint32_t)statement_read_i64(statement);
        statement_read_text(statement, record->snapshot_id, sizeof(record->snapshot_id));
        statement_read_text(statement, record->bucket, sizeof(record->bucket));
        statement_read_text(statement, record->key, sizeof(record->key));
        statement_read_text(statement, record->format, sizeof(record->format));
        statement_read_text(statement, record->description, sizeof(record->description));
        record->size_bytes = (uint64_t)statement_read_i64(statement);
        record->is_encrypted = statement_read_bool(statement);
        statement_read_text(statement, record->kms_key_arn, sizeof(record->kms_key_arn));
        statement_read_text(statement, record->client_token, sizeof(record->client_token));
        statement_read_text(statement, record->request_digest, sizeof(record->request_digest));
        record->created_seconds = statement_read_i64(statement);
}

/* The one row of a statement that was begun and bound. */
static enum ingot_code take_import(struct statement *statement, struct import_record *ret_record,
                                   struct ingot_error *err)
{
        bool is_found = statement_step(statement);
        enum ingot_code r;

        if (is_found)
                read_import(statement, ret_record);
        r = statement_end(statement, err);
        return !r && !is_found ? ingot_fail(err, INGOT_E_NOT_FOUND, "there is no such import") : r;
}

enum ingot_code catalogue_find_import(struct catalogue *catalogue, const char *id,
                                      struct import_record *ret_record, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "SELECT " COLUMNS " FROM imports WHERE id = ?");
        statement_bind_text(&statement, id);
        return take_import(&statement, ret_record, err);
}

enum ingot_code catalogue_find_import_by_token(struct catalogue *catalogue, const char *region,
                                               const char *client_token, struct import_record *ret_record,
                                               struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS " FROM imports WHERE region = ? AND client_token = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, client_token);
        return take_import(&statement, ret_record, err);
}

enum ingot_code catalogue_next_import(struct catalogue *catalogue, const char *region, int64_t after,
                                      struct import_record *ret_record, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS
                        " FROM imports WHERE region = ? AND number > ? ORDER BY number LIMIT 1");
        statement_bind_text(&statement, region);
        statement_bind_i64(&statement, after);
        return take_import(&statement, ret_record, err);
}

enum ingot_code catalogue_update_import(struct catalogue *catalogue, const struct import_record *record,
                                        struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "UPDATE imports SET status = ?, status_message = ?, progress = ?, snapshot_id = ? WHERE "
                "id = ?");
        statement_bind_text(&statement, record->status);
        statement_bind_text(&statement, record->status_message);
        statement_bind_i64(&statement, record->progress_percent);
        statement_bind_text(&statement, record->snapshot_id);
        statement_bind_text(&statement, record->id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_count_active_imports(struct catalogue *catalogue, const char *region,
                                               uint64_t *ret_count, struct ingot_error *err)
{
        struct statement statement;
        uint64_t count = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT count(*) FROM imports WHERE region = ? AND status = 'active'");
        statement_bind_text(&statement, region);
        if (statement_step(&statement))
                count = (uint64_t)statement_read_i64(&statement);
        r = statement_end(&statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

/* ---- roles ---- */

enum ingot_code catalogue_find_role(struct catalogue *catalogue, const char *account_id, const char *name,
                                    struct role_record *ret_role, struct ingot_error *err)
{
        static const char trust[] =
                "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":"
                "\"vmie.amazonaws.com\"},\"Action\":\"sts:AssumeRole\",\"Condition\":{\"StringEquals\":{"
                "\"sts:ExternalId\":\"vmimport\"}}}]}";
        struct role_record role = { .created_seconds = 0 };
        bool is_found, is_gone = false;
        struct statement statement;
        enum ingot_code r;

        statement_begin(
                &statement, catalogue,
                "SELECT trust_policy, created_seconds, is_gone FROM roles WHERE account_id = ? AND name "
                "= ?");
        statement_bind_text(&statement, account_id);
        statement_bind_text(&statement, name);
        is_found = statement_step(&statement);
        if (is_found) {
                statement_read_text(&statement, role.trust_policy, sizeof(role.trust_policy));
                role.created_seconds = statement_read_i64(&statement);
                is_gone = statement_read_bool(&statement);
        } else if (strcmp(name, IMPORT_ROLE) == 0) {
                (void)snprintf(role.trust_policy, sizeof(role.trust_policy), "%s", trust);
                is_found = true;
        }
        r = statement_end(&statement, err);
        if (!r && (!is_found || is_gone))
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no role '%s'", name);
        if (r)
                return r;
        (void)snprintf(role.account_id, sizeof(role.account_id), "%s", account_id);
        (void)snprintf(role.name, sizeof(role.name), "%s", name);
        *ret_role = role;
        return INGOT_OK;
}

enum ingot_code catalogue_set_role(struct catalogue *catalogue, const struct role_record *role, bool is_gone,
                                   struct ingot_error *err)
{
        struct statement statement;

        statement_begin(
                &statement, catalogue,
                "INSERT OR REPLACE INTO roles (account_id, name, trust_policy, created_seconds, is_gone) "
                "VALUES (?, ?, ?, ?, ?)");
        statement_bind_text(&statement, role->account_id);
        statement_bind_text(&statement, role->name);
        statement_bind_text(&statement, role->trust_policy);
        statement_bind_i64(&statement, role->created_seconds);
        statement_bind_i64(&statement, is_gone);
        return statement_run(&statement, err);
}
