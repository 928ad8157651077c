/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/catalogue_permissions.h"
#include "region/catalogue_snapshots.h"
#include "region/catalogue_statement.h"
#include "region/catalogue_tags.h"

static const char *const state_names[SNAPSHOT_STATES] = { "pending", "completing", "completed", "error",
                                                          "deleted" };

#define COLUMNS                                                                                              \
        "number, region, id, state, state_message, volume_gib, parent_id, description, is_encrypted, "       \
        "kms_key_arn, client_token, request_digest, timeout_minutes, start_seconds, completion_seconds, "    \
        "boot_id, block_count, shown_block_count, linear_digest, copied_from, ready_seconds, late_failure"

static void read_state(struct statement *statement, enum snapshot_state *ret_state)
{
        char name[16];

        statement_read_text(statement, name, sizeof(name));
        for (unsigned i = 0; i < SNAPSHOT_STATES; i++) {
                if (strcmp(state_names[i], name) == 0) {
                        *ret_state = (enum snapshot_state)i;
                        return;
                }
        }
        statement->is_damaged = true;
}

static void read_record(struct statement *statement, struct snapshot_record *record)
{
        memset(record, 0, sizeof(*record));
        record->number = statement_read_i64(statement);
        statement_read_text(statement, record->region, sizeof(record->region));
        statement_read_text(statement, record->id, sizeof(record->id));
        read_state(statement, &record->state);
        statement_read_text(statement, record->state_message, sizeof(record->state_message));
        record->volume_gib = (uint32_t)statement_read_i64(statement);
        statement_read_text(statement, record->parent_id, sizeof(record->parent_id));
        statement_read_text(statement, record->description, sizeof(record->description));
        record->is_encrypted = statement_read_bool(statement);
        statement_read_text(statement, record->kms_key_arn, sizeof(record->kms_key_arn));
        statement_read_text(statement, record->client_token, sizeof(record->client_token));
        statement_read_text(statement, record->request_digest, sizeof(record->request_digest));
        record->timeout_minutes = (uint32_t)statement_read_i64(statement);
        record->start_seconds = statement_read_i64(statement);
        record->completion_seconds = statement_read_i64(statement);
        statement_read_text(statement, record->boot_id, sizeof(record->boot_id));
        record->block_count = (uint64_t)statement_read_i64(statement);
        record->shown_block_count = (uint64_t)statement_read_i64(statement);
        statement_read_text(statement, record->linear_digest, sizeof(record->linear_digest));
        statement_read_text(statement, record->copied_from, sizeof(record->copied_from));
        record->ready_seconds = statement_read_i64(statement);
        statement_read_text(statement, record->late_failure, sizeof(record->late_failure));
}

static const char *or_null(const char *text)
{
        return *text ? text : NULL;
}

enum ingot_code catalogue_add_snapshot(struct catalogue *catalogue, const struct snapshot_record *record,
                                       struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT INTO snapshots (" COLUMNS
                        ") VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        statement_bind_text(&statement, record->region);
        statement_bind_text(&statement, record->id);
        statement_bind_text(&statement, state_names[record->state]);
        statement_bind_text(&statement, record->state_message);
        statement_bind_i64(&statement, record->volume_gib);
        statement_bind_text(&statement, or_null(record->parent_id));
        statement_bind_text(&statement, record->description);
        statement_bind_i64(&statement, record->is_encrypted);
        statement_bind_text(&statement, record->kms_key_arn);
        statement_bind_text(&statement, or_null(record->client_token));
        statement_bind_text(&statement, record->request_digest);
        statement_bind_i64(&statement, record->timeout_minutes);
        statement_bind_i64(&statement, record->start_seconds);
        statement_bind_i64(&statement, record->completion_seconds);
        statement_bind_text(&statement, record->boot_id);
        statement_bind_i64(&statement, (int64_t)record->block_count);
        statement_bind_i64(&statement, (int64_t)record->shown_block_count);
        statement_bind_text(&statement, record->linear_digest);
        statement_bind_text(&statement, record->copied_from);
        statement_bind_i64(&statement, record->ready_seconds);
        statement_bind_text(&statement, record->late_failure);
        return statement_run(&statement, err);
}

/* Ends a statement that yields one record at most. */
static enum ingot_code read_one(struct statement *statement, const char *what,
                                struct snapshot_record *ret_record, struct ingot_error *err)
{
        bool is_found = statement_step(statement);
        enum ingot_code r;

        if (is_found)
                read_record(statement, ret_record);
        r = statement_end(statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no snapshot '%s'", what);
        return r;
}

enum ingot_code catalogue_find_snapshot(struct catalogue *catalogue, const char *region, const char *id,
                                        struct snapshot_record *ret_record, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS " FROM snapshots WHERE id = ? AND region = ?");
        statement_bind_text(&statement, id);
        statement_bind_text(&statement, region);
        return read_one(&statement, id, ret_record, err);
}

enum ingot_code catalogue_find_snapshot_anywhere(struct catalogue *catalogue, const char *id,
                                                 struct snapshot_record *ret_record, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "SELECT " COLUMNS " FROM snapshots WHERE id = ?");
        statement_bind_text(&statement, id);
        return read_one(&statement, id, ret_record, err);
}

