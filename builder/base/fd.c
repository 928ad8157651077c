/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"

void fd_drop(int *fd)
{
        int saved = errno;

        if (*fd >= 0)
                (void)close(*fd); /* the failing path: the first error is the one to report */
        *fd = FD_NONE;
        errno = saved;
}

enum ingot_code fd_settle(int *fd, const char *path, struct ingot_error *err)
{
        int settled = *fd;

        *fd = FD_NONE;
        if (fsync(settled)) {
                enum ingot_code code = ingot_fail_errno(err, "flushing '%s'", path);

                fd_drop(&settled);
                return code;
        }
        if (close(settled))
                return ingot_fail_errno(err, "closing '%s'", path);
        return INGOT_OK;
}

enum ingot_code fd_open_read(const char *path, int *ret_fd, struct ingot_error *err)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

        if (fd < 0 && errno == ENOENT)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no file '%s'", path);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", path);
        *ret_fd = fd;
        return INGOT_OK;
}

enum ingot_code fd_size(int fd, const char *path, uint64_t *ret_size_bytes, struct ingot_error *err)
{
        struct stat status;

        if (fstat(fd, &status))
                return ingot_fail_errno(err, "looking at '%s'", path);
        if (S_ISBLK(status.st_mode)) {
                uint64_t size_bytes = 0;

                if (ioctl(fd, BLKGETSIZE64, &size_bytes))
                        return ingot_fail_errno(err, "asking for the size of '%s'", path);
                *ret_size_bytes = size_bytes;
                return INGOT_OK;
        }
        if (!S_ISREG(status.st_mode))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is neither a regular file nor a block device",
                                  path);
        *ret_size_bytes = (uint64_t)status.st_size;
        return INGOT_OK;
}

enum ingot_code fd_read_at(int fd, const char *path, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                           struct ingot_error *err)
{
        size_t done = 0;

        while (done < size_bytes) {
                ssize_t n = pread(fd, (char *)bytes + done, size_bytes - done, (off_t)(offset_bytes + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ingot_fail_errno(err, "reading '%s' at byte %" PRIu64, path,
                                                offset_bytes + done);
                if (n == 0)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "'%s' ends at byte %" PRIu64
                                          ", %zu bytes short of what should be there",
                                          path, offset_bytes + done, size_bytes - done);
                done += (size_t)n;
        }
        return INGOT_OK;
}

enum ingot_code fd_write_at(int fd, const char *path, uint64_t offset_bytes, const void *bytes,
                            size_t size_bytes, struct ingot_error *err)
{
        size_t done = 0;

        while (done < size_bytes) {
                ssize_t n = pwrite(fd, (const char *)bytes + done, size_bytes - done,
                                   (off_t)(offset_bytes + done));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ingot_fail_errno(err, "writing '%s' at byte %" PRIu64, path,
                                                offset_bytes + done);
                if (n == 0) {
                        errno = ENOSPC;
                        return ingot_fail_errno(err, "writing '%s' at byte %" PRIu64, path,
                                                offset_bytes + done);
                }
                done += (size_t)n;
        }
        return INGOT_OK;
}

enum ingot_code fd_append(int fd, const char *path, const void *bytes, size_t size_bytes,
                          struct ingot_error *err)
{
        size_t done = 0;

        while (done < size_bytes) {
                ssize_t n = write(fd, (const char *)bytes + done, size_bytes - done);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ingot_fail_errno(err, "writing '%s'", path);
                done += (size_t)n;
        }
        return INGOT_OK;
}

enum ingot_code fd_read_file(const char *path, size_t ceiling_bytes, char **ret_bytes, size_t *ret_size_bytes,
                             struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes = 0, capacity = 4096;
        enum ingot_code r;

        r = fd_open_read(path, &fd, err);
        if (r)
                return r;
        for (;;) {
                char *grown = realloc(bytes, capacity + 1);
                ssize_t n;

                if (!grown)
                        return ingot_fail_memory(err, capacity);
                bytes = grown;
                n = read(fd, bytes + size_bytes, capacity - size_bytes);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ingot_fail_errno(err, "reading '%s'", path);
                if (n == 0)
                        break;
                size_bytes += (size_t)n;
                if (size_bytes > ceiling_bytes)
                        return ingot_fail(err, INGOT_E_MEMORY, "'%s' is larger than %zu bytes", path,
                                          ceiling_bytes);
                if (size_bytes == capacity)
                        capacity *= 2;
        }
        bytes[size_bytes] = '\0';
        *ret_size_bytes = size_bytes;
        *ret_bytes = TAKE(bytes);
        return INGOT_OK;
}

enum ingot_code fd_make_folders(const char *path, struct ingot_error *err)
{
        OWNED(heap_drop) char *copy = strdup(path);
        struct stat status;

