/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "region/block_store_files.h"
#include "region/block_table.h"

enum {
        OPEN_SNAPSHOTS = 16, /* kept open between puts */
        ID_CHARS = 64,
        JOURNAL_AHEAD = 256,
};

struct open_snapshot {
        char id[ID_CHARS + 1]; /* "" : free */
        int journal_fd;
        int data_fds[DATA_FILES];
        uint64_t applied_bytes; /* of the journal */
        uint64_t used_at;       /* the store's count of uses */
        struct block_table table;
};

struct block_store {
        char *folder;
        const struct clock *clock;
        struct digest zeros; /* of a block of zeros */
        uint64_t use_count;
        struct open_snapshot *locked; /* borrowed from open */
        struct open_snapshot open[OPEN_SNAPSHOTS];
};

static void forget_open(struct open_snapshot *open)
{
        fd_drop(&open->journal_fd);
        for (size_t i = 0; i < DATA_FILES; i++)
                fd_drop(&open->data_fds[i]);
        block_table_release(&open->table);
        open->id[0] = '\0';
        open->applied_bytes = open->used_at = 0;
}

enum ingot_code block_store_new(const char *folder, const struct clock *clock, struct block_store **ret_store,
                                struct ingot_error *err)
{
        OWNED(block_store_drop) struct block_store *store = calloc(1, sizeof(*store));
        OWNED(heap_drop) uint8_t *zeros = calloc(1, BLOCK_BYTES);
        enum ingot_code r;

        if (!store || !zeros)
                return ingot_fail_memory(err, BLOCK_BYTES);
        for (size_t i = 0; i < OPEN_SNAPSHOTS; i++) {
                store->open[i].journal_fd = FD_NONE;
                for (size_t j = 0; j < DATA_FILES; j++)
                        store->open[i].data_fds[j] = FD_NONE;
        }
        store->clock = clock;
        store->folder = strdup(folder);
        if (!store->folder)
                return ingot_fail_memory(err, strlen(folder));
        r = digest_of(zeros, BLOCK_BYTES, &store->zeros, err);
        if (r)
                return r;
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
                return ingot_fail_errno(err, "making folder '%s'", folder);
        *ret_store = TAKE(store);
        return INGOT_OK;
}

void block_store_free(struct block_store *store)
{
        if (!store)
                return;
        for (size_t i = 0; i < OPEN_SNAPSHOTS; i++)
                forget_open(&store->open[i]);
        free(store->folder);
        free(store);
}

void block_store_drop(struct block_store **store)
{
        block_store_free(*store);
        *store = NULL;
}

enum ingot_code block_store_path(const struct block_store *store, const char *id, const char *tail,
                                 char **ret_path, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        enum ingot_code r;

        buffer_appendf(&path, "%s/%s%s", store->folder, id, tail);
        r = buffer_check(&path, err);
        if (r)
                return r;
        *ret_path = buffer_take(&path);
        return *ret_path ? INGOT_OK : ingot_fail_memory(err, strlen(store->folder));
}

const char *block_store_locked(const struct block_store *store, const struct block_table **ret_table)
{
        *ret_table = &store->locked->table;
        return store->locked->id;
}

enum ingot_code block_store_create(struct block_store *store, const char *id, struct ingot_error *err)
{
        OWNED(heap_drop) char *folder = NULL;
        OWNED(heap_drop) char *journal = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        struct timespec now[2] = { { .tv_sec = clock_wall_seconds(store->clock) } };
        enum ingot_code r;

        r = block_store_path(store, id, "", &folder, err);
        if (!r)
                r = block_store_path(store, id, "/journal", &journal, err);
        if (r)
                return r;
        now[1] = now[0];
        if (mkdir(folder, 0700) != 0)
                return ingot_fail_errno(err, "making folder '%s'", folder);
        fd = open(journal, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0 || futimens(fd, now) != 0) {
                r = ingot_fail_errno(err, "making '%s'", journal);
                block_store_remove(store, id);
        }
        return r;
}

void block_store_remove(struct block_store *store, const char *id)
{
        OWNED(heap_drop) char *folder = NULL;
        DIR *entries;
        const struct dirent *entry;

        for (size_t i = 0; i < OPEN_SNAPSHOTS; i++) {
                if (strcmp(store->open[i].id, id) == 0)
                        forget_open(&store->open[i]);
        }
        if (block_store_path(store, id, "", &folder, NULL))
                return;
        entries = opendir(folder);
        if (!entries)
                return;
        while ((entry = readdir(entries)))
                (void)unlinkat(dirfd(entries), entry->d_name,
                               0); /* "." and ".." refuse; rmdir tells the rest */
        (void)closedir(entries);
        (void)rmdir(folder);
}

