/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/catalogue_statement.h"

enum { SCHEMA_VERSION = 1, STATEMENTS_MAX = 64, BUSY_MS = 30000 };

struct prepared {
        const char *sql; /* a literal: known by its address */
        sqlite3_stmt *handle;
};

struct catalogue {
        sqlite3 *database;
        size_t prepared_count;
        struct prepared prepared[STATEMENTS_MAX];
};

/* A deleted snapshot keeps its row and files while a snapshot that builds on it exists. */
static const char schema[] =
        "CREATE TABLE store_values (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE snapshots ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " state TEXT NOT NULL CHECK (state IN ('pending','completing','completed','error','deleted')),"
        " state_message TEXT NOT NULL, volume_gib INTEGER NOT NULL CHECK (volume_gib BETWEEN 1 AND 65536),"
        " parent_id TEXT REFERENCES snapshots(id), description TEXT NOT NULL, is_encrypted INTEGER NOT NULL,"
        " kms_key_arn TEXT NOT NULL, client_token TEXT, request_digest TEXT NOT NULL,"
        " timeout_minutes INTEGER NOT NULL, start_seconds INTEGER NOT NULL,"
        " completion_seconds INTEGER NOT NULL, boot_id TEXT NOT NULL, block_count INTEGER NOT NULL,"
        " shown_block_count INTEGER NOT NULL,"
        " linear_digest TEXT NOT NULL, UNIQUE (region, client_token));"
        "CREATE INDEX snapshots_by_parent ON snapshots (parent_id);"
        "CREATE INDEX snapshots_by_state ON snapshots (region, state);"
        "CREATE TABLE images ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, description TEXT NOT NULL, created_seconds INTEGER NOT NULL,"
        " architecture TEXT NOT NULL, virtualization_type TEXT NOT NULL, root_device_name TEXT NOT NULL,"
        " boot_mode TEXT NOT NULL, tpm_support TEXT NOT NULL, imds_support TEXT NOT NULL,"
        " sriov_net_support TEXT NOT NULL, is_ena_supported INTEGER NOT NULL, kernel_id TEXT NOT NULL,"
        " ramdisk_id TEXT NOT NULL, UNIQUE (region, name));"
        "CREATE TABLE mappings ("
        " image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,"
        " device_name TEXT NOT NULL, virtual_name TEXT NOT NULL, is_no_device INTEGER NOT NULL,"
        " is_ebs INTEGER NOT NULL, snapshot_id TEXT REFERENCES snapshots(id), volume_gib INTEGER NOT NULL,"
        " volume_type TEXT NOT NULL, iops INTEGER NOT NULL, throughput_mibs INTEGER NOT NULL,"
        " initialization_rate_mibs INTEGER NOT NULL, is_deleted_on_termination INTEGER NOT NULL,"
        " is_encrypted INTEGER NOT NULL, PRIMARY KEY (image_id, ordinal)) WITHOUT ROWID;"
        "CREATE INDEX mappings_by_snapshot ON mappings (snapshot_id);"
        "CREATE TABLE tags ("
        " region TEXT NOT NULL, resource_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (resource_id, key)) WITHOUT ROWID;"
        "PRAGMA user_version = 1;";

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

static enum ingot_code run_text(struct catalogue *catalogue, const char *sql, struct ingot_error *err)
{
        int status = sqlite3_exec(catalogue->database, sql, NULL, NULL, NULL);

        return status == SQLITE_OK ? INGOT_OK : fail(catalogue, status, err);
}

static enum ingot_code schema_version(struct catalogue *catalogue, int64_t *ret_version,
                                      struct ingot_error *err)
{
        struct statement statement;
        int64_t version = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "PRAGMA user_version");
        if (statement_step(&statement))
                version = statement_read_i64(&statement);
        r = statement_end(&statement, err);
        if (!r)
                *ret_version = version;
        return r;
}

static enum ingot_code make_schema(struct catalogue *catalogue, struct ingot_error *err)
{
        int64_t version;
        enum ingot_code r = schema_version(catalogue, &version, err);

        if (r || version == SCHEMA_VERSION)
                return r;
        if (version > SCHEMA_VERSION)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the catalogue has schema %d and this ingot knows %d: use a newer ingot",
                                  (int)version, SCHEMA_VERSION);
        r = catalogue_begin(catalogue, err);
        if (r)
                return r;
        r = schema_version(catalogue, &version, err); /* another process may have been quicker */
        if (!r && version == 0)
                r = run_text(catalogue, schema, err);
        return catalogue_end(catalogue, r, err);
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
        r = run_text(catalogue,
                     "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                     "PRAGMA trusted_schema = OFF;",
                     err);
        if (!r)
                r = make_schema(catalogue, err);
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
