/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/image_reader.h"
#include "region/import_jobs.h"
#include "region/object_store.h"
#include "region/snapshots.h"

enum { TIMEOUT_MINUTES = 4320, VOLUME_GIB_MAX = 16384 };

/* ---- one task ---- */

struct import {
        struct region_store *store;
        const struct work_job *job;
        struct import_record record;
        struct snapshot_record snapshot;
        struct image_reader *reader;
        uint8_t *block;
        bool is_unwanted;
};

/* Rule 3: whatever was begun goes. */
static enum ingot_code give_up(struct import *import, const char *message, struct ingot_error *err)
{
        char user[RESOURCE_ID_CHARS + 1];
        enum ingot_code r = INGOT_OK;

        if (*import->record.snapshot_id) {
                r = snapshots_find(import->store, import->record.region, import->record.snapshot_id,
                                   &import->snapshot, err);
                if (!r)
                        r = snapshots_delete(import->store, &import->snapshot, user, err);
                if (r && r != INGOT_E_NOT_FOUND)
                        return r;
        }
        import->record.snapshot_id[0] = '\0';
        if (!message)
                return catalogue_update_import(import->store->catalogue, &import->record, err);
        (void)snprintf(import->record.status, sizeof(import->record.status), "deleting");
        (void)snprintf(import->record.status_message, sizeof(import->record.status_message), "%.*s",
                       IMPORT_MESSAGE_CHARS, message);
        return catalogue_update_import(import->store->catalogue, &import->record, err);
}

static enum ingot_code open_disk(struct import *import, int fd, struct ingot_error *err)
{
        const char *format = import->record.format;
        enum image_format found;
        enum ingot_code r;

        if (strcmp(format, "RAW") == 0)
                return image_reader_open_raw(fd, import->record.key, IMAGE_CACHED, &import->reader, err);
        r = image_reader_open_fd(fd, import->record.key, IMAGE_CACHED, &import->reader, err);
        if (r)
                return r;
        found = image_reader_format(import->reader);
        if (strcmp(format, "VMDK") == 0 ? found != IMAGE_VMDK_STREAM : found != IMAGE_VHD_FIXED)
                return ingot_fail(err, INGOT_E_FORMAT, "Unsupported %s File", format);
        return INGOT_OK;
}

static enum ingot_code start_snapshot(struct import *import, struct ingot_error *err)
{
        struct snapshot_record *snapshot = &import->snapshot;
        uint64_t gib = div_up_u64(image_reader_size_bytes(import->reader), UINT64_C(1) << 30);
        enum ingot_code r;

        if (gib < 1 || gib > VOLUME_GIB_MAX)
                return ingot_fail(err, INGOT_E_FORMAT, "Disk size is not 1 byte to %d GiB", VOLUME_GIB_MAX);
        *snapshot = (struct snapshot_record){ .state = SNAPSHOT_PENDING,
                                              .volume_gib = (uint32_t)gib,
                                              .is_encrypted = import->record.is_encrypted,
                                              .timeout_minutes = TIMEOUT_MINUTES,
                                              .start_seconds = clock_wall_seconds(import->store->clock) };
        memcpy(snapshot->region, import->record.region, sizeof(snapshot->region));
        memcpy(snapshot->kms_key_arn, import->record.kms_key_arn, sizeof(snapshot->kms_key_arn));
        (void)snprintf(snapshot->boot_id, sizeof(snapshot->boot_id), "%s", import->store->boot_id);
        (void)snprintf(snapshot->description, sizeof(snapshot->description),
                       "Created by AWS-VMImport service for %s", import->record.id);
        r = random_resource_id("snap-", snapshot->id, err);
        if (r)
                return r;
        memcpy(import->record.snapshot_id, snapshot->id, sizeof(import->record.snapshot_id));
        r = catalogue_update_import(import->store->catalogue, &import->record, err); /* before there is one */
        return r ? r : snapshots_start(import->store, snapshot, NULL, 0, err);
}

static bool is_zero(const uint8_t *block)
{
        return block[0] == 0 && memcmp(block, block + 1, BLOCK_BYTES - 1) == 0;
}

