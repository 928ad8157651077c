/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/catalogue_schema.h"
#include "region/catalogue_statement.h"

enum { STATEMENTS_MAX = 256, BUSY_MS = 30000 };

struct prepared {
        const char *sql; /* a literal: known by its address */
        sqlite3_stmt *handle;
};

struct catalogue {
        sqlite3 *database;
        size_t prepared_count;
        struct prepared prepared[STATEMENTS_MAX];
};

static enum ingot_code fail(const struct catalogue *catalogue, int status, struct ingot_error *err)
{
        const char *text = catalogue->database ? sqlite3_errmsg(catalogue->database) : sqlite3_errstr(status);

        switch (status & 0xff) {
        case SQLITE_NOMEM: return ingot_fail(err, INGOT_E_MEMORY, "catalogue: %s", text);
        case SQLITE_CONSTRAINT: return ingot_fail(err, INGOT_E_CONFLICT, "catalogue: %s", text);
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB: return ingot_fail(err, INGOT_E_FORMAT, "catalogue: %s", text);
        default: return ingot_fail(err, INGOT_E_SYSTEM, "catalogue: %s", text);
        }
}

enum ingot_code catalogue_run_script(struct catalogue *catalogue, const char *sql, struct ingot_error *err)
{
        int status = sqlite3_exec(catalogue->database, sql, NULL, NULL, NULL);

        return status == SQLITE_OK ? INGOT_OK : fail(catalogue, status, err);
}

enum ingot_code catalogue_new(const char *path, struct catalogue **ret_catalogue, struct ingot_error *err)
{
        OWNED(catalogue_drop) struct catalogue *catalogue = calloc(1, sizeof(*catalogue));
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r;
        int status;

        if (!catalogue)
                return ingot_fail_memory(err, sizeof(*catalogue));
        /* SQLite would make it 0644, and it holds the key.  Only a file that is not there yet may be opened beside
         * SQLite: closing any descriptor of it would drop the locks that this process holds on it. */
        fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EEXIST)
                return ingot_fail_errno(err, "making '%s'", path);
        fd_drop(&fd);
        status = sqlite3_open_v2(path, &catalogue->database,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
        if (status != SQLITE_OK)
                return ingot_while(err, fail(catalogue, status, err), "opening '%s'", path);
        (void)sqlite3_busy_timeout(catalogue->database, BUSY_MS); /* fails only on a NULL database */
        (void)sqlite3_extended_result_codes(catalogue->database, 1);
        r = catalogue_run_script(
                catalogue,
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF;", err);
        if (!r)
                r = catalogue_make_schema(catalogue, err);
        /* After the schema: a step may make a table anew that others refer to. */
        if (!r)
                r = catalogue_run_script(catalogue, "PRAGMA foreign_keys = ON;", err);
        if (r)
                return ingot_while(err, r, "opening '%s'", path);
        *ret_catalogue = TAKE(catalogue);
        return INGOT_OK;
}

void catalogue_free(struct catalogue *catalogue)
{
        if (!catalogue)
                return;
        for (size_t i = 0; i < catalogue->prepared_count; i++)
                (void)sqlite3_finalize(catalogue->prepared[i].handle); /* repeats an old failure */
        (void)sqlite3_close(catalogue->database);                      /* nothing is unfinished */
        free(catalogue);
}

void catalogue_drop(struct catalogue **catalogue)
{
        catalogue_free(*catalogue);
        *catalogue = NULL;
}

enum ingot_code catalogue_begin(struct catalogue *catalogue, struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue, "BEGIN IMMEDIATE");
        return statement_run(&statement, err);
}

enum ingot_code catalogue_end(struct catalogue *catalogue, enum ingot_code so_far, struct ingot_error *err)
{
        struct statement statement;

        if (so_far == INGOT_OK) {
                statement_begin(&statement, catalogue, "COMMIT");
                so_far = statement_run(&statement, err);
        }
        /* so_far is what matters, and SQLite rolls back by itself when the file is closed */
        if (so_far != INGOT_OK && !sqlite3_get_autocommit(catalogue->database))
                (void)sqlite3_exec(catalogue->database, "ROLLBACK", NULL, NULL, NULL);
        return so_far;
}

enum ingot_code catalogue_settle_value(struct catalogue *catalogue, const char *key, const char *proposed,
                                       char ret_value[CATALOGUE_VALUE_BYTES], struct ingot_error *err)
{
        struct statement statement;
        enum ingot_code r;

        statement_begin(&statement, catalogue,
                        "INSERT OR IGNORE INTO store_values (key, value) VALUES (?, ?)");
        statement_bind_text(&statement, key);
        statement_bind_text(&statement, proposed);
        r = statement_run(&statement, err);
        if (r)
                return r;
        statement_begin(&statement, catalogue, "SELECT value FROM store_values WHERE key = ?");
        statement_bind_text(&statement, key);
        if (statement_step(&statement))
                statement_read_text(&statement, ret_value, CATALOGUE_VALUE_BYTES);
        return statement_end(&statement, err);
}

