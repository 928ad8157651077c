/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SHELL_WORDS_H
#define PUBLISH_SHELL_WORDS_H

/* builder/publish/shell_words.h
 * shell_words: a command line taken apart as a shell would, without a shell.
 *
 * Rules    (1) White space parts words; '...' is literal; in "..." a backslash stands for itself but before '"' and
 *              '\\'; elsewhere it takes the next character as it is.  Nothing is expanded.
 * Source   Python's shlex.split(), which botocore uses.
 * Tests    tests/unit/publish/test_shell_words.c
 */
#include <stddef.h>

#include <ingot/error.h>

struct shell_words {
        char **argv; /* owned, NULL-terminated */
        size_t count;
};

/*
 * words        empty on entry; filled in on INGOT_OK
 * Fails with   INGOT_E_FORMAT  a quote is open at the end, or a backslash is the last character
 *              INGOT_E_MEMORY
 */
enum ingot_code shell_words_split(const char *text, struct shell_words *words,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
void shell_words_release(struct shell_words *words); /* also for OWNED */

#endif
