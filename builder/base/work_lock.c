/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "base/work_lock.h"

struct work_lock {
        pthread_mutex_t mutex;
};

enum ingot_code work_lock_new(struct work_lock **ret_lock, struct ingot_error *err)
{
        struct work_lock *lock = calloc(1, sizeof(*lock));

        if (!lock || pthread_mutex_init(&lock->mutex, NULL)) {
                free(lock);
                return ingot_fail_memory(err, sizeof(*lock));
        }
        *ret_lock = lock;
        return INGOT_OK;
}

/* A plain mutex that is used by the rules cannot fail. */
void work_lock_take(struct work_lock *lock)
{
        (void)pthread_mutex_lock(&lock->mutex);
}

void work_lock_give(struct work_lock *lock)
{
        (void)pthread_mutex_unlock(&lock->mutex);
}

void work_lock_drop(struct work_lock **lock)
{
        if (!*lock)
                return;
        (void)pthread_mutex_destroy(&(*lock)->mutex);
        free(*lock);
        *lock = NULL;
}