static enum ingot_code put_block(struct import *import, uint64_t index, bool has_data,
                                 struct ingot_error *err)
{
        uint64_t disk_bytes = image_reader_size_bytes(import->reader), at_bytes = index * BLOCK_BYTES;
        size_t size_bytes = has_data ? (size_t)min_u64(BLOCK_BYTES, disk_bytes - at_bytes) : 0;
        struct digest digest;
        enum ingot_code r = INGOT_OK;

        memset(import->block + size_bytes, 0, BLOCK_BYTES - size_bytes);
        if (size_bytes)
                r = byte_source_read(image_reader_source(import->reader), at_bytes, import->block, size_bytes,
                                     err);
        if (!r)
                r = digest_of(import->block, BLOCK_BYTES, &digest, err);
        if (r || (!import->record.is_encrypted && is_zero(import->block)))
                return r;
        return block_store_put(import->store->blocks, (uint32_t)index, import->block, &digest, err);
}

static enum ingot_code tell_progress(struct import *import, uint64_t done_bytes, struct ingot_error *err)
{
        uint64_t disk_bytes = image_reader_size_bytes(import->reader);
        uint32_t percent = (uint32_t)(5 + done_bytes / (disk_bytes / 90 + 1));

        if (percent < import->record.progress_percent + 10)
                return INGOT_OK;
        import->record.progress_percent = percent;
        return catalogue_update_import(import->store->catalogue, &import->record, err);
}

/* Rule 4. */
static enum ingot_code put_zeros(struct import *import, uint64_t first_index, uint64_t end_index,
                                 struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        for (uint64_t i = first_index; !r && import->record.is_encrypted && i < end_index; i++)
                r = put_block(import, i, false, err);
        return r;
}

static enum ingot_code put_blocks(struct import *import, struct ingot_error *err)
{
        uint64_t next_index = 0, start_bytes, end_bytes;
        enum ingot_code r = INGOT_OK;

        for (;;) {
                r = image_reader_next_range(import->reader, next_index * BLOCK_BYTES, &start_bytes,
                                            &end_bytes, err);
                if (r || start_bytes >= end_bytes)
                        break;
                r = put_zeros(import, next_index, start_bytes / BLOCK_BYTES, err);
                next_index = start_bytes / BLOCK_BYTES;
                while (!r && next_index * BLOCK_BYTES < end_bytes) {
                        import->is_unwanted = import->job && work_job_is_unwanted(import->job);
                        if (import->is_unwanted)
                                return INGOT_OK;
                        r = put_block(import, next_index++, true, err);
                        if (!r)
                                r = tell_progress(import, start_bytes, err);
                }
                if (r)
                        break;
        }
        return r ? r
                 : put_zeros(import, next_index, (uint64_t)import->snapshot.volume_gib * BLOCKS_PER_GIB, err);
}

static enum ingot_code seal(struct import *import, struct ingot_error *err)
{
        uint64_t count = 0;
        struct digest linear;
        enum ingot_code r = block_store_sum(import->store->blocks, &count, &linear, err);

        return r ? r : snapshots_seal(import->store, &import->snapshot, count, &linear, err);
}

static enum ingot_code fill_snapshot(struct import *import, struct ingot_error *err)
{
        enum ingot_code r = start_snapshot(import, err);

        if (!r)
                r = block_store_lock(import->store->blocks, import->snapshot.id, err);
        if (r)
                return r;
        r = put_blocks(import, err);
        if (!r && !import->is_unwanted)
                r = seal(import, err);
        block_store_unlock(import->store->blocks);
        if (r || import->is_unwanted)
                return r;
        r = snapshots_look(import->store, import->record.region, import->snapshot.id, &import->snapshot, err);
        if (r)
                return r;
        import->record.progress_percent = 100;
        import->record.status_message[0] = '\0';
        (void)snprintf(import->record.status, sizeof(import->record.status), "completed");
        return catalogue_update_import(import->store->catalogue, &import->record, err);
}

static enum ingot_code work_on(struct import *import, struct ingot_error *err)
{
        OWNED(heap_drop) struct object_record *object = calloc(1, sizeof(*object));
        OWNED(fd_drop) int fd = FD_NONE;
        char message[IMPORT_MESSAGE_CHARS + 1];
        enum ingot_code r;

