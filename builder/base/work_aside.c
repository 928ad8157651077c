/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/work_aside.h"

struct work_aside {
        pthread_t thread;
        work_aside_function do_work;
        void *context;
        atomic_bool is_done, is_stopped;
};

static int is_stopped(void *context)
{
        struct work_aside *aside = context;

        return atomic_load(&aside->is_stopped);
}

static void *run(void *context)
{
        struct work_aside *aside = context;
        const struct ingot_observer stop = { .context = aside, .is_cancelled = is_stopped };

        aside->do_work(aside->context, &stop);
        atomic_store(&aside->is_done, true);
        return NULL;
}

enum ingot_code work_aside_start(work_aside_function do_work, void *context, struct work_aside **ret_aside,
                                 struct ingot_error *err)
{
        struct work_aside *aside = calloc(1, sizeof(*aside));
        sigset_t all, before;
        int why;

        if (!aside)
                return ingot_fail_memory(err, sizeof(*aside));
        aside->do_work = do_work;
        aside->context = context;
        (void)sigfillset(&all); /* signals are for the thread that called us */
        (void)pthread_sigmask(SIG_SETMASK, &all, &before);
        why = pthread_create(&aside->thread, NULL, run, aside);
        (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (why) {
                free(aside);
                errno = why;
                return ingot_fail_errno(err, "starting a thread");
        }
        *ret_aside = aside;
        return INGOT_OK;
}

bool work_aside_is_done(struct work_aside *aside)
{
        return atomic_load(&aside->is_done);
}

void work_aside_stop(struct work_aside *aside)
{
        atomic_store(&aside->is_stopped, true);
}

void work_aside_join(struct work_aside *aside)
{
        if (!aside)
                return;
        (void)pthread_join(aside->thread, NULL);
        free(aside);
}
