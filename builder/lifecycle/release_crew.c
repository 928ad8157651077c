/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/work_aside.h"
#include "lifecycle/release_crew.h"

enum { LOOK_MS = 20 };

struct member {
        struct release_crew *crew;
        size_t at;
        struct ingot_observer observer;
        struct work_aside *thread; /* NULL: not at work */
        bool is_begun;
        char phase[64]; /* what it reported last; the member's own */
        uint64_t seen_bytes;
};

struct release_crew {
        struct member *members;
        size_t count;
        unsigned at_once;
        const struct ingot_observer *observer;
        void (*work)(void *context, size_t at);
        void *context;
        atomic_bool is_stopped;
        _Atomic uint64_t done_bytes;
};

/* Adds what is new to the sum; a phase that begins anew begins with nothing. */
static void report(void *context, const char *phase, uint64_t done_bytes, uint64_t total_bytes)
{
        struct member *member = context;

        (void)total_bytes;
        if (strncmp(phase, member->phase, sizeof(member->phase) - 1) != 0) {
                (void)strncpy(member->phase, phase, sizeof(member->phase) - 1);
                member->seen_bytes = 0;
        }
        if (done_bytes > member->seen_bytes) {
                atomic_fetch_add(&member->crew->done_bytes, done_bytes - member->seen_bytes);
                member->seen_bytes = done_bytes;
        }
}

static int is_cancelled(void *context)
{
        const struct member *member = context;

        return atomic_load(&member->crew->is_stopped);
}

enum ingot_code release_crew_new(size_t count, unsigned at_once, const struct ingot_observer *observer,
                                 struct release_crew **ret_crew, struct ingot_error *err)
{
        struct release_crew *crew = calloc(1, sizeof(*crew));

        if (crew)
                crew->members = calloc(count + 1, sizeof(*crew->members));
        if (!crew || !crew->members) {
                free(crew);
                return ingot_fail_memory(err, (count + 1) * sizeof(struct member));
        }
        crew->count = count;
        crew->at_once = at_once ? at_once : 1;
        crew->observer = observer;
        for (size_t i = 0; i < count; i++) {
                struct member *member = &crew->members[i];

                member->crew = crew;
                member->at = i;
                member->observer = (struct ingot_observer){ .context = member,
                                                            .progress = report,
                                                            .is_cancelled = is_cancelled };
        }
        *ret_crew = crew;
        return INGOT_OK;
}

void release_crew_drop(struct release_crew **crew)
{
        if (!*crew)
                return;
        free((*crew)->members);
        free(*crew);
        *crew = NULL;
}

const struct ingot_observer *release_crew_observer(struct release_crew *crew, size_t at)
{
        return crew->count == 1 ? crew->observer : &crew->members[at].observer;
}

void release_crew_stop(struct release_crew *crew)
{
        atomic_store(&crew->is_stopped, true);
}

static void work_aside_of_member(void *context, const struct ingot_observer *stop)
{
        struct member *member = context;

        (void)stop;
        member->crew->work(member->crew->context, member->at);
}

/* Lets go who has finished, and begins with the next; the number of those at work. */
static size_t go_round(struct release_crew *crew, enum ingot_code *r, struct ingot_error *err)
{
        size_t working = 0;

        for (size_t i = 0; i < crew->count; i++) {
                struct member *member = &crew->members[i];

                if (member->thread && work_aside_is_done(member->thread)) {
                        work_aside_join(member->thread);
                        member->thread = NULL;
                }
                working += member->thread != NULL;
        }
        for (size_t i = 0; i < crew->count && working < crew->at_once && !atomic_load(&crew->is_stopped);
             i++) {
                struct member *member = &crew->members[i];
                enum ingot_code started;

                if (member->is_begun)
                        continue;
                member->is_begun = true;
                started = work_aside_start(work_aside_of_member, member, &member->thread, err);
                if (started)
                        *r = started;
                else
                        working++;
        }
        return working;
}

enum ingot_code release_crew_work(struct release_crew *crew, const char *phase,
                                  void (*work)(void *context, size_t at), void *context,
                                  struct ingot_error *err)
{
        const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };
        enum ingot_code r = INGOT_OK, observed;

        atomic_store(&crew->is_stopped, false);
        crew->work = work;
        crew->context = context;
        if (crew->count == 1) {
                work(context, 0);
                return INGOT_OK;
        }
        for (size_t i = 0; i < crew->count; i++)
                crew->members[i].is_begun = false;
        while (go_round(crew, &r, err)) {
                observed = ingot_observe(crew->observer, phase, atomic_load(&crew->done_bytes), 0,
                                         r ? NULL : err);
                if (observed && !r)
                        r = observed;
                if (r)
                        release_crew_stop(crew);
                (void)nanosleep(&pause, NULL);
        }
        return r;
}
