/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "content/source_digest.h"
#include "content/store.h"

enum { SPOOL_BUFFER_BYTES = 1 << 20 };

struct store_file {
        struct byte_source source; /* its context is this file */
        struct content_store *store;
        struct store_file *next;
        char *path;
        int fd; /* FD_NONE: opened on demand */
        struct stat status;
        struct source_digest *digest; /* NULL: not begun */
};

struct content_store {
        char *folder;
        struct byte_source spool; /* its context is the store */
        int spool_fd;
        uint64_t spool_bytes; /* buffered ones included */
        uint8_t *buffer;      /* SPOOL_BUFFER_BYTES, the end of the spool */
        size_t buffer_bytes;  /* in use */
        struct store_file *files;
        struct store_file *hashing; /* whose digest was begun last */
        struct store_file *open;    /* the one that was opened on demand */
        int open_fd;
};

static enum ingot_code spool_flush(struct content_store *store, struct ingot_error *err)
{
        enum ingot_code r;

        if (store->buffer_bytes == 0)
                return INGOT_OK;
        r = fd_write_at(store->spool_fd, "the spool", store->spool_bytes - store->buffer_bytes, store->buffer,
                        store->buffer_bytes, err);
        if (r)
                return ingot_while(err, r, "spooling file data in '%s'", store->folder);
        store->buffer_bytes = 0;
        return INGOT_OK;
}

static enum ingot_code spool_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                  struct ingot_error *err)
{
        struct content_store *store = context;
        enum ingot_code r;
        uint64_t end;

        if (!checked_add_u64(offset_bytes, size_bytes, &end) || end > store->spool_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "%zu bytes at %" PRIu64 " of a spool of %" PRIu64 " bytes", size_bytes,
                                  offset_bytes, store->spool_bytes);
        if (size_bytes == 0)
                return INGOT_OK;
        if (end > store->spool_bytes - store->buffer_bytes) {
                r = spool_flush(store, err);
                if (r)
                        return r;
        }
        return fd_read_at(store->spool_fd, "the spool", offset_bytes, bytes, size_bytes, err);
}

enum ingot_code store_new(const char *folder, struct content_store **ret_store, struct ingot_error *err)
{
        OWNED(store_drop) struct content_store *store = calloc(1, sizeof(*store));

        if (!store)
                return ingot_fail_memory(err, sizeof(*store));
        store->spool_fd = store->open_fd = FD_NONE;
        store->spool = (struct byte_source){ .context = store, .read = spool_read };
        store->folder = strdup(folder);
        if (!store->folder)
                return ingot_fail_memory(err, strlen(folder) + 1);
        *ret_store = TAKE(store);
        return INGOT_OK;
}

void store_free(struct content_store *store)
{
        if (!store)
                return;
        while (store->files) {
                struct store_file *file = store->files;

                store->files = file->next;
                source_digest_free(file->digest); /* it reads from the descriptor */
                fd_drop(&file->fd);
                free(file->path);
                free(file);
        }
        fd_drop(&store->open_fd);
        fd_drop(&store->spool_fd);
        free(store->buffer);
        free(store->folder);
        free(store);
}

void store_drop(struct content_store **store)
{
        store_free(*store);
        *store = NULL;
}

static enum ingot_code spool_open(struct content_store *store, struct ingot_error *err)
{
        if (!store->buffer) {
                store->buffer = malloc(SPOOL_BUFFER_BYTES);
                if (!store->buffer)
                        return ingot_fail_memory(err, SPOOL_BUFFER_BYTES);
        }
        return store->spool_fd == FD_NONE ? fd_open_spool(store->folder, &store->spool_fd, err) : INGOT_OK;
}

enum ingot_code store_append(struct content_store *store, const void *bytes, size_t size_bytes,
                             uint64_t *ret_offset_bytes, struct ingot_error *err)
{
        uint64_t offset_bytes = store->spool_bytes;
        enum ingot_code r = spool_open(store, err);

        if (r)
                return r;
        if (size_bytes > STORE_SPOOL_CEILING_BYTES - store->spool_bytes)
                return ingot_fail(err, INGOT_E_MEMORY,
                                  "the contents of files need more than %" PRIu64 " bytes of spool",
                                  (uint64_t)STORE_SPOOL_CEILING_BYTES);
        if (size_bytes > SPOOL_BUFFER_BYTES - store->buffer_bytes) {
                r = spool_flush(store, err);
                if (r)
                        return r;
        }
        if (size_bytes > SPOOL_BUFFER_BYTES) {
                r = fd_write_at(store->spool_fd, "the spool", offset_bytes, bytes, size_bytes, err);
                if (r)
                        return ingot_while(err, r, "spooling file data in '%s'", store->folder);
        } else if (size_bytes) {
                memcpy(store->buffer + store->buffer_bytes, bytes, size_bytes);
                store->buffer_bytes += size_bytes;
        }
        store->spool_bytes += size_bytes;
        *ret_offset_bytes = offset_bytes;
        return INGOT_OK;
}