        import->block = malloc(BLOCK_BYTES);
        if (!object || !import->block)
                return ingot_fail_memory(err, BLOCK_BYTES);
        if (*import->record.snapshot_id) { /* rule 2 */
                r = give_up(import, NULL, err);
                if (r)
                        return r;
        }
        r = catalogue_find_object(import->store->catalogue, import->record.bucket, import->record.key, object,
                                  err);
        if (r == INGOT_E_NOT_FOUND)
                return give_up(import, "ClientError: The S3 object does not exist", err);
        if (!r)
                r = object_store_open(import->store, object->file, &fd, err);
        if (!r)
                r = open_disk(import, fd, err);
        if (!r)
                r = fill_snapshot(import, err);
        if (r != INGOT_E_FORMAT && r != INGOT_E_USAGE && r != INGOT_E_NOT_FOUND)
                return r;
        (void)snprintf(message, sizeof(message), "ClientError: Disk validation failed [%.180s]",
                       err ? ingot_error_frame(err, 0) : "");
        return give_up(import, message, err);
}

enum ingot_code import_run(struct region_store *store, const char *id, const struct work_job *job,
                           struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        OWNED(heap_drop) struct import *import = calloc(1, sizeof(*import));
        OWNED(fd_drop) int lock_fd = FD_NONE;
        enum ingot_code r;

        if (!import)
                return ingot_fail_memory(err, sizeof(*import));
        buffer_appendf(&path, "%s/objects/%s.lock", store->folder, id);
        r = buffer_check(&path, err);
        if (!r)
                r = fd_open_log(path.bytes, 0600, &lock_fd, err);
        if (!r)
                r = fd_lock(lock_fd, path.bytes, err);
        if (r)
                return r == INGOT_E_CONFLICT ? INGOT_OK : r; /* rule 1 */
        import->store = store;
        import->job = job;
        r = catalogue_find_import(store->catalogue, id, &import->record, err);
        if (!r && strcmp(import->record.status, "active") == 0)
                r = work_on(import, err);
        if (!r && strcmp(import->record.status, "active") != 0)
                (void)unlink(path.bytes); /* nobody takes it up any more */
        image_reader_free(import->reader);
        free(import->block);
        return r;
}

/* ---- threads ---- */

struct job {
        struct job *next;
        struct work_job *work;
        char id[RESOURCE_ID_CHARS + 1];
        char *folder;
        const struct clock *clock;
};

struct import_jobs {
        struct job *first;
};

static enum ingot_code run_job(void *context, const struct work_job *work, struct ingot_error *err)
{
        struct job *job = context;
        OWNED(region_store_drop) struct region_store *store = NULL;
        enum ingot_code r = region_store_new(job->folder, false, job->clock, &store, err);

        return r ? r : import_run(store, job->id, work, err);
}

/* Ends jobs that are done; whether one for id is under way. */
static bool reap(struct region_store *store, const char *id)
{
        struct job **link = &store->imports->first;
        bool is_there = false;

        while (*link) {
                struct job *job = *link;
                struct ingot_error err = { 0 };

                if (!work_job_wait(job->work, 0)) {
                        is_there |= strcmp(job->id, id) == 0;
                        link = &job->next;
                        continue;
                }
                *link = job->next;
                if (work_job_end(job->work, &err) != INGOT_OK)
                        region_store_log(store, "importing %s: %s", job->id, ingot_error_frame(&err, 0));
                free(job->folder);
                free(job);
        }
        return is_there;
}

void import_jobs_start(struct region_store *store, const char *id)
{
        struct ingot_error err = { 0 };
        struct job *job;

        if (!store->imports)
                store->imports = calloc(1, sizeof(*store->imports));
        if (!store->imports || reap(store, id))
                return;
        job = calloc(1, sizeof(*job));
        if (!job)
                return; /* whoever looks next tries again */
        (void)snprintf(job->id, sizeof(job->id), "%s", id);
        job->folder = strdup(store->folder);
        job->clock = store->clock;
        if (!job->folder || work_job_begin(run_job, job, &job->work, &err) != INGOT_OK) {
                region_store_log(store, "importing %s: no thread for it", id);
                free(job->folder);
                free(job);
                return;
        }
        job->next = store->imports->first;
        store->imports->first = job;
}

void import_jobs_free(struct import_jobs *jobs)
{
        while (jobs && jobs->first) {
                struct job *job = jobs->first;

                jobs->first = job->next;
                work_job_abandon(job->work);
                free(job->folder);
                free(job);
        }
        free(jobs);
}
