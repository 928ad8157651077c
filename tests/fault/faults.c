/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "fault/faults.h"

static _Atomic unsigned calls, fail_calls_at, allocations, fail_allocations_at;
static _Atomic bool fired, is_full;

void faults_begin(unsigned fail_at)
{
        fail_calls_at = 0;
        fail_allocations_at = 0;
        fired = is_full = false;
        calls = 0;
        fail_calls_at = fail_at;
}

void faults_begin_memory(unsigned fail_at)
{
        faults_begin(0);
        allocations = 0;
        fail_allocations_at = fail_at;
}

void faults_begin_full(unsigned fail_at)
{
        faults_begin(0);
        is_full = true;
        fail_calls_at = fail_at;
}

bool faults_fired(void)
{
        return fired;
}

static bool call_fails(int why)
{
        unsigned call;

        if (!fail_calls_at || (is_full && why != ENOSPC))
                return false;
        call = ++calls;
        if (is_full ? call < fail_calls_at : call != fail_calls_at)
                return false;
        fired = true;
        errno = why;
        return true;
}

static bool allocation_fails(void)
{
        if (!fail_allocations_at || ++allocations != fail_allocations_at)
                return false;
        fired = true;
        errno = ENOMEM;
        return true;
}

/* The linker's names for the wrapped and the real functions. */
ssize_t __real_pwrite64(int fd, const void *bytes, size_t size_bytes, off_t offset_bytes);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size_bytes, off_t offset_bytes);
ssize_t __real_pread64(int fd, void *bytes, size_t size_bytes, off_t offset_bytes);
ssize_t __wrap_pread64(int fd, void *bytes, size_t size_bytes, off_t offset_bytes);
ssize_t __real_write(int fd, const void *bytes, size_t size_bytes);
ssize_t __wrap_write(int fd, const void *bytes, size_t size_bytes);
int __real_ftruncate64(int fd, off_t size_bytes);
int __wrap_ftruncate64(int fd, off_t size_bytes);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_renameat(int old_folder, const char *old_name, int new_folder, const char *new_name);
int __wrap_renameat(int old_folder, const char *old_name, int new_folder, const char *new_name);
int __real_linkat(int old_folder, const char *old_name, int new_folder, const char *new_name, int flags);
int __wrap_linkat(int old_folder, const char *old_name, int new_folder, const char *new_name, int flags);
int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __real_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...);
void *__real_malloc(size_t size_bytes);
void *__wrap_malloc(size_t size_bytes);
void *__real_calloc(size_t count, size_t size_bytes);
void *__wrap_calloc(size_t count, size_t size_bytes);
void *__real_realloc(void *old, size_t size_bytes);
void *__wrap_realloc(void *old, size_t size_bytes);

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size_bytes, off_t offset_bytes)
{
        if (!call_fails(ENOSPC))
                return __real_pwrite64(fd, bytes, size_bytes, offset_bytes);
        if (__real_pwrite64(fd, bytes, size_bytes / 2, offset_bytes) >= 0)
                errno = ENOSPC;
        return -1;
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t size_bytes, off_t offset_bytes)
{
        return call_fails(EIO) ? -1 : __real_pread64(fd, bytes, size_bytes, offset_bytes);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size_bytes)
{
        return call_fails(ENOSPC) ? -1 : __real_write(fd, bytes, size_bytes);
}

int __wrap_ftruncate64(int fd, off_t size_bytes)
{
        return call_fails(ENOSPC) ? -1 : __real_ftruncate64(fd, size_bytes);
}

int __wrap_fsync(int fd)
{
        return call_fails(EIO) ? -1 : __real_fsync(fd);
}

int __wrap_close(int fd)
{
        int r = __real_close(fd); /* a failing close still closes */

        return call_fails(EIO) ? -1 : r;
}

int __wrap_renameat(int old_folder, const char *old_name, int new_folder, const char *new_name)
{
        return call_fails(EIO) ? -1 : __real_renameat(old_folder, old_name, new_folder, new_name);
}

int __wrap_linkat(int old_folder, const char *old_name, int new_folder, const char *new_name, int flags)
{
        return call_fails(EIO) ? -1 : __real_linkat(old_folder, old_name, new_folder, new_name, flags);
}

int __wrap_open64(const char *name, int flags, ...)
{
        mode_t mode = 0;
        va_list args;

        va_start(args, flags);
        if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
                mode = va_arg(args, mode_t);
        va_end(args);
        return call_fails(EIO) ? -1 : __real_open64(name, flags, mode);
}

int __wrap_openat64(int folder, const char *name, int flags, ...)
{
        mode_t mode = 0;
        va_list args;

        va_start(args, flags);
        if (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)))
                mode = va_arg(args, mode_t);
        va_end(args);
        return call_fails(EIO) ? -1 : __real_openat64(folder, name, flags, mode);
}

void *__wrap_malloc(size_t size_bytes)
{
        return allocation_fails() ? NULL : __real_malloc(size_bytes);
}

void *__wrap_calloc(size_t count, size_t size_bytes)
{
        return allocation_fails() ? NULL : __real_calloc(count, size_bytes);
}

void *__wrap_realloc(void *old, size_t size_bytes)
{
        return allocation_fails() ? NULL : __real_realloc(old, size_bytes);
}
