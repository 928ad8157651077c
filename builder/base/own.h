/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

/* builder/base/own.h
 * own: release on every path that does not take.
 *
 * Rules    (1) OWNED(drop) calls drop(&variable) when the variable leaves its scope.
 *          (2) TAKE(variable) is the only way ownership leaves it: it yields the pointer and leaves NULL.
 *          (3) A drop function accepts a variable that holds nothing.
 */
#include <stdlib.h>

#define OWNED(drop) __attribute__((cleanup(drop)))

#define TAKE(variable)                                                                                       \
        __extension__({                                                                                      \
                __typeof__(variable) taken_ = (variable);                                                    \
                (variable) = NULL;                                                                           \
                taken_;                                                                                      \
        })

/* Frees a heap pointer of any type: OWNED(heap_drop) char *name = NULL; */
static inline void heap_drop(void *variable)
{
        free(*(void **)variable);
}

#endif
