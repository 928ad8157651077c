/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/work.h"

enum slot_state { SLOT_EMPTY, SLOT_FILLED, SLOT_TAKEN, SLOT_MADE };

struct slot {
        enum slot_state state;
        enum ingot_code code;
        struct ingot_error err;
        void *item;
};

/* Counters only grow; an item's slot is its number modulo depth.  taken <= filled <= drained + depth. */
struct ring {
        pthread_mutex_t mutex; /* guards everything below but the items */
        pthread_cond_t filled_one, made_one;
        const struct work_steps *steps;
        struct slot *slots;
        unsigned depth;
        uint64_t filled, taken, drained;
        bool closed; /* no more will be filled */
};

static void *worker(void *argument)
{
        struct ring *ring = argument;

        (void)pthread_mutex_lock(&ring->mutex);
        for (;;) {
                struct slot *slot;

                while (ring->taken == ring->filled && !ring->closed)
                        (void)pthread_cond_wait(&ring->filled_one, &ring->mutex);
                if (ring->taken == ring->filled)
                        break;
                slot = &ring->slots[ring->taken++ % ring->depth];
                slot->state = SLOT_TAKEN;
                (void)pthread_mutex_unlock(&ring->mutex);
                slot->code = ring->steps->make(slot->item, &slot->err);
                (void)pthread_mutex_lock(&ring->mutex);
                slot->state = SLOT_MADE;
                (void)pthread_cond_signal(&ring->made_one);
        }
        (void)pthread_mutex_unlock(&ring->mutex);
        return NULL;
}

/* Drains the oldest item once it is made.  With wait false, *ret_drained says whether it was. */
static enum ingot_code drain_oldest(struct ring *ring, void *context, bool wait, bool *ret_drained,
                                    struct ingot_error *err)
{
        struct slot *slot = &ring->slots[ring->drained % ring->depth];
        bool made;
        enum ingot_code r;

        (void)pthread_mutex_lock(&ring->mutex);
        while (wait && slot->state != SLOT_MADE)
                (void)pthread_cond_wait(&ring->made_one, &ring->mutex);
        made = slot->state == SLOT_MADE;
        (void)pthread_mutex_unlock(&ring->mutex);
        *ret_drained = made;
        if (!made)
                return INGOT_OK;
        if (slot->code) {
                if (err)
                        *err = slot->err;
                return slot->code;
        }
        r = ring->steps->drain(context, slot->item, err);
        if (r)
                return r;
        slot->state = SLOT_EMPTY;
        ring->drained++;
        return INGOT_OK;
}

static enum ingot_code fill_next(struct ring *ring, void *context, bool *ret_end, struct ingot_error *err)
{
        struct slot *slot = &ring->slots[ring->filled % ring->depth];
        enum ingot_code r = ring->steps->fill(context, slot->item, ret_end, err);

        if (r || *ret_end)
                return r;
        (void)pthread_mutex_lock(&ring->mutex);
        slot->state = SLOT_FILLED;
        ring->filled++;
        (void)pthread_cond_signal(&ring->filled_one);
        (void)pthread_mutex_unlock(&ring->mutex);
        return INGOT_OK;
}

static enum ingot_code pump(struct ring *ring, void *context, struct ingot_error *err)
{
        bool end = false;

