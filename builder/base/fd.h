/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BASE_FD_H
#define BASE_FD_H

/* builder/base/fd.h
 * fd: descriptors that are closed once, transfers that are complete, and files that appear whole.
 *
 * Rules    (1) Every descriptor is opened O_CLOEXEC; FD_NONE when empty.
 *          (2) A transfer moves all its bytes or fails; EINTR is not seen by the caller.
 *          (3) A written file ends in fd_settle(); fd_drop() is for the failing path.
 *          (4) A draft has no name until draft_publish() has settled it: the old file or the whole new
 *              one is under the path at any moment, also after SIGKILL.  Nothing else renames.  A draft that is
 *              resumed has the name PATH.part meanwhile.
 * Tests    tests/unit/base/test_fd.c, tests/fault/test_fd_fault.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { FD_NONE = -1 };

/* Closes *fd without a look at the result; for OWNED. */
void fd_drop(int *fd);

/*
 * Flushes and closes *fd; *fd is FD_NONE afterwards, whatever the result.
 *
 * Fails with   INGOT_E_SYSTEM  fsync or close failed; path is named
 */
enum ingot_code fd_settle(int *fd, const char *path, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Opens path for reading.
 *
 * Fails with   INGOT_E_NOT_FOUND  no such file
 *              INGOT_E_SYSTEM     anything else
 */
enum ingot_code fd_open_read(const char *path, int *ret_fd, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Tells the size of a regular file or block device.
 *
 * Fails with   INGOT_E_SYSTEM  fstat or lseek failed
 *              INGOT_E_USAGE   neither a regular file nor a block device
 */
enum ingot_code fd_size(int fd, const char *path, uint64_t *ret_size_bytes,
                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads exactly size_bytes at offset_bytes.
 *
 * Fails with   INGOT_E_SYSTEM  pread failed
 *              INGOT_E_FORMAT  the file ends before offset_bytes + size_bytes
 */
enum ingot_code fd_read_at(int fd, const char *path, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes exactly size_bytes at offset_bytes.
 *
 * Fails with   INGOT_E_SYSTEM  pwrite failed
 */
enum ingot_code fd_write_at(int fd, const char *path, uint64_t offset_bytes, const void *bytes,
                            size_t size_bytes, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Writes exactly size_bytes where fd stands: a pipe, or a file that is written front to back.
 *
 * Fails with   INGOT_E_SYSTEM  write failed
 */
enum ingot_code fd_append(int fd, const char *path, const void *bytes, size_t size_bytes,
                          struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads a whole file of at most ceiling_bytes.
 *
 * ret_bytes    owned by the caller (free); a NUL that ret_size_bytes does not count follows.
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_SYSTEM, INGOT_E_MEMORY (also: larger than ceiling_bytes)
 */
enum ingot_code fd_read_file(const char *path, size_t ceiling_bytes, char **ret_bytes, size_t *ret_size_bytes,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Makes a folder and its missing parents with mode 0777 less umask; one that exists is fine.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code fd_make_folders(const char *path, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Opens a file that is only ever appended to, for reading too; made when missing, with its name flushed.
 *
 * mode         permission bits before umask
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code fd_open_log(const char *path, unsigned mode, int *ret_fd,
                            struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Flushes what was written through fd, which stays open.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code fd_flush(int fd, const char *path, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Takes the lock of an open file, without waiting; it ends with the descriptor, and with the process.
 *
 * Fails with   INGOT_E_CONFLICT  somebody else has it
 *              INGOT_E_SYSTEM
 */
enum ingot_code fd_lock(int fd, const char *path, struct ingot_error *err) INGOT_MUST_CHECK;

/* A file that is being written and has not yet its name. */
struct draft {
        int fd;               /* write through this; FD_NONE once published or dropped */
        int folder_fd;        /* owned */
        char *path, *name;    /* owned; name is the last part of path */
        char *temporary_name; /* owned; NULL while the file has no name at all (O_TMPFILE) */
        bool is_kept;         /* dropping it leaves it under its temporary name: draft_resume() */
};

#define DRAFT_NONE                                                                                           \
        {                                                                                                    \
                .fd = FD_NONE, .folder_fd = FD_NONE                                                          \
        }

/*
 * Opens a draft of path, in the folder where path will be; readable and writable, empty.
 *
 * mode         permission bits before umask
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code draft_open(struct draft *draft, const char *path, unsigned mode,
                           struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Opens a draft that is called PATH.part from the start, and stays there when it is dropped: what an earlier call left
 * there is gone on with.  It is this process's alone until it is published or dropped.
 *
 * Fails with   INGOT_E_CONFLICT  another process has it open so
 *              INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code draft_resume(struct draft *draft, const char *path, unsigned mode,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Drops a draft by draft_resume() and removes its file. */
void draft_discard(struct draft *draft);

/*
 * Flushes a draft that stays open: what is read past the page cache from now on is what was written.
 *
 * Fails with   INGOT_E_SYSTEM
 */
enum ingot_code draft_flush(struct draft *draft, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Flushes the draft, puts it under its path (replacing what was there) and flushes the folder.
 *
 * Fails with   INGOT_E_SYSTEM  and path is as it was, unless only the folder's flush failed
 */
enum ingot_code draft_publish(struct draft *draft, struct ingot_error *err) INGOT_MUST_CHECK;

/* Forgets a draft that was not published; for OWNED. */
void draft_drop(struct draft *draft);

/*
 * Writes a small file whole: draft, write, publish.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code fd_replace_file(const char *path, const void *bytes, size_t size_bytes, unsigned mode,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Opens an unnamed file in folder that vanishes with its descriptor: spool space.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_MEMORY
 */
enum ingot_code fd_open_spool(const char *folder, int *ret_fd, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
