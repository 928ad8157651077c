/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CHAOS_LIVES_H
#define REGION_CHAOS_LIVES_H

/* builder/region/chaos_lives.h
 * chaos_lives: the ids that were made while the region was served, and when.
 *
 * Unit     nanoseconds of the clock's monotonic time
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "region/catalogue.h"

enum { LIFE_UNKNOWN, LIFE_PENDING, LIFE_FAIL, LIFE_DEEDS };

struct chaos_life {
        char region[REGION_NAME_CHARS + 1], id[RESOURCE_ID_CHARS + 1];
        uint64_t number; /* how many of its kind were made before it */
        bool is_new;     /* made while we looked; else found */
        bool is_completed;
        uint64_t born_ns, completed_ns;
        int rule_of[LIFE_DEEDS];           /* what it is to meet with: a rule's number; -1: none */
        uint64_t put_full_ns, get_full_ns; /* of its token buckets */
};

struct chaos_lives {
        struct chaos_life *lives;
        size_t count, capacity, last; /* last: where one was found; requests come in runs */
        uint64_t snapshot_count, image_count;
};

/* NULL: not known. Borrowed until the next chaos_lives_add(). */
struct chaos_life *chaos_lives_find(struct chaos_lives *lives, const char *id);

/* Adds an id that is not known yet; NULL when out of memory. */
struct chaos_life *chaos_lives_add(struct chaos_lives *lives, const char *region, const char *id, bool is_new,
                                   uint64_t now_ns);
void chaos_lives_release(struct chaos_lives *lives);

#endif