        while (!end || ring->drained < ring->filled) {
                bool full = ring->filled - ring->drained == ring->depth, drained = false;
                enum ingot_code r = INGOT_OK;

                if (ring->drained < ring->filled)
                        r = drain_oldest(ring, context, full || end, &drained, err);
                if (!r && !end && ring->filled - ring->drained < ring->depth)
                        r = fill_next(ring, context, &end, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code run_in_caller(const struct work_steps *steps, void *context, void *item,
                                     struct ingot_error *err)
{
        for (;;) {
                bool end = false;
                enum ingot_code r = steps->fill(context, item, &end, err);

                if (r || end)
                        return r;
                r = steps->make(item, err);
                if (r)
                        return r;
                r = steps->drain(context, item, err);
                if (r)
                        return r;
        }
}

static enum ingot_code run_on_threads(struct ring *ring, void *context, unsigned threads,
                                      struct ingot_error *err)
{
        pthread_t ids[WORK_THREADS_MAX];
        unsigned started = 0;
        enum ingot_code r = INGOT_OK;

        (void)pthread_mutex_init(&ring->mutex, NULL); /* cannot fail with default attributes on Linux */
        (void)pthread_cond_init(&ring->filled_one, NULL);
        (void)pthread_cond_init(&ring->made_one, NULL);
        for (; started < threads; started++) {
                int why = pthread_create(&ids[started], NULL, worker, ring);

                if (why && started == 0) {
                        errno = why;
                        r = ingot_fail_errno(err, "starting a thread");
                }
                if (why)
                        break; /* fewer threads give the same bytes */
        }
        if (!r)
                r = pump(ring, context, err);
        (void)pthread_mutex_lock(&ring->mutex);
        ring->closed = true;
        ring->taken = ring->filled; /* after a failure: what nobody began is left */
        (void)pthread_cond_broadcast(&ring->filled_one);
        (void)pthread_mutex_unlock(&ring->mutex);
        while (started > 0)
                (void)pthread_join(ids[--started], NULL);
        (void)pthread_cond_destroy(&ring->made_one);
        (void)pthread_cond_destroy(&ring->filled_one);
        (void)pthread_mutex_destroy(&ring->mutex);
        return r;
}

enum ingot_code work_run(const struct work_steps *steps, void *context, unsigned threads, unsigned depth,
                         size_t item_bytes, struct ingot_error *err)
{
        struct ring ring = { .steps = steps, .depth = depth };
        size_t stride = (item_bytes + 63) & ~(size_t)63;
        char *items = NULL;
        enum ingot_code r;

        if (threads > WORK_THREADS_MAX || depth < 1 || depth > WORK_DEPTH_MAX || item_bytes < 1 ||
            item_bytes > SIZE_MAX / 2 / WORK_DEPTH_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "%u threads, %u items of %zu bytes: out of range",
                                  threads, depth, item_bytes);
        if (threads == 0)
                ring.depth = depth = 1;
        ring.slots = calloc(depth, sizeof(*ring.slots));
        items = aligned_alloc(64, depth * stride);
        if (!ring.slots || !items) {
                r = ingot_fail_memory(err, depth * (stride + sizeof(*ring.slots)));
        } else {
                memset(items, 0, depth * stride);
                for (unsigned i = 0; i < depth; i++)
                        ring.slots[i].item = items + i * stride;
                r = threads ? run_on_threads(&ring, context, threads, err)
                            : run_in_caller(steps, context, items, err);
        }
        free(items);
        free(ring.slots);
        return r;
}

/* ---- one thing on a thread of its own ---- */

struct work_job {
        enum ingot_code (*run)(void *context, const struct work_job *job, struct ingot_error *err);
        void *context;
        pthread_t thread;
        atomic_bool unwanted;
        pthread_mutex_t mutex; /* guards has_ended */
        pthread_cond_t ended;
        bool has_ended;
        enum ingot_code code; /* these two are the thread's until it is joined */
        struct ingot_error err;
};

static void *run_job(void *argument)
{
        struct work_job *job = argument;

        job->code = job->run(job->context, job, &job->err);
        (void)pthread_mutex_lock(&job->mutex);
        job->has_ended = true;
        (void)pthread_cond_signal(&job->ended);
        (void)pthread_mutex_unlock(&job->mutex);
        return NULL;
}

static void job_free(struct work_job *job)
{
        (void)pthread_cond_destroy(&job->ended);
        (void)pthread_mutex_destroy(&job->mutex);
        free(job);
}

enum ingot_code work_job_begin(enum ingot_code (*run)(void *context, const struct work_job *job,
                                                      struct ingot_error *err),
                               void *context, struct work_job **ret_job, struct ingot_error *err)
{
        struct work_job *job = calloc(1, sizeof(*job));
        pthread_condattr_t attributes;
        int why;

        if (!job)
                return ingot_fail_memory(err, sizeof(*job));
        job->run = run;
        job->context = context;
        (void)pthread_mutex_init(&job->mutex, NULL); /* as above: none of these can fail on Linux */
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&job->ended, &attributes);
        (void)pthread_condattr_destroy(&attributes);
        why = pthread_create(&job->thread, NULL, run_job, job);
        if (why) {
                job_free(job);
                errno = why;
                return ingot_fail_errno(err, "starting a thread");
        }
        *ret_job = job;
        return INGOT_OK;
}

bool work_job_is_unwanted(const struct work_job *job)
{
        return atomic_load_explicit(&job->unwanted, memory_order_relaxed);
}

bool work_job_wait(struct work_job *job, unsigned timeout_ms)
{
        uint64_t until_ns = clock_monotonic_ns(&clock_of_system) + (uint64_t)timeout_ms * 1000000;
        struct timespec until = { .tv_sec = (time_t)(until_ns / 1000000000),
                                  .tv_nsec = (long)(until_ns % 1000000000) };
        bool has_ended;

        (void)pthread_mutex_lock(&job->mutex);
        while (!job->has_ended && !pthread_cond_timedwait(&job->ended, &job->mutex, &until))
                ;
        has_ended = job->has_ended;
        (void)pthread_mutex_unlock(&job->mutex);
        return has_ended;
}

enum ingot_code work_job_end(struct work_job *job, struct ingot_error *err)
{
        enum ingot_code r;

        (void)pthread_join(job->thread, NULL);
        r = job->code;
        if (r && err)
                *err = job->err;
        job_free(job);
        return r;
}

void work_job_abandon(struct work_job *job)
{
        if (!job)
                return;
        atomic_store_explicit(&job->unwanted, true, memory_order_relaxed);
        (void)pthread_join(job->thread, NULL);
        job_free(job);
}

unsigned work_processor_count(void)
{
        cpu_set_t set;
        int count;

        CPU_ZERO(&set);
        if (sched_getaffinity(0, sizeof(set), &set))
                return 1; /* more than 1024 processors, or no /proc: one thread is always right */
        count = CPU_COUNT(&set);
        return count < 1 ? 1 : count > WORK_THREADS_MAX ? WORK_THREADS_MAX : (unsigned)count;
}
