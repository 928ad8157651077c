/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_ACCOUNT_FILE_H
#define CONTENT_ACCOUNT_FILE_H

/* builder/content/account_file.h
 * account_file: one of etc/passwd, group, shadow, gshadow as lines of fields that ':' separates.
 *
 * Rules    (1) Lines that are not touched keep their bytes.
 *          (2) A file that is not there is empty, and is not made by saving.
 * Source   passwd(5), group(5), shadow(5), gshadow(5).
 * Tests    tests/unit/content/test_accounts.c
 */
#include <stdbool.h>

#include "content/store.h"
#include "model/tree.h"

struct account_file {
        const char *path; /* borrowed */
        char *text;       /* owned; NULL: not there */
};

struct account_field {
        const char *text;
        size_t size_bytes;
};

void account_file_release(struct account_file *file);

/*
 * Fails with   INGOT_E_FORMAT, INGOT_E_MEMORY, INGOT_E_SYSTEM
 */
enum ingot_code account_file_load(const struct tree *tree, const char *path, struct account_file *ret_file,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code account_file_save(struct tree *tree, struct content_store *store,
                                  const struct account_file *file, struct ingot_error *err) INGOT_MUST_CHECK;

/* The first line whose field number index is value; NULL when there is none. */
const char *account_file_find(const struct account_file *file, unsigned index, const char *value);

/* The line after this one; NULL at the end.  With NULL the first. */
const char *account_file_next(const struct account_file *file, const char *line);

/* Field number index of a line; empty when the line has fewer. */
struct account_field account_field(const char *line, unsigned index);

/* Reads a decimal number of at most 2^32 - 2. */
bool account_field_number(const struct account_field *field, uint32_t *ret_number);

/*
 * Adds a line, which has no newline.
 *
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code account_file_add(struct account_file *file, const char *line,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Adds a member to the list that is the last field of the group's line, unless it is there already.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_NOT_FOUND  no such group
 */
enum ingot_code account_file_add_member(struct account_file *file, const char *group, const char *member,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

#endif
