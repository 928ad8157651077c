/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

/* builder/base/environment.h
 * environment: the variables of a process, given as a list, and the paths they appear in.
 *
 * Rules    (1) The list is "NAME=VALUE" texts, NULL-terminated, borrowed; a NULL list has no variables.
 *          (2) A variable that is empty is as one that is not set.
 *          (3) In a path "~" at the start is HOME, and "$NAME" and "${NAME}" are variables; what is not set stays as
 *              it is written.
 * Tests    tests/unit/base/test_environment.c
 */
#include "base/buffer.h"

/* A variable's value, borrowed from the list; NULL: rule 2. */
const char *environment_get(const char *const *environment, const char *name);

/* Appends path to out, by rule 3; the caller checks out. */
void environment_expand_path(const char *const *environment, const char *path, struct buffer *out);

#endif
