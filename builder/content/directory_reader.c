/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/checked.h"
#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "content/directory_reader.h"
#include "content/run_writer.h"
#include "content/tree_edit.h"

enum { READ_BYTES = 256 * 1024, PATH_CEILING_BYTES = 1 << 20, NAMES_MAX = 10000000 };

static const char digest_prefix[] = "ingot directory 1\n";

/* One folder that is being read: its names, and how many of them are done. */
struct level {
        int fd;
        struct tree_entry *entry; /* of the tree */
        char **names;
        size_t name_count, name_capacity, next;
        size_t path_bytes; /* of the path up to here */
};

struct reader {
        struct tree *tree;
        struct content_store *store;
        const struct placement_owner *owner;
        struct buffer path; /* of what is being read: top, then relative */
        struct digest_stream *digest, *file_digest;
        struct directory_report report;
        struct level levels[DIRECTORY_DEPTH_MAX];
        size_t depth;
        struct run_writer writer;
        uint8_t bytes[READ_BYTES];
};

static void level_release(struct level *level)
{
        for (size_t i = 0; i < level->name_count; i++)
                free(level->names[i]);
        free(level->names);
        fd_drop(&level->fd);
}

static void reader_free(struct reader *reader)
{
        if (!reader)
                return;
        while (reader->depth > 0)
                level_release(&reader->levels[--reader->depth]);
        buffer_release(&reader->path);
        digest_stream_free(reader->digest);
        digest_stream_free(reader->file_digest);
        free(reader);
}

static void reader_drop(struct reader **reader)
{
        reader_free(*reader);
        *reader = NULL;
}

/* ---- one file ---- */

static uint16_t file_mode(const struct stat *status)
{
        return status->st_mode & S_IXUSR ? 0755 : 0644;
}

