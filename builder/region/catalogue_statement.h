/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_STATEMENT_H
#define REGION_CATALOGUE_STATEMENT_H

/* builder/region/catalogue_statement.h
 * catalogue_statement: prepared statements, for the catalogue_*.c files only.
 *
 * Rules    (1) A statement is prepared once for its SQL text, which is a literal with one address.
 *          (2) The first failure of binding or stepping is kept; statement_end() tells it.
 *          (3) A statement is not begun again before it was ended.
 */
#include <stddef.h>
#include <stdint.h>

#include "region/catalogue.h"

struct statement {
        struct catalogue *catalogue;
        void *handle;    /* sqlite3_stmt */
        int status;      /* SQLITE_OK, SQLITE_ROW, SQLITE_DONE, or the first failure */
        bool is_damaged; /* rule 5 of the catalogue */
        int bound, column;
};

/* Begins a statement; a failure shows at its end. */
void statement_begin(struct statement *statement, struct catalogue *catalogue, const char *sql);

/* Bind the next parameter, from 1. */
void statement_bind_text(struct statement *statement, const char *text); /* NULL binds NULL; borrowed */
void statement_bind_i64(struct statement *statement, int64_t value);

/* Goes to the next row; false when there is none or something failed. */
bool statement_step(struct statement *statement);

/* Read the next column of the row, from 0; NULL reads as "" and 0. */
void statement_read_text(struct statement *statement, char *out, size_t room_bytes);
int64_t statement_read_i64(struct statement *statement);
bool statement_read_bool(struct statement *statement);

/*
 * Ends the statement.
 *
 * Fails with   INGOT_E_CONFLICT  a unique or foreign key refused
 *              INGOT_E_FORMAT    the file is damaged
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code statement_end(struct statement *statement, struct ingot_error *err) INGOT_MUST_CHECK;

/* Steps once, for a change that yields no rows, and ends. */
enum ingot_code statement_run(struct statement *statement, struct ingot_error *err) INGOT_MUST_CHECK;

/* Runs statements that yield no rows, as they stand. */
enum ingot_code catalogue_run_script(struct catalogue *catalogue, const char *sql,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* The number of rows that the last change changed. */
int64_t statement_changes(const struct catalogue *catalogue);

#endif