const struct byte_source *store_spool(const struct content_store *store)
{
        return &store->spool;
}

uint64_t store_spool_bytes(const struct content_store *store)
{
        return store->spool_bytes;
}

/* ---- files read in place ---- */

static bool same_time(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec == b->tv_sec && a->tv_nsec == b->tv_nsec;
}

static enum ingot_code check_same(const struct store_file *file, const struct stat *now,
                                  struct ingot_error *err)
{
        const struct stat *then = &file->status;

        if (now->st_dev == then->st_dev && now->st_ino == then->st_ino && now->st_size == then->st_size &&
            same_time(&now->st_mtim, &then->st_mtim) && same_time(&now->st_ctim, &then->st_ctim))
                return INGOT_OK;
        return ingot_fail(err, INGOT_E_CHECKSUM,
                          "'%s' changed while it was being read (%" PRIi64 " bytes then, %" PRIi64
                          " bytes now); leave it alone and run again",
                          file->path, (int64_t)then->st_size, (int64_t)now->st_size);
}

/* Gives a descriptor of a file that has none of its own; it stays open until another is wanted. */
static enum ingot_code open_again(struct store_file *file, int *ret_fd, struct ingot_error *err)
{
        struct content_store *store = file->store;
        OWNED(fd_drop) int fd = FD_NONE;
        struct stat now;
        enum ingot_code r;

        if (store->open != file) {
                r = fd_open_read(file->path, &fd, err);
                if (r)
                        return r;
                if (fstat(fd, &now))
                        return ingot_fail_errno(err, "looking at '%s'", file->path);
                r = check_same(file, &now, err);
                if (r)
                        return r;
                fd_drop(&store->open_fd);
                store->open_fd = fd;
                store->open = file;
                fd = FD_NONE;
        }
        *ret_fd = store->open_fd;
        return INGOT_OK;
}

static enum ingot_code file_read(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        struct store_file *file = context;
        int fd = file->fd;
        enum ingot_code r = fd == FD_NONE ? open_again(file, &fd, err) : INGOT_OK;

        return r ? r : fd_read_at(fd, file->path, offset_bytes, bytes, size_bytes, err);
}

static enum ingot_code adopt(struct content_store *store, const char *path, int fd,
                             struct store_file **ret_file, struct ingot_error *err)
{
        struct store_file *file;
        struct stat status;

        if (fstat(fd, &status))
                return ingot_fail_errno(err, "looking at '%s'", path);
        if (!S_ISREG(status.st_mode))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not a regular file", path);
        file = calloc(1, sizeof(*file));
        if (!file)
                return ingot_fail_memory(err, sizeof(*file));
        *file = (struct store_file){ .source = { .context = file, .read = file_read },
                                     .store = store,
                                     .next = store->files,
                                     .path = strdup(path),
                                     .fd = FD_NONE,
                                     .status = status };
        if (!file->path) {
                free(file);
                return ingot_fail_memory(err, strlen(path) + 1);
        }
        store->files = file;
        *ret_file = file;
        return INGOT_OK;
}

enum ingot_code store_adopt(struct content_store *store, const char *path, int *fd,
                            enum store_opening opening, const struct byte_source **ret_source,
                            struct ingot_error *err)
{
        struct store_file *file = NULL;
        enum ingot_code r = adopt(store, path, *fd, &file, err);

        if (r) {
                if (opening == STORE_KEEP_OPEN)
                        fd_drop(fd);
                return r;
        }
        if (opening == STORE_KEEP_OPEN) {
                file->fd = *fd;
                *fd = FD_NONE;
        }
        *ret_source = &file->source;
        return INGOT_OK;
}

enum ingot_code store_begin_digest(struct content_store *store, const struct byte_source *source,
                                   const struct ingot_observer *observer, struct ingot_error *err)
{
        struct store_file *file = source->context;
        struct digest earlier;
        enum ingot_code r = INGOT_OK;

        if (store->hashing)
                r = source_digest_await(store->hashing->digest, observer, &earlier, err);
        if (!r && !file->digest)
                r = source_digest_begin(file->fd, file->path, (uint64_t)file->status.st_size, &file->digest,
                                        err);
        if (!r)
                store->hashing = file;
        return r;
}

enum ingot_code store_await_digest(const struct byte_source *source, const struct ingot_observer *observer,
                                   struct digest *ret_digest, struct ingot_error *err)
{
        struct store_file *file = source->context;

        return source_digest_await(file->digest, observer, ret_digest, err);
}

enum ingot_code store_check_unchanged(const struct content_store *store, struct ingot_error *err)
{
        for (const struct store_file *file = store->files; file; file = file->next) {
                struct stat now;
                enum ingot_code r;

                if (file->fd == FD_NONE ? stat(file->path, &now) : fstat(file->fd, &now))
                        return ingot_fail_errno(err, "looking at '%s' again", file->path);
                r = check_same(file, &now, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}