/* Reads a whole file into inode, and its digest on the way. */
static enum ingot_code read_content(struct reader *reader, int fd, uint64_t size_bytes,
                                    const struct byte_source *in_place, struct tree_inode *inode,
                                    struct digest *ret_digest, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        run_writer_init(&reader->writer, inode, reader->store, 0);
        for (uint64_t at = 0; !r && at < size_bytes;) {
                size_t piece_bytes = (size_t)min_u64(READ_BYTES, size_bytes - at);
                const struct run_piece piece = { .file_offset_bytes = at,
                                                 .bytes = reader->bytes,
                                                 .size_bytes = piece_bytes,
                                                 .source = in_place,
                                                 .source_offset_bytes = at };

                r = fd_read_at(fd, reader->path.bytes, at, reader->bytes, piece_bytes, err);
                if (r == INGOT_E_FORMAT)
                        r = ingot_fail(err, INGOT_E_CHECKSUM, "'%s' became shorter while it was being read",
                                       reader->path.bytes);
                if (r)
                        break;
                digest_stream_update(reader->file_digest, reader->bytes, piece_bytes);
                r = run_writer_put(&reader->writer, &piece, err);
                at += piece_bytes;
        }
        if (!r)
                r = run_writer_finish(&reader->writer, size_bytes, err);
        return r ? r : digest_stream_finish(reader->file_digest, ret_digest, err);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Makes the inode of an open file (rule 5). */
static enum ingot_code read_open_file(struct reader *reader, int fd, struct tree_inode **ret_inode,
                                      struct digest *ret_digest, struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        const struct byte_source *in_place = NULL;
        const char *path = reader->path.bytes;
        struct stat before, after;
        enum ingot_code r = INGOT_OK;

        if (fstat(fd, &before))
                return ingot_fail_errno(err, "looking at '%s'", path);
        if (!S_ISREG(before.st_mode))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not a regular file", path);
        inode = tree_inode_new(TREE_FILE);
        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        inode->mode = file_mode(&before);
        inode->mtime = (struct tree_time)TREE_EDIT_EPOCH;
        if (before.st_size > DIRECTORY_SPOOL_BYTES)
                r = store_adopt(reader->store, path, &fd, STORE_OPEN_ON_DEMAND, &in_place, err);
        if (!r)
                r = read_content(reader, fd, (uint64_t)before.st_size, in_place, inode, ret_digest, err);
        if (r)
                return r;
        if (fstat(fd, &after))
                return ingot_fail_errno(err, "looking at '%s'", path);
        if (!is_same_file(&before, &after))
                return ingot_fail(err, INGOT_E_CHECKSUM, "'%s' changed while it was being read", path);
        reader->report.files++;
        reader->report.data_bytes += (uint64_t)before.st_size;
        *ret_inode = TAKE(inode);
        return INGOT_OK;
}

/* ---- entries ---- */

static const char *relative_path(const struct reader *reader)
{
        return reader->path.bytes + reader->levels[0].path_bytes + 1;
}

static void digest_entry(struct reader *reader, char kind)
{
        const char *path = relative_path(reader);
        size_t path_bytes = strlen(path);
        uint8_t head[5] = { (uint8_t)kind };

        put_be32(head + 1, (uint32_t)path_bytes);
        digest_stream_update(reader->digest, head, sizeof(head));
        digest_stream_update(reader->digest, path, path_bytes);
}

static enum ingot_code put(struct reader *reader, const char *name, struct tree_inode *inode,
                           struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *taken = inode;
        const struct placement place = { .parent = reader->levels[reader->depth - 1].entry,
                                         .name = name,
                                         .name_bytes = strlen(name) };

        for (size_t i = 0; i < reader->depth; i++) {
                enum ingot_code r = placement_check(&place, reader->levels[i].entry, err);

                if (r)
                        return r;
        }
        placement_own(taken, reader->owner);
        return tree_put(reader->tree, place.parent, name, place.name_bytes, TAKE(taken), NULL, err);
}

static enum ingot_code read_file(struct reader *reader, const char *name, struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        struct tree_inode *inode = NULL;
        struct digest digest;
        uint8_t size[8];
        enum ingot_code r;

        /* O_NONBLOCK: a fifo that has just taken the file's name does not hang us. */
        fd = openat(reader->levels[reader->depth - 1].fd, name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", reader->path.bytes);
        r = read_open_file(reader, fd, &inode, &digest, err);
        if (r)
                return r;
        digest_entry(reader, inode->mode & 0100 ? 'x' : 'f');
        put_be64(size, inode->size_bytes);
        digest_stream_update(reader->digest, size, sizeof(size));
        digest_stream_update(reader->digest, digest.bytes, DIGEST_BYTES);
        return put(reader, name, inode, err);
}

static enum ingot_code read_symlink(struct reader *reader, const char *name, struct ingot_error *err)
{
        OWNED(tree_inode_drop) struct tree_inode *inode = tree_inode_new(TREE_SYMLINK);
        ssize_t target_bytes;
        uint8_t size[4];

        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        target_bytes = readlinkat(reader->levels[reader->depth - 1].fd, name, (char *)reader->bytes,
                                  TREE_TARGET_MAX_BYTES + 1);
        if (target_bytes < 0)
                return ingot_fail_errno(err, "reading the symlink '%s'", reader->path.bytes);
        if (target_bytes == 0 || target_bytes > TREE_TARGET_MAX_BYTES)
                return ingot_fail(err, INGOT_E_USAGE, "the symlink '%s' has a target of %zd bytes",
                                  reader->path.bytes, target_bytes);
        inode->target = strndup((const char *)reader->bytes, (size_t)target_bytes);
        if (!inode->target)
                return ingot_fail_memory(err, (uint64_t)target_bytes + 1);
        inode->mode = 0777;
        inode->mtime = (struct tree_time)TREE_EDIT_EPOCH;
        digest_entry(reader, 'l');
        put_be32(size, (uint32_t)target_bytes);
        digest_stream_update(reader->digest, size, sizeof(size));
        digest_stream_update(reader->digest, inode->target, (size_t)target_bytes);
        return put(reader, name, TAKE(inode), err);
}

/* ---- folders ---- */

static int compare_names(const void *left, const void *right)
{
        return strcmp(*(char *const *)left, *(char *const *)right);
}

static enum ingot_code add_name(struct level *level, const char *name, struct ingot_error *err)
{
        if (level->name_count == level->name_capacity) {
                size_t capacity = level->name_capacity ? level->name_capacity * 2 : 32;
                char **names = NULL;

                if (capacity <= NAMES_MAX)
                        names = reallocarray(level->names, capacity, sizeof(*names));
                if (!names)
                        return ingot_fail_memory(err, capacity * sizeof(char *));
                level->names = names;
                level->name_capacity = capacity;
        }
        level->names[level->name_count] = strdup(name);
        if (!level->names[level->name_count])
                return ingot_fail_memory(err, strlen(name) + 1);
        level->name_count++;
        return INGOT_OK;
}

static enum ingot_code list_names(struct reader *reader, struct level *level, struct ingot_error *err)
{
        int fd = fcntl(level->fd, F_DUPFD_CLOEXEC, 3);
        DIR *directory = fd < 0 ? NULL : fdopendir(fd);
        struct dirent *item;
        enum ingot_code r = INGOT_OK;

        if (!directory) {
                r = ingot_fail_errno(err, "listing '%s'", reader->path.bytes);
                fd_drop(&fd);
                return r;
        }
        while (!r && (errno = 0, item = readdir(directory)))
                if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
                        r = add_name(level, item->d_name, err);
        if (!r && errno)
                r = ingot_fail_errno(err, "listing '%s'", reader->path.bytes);
        (void)closedir(directory); /* read only */
        if (!r && level->name_count > 1)
                qsort(level->names, level->name_count, sizeof(*level->names), compare_names);
        return r;
}

/* Begins a folder; fd is taken. */
static enum ingot_code push_level(struct reader *reader, int *fd, struct tree_entry *entry,
                                  struct ingot_error *err)
{
        struct level *level = &reader->levels[reader->depth];

        if (reader->depth == DIRECTORY_DEPTH_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is more than %d folders deep", reader->path.bytes,
                                  DIRECTORY_DEPTH_MAX);
        *level = (struct level){ .fd = *fd, .entry = entry, .path_bytes = reader->path.size_bytes };
        *fd = FD_NONE;
        reader->depth++;
        return list_names(reader, level, err);
}

/* The directory of the tree that a folder's entries go to (rule 2). */
static enum ingot_code enter_directory(struct reader *reader, const char *name, struct tree_entry **ret_entry,
                                       struct ingot_error *err)
{
        const struct placement place = { .parent = reader->levels[reader->depth - 1].entry,
                                         .name = name,
                                         .name_bytes = strlen(name) };
        bool through_link;
        struct tree_entry *entry = placement_directory(reader->tree, &place, &through_link);
        struct tree_inode *inode;

        if (entry) {
                *ret_entry = entry;
                return INGOT_OK;
        }
        inode = placement_new_directory(reader->owner);
        if (!inode)
                return ingot_fail_memory(err, sizeof(*inode));
        return tree_put(reader->tree, place.parent, name, place.name_bytes, inode, ret_entry, err);
}

static enum ingot_code read_folder(struct reader *reader, const char *name, struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        struct tree_entry *entry;
        enum ingot_code r = enter_directory(reader, name, &entry, err);

        if (r)
                return r;
        fd = openat(reader->levels[reader->depth - 1].fd, name,
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", reader->path.bytes);
        digest_entry(reader, 'd');
        return push_level(reader, &fd, entry, err);
}

static enum ingot_code read_entry(struct reader *reader, const char *name, struct ingot_error *err)
{
        struct stat status;

        if (fstatat(reader->levels[reader->depth - 1].fd, name, &status, AT_SYMLINK_NOFOLLOW))
                return ingot_fail_errno(err, "looking at '%s'", reader->path.bytes);
        if (S_ISREG(status.st_mode))
                return read_file(reader, name, err);
        if (S_ISDIR(status.st_mode))
                return read_folder(reader, name, err);
        if (S_ISLNK(status.st_mode))
                return read_symlink(reader, name, err);
        return ingot_fail(err, INGOT_E_USAGE,
                          "'%s' is a device, socket or fifo; a directory source holds files, folders and "
                          "symlinks: use an archive",
                          reader->path.bytes);
}

/* Forgets the part of the path below the folder being read, and appends name. */
static enum ingot_code set_path(struct reader *reader, const struct level *level, const char *name,
                                struct ingot_error *err)
{
        reader->path.size_bytes = level->path_bytes;
        reader->path.bytes[level->path_bytes] = '\0';
        buffer_append_char(&reader->path, '/');
        buffer_append_text(&reader->path, name);
        return buffer_check(&reader->path, err);
}

static enum ingot_code read_all(struct reader *reader, struct ingot_error *err)
{
        while (reader->depth > 0) {
                struct level *level = &reader->levels[reader->depth - 1];
                const char *name;
                enum ingot_code r;

                if (level->next == level->name_count) {
                        level_release(level);
                        reader->depth--;
                        continue;
                }
                name = level->names[level->next++];
                r = set_path(reader, level, name, err);
                if (!r)
                        r = read_entry(reader, name, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static enum ingot_code reader_new(struct tree *tree, struct content_store *store, const char *path,
                                  struct reader **ret_reader, struct ingot_error *err)
{
        OWNED(reader_drop) struct reader *reader = calloc(1, sizeof(*reader));
        enum ingot_code r;

        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        reader->tree = tree;
        reader->store = store;
        buffer_init(&reader->path, PATH_CEILING_BYTES);
        buffer_append_text(&reader->path, path);
        r = buffer_check(&reader->path, err);
        if (!r)
                r = digest_stream_new(&reader->digest, err);
        if (!r)
                r = digest_stream_new(&reader->file_digest, err);
        if (r)
                return r;
        *ret_reader = TAKE(reader);
        return INGOT_OK;
}

enum ingot_code directory_read_into(struct tree *tree, struct tree_entry *destination,
                                    struct content_store *store, const char *path,
                                    const struct placement_owner *owner, struct directory_report *ret_report,
                                    struct ingot_error *err)
{
        OWNED(reader_drop) struct reader *reader = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r = reader_new(tree, store, path, &reader, err);

        if (r)
                return r;
        reader->owner = owner;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "there is no folder '%s'", path);
        if (fd < 0 && errno == ENOTDIR)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is not a folder", path);
        if (fd < 0)
                return ingot_fail_errno(err, "opening '%s'", path);
        digest_stream_update(reader->digest, digest_prefix, sizeof(digest_prefix) - 1);
        r = push_level(reader, &fd, destination, err);
        if (!r)
                r = read_all(reader, err);
        if (!r)
                r = digest_stream_finish(reader->digest, &reader->report.digest, err);
        if (r)
                return ingot_while(err, r, "reading folder '%s'", path);
        if (ret_report)
                *ret_report = reader->report;
        return INGOT_OK;
}

enum ingot_code directory_read_file(struct content_store *store, const char *path,
                                    const struct digest *expected, struct tree_inode **ret_inode,
                                    struct digest *ret_digest, struct ingot_error *err)
{
        OWNED(reader_drop) struct reader *reader = NULL;
        OWNED(tree_inode_drop) struct tree_inode *inode = NULL;
        OWNED(fd_drop) int fd = FD_NONE;
        struct digest digest;
        struct stat status;
        enum ingot_code r = reader_new(NULL, store, path, &reader, err);

        if (!r && stat(path, &status) == 0 && !S_ISREG(status.st_mode)) /* to open a fifo might hang */
                r = ingot_fail(err, INGOT_E_USAGE, "'%s' is not a regular file", path);
        if (!r)
                r = fd_open_read(path, &fd, err);
        if (!r)
                r = read_open_file(reader, fd, &inode, &digest, err);
        if (r)
                return r;
        if (expected && !digest_equal(expected, &digest)) {
                char is[DIGEST_HEX_CHARS + 1], wanted[DIGEST_HEX_CHARS + 1];

                hex_encode(digest.bytes, DIGEST_BYTES, is);
                hex_encode(expected->bytes, DIGEST_BYTES, wanted);
                return ingot_fail(err, INGOT_E_CHECKSUM, "'%s' has SHA-256 %s; expected %s", path, is,
                                  wanted);
        }
        *ret_inode = TAKE(inode);
        if (ret_digest)
                *ret_digest = digest;
        return INGOT_OK;
}
