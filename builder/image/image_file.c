/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/image_file.h"

enum {
        DIRECT_ALIGN_BYTES = 4096,             /* enough for disks of 512 and of 4096 byte sectors */
        DIRECT_WINDOW_BYTES = 4 * 1024 * 1024, /* one call keeps a disk's queue busy */
        CACHED_WINDOW_BYTES = 1024 * 1024,
};

/* Opens the file behind fd anew: its own flags and offset, whether or not it has a name. */
static int reopen(int fd, int flags)
{
        char proc[64];

        (void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
        return open(proc, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
}

/* Whether reads around the page cache work: some file systems take the flag and refuse the reads. */
static bool try_direct(struct image_file *file, int fd)
{
        int direct_fd = reopen(fd, O_DIRECT);

        if (direct_fd < 0)
                return false;
        if (pread(direct_fd, file->window, DIRECT_ALIGN_BYTES, 0) < 0) {
                fd_drop(&direct_fd);
                return false;
        }
        file->fd = direct_fd;
        return true;
}

static size_t window_capacity(bool past_cache)
{
        return past_cache ? DIRECT_WINDOW_BYTES : CACHED_WINDOW_BYTES;
}

static enum ingot_code open_file(struct image_file *file, int fd, const char *path, bool past_cache,
                                 struct ingot_error *err)
{
        enum ingot_code r = fd_size(fd, path, &file->size_bytes, err);

        if (r)
                return r;
        file->path = strdup(path);
        file->window = aligned_alloc(DIRECT_ALIGN_BYTES, window_capacity(past_cache));
        if (!file->path || !file->window)
                return ingot_fail_memory(err, window_capacity(past_cache));
        if (past_cache && try_direct(file, fd)) {
                file->direct = true;
                return INGOT_OK;
        }
        file->fd = reopen(fd, 0);
        if (file->fd < 0)
                file->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0); /* without /proc: all reads have their own offset */
        if (file->fd < 0)
                return ingot_fail_errno(err, "opening '%s' again", path);
        if (past_cache)
                (void)posix_fadvise(file->fd, 0, 0,
                                    POSIX_FADV_DONTNEED); /* a file system without: nothing to drop */
        return INGOT_OK;
}

enum ingot_code image_file_init(struct image_file *file, int fd, const char *path, bool past_cache,
                                struct ingot_error *err)
{
        struct image_file opened = { .fd = FD_NONE };
        enum ingot_code r = open_file(&opened, fd, path, past_cache, err);

        if (r)
                image_file_release(&opened);
        else
                *file = opened;
        return r;
}

void image_file_release(struct image_file *file)
{
        fd_drop(&file->fd);
        free(file->path);
        free(file->window);
        *file = (struct image_file){ .fd = FD_NONE };
}

/* Fills the window from the aligned place at or before offset_bytes, which is inside the file. */
static enum ingot_code load_window(struct image_file *file, uint64_t offset_bytes, struct ingot_error *err)
{
        uint64_t start_bytes = offset_bytes & ~(uint64_t)(DIRECT_ALIGN_BYTES - 1);
        size_t wanted_bytes =
                (size_t)min_u64(align_up_u64(file->size_bytes, DIRECT_ALIGN_BYTES) - start_bytes,
                                window_capacity(file->direct));
        ssize_t n;

        file->window_bytes = 0;
        do
                n = pread(file->fd, file->window, wanted_bytes, (off_t)start_bytes);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return ingot_fail_errno(err, "reading '%s' at byte %" PRIu64, file->path, start_bytes);
        if (start_bytes + (uint64_t)n <= offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' ends at byte %" PRIu64 " though it had %" PRIu64,
                                  file->path, start_bytes + (uint64_t)n, file->size_bytes);
        file->window_start_bytes = start_bytes;
        file->window_bytes = (size_t)n;
        return INGOT_OK;
}

enum ingot_code image_file_read(struct image_file *file, uint64_t offset_bytes, void *bytes,
                                size_t size_bytes, struct ingot_error *err)
{
        uint8_t *out = bytes;

        if (offset_bytes > file->size_bytes || size_bytes > file->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' has %" PRIu64 " bytes; %zu are wanted at byte %" PRIu64, file->path,
                                  file->size_bytes, size_bytes, offset_bytes);
        if (!file->direct && size_bytes >= CACHED_WINDOW_BYTES / 4)
                return fd_read_at(file->fd, file->path, offset_bytes, bytes, size_bytes, err);
        while (size_bytes > 0) {
                uint64_t window_end_bytes = file->window_start_bytes + file->window_bytes;
                size_t part_bytes;

                if (offset_bytes < file->window_start_bytes || offset_bytes >= window_end_bytes) {
                        enum ingot_code r = load_window(file, offset_bytes, err);

                        if (r)
                                return r;
                        window_end_bytes = file->window_start_bytes + file->window_bytes;
                }
                part_bytes = (size_t)min_u64(size_bytes, window_end_bytes - offset_bytes);
                memcpy(out, file->window + (offset_bytes - file->window_start_bytes), part_bytes);
                out += part_bytes;
                offset_bytes += part_bytes;
                size_bytes -= part_bytes;
        }
        return INGOT_OK;
}

enum ingot_code image_file_next_data(struct image_file *file, uint64_t from_bytes, uint64_t *ret_start_bytes,
                                     uint64_t *ret_end_bytes, struct ingot_error *err)
{
        off_t start, end;

        *ret_start_bytes = *ret_end_bytes = file->size_bytes;
        if (from_bytes >= file->size_bytes)
                return INGOT_OK;
        start = lseek(file->fd, (off_t)from_bytes, SEEK_DATA);
        if (start < 0 && errno == ENXIO) /* nothing but a hole up to the end */
                return INGOT_OK;
        if (start < 0 && errno == EINVAL) { /* a block device, or a file system that has no holes */
                *ret_start_bytes = from_bytes;
                return INGOT_OK;
        }
        if (start < 0)
                return ingot_fail_errno(err, "looking for data in '%s'", file->path);
        end = lseek(file->fd, start, SEEK_HOLE);
        if (end < 0)
                return ingot_fail_errno(err, "looking for holes in '%s'", file->path);
        *ret_start_bytes = min_u64((uint64_t)start, file->size_bytes);
        *ret_end_bytes = min_u64((uint64_t)end, file->size_bytes);
        return INGOT_OK;
}
