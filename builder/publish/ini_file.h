/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_INI_FILE_H
#define PUBLISH_INI_FILE_H

/* builder/publish/ini_file.h
 * ini_file: the format of AWS's config and credentials files.
 *
 *     [profile release]            ; a section; what follows the last ']' is not looked at
 *     region = eu-central-1        # names are lower-cased; '=' and ':' are the same
 *     s3 =
 *       max_queue_size = 1000      a deeper line goes on with the value: "\nmax_queue_size = 1000"
 *
 * Rules    (1) Lines whose first character is '#' or ';' are comments; a '#' further on is part of the value.
 *          (2) A line that is deeper than the one that began the value goes on with it, after a newline.
 *          (3) A section or a name given twice, a line before the first section and a line that is neither are
 *              errors, with their line.  [DEFAULT] gives every section what it does not say itself.
 *          (4) Values keep their quotes and their case.
 *          (5) They may be secrets: they are wiped when released, and no message shows one.
 * Source   Python's configparser.RawConfigParser, by which botocore reads these files.
 * Tests    tests/unit/publish/test_ini_file.c, tests/fuzz/fuzz_ini_file.c, tests/judges/credentials.py
 */
#include <stdbool.h>
#include <stddef.h>

#include <ingot/error.h>

enum { INI_FILE_BYTES_MAX = 1 << 20 };

struct ini_entry {
        char *name, *value;
};

struct ini_section {
        char *name;
        struct ini_entry *entries;
        size_t entry_count;
};

struct ini_file {
        struct ini_section *sections; /* [DEFAULT] too, when it is there */
        size_t section_count;
};

/*
 * Reads a text.
 *
 * name         what messages call it: its path
 * file         empty on entry
 * Fails with   INGOT_E_FORMAT  rule 3, or a NUL in it; the file is empty then
 *              INGOT_E_MEMORY
 */
enum ingot_code ini_file_parse(const char *text, size_t size_bytes, const char *name, struct ini_file *file,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void ini_file_release(struct ini_file *file); /* also for OWNED; a zeroed one is fine */

const struct ini_section *ini_file_section(const struct ini_file *file, const char *name);

/* The value of a name in a section, or in [DEFAULT]; NULL when neither has it. */
const char *ini_file_value(const struct ini_file *file, const struct ini_section *section, const char *name);

/* Finds NAME in a nested value ("\nNAME = VALUE\n..."): where the value starts and its length; NULL: none. */
const char *ini_nested_value(const char *value, const char *name, size_t *ret_chars);

/*
 * The second word of a section's name that begins with kind: "release" of [profile release] or
 * [profile "release"]; out must hold as many characters as section and a NUL.
 * Returns false when it is of another kind or has not two words.
 */
bool ini_section_word(const char *section, const char *kind, char *out);

#endif