enum ingot_code block_store_each(struct block_store *store,
                                 enum ingot_code (*visit)(void *context, const char *id,
                                                          struct ingot_error *err),
                                 void *context, struct ingot_error *err)
{
        DIR *entries = opendir(store->folder);
        const struct dirent *entry;
        enum ingot_code r = INGOT_OK;

        if (!entries)
                return ingot_fail_errno(err, "listing '%s'", store->folder);
        while (!r && (entry = readdir(entries))) {
                if (entry->d_name[0] != '.')
                        r = visit(context, entry->d_name, err);
        }
        (void)closedir(entries);
        return r;
}

/* ---- a pending snapshot, open ---- */

static enum ingot_code find_open(struct block_store *store, const char *id, struct open_snapshot **ret_open,
                                 struct ingot_error *err)
{
        struct open_snapshot *victim = &store->open[0];
        OWNED(heap_drop) char *journal = NULL;
        enum ingot_code r;

        for (size_t i = 0; i < OPEN_SNAPSHOTS; i++) {
                if (strcmp(store->open[i].id, id) == 0) {
                        *ret_open = &store->open[i];
                        return INGOT_OK;
                }
                if (store->open[i].used_at < victim->used_at)
                        victim = &store->open[i];
        }
        if (strlen(id) > ID_CHARS)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "snapshot id '%.80s' is too long", id);
        r = block_store_path(store, id, "/journal", &journal, err);
        if (r)
                return r;
        forget_open(victim);
        victim->journal_fd = open(journal, O_RDWR | O_CLOEXEC);
        if (victim->journal_fd < 0 && errno == ENOENT)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' does not exist", journal);
        if (victim->journal_fd < 0)
                return ingot_fail_errno(err, "opening '%s'", journal);
        (void)snprintf(victim->id, sizeof(victim->id), "%s", id);
        *ret_open = victim;
        return INGOT_OK;
}

/* Takes in what the journal has got since the last look, also from other processes. */
static enum ingot_code catch_up(struct open_snapshot *open, struct ingot_error *err)
{
        uint8_t bytes[JOURNAL_AHEAD * BLOCK_RECORD_BYTES];
        uint64_t size_bytes;
        enum ingot_code r = fd_size(open->journal_fd, open->id, &size_bytes, err);

        if (r)
                return r;
        size_bytes -=
                size_bytes % BLOCK_RECORD_BYTES; /* a record cut short by a death was never acknowledged */
        while (open->applied_bytes < size_bytes) {
                uint64_t span_bytes = size_bytes - open->applied_bytes;

                if (span_bytes > sizeof(bytes))
                        span_bytes = sizeof(bytes);
                r = fd_read_at(open->journal_fd, open->id, open->applied_bytes, bytes, (size_t)span_bytes,
                               err);
                for (uint64_t at = 0; !r && at < span_bytes; at += BLOCK_RECORD_BYTES) {
                        struct block_record record;

                        block_record_decode(bytes + at, &record);
                        r = block_table_apply(&open->table, &record, err);
                        open->applied_bytes += r ? 0 : BLOCK_RECORD_BYTES;
                }
                if (r)
                        return r;
        }
        return INGOT_OK;
}

enum ingot_code block_store_lock(struct block_store *store, const char *id, struct ingot_error *err)
{
        struct open_snapshot *open = NULL;
        enum ingot_code r = find_open(store, id, &open, err);

        if (r)
                return r;
        while (flock(open->journal_fd, LOCK_EX) != 0) {
                if (errno != EINTR)
                        return ingot_fail_errno(err, "locking the journal of '%s'", id);
        }
        r = catch_up(open, err);
        if (r) {
                (void)flock(open->journal_fd, LOCK_UN);
                return r;
        }
        open->used_at = ++store->use_count;
        store->locked = open;
        return INGOT_OK;
}

void block_store_unlock(struct block_store *store)
{
        if (store->locked)
                (void)flock(store->locked->journal_fd, LOCK_UN); /* cannot fail on a lock we hold */
        store->locked = NULL;
}

static enum ingot_code append(struct block_store *store, struct open_snapshot *open,
                              const struct block_record *record, struct ingot_error *err)
{
        uint8_t bytes[BLOCK_RECORD_BYTES];
        struct timespec now[2] = { { .tv_sec = clock_wall_seconds(store->clock) } };
        uint64_t size_bytes;
        enum ingot_code r;

        /* catch_up() went to the end of the last whole record: what lies beyond is cut short, and goes. */
        r = fd_size(open->journal_fd, open->id, &size_bytes, err);
        if (r)
                return r;
        if (size_bytes != open->applied_bytes && ftruncate(open->journal_fd, (off_t)open->applied_bytes) != 0)
                return ingot_fail_errno(err, "mending the journal of '%s'", open->id);
        block_record_encode(bytes, record);
        r = fd_write_at(open->journal_fd, open->id, open->applied_bytes, bytes, sizeof(bytes), err);
        if (r)
                return r;
        now[1] = now[0];
        if (futimens(open->journal_fd, now) != 0)
                return ingot_fail_errno(err, "dating the journal of '%s'", open->id);
        r = block_table_apply(&open->table, record, err);
        if (!r)
                open->applied_bytes += BLOCK_RECORD_BYTES;
        return r;
}

