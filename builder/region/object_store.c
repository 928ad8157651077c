/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "region/object_store.h"

static enum ingot_code make_path(const struct region_store *store, const char *file, struct buffer *path,
                                 struct ingot_error *err)
{
        buffer_appendf(path, "%s/objects", store->folder);
        if (mkdir(path->bytes, 0700) != 0 && errno != EEXIST)
                return ingot_fail_errno(err, "making folder '%s'", path->bytes);
        buffer_appendf(path, "/%s", file);
        return buffer_check(path, err);
}

static enum ingot_code new_draft(const struct region_store *store, struct draft *draft,
                                 char file[OBJECT_FILE_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        char id[RESOURCE_ID_CHARS + 1];
        enum ingot_code r = random_resource_id("", id, err);

        if (r)
                return r;
        (void)snprintf(file, OBJECT_FILE_CHARS + 1, "%.*s", OBJECT_FILE_CHARS, id);
        r = make_path(store, file, &path, err);
        return r ? r : draft_open(draft, path.bytes, 0600, err);
}

enum ingot_code object_store_write(const struct region_store *store, const void *bytes, size_t size_bytes,
                                   char ret_file[OBJECT_FILE_CHARS + 1], struct ingot_error *err)
{
        OWNED(draft_drop) struct draft draft = DRAFT_NONE;
        enum ingot_code r = new_draft(store, &draft, ret_file, err);

        if (!r)
                r = fd_append(draft.fd, draft.path, bytes, size_bytes, err);
        return r ? r : draft_publish(&draft, err);
}

static enum ingot_code append_file(const struct draft *draft, int from_fd, uint64_t size_bytes,
                                   struct ingot_error *err)
{
        while (size_bytes) {
                ssize_t done = copy_file_range(from_fd, NULL, draft->fd, NULL, size_bytes, 0);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done < 0)
                        return ingot_fail_errno(err, "copying to '%s'", draft->path);
                if (done == 0)
                        return ingot_fail(err, INGOT_E_FORMAT, "a part of '%s' is shorter than it was",
                                          draft->path);
                size_bytes -= (uint64_t)done;
        }
        return INGOT_OK;
}

enum ingot_code object_store_join(const struct region_store *store, const struct part_record *parts,
                                  size_t count, char ret_file[OBJECT_FILE_CHARS + 1], struct ingot_error *err)
{
        OWNED(draft_drop) struct draft draft = DRAFT_NONE;
        enum ingot_code r = new_draft(store, &draft, ret_file, err);

        for (size_t i = 0; !r && i < count; i++) {
                OWNED(fd_drop) int fd = FD_NONE;

                r = object_store_open(store, parts[i].file, &fd, err);
                if (!r)
                        r = append_file(&draft, fd, parts[i].part.size_bytes, err);
        }
        return r ? r : draft_publish(&draft, err);
}

enum ingot_code object_store_open(const struct region_store *store, const char *file, int *ret_fd,
                                  struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);
        enum ingot_code r = make_path(store, file, &path, err);

        return r ? r : fd_open_read(path.bytes, ret_fd, err);
}

void object_store_remove(const struct region_store *store, const char *file)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(8192);

        if (make_path(store, file, &path, NULL) == INGOT_OK)
                (void)unlink(path.bytes); /* what stays is nobody's */
}