enum ingot_code catalogue_count_copies(struct catalogue *catalogue, const char *region, uint64_t *ret_count,
                                       struct ingot_error *err)
{
        struct statement statement;
        uint64_t count = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT count(*) FROM snapshots WHERE region = ? AND copied_from <> '' AND "
                        "state IN ('pending', 'completing')");
        statement_bind_text(&statement, region);
        if (statement_step(&statement))
                count = (uint64_t)statement_read_i64(&statement);
        r = statement_end(&statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

enum ingot_code catalogue_find_snapshot_by_token(struct catalogue *catalogue, const char *region,
                                                 const char *client_token, struct snapshot_record *ret_record,
                                                 struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS " FROM snapshots WHERE region = ? AND client_token = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, client_token);
        return read_one(&statement, client_token, ret_record, err);
}

enum ingot_code catalogue_update_snapshot(struct catalogue *catalogue, const struct snapshot_record *record,
                                          struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "UPDATE snapshots SET state = ?, state_message = ?, completion_seconds = ?, "
                        "block_count = ?, shown_block_count = ?, linear_digest = ? WHERE id = ?");
        statement_bind_text(&statement, state_names[record->state]);
        statement_bind_text(&statement, record->state_message);
        statement_bind_i64(&statement, record->completion_seconds);
        statement_bind_i64(&statement, (int64_t)record->block_count);
        statement_bind_i64(&statement, (int64_t)record->shown_block_count);
        statement_bind_text(&statement, record->linear_digest);
        statement_bind_text(&statement, record->id);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_forget_snapshot(struct catalogue *catalogue, const char *id,
                                          struct ingot_error *err)
{
        struct statement statement;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "DELETE FROM snapshots WHERE id = ?");
        statement_bind_text(&statement, id);
        r = statement_run(&statement, err);
        if (r)
                return r;
        r = catalogue_forget_permissions(catalogue, id, err);
        return r ? r : catalogue_remove_tags(catalogue, id, err);
}

enum ingot_code catalogue_count_snapshots(struct catalogue *catalogue, const char *region,
                                          enum snapshot_state state, uint64_t *ret_count,
                                          struct ingot_error *err)
{
        struct statement statement;
        uint64_t count = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "SELECT count(*) FROM snapshots WHERE region = ? AND state = ?");
        statement_bind_text(&statement, region);
        statement_bind_text(&statement, state_names[state]);
        if (statement_step(&statement))
                count = (uint64_t)statement_read_i64(&statement);
        r = statement_end(&statement, err);
        if (!r)
                *ret_count = count;
        return r;
}

/* Ends a statement of which only matters whether it yields a row. */
static enum ingot_code read_whether(struct statement *statement, bool *ret_whether, struct ingot_error *err)
{
        bool whether = statement_step(statement);
        enum ingot_code r = statement_end(statement, err);

        if (!r)
                *ret_whether = whether;
        return r;
}