        if (!copy)
                return ingot_fail_memory(err, strlen(path) + 1);
        for (char *at = copy + 1; *copy && *at; at++) {
                if (*at != '/')
                        continue;
                *at = '\0';
                if (mkdir(copy, 0777) && errno != EEXIST)
                        return ingot_fail_errno(err, "making folder '%s'", copy);
                *at = '/';
        }
        if (mkdir(copy, 0777) && errno != EEXIST)
                return ingot_fail_errno(err, "making folder '%s'", copy);
        if (stat(copy, &status))
                return ingot_fail_errno(err, "looking at folder '%s'", copy);
        if (!S_ISDIR(status.st_mode)) {
                errno = ENOTDIR;
                return ingot_fail_errno(err, "making folder '%s'", copy);
        }
        return INGOT_OK;
}

/* Gives a name that nobody has guessed: ".NAME.0123456789abcdef.part". */
static enum ingot_code draft_temporary_name(const char *name, char **ret_name, struct ingot_error *err)
{
        uint64_t salt = 0;
        size_t size_bytes = strlen(name) + 32;
        char *made;

        if (getrandom(&salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
                return ingot_fail_errno(err, "asking the kernel for random bytes");
        made = malloc(size_bytes);
        if (!made)
                return ingot_fail_memory(err, size_bytes);
        (void)snprintf(made, size_bytes, ".%.200s.%016" PRIx64 ".part", name, salt);
        *ret_name = made;
        return INGOT_OK;
}

/* Splits path into a folder that is opened and a name. */
static enum ingot_code draft_open_folder(struct draft *draft, const char *path, struct ingot_error *err)
{
        const char *slash = strrchr(path, '/');
        OWNED(heap_drop) char *folder = NULL;

        draft->path = strdup(path);
        draft->name = strdup(slash ? slash + 1 : path);
        folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
        if (!draft->path || !draft->name || !folder)
                return ingot_fail_memory(err, strlen(path) + 1);
        draft->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (draft->folder_fd < 0)
                return ingot_fail_errno(err, "opening folder '%s'", folder);
        return INGOT_OK;
}

enum ingot_code draft_open(struct draft *draft, const char *path, unsigned mode, struct ingot_error *err)
{
        struct draft made = DRAFT_NONE;
        enum ingot_code r;

        r = draft_open_folder(&made, path, err);
        if (r)
                goto undo;
        made.fd = openat(made.folder_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
        if (made.fd < 0) { /* not every file system has O_TMPFILE: then a name that starts with a dot */
                r = draft_temporary_name(made.name, &made.temporary_name, err);
                if (r)
                        goto undo;
                made.fd = openat(made.folder_fd, made.temporary_name,
                                 O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        }
        if (made.fd < 0) {
                r = ingot_fail_errno(err, "creating a file beside '%s'", path);
                free(made.temporary_name); /* no such file: nothing to unlink */
                made.temporary_name = NULL;
                goto undo;
        }
        *draft = made;
        return INGOT_OK;
undo:
        draft_drop(&made);
        return r;
}

/* Whether the draft's descriptor is of the file that is called so now: whoever had it before may have published it. */
static bool draft_is_there(const struct draft *draft)
{
        struct stat opened, named;

        return fstat(draft->fd, &opened) == 0 &&
               fstatat(draft->folder_fd, draft->temporary_name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
               opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

enum ingot_code draft_resume(struct draft *draft, const char *path, unsigned mode, struct ingot_error *err)
{
        OWNED(draft_drop) struct draft made = DRAFT_NONE;
        enum ingot_code r = draft_open_folder(&made, path, err);

        made.is_kept = true;
        if (r)
                return r;
        made.temporary_name = malloc(strlen(made.name) + sizeof(".part"));
        if (!made.temporary_name)
                return ingot_fail_memory(err, strlen(made.name) + sizeof(".part"));
        (void)snprintf(made.temporary_name, strlen(made.name) + sizeof(".part"), "%s.part", made.name);
        do {
                fd_drop(&made.fd);
                made.fd = openat(made.folder_fd, made.temporary_name,
                                 O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
                if (made.fd < 0)
                        return ingot_fail_errno(err, "opening '%s.part'", path);
                if (flock(made.fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
                        return ingot_fail(err, INGOT_E_CONFLICT, "another process is writing '%s.part'",
                                          path);
        } while (!draft_is_there(&made));
        *draft = made;
        made = (struct draft)DRAFT_NONE;
        return INGOT_OK;
}

void draft_discard(struct draft *draft)
{
        draft->is_kept = false;
        draft_drop(draft);
}

/* Gives a draft made by O_TMPFILE a temporary name, so that rename can replace the path. */
static enum ingot_code draft_name(struct draft *draft, struct ingot_error *err)
{
        OWNED(heap_drop) char *name = NULL;
        char proc[64];
        enum ingot_code r;

        if (draft->temporary_name)
                return INGOT_OK;
        r = draft_temporary_name(draft->name, &name, err);
        if (r)
                return r;
        (void)snprintf(proc, sizeof(proc), "/proc/self/fd/%d", draft->fd);
        if (linkat(AT_FDCWD, proc, draft->folder_fd, name, AT_SYMLINK_FOLLOW))
                return ingot_fail_errno(err, "naming the new '%s'", draft->path);
        draft->temporary_name = TAKE(name);
        return INGOT_OK;
}

enum ingot_code fd_open_log(const char *path, unsigned mode, int *ret_fd, struct ingot_error *err)
{
        OWNED(draft_drop) struct draft place = DRAFT_NONE;
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r = draft_open_folder(&place, path, err);

        if (r)
                return r;
        fd = openat(place.folder_fd, place.name, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", path);
        if (fsync(place.folder_fd))
                return ingot_fail_errno(err, "flushing the folder of '%s'", path);
        *ret_fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

enum ingot_code fd_flush(int fd, const char *path, struct ingot_error *err)
{
        if (fdatasync(fd))
                return ingot_fail_errno(err, "flushing '%s'", path);
        return INGOT_OK;
}

enum ingot_code fd_lock(int fd, const char *path, struct ingot_error *err)
{
        while (flock(fd, LOCK_EX | LOCK_NB)) {
                if (errno == EWOULDBLOCK)
                        return ingot_fail(err, INGOT_E_CONFLICT, "'%s' is in use by another process", path);
                if (errno != EINTR)
                        return ingot_fail_errno(err, "locking '%s'", path);
        }
        return INGOT_OK;
}

enum ingot_code draft_flush(struct draft *draft, struct ingot_error *err)
{
        if (fsync(draft->fd))
                return ingot_fail_errno(err, "flushing '%s'", draft->path);
        return INGOT_OK;
}

enum ingot_code draft_publish(struct draft *draft, struct ingot_error *err)
{
        enum ingot_code r;

        r = draft_flush(draft, err);
        if (!r)
                r = draft_name(draft, err);
        if (r)
                return r;
        r = fd_settle(&draft->fd, draft->path, err);
        if (r)
                return r;
        if (renameat(draft->folder_fd, draft->temporary_name, draft->folder_fd, draft->name))
                return ingot_fail_errno(err, "putting '%s' in its place", draft->path);
        free(draft->temporary_name);
        draft->temporary_name = NULL;
        if (fsync(draft->folder_fd))
                return ingot_fail_errno(err, "flushing the folder of '%s'", draft->path);
        draft_drop(draft);
        return INGOT_OK;
}

void draft_drop(struct draft *draft)
{
        if (draft->temporary_name && !draft->is_kept)
                (void)unlinkat(draft->folder_fd, draft->temporary_name, 0); /* the failing path */
        fd_drop(&draft->fd);
        fd_drop(&draft->folder_fd);
        free(draft->path);
        free(draft->name);
        free(draft->temporary_name);
        *draft = (struct draft)DRAFT_NONE;
}

enum ingot_code fd_replace_file(const char *path, const void *bytes, size_t size_bytes, unsigned mode,
                                struct ingot_error *err)
{
        OWNED(draft_drop) struct draft draft = DRAFT_NONE;
        enum ingot_code r;

        r = draft_open(&draft, path, mode, err);
        if (r)
                return r;
        r = fd_write_at(draft.fd, path, 0, bytes, size_bytes, err);
        if (r)
                return r;
        return draft_publish(&draft, err);
}

enum ingot_code fd_open_spool(const char *folder, int *ret_fd, struct ingot_error *err)
{
        OWNED(heap_drop) char *name = NULL;
        OWNED(heap_drop) char *path = NULL;
        size_t size_bytes;
        enum ingot_code r;
        int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);

        if (fd < 0) {
                r = draft_temporary_name("spool", &name, err);
                if (r)
                        return r;
                size_bytes = strlen(folder) + strlen(name) + 2;
                path = malloc(size_bytes);
                if (!path)
                        return ingot_fail_memory(err, size_bytes);
                (void)snprintf(path, size_bytes, "%s/%s", folder, name);
                fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (fd < 0)
                        return ingot_fail_errno(err, "creating a spool file in '%s'", folder);
                if (unlink(path)) {
                        r = ingot_fail_errno(err, "unlinking the spool file '%s'", path);
                        fd_drop(&fd);
                        return r;
                }
        }
        *ret_fd = fd;
        return INGOT_OK;
}
