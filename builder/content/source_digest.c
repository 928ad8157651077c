/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "content/source_digest.h"

enum {
        PIECE_BYTES = 128 * 1024, /* hashed while it is still in the L2 cache */
        PATIENCE_MS = 100,
};

struct source_digest {
        int fd;
        const char *path;
        uint64_t size_bytes;
        atomic_uint_least64_t done_bytes;
        struct work_job *job; /* NULL: ended, with what follows */
        enum ingot_code code;
        struct ingot_error err;
        struct digest made;
};

static enum ingot_code hash_file(void *context, const struct work_job *job, struct ingot_error *err)
{
        struct source_digest *digest = context;
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        OWNED(heap_drop) uint8_t *piece = malloc(PIECE_BYTES);
        enum ingot_code r;

        if (!piece)
                return ingot_fail_memory(err, PIECE_BYTES);
        r = digest_stream_new(&stream, err);
        for (uint64_t at = 0; !r && at < digest->size_bytes && !work_job_is_unwanted(job);) {
                size_t piece_bytes = (size_t)min_u64(PIECE_BYTES, digest->size_bytes - at);

                r = fd_read_at(digest->fd, digest->path, at, piece, piece_bytes, err);
                if (!r)
                        digest_stream_update(stream, piece, piece_bytes);
                at += piece_bytes;
                atomic_store_explicit(&digest->done_bytes, at, memory_order_relaxed);
        }
        return r ? r : digest_stream_finish(stream, &digest->made, err);
}

enum ingot_code source_digest_begin(int fd, const char *path, uint64_t size_bytes,
                                    struct source_digest **ret_digest, struct ingot_error *err)
{
        struct source_digest *digest = calloc(1, sizeof(*digest));
        enum ingot_code r;

        if (!digest)
                return ingot_fail_memory(err, sizeof(*digest));
        digest->fd = fd;
        digest->path = path;
        digest->size_bytes = size_bytes;
        r = work_job_begin(hash_file, digest, &digest->job, err);
        if (r)
                free(digest);
        else
                *ret_digest = digest;
        return r;
}

enum ingot_code source_digest_await(struct source_digest *digest, const struct ingot_observer *observer,
                                    struct digest *ret_digest, struct ingot_error *err)
{
        char phase[300];

        (void)snprintf(phase, sizeof(phase), "hashing '%.200s'", digest->path);
        while (digest->job && !work_job_wait(digest->job, PATIENCE_MS)) {
                uint64_t done_bytes = atomic_load_explicit(&digest->done_bytes, memory_order_relaxed);
                enum ingot_code r = ingot_observe(observer, phase, done_bytes, digest->size_bytes, err);

                if (r)
                        return r;
        }
        if (digest->job)
                digest->code = work_job_end(digest->job, &digest->err);
        digest->job = NULL;
        if (!digest->code)
                *ret_digest = digest->made;
        else if (err)
                *err = digest->err;
        return digest->code;
}

void source_digest_free(struct source_digest *digest)
{
        if (!digest)
                return;
        work_job_abandon(digest->job);
        free(digest);
}