enum ingot_code catalogue_find_value(struct catalogue *catalogue, const char *key,
                                     char ret_value[CATALOGUE_VALUE_BYTES], struct ingot_error *err)
{
        struct statement statement;
        bool is_there;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "SELECT value FROM store_values WHERE key = ?");
        statement_bind_text(&statement, key);
        is_there = statement_step(&statement);
        if (is_there)
                statement_read_text(&statement, ret_value, CATALOGUE_VALUE_BYTES);
        r = statement_end(&statement, err);
        if (r || is_there)
                return r;
        return ingot_fail(err, INGOT_E_NOT_FOUND, "the catalogue has no value '%s'", key);
}

enum ingot_code catalogue_set_value(struct catalogue *catalogue, const char *key, const char *value,
                                    struct ingot_error *err)
{
        struct statement statement;

        statement_begin(&statement, catalogue,
                        "INSERT OR REPLACE INTO store_values (key, value) VALUES (?, ?)");
        statement_bind_text(&statement, key);
        statement_bind_text(&statement, value);
        return statement_run(&statement, err);
}

enum ingot_code catalogue_check(struct catalogue *catalogue, struct ingot_error *err)
{
        struct statement statement;
        char complaint[512] = "ok";
        enum ingot_code r;

        statement_begin(&statement, catalogue, "PRAGMA quick_check(1)");
        if (statement_step(&statement))
                statement_read_text(&statement, complaint, sizeof(complaint));
        r = statement_end(&statement, err);
        if (!r && strcmp(complaint, "ok") != 0)
                r = ingot_fail(err, INGOT_E_FORMAT, "catalogue: %s", complaint);
        if (r)
                return r;
        statement_begin(&statement, catalogue, "PRAGMA foreign_key_check");
        if (statement_step(&statement))
                statement_read_text(&statement, complaint, sizeof(complaint));
        r = statement_end(&statement, err);
        if (!r && strcmp(complaint, "ok") != 0)
                r = ingot_fail(err, INGOT_E_FORMAT, "catalogue: table '%s' refers to a row that is not there",
                               complaint);
        return r;
}

/* ---- statements ---- */

static sqlite3_stmt *find_prepared(struct catalogue *catalogue, const char *sql, int *status)
{
        struct prepared *made = &catalogue->prepared[catalogue->prepared_count];

        for (size_t i = 0; i < catalogue->prepared_count; i++) {
                if (catalogue->prepared[i].sql == sql)
                        return catalogue->prepared[i].handle;
        }
        if (catalogue->prepared_count == STATEMENTS_MAX) {
                *status = SQLITE_FULL;
                return NULL;
        }
        *status = sqlite3_prepare_v3(catalogue->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made->handle,
                                     NULL);
        if (*status != SQLITE_OK)
                return NULL;
        made->sql = sql;
        catalogue->prepared_count++;
        return made->handle;
}

void statement_begin(struct statement *statement, struct catalogue *catalogue, const char *sql)
{
        *statement = (struct statement){ .catalogue = catalogue, .status = SQLITE_OK };
        statement->handle = find_prepared(catalogue, sql, &statement->status);
}

void statement_bind_text(struct statement *statement, const char *text)
{
        if (statement->status == SQLITE_OK)
                statement->status = text ? sqlite3_bind_text(statement->handle, ++statement->bound, text, -1,
                                                             SQLITE_STATIC)
                                         : sqlite3_bind_null(statement->handle, ++statement->bound);
}

void statement_bind_i64(struct statement *statement, int64_t value)
{
        if (statement->status == SQLITE_OK)
                statement->status = sqlite3_bind_int64(statement->handle, ++statement->bound, value);
}

bool statement_step(struct statement *statement)
{
        if (statement->status != SQLITE_OK && statement->status != SQLITE_ROW)
                return false;
        statement->status = sqlite3_step(statement->handle);
        statement->column = 0;
        return statement->status == SQLITE_ROW;
}

void statement_read_text(struct statement *statement, char *out, size_t room_bytes)
{
        const unsigned char *text = sqlite3_column_text(statement->handle, statement->column);
        size_t size_bytes = (size_t)sqlite3_column_bytes(statement->handle, statement->column++);

        if (!text)
                size_bytes = 0;
        if (size_bytes >= room_bytes) {
                statement->is_damaged = true;
                size_bytes = 0;
        }
        if (size_bytes)
                memcpy(out, text, size_bytes);
        out[size_bytes] = '\0';
}

int64_t statement_read_i64(struct statement *statement)
{
        return sqlite3_column_int64(statement->handle, statement->column++);
}

bool statement_read_bool(struct statement *statement)
{
        return statement_read_i64(statement) != 0;
}

enum ingot_code statement_end(struct statement *statement, struct ingot_error *err)
{
        int status = statement->status;
        enum ingot_code r = INGOT_OK;

        if (status != SQLITE_OK && status != SQLITE_ROW && status != SQLITE_DONE)
                r = fail(statement->catalogue, status, err);
        else if (statement->is_damaged)
                r = ingot_fail(err, INGOT_E_FORMAT, "catalogue: a text is longer than ingot ever writes");
        if (statement->handle) {
                (void)sqlite3_reset(statement->handle); /* repeats what step said */
                (void)sqlite3_clear_bindings(statement->handle);
        }
        return r;
}

enum ingot_code statement_run(struct statement *statement, struct ingot_error *err)
{
        (void)statement_step(statement);
        return statement_end(statement, err);
}

int64_t statement_changes(const struct catalogue *catalogue)
{
        return sqlite3_changes(catalogue->database);
}