enum ingot_code catalogue_knows_snapshot(struct catalogue *catalogue, const char *id, bool *ret_knows,
                                         struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "SELECT 1 FROM snapshots WHERE id = ?");
        statement_bind_text(&statement, id);
        return read_whether(&statement, ret_knows, err);
}

enum ingot_code catalogue_find_unneeded(struct catalogue *catalogue, struct snapshot_record *ret_record,
                                        struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS " FROM snapshots AS s WHERE state = 'deleted' AND NOT EXISTS"
                        " (SELECT 1 FROM snapshots AS c WHERE c.parent_id = s.id) LIMIT 1");
        return read_one(&statement, "unneeded", ret_record, err);
}

enum ingot_code catalogue_has_children(struct catalogue *catalogue, const char *id, bool *ret_has,
                                       struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "SELECT 1 FROM snapshots WHERE parent_id = ? LIMIT 1");
        statement_bind_text(&statement, id);
        return read_whether(&statement, ret_has, err);
}

enum ingot_code catalogue_find_ancestor(struct catalogue *catalogue, const char *id, uint32_t generation,
                                        char ret_id[RESOURCE_ID_CHARS + 1], struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "WITH RECURSIVE line (id, parent_id, generation) AS ("
                        " SELECT id, parent_id, 0 FROM snapshots WHERE id = ?1 UNION ALL"
                        " SELECT s.id, s.parent_id, generation + 1 FROM snapshots s JOIN line"
                        "  ON s.id = line.parent_id WHERE generation < ?2)"
                        "SELECT id FROM line WHERE generation = ?2");
        statement_bind_text(&statement, id);
        statement_bind_i64(&statement, generation);
        is_found = statement_step(&statement);
        if (is_found)
                statement_read_text(&statement, ret_id, RESOURCE_ID_CHARS + 1);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "snapshot '%s' has no %u parents above it", id,
                               generation);
        return r;
}

enum ingot_code catalogue_find_oldest_ancestor(struct catalogue *catalogue, const char *id,
                                               char ret_id[RESOURCE_ID_CHARS + 1], struct ingot_error *err)
{
        struct statement statement;
        bool is_found;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "WITH RECURSIVE line (id, parent_id) AS ("
                        " SELECT id, parent_id FROM snapshots WHERE id = ? UNION ALL"
                        " SELECT s.id, s.parent_id FROM snapshots s JOIN line ON s.id = line.parent_id)"
                        "SELECT id FROM line WHERE parent_id IS NULL");
        statement_bind_text(&statement, id);
        is_found = statement_step(&statement);
        if (is_found)
                statement_read_text(&statement, ret_id, RESOURCE_ID_CHARS + 1);
        r = statement_end(&statement, err);
        if (!r && !is_found)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no snapshot '%s'", id);
        return r;
}

enum ingot_code catalogue_each_snapshot(struct catalogue *catalogue, const char *region, int64_t after,
                                        enum ingot_code (*visit)(void *context,
                                                                 const struct snapshot_record *record,
                                                                 bool *ret_stop, struct ingot_error *err),
                                        void *context, struct ingot_error *err)
{
        struct statement statement;
        struct snapshot_record record;
        bool stop = false;
        enum ingot_code r = INGOT_OK, ended;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS " FROM snapshots WHERE (?1 IS NULL OR region = ?1) AND number > ?2 "
                        "ORDER BY number");
        statement_bind_text(&statement, region);
        statement_bind_i64(&statement, after);
        while (!r && !stop && statement_step(&statement)) {
                read_record(&statement, &record);
                r = visit(context, &record, &stop, err);
        }
        ended = statement_end(&statement, r ? NULL : err);
        return r ? r : ended;
}

enum ingot_code catalogue_next_unsettled(struct catalogue *catalogue, const char *region, int64_t after,
                                         struct snapshot_record *ret_record, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "SELECT " COLUMNS
                        " FROM snapshots WHERE region = ? AND state IN ('pending', 'completing') AND "
                        "number > ? ORDER BY number LIMIT 1");
        statement_bind_text(&statement, region);
        statement_bind_i64(&statement, after);
        return read_one(&statement, "unsettled", ret_record, err);
}