static enum ingot_code write_data(struct block_store *store, struct open_snapshot *open, uint32_t block_index,
                                  const void *bytes, struct ingot_error *err)
{
        uint32_t file = block_index / DATA_FILE_BLOCKS;
        uint64_t offset_bytes = (uint64_t)(block_index % DATA_FILE_BLOCKS) * BLOCK_BYTES;

        if (file >= DATA_FILES)
                return ingot_fail(err, INGOT_E_USAGE, "block %u lies beyond 64 TiB", block_index);
        if (open->data_fds[file] == FD_NONE) {
                OWNED(heap_drop) char *path = NULL;
                char tail[16];
                enum ingot_code r;

                (void)snprintf(tail, sizeof(tail), "/data.%u", file);
                r = block_store_path(store, open->id, tail, &path, err);
                if (r)
                        return r;
                open->data_fds[file] = openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                if (open->data_fds[file] < 0)
                        return ingot_fail_errno(err, "opening '%s'", path);
        }
        return fd_write_at(open->data_fds[file], open->id, offset_bytes, bytes, BLOCK_BYTES, err);
}

enum ingot_code block_store_put(struct block_store *store, uint32_t block_index, const void *bytes,
                                const struct digest *digest, struct ingot_error *err)
{
        struct open_snapshot *open = store->locked;
        struct block_record record = { .block_index = block_index, .digest = *digest };
        const struct digest *before = block_table_find(&open->table, block_index);
        enum ingot_code r;

        if (before && !digest_equal(before, digest)) {
                struct block_record withdrawal = { .block_index = block_index,
                                                   .generation = BLOCK_GENERATION_WITHDRAWN };

                r = append(store, open, &withdrawal, err);
                if (r)
                        return r;
        }
        if (!digest_equal(digest, &store->zeros)) {
                r = write_data(store, open, block_index, bytes, err);
                if (r)
                        return ingot_while(err, r, "writing block %u of '%s'", block_index, open->id);
        }
        return append(store, open, &record, err);
}

enum ingot_code block_store_sum(struct block_store *store, uint64_t *ret_block_count,
                                struct digest *ret_linear, struct ingot_error *err)
{
        OWNED(heap_drop) struct block_record *records = NULL;
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        size_t count;
        enum ingot_code r;

        r = block_table_sort(&store->locked->table, &records, &count, err);
        if (!r)
                r = digest_stream_new(&stream, err);
        if (r)
                return r;
        for (size_t i = 0; i < count; i++)
                digest_stream_update(stream, records[i].digest.bytes, DIGEST_BYTES);
        r = digest_stream_finish(stream, ret_linear, err);
        if (!r)
                *ret_block_count = count;
        return r;
}

enum ingot_code block_store_last_activity(struct block_store *store, const char *id, int64_t *ret_seconds,
                                          struct ingot_error *err)
{
        OWNED(heap_drop) char *journal = NULL;
        struct stat status;
        enum ingot_code r = block_store_path(store, id, "/journal", &journal, err);

        if (r)
                return r;
        if (stat(journal, &status) != 0)
                return errno == ENOENT ? ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' does not exist", journal)
                                       : ingot_fail_errno(err, "looking at '%s'", journal);
        *ret_seconds = status.st_mtim.tv_sec;
        return INGOT_OK;
}

enum ingot_code block_store_read(struct block_store *store, const char *id, uint32_t block_index,
                                 const struct digest *digest, void *out, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        struct digest found;
        char tail[16];
        enum ingot_code r;

        if (digest_equal(digest, &store->zeros)) { /* rule 4 */
                memset(out, 0, BLOCK_BYTES);
                return INGOT_OK;
        }
        (void)snprintf(tail, sizeof(tail), "/data.%u", block_index / DATA_FILE_BLOCKS);
        r = block_store_path(store, id, tail, &path, err);
        if (!r)
                r = fd_open_read(path, &fd, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, INGOT_E_CHECKSUM, "block %u of '%s' is missing: there is no '%s'",
                                  block_index, id, path);
        if (!r)
                r = fd_read_at(fd, path, (uint64_t)(block_index % DATA_FILE_BLOCKS) * BLOCK_BYTES, out,
                               BLOCK_BYTES, err);
        if (r == INGOT_E_FORMAT)
                return ingot_fail(err, INGOT_E_CHECKSUM, "block %u of '%s' is missing: '%s' ends before it",
                                  block_index, id, path);
        if (!r)
                r = digest_of(out, BLOCK_BYTES, &found, err);
        if (r)
                return r;
        if (!digest_equal(&found, digest))
                return ingot_fail(err, INGOT_E_CHECKSUM, "block %u of '%s' is damaged in '%s'", block_index,
                                  id, path);
        return INGOT_OK;
}
