/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/own.h"
#include "base/work_timer.h"

struct held {
        uint64_t due_ns;
        void *item;
};

struct work_timer {
        struct work_alarm alarm;
        pthread_t thread;
        pthread_mutex_t mutex; /* guards everything below */
        pthread_cond_t changed;
        struct held *heap; /* the one due first at 0, children of i at 2i + 1 and 2i + 2 */
        size_t count, capacity;
        bool is_closed, is_joined;
};

static void swap_held(struct held *a, struct held *b)
{
        struct held kept = *a;

        *a = *b;
        *b = kept;
}

static void push(struct work_timer *timer, uint64_t due_ns, void *item)
{
        size_t at = timer->count++;

        timer->heap[at] = (struct held){ .due_ns = due_ns, .item = item };
        while (at > 0 && timer->heap[at].due_ns < timer->heap[(at - 1) / 2].due_ns) {
                swap_held(&timer->heap[at], &timer->heap[(at - 1) / 2]);
                at = (at - 1) / 2;
        }
}

static void *pop(struct work_timer *timer)
{
        void *item = timer->heap[0].item;

        timer->heap[0] = timer->heap[--timer->count];
        for (size_t at = 0, first = 0;; at = first) {
                for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++) {
                        if (child < timer->count && timer->heap[child].due_ns < timer->heap[first].due_ns)
                                first = child;
                }
                if (first == at)
                        return item;
                swap_held(&timer->heap[at], &timer->heap[first]);
        }
}

static void wait_until(struct work_timer *timer, uint64_t due_ns)
{
        const struct timespec due = { .tv_sec = (time_t)(due_ns / 1000000000u),
                                      .tv_nsec = (long)(due_ns % 1000000000u) };

        (void)pthread_cond_timedwait(&timer->changed, &timer->mutex, &due);
}

static void *run(void *argument)
{
        struct work_timer *timer = argument;

        (void)pthread_mutex_lock(&timer->mutex);
        while (!timer->is_closed || timer->count > 0) {
                bool is_closing = timer->is_closed;
                uint64_t again_ns;
                void *item;

                if (timer->count == 0) {
                        (void)pthread_cond_wait(&timer->changed, &timer->mutex);
                        continue;
                }
                if (!is_closing && timer->heap[0].due_ns > clock_monotonic_ns(&clock_of_system)) {
                        wait_until(timer, timer->heap[0].due_ns);
                        continue;
                }
                item = pop(timer);
                (void)pthread_mutex_unlock(&timer->mutex);
                again_ns = timer->alarm.fire(timer->alarm.context, item, is_closing);
                (void)pthread_mutex_lock(&timer->mutex);
                if (again_ns && !is_closing)
                        push(timer, again_ns, item); /* make_room() has kept its place */
        }
        (void)pthread_mutex_unlock(&timer->mutex);
        return NULL;
}

enum ingot_code work_timer_new(const struct work_alarm *alarm, struct work_timer **ret_timer,
                               struct ingot_error *err)
{
        OWNED(heap_drop) struct work_timer *timer = calloc(1, sizeof(*timer));
        pthread_condattr_t attributes;

        if (!timer)
                return ingot_fail_memory(err, sizeof(*timer));
        timer->alarm = *alarm;
        (void)pthread_mutex_init(&timer->mutex, NULL);
        (void)pthread_condattr_init(&attributes);
        (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        (void)pthread_cond_init(&timer->changed, &attributes);
        (void)pthread_condattr_destroy(&attributes);
        if (pthread_create(&timer->thread, NULL, run, timer) != 0)
                return ingot_fail(err, INGOT_E_SYSTEM, "no thread could be started");
        *ret_timer = TAKE(timer);
        return INGOT_OK;
}

/* Keeps a place free for the item that is being fired: there is at most one. */
static bool make_room(struct work_timer *timer)
{
        size_t capacity = timer->capacity ? 2 * timer->capacity : 64;
        struct held *grown;

        if (timer->count + 2 <= timer->capacity)
                return true;
        grown = realloc(timer->heap, capacity * sizeof(*grown));
        if (!grown)
                return false;
        timer->heap = grown;
        timer->capacity = capacity;
        return true;
}

enum ingot_code work_timer_add(struct work_timer *timer, uint64_t due_ns, void *item, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;
        bool is_closed;

        (void)pthread_mutex_lock(&timer->mutex);
        is_closed = timer->is_closed;
        if (!is_closed && !make_room(timer))
                r = ingot_fail_memory(err, 2 * timer->capacity * sizeof(*timer->heap));
        if (!is_closed && !r) {
                push(timer, due_ns, item);
                if (timer->heap[0].item == item)
                        (void)pthread_cond_signal(&timer->changed);
        }
        (void)pthread_mutex_unlock(&timer->mutex);
        if (is_closed)
                (void)timer->alarm.fire(timer->alarm.context, item, true);
        return r;
}

void work_timer_close(struct work_timer *timer)
{
        if (timer->is_joined)
                return;
        (void)pthread_mutex_lock(&timer->mutex);
        timer->is_closed = true;
        (void)pthread_cond_signal(&timer->changed);
        (void)pthread_mutex_unlock(&timer->mutex);
        (void)pthread_join(timer->thread, NULL);
        timer->is_joined = true;
}

void work_timer_free(struct work_timer *timer)
{
        if (!timer)
                return;
        work_timer_close(timer);
        (void)pthread_cond_destroy(&timer->changed);
        (void)pthread_mutex_destroy(&timer->mutex);
        free(timer->heap);
        free(timer);
}
