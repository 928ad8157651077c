/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_PLURAL_H
#define BASE_PLURAL_H

/* builder/base/plural.h
 * plural: the word that goes with a count, in messages for people: "1 block", "0 blocks", "2 blocks".
 *
 * Rules    (1) Every message that counts takes its noun (and its verb, where that differs) from here.
 * Tests    tests/unit/base/test_plural.c
 */
#include <stdint.h>

/* One of the two texts, both borrowed: (1, "retry", "retries") is "retry". */
static inline const char *plural(uint64_t count, const char *one, const char *many)
{
        return count == 1 ? one : many;
}

#endif
