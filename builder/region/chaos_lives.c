/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "region/chaos_lives.h"

struct chaos_life *chaos_lives_find(struct chaos_lives *lives, const char *id)
{
        if (lives->last < lives->count && strcmp(lives->lives[lives->last].id, id) == 0)
                return &lives->lives[lives->last];
        for (size_t i = lives->count; i > 0; i--) {
                if (strcmp(lives->lives[i - 1].id, id) == 0) {
                        lives->last = i - 1;
                        return &lives->lives[i - 1];
                }
        }
        return NULL;
}

struct chaos_life *chaos_lives_add(struct chaos_lives *lives, const char *region, const char *id, bool is_new,
                                   uint64_t now_ns)
{
        bool is_snapshot = strncmp(id, "snap-", 5) == 0;
        struct chaos_life *life;

        if (lives->count == lives->capacity) {
                size_t capacity = lives->capacity ? 2 * lives->capacity : 64;
                struct chaos_life *grown = realloc(lives->lives, capacity * sizeof(*grown));

                if (!grown)
                        return NULL;
                lives->lives = grown;
                lives->capacity = capacity;
        }
        life = &lives->lives[lives->count++];
        *life = (struct chaos_life){ .is_new = is_new, .born_ns = now_ns };
        for (unsigned i = 0; i < LIFE_DEEDS; i++)
                life->rule_of[i] = -1;
        (void)snprintf(life->region, sizeof(life->region), "%s", region);
        (void)snprintf(life->id, sizeof(life->id), "%s", id);
        if (is_new)
                life->number = is_snapshot ? lives->snapshot_count++ : lives->image_count++;
        return life;
}

void chaos_lives_release(struct chaos_lives *lives)
{
        free(lives->lives);
        *lives = (struct chaos_lives){ 0 };
}
