/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_SPELLING_H
#define MODEL_SPELLING_H

/* builder/model/spelling.h
 * spelling: which of some words was probably meant.
 *
 * Rules    (1) Near is: letters added, left out, changed, or two neighbours swapped; at most a third of the
 *              word, and at least one.  Case counts for nothing, nor does '_' for '-'.
 *          (2) Of equally near words the first wins.
 * Tests    tests/unit/model/test_spelling.c
 */
#include <stddef.h>

/* The nearest of candidates; NULL when none is near. */
const char *spelling_nearest(const char *word, const char *const *candidates, size_t candidate_count);

#endif
