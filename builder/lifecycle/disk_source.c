/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "content/archive_unpack.h"
#include "image/deflate_gunzip.h"
#include "image/sparse_file.h"
#include "lifecycle/disk_source.h"

enum { COPY_BYTES = 256 * 1024, PHASE_CHARS = 255 };

static const uint64_t gib = UINT64_C(1) << 30;

/* Rule 2.  A container is a little larger than the disk in it. */
static uint64_t spool_limit(const struct disk_source_request *request)
{
        uint64_t volume_bytes = (request->volume_size_gib ? request->volume_size_gib : 16384) * gib;

        return volume_bytes + volume_bytes / 64 + gib / 16;
}

/* ---- streams ---- */

static enum ingot_code copy_stream(const struct disk_source_request *request, const char *name, int fd,
                                   const struct byte_sink *sink, struct ingot_error *err)
{
        OWNED(heap_drop) uint8_t *bytes = malloc(COPY_BYTES);
        char phase[PHASE_CHARS + 1];
        uint64_t done_bytes = 0;

        if (!bytes)
                return ingot_fail_memory(err, COPY_BYTES);
        (void)snprintf(phase, sizeof(phase), "keeping '%s'", name);
        for (;;) {
                ssize_t n = read(fd, bytes, COPY_BYTES);
                enum ingot_code r = INGOT_OK;

                if (n == 0)
                        return INGOT_OK;
                if (n < 0 && errno != EINTR)
                        return ingot_fail_errno(err, "reading '%s'", name);
                if (n > 0) {
                        done_bytes += (uint64_t)n;
                        r = byte_sink_write(sink, bytes, (size_t)n, err);
                }
                if (!r)
                        r = ingot_observe(request->observer, phase, done_bytes, 0, err);
                if (r)
                        return r;
        }
}

static enum ingot_code unpack(const struct disk_source_request *request, const struct disk_source *source,
                              enum image_kind kind, const struct byte_sink *sink, struct ingot_error *err)
{
        char phase[PHASE_CHARS + 1];

        (void)snprintf(phase, sizeof(phase), "unpacking '%s'", source->name);
        if (kind == IMAGE_KIND_GZIP)
                return deflate_gunzip(source->fd, source->name, request->observer, phase, sink, err);
        return archive_unpack(source->fd, source->name, request->observer, phase, sink, err);
}

/* Rule 1: puts what comes, or what is inside, in the place of what was open.  kind is RAW for a plain copy. */
static enum ingot_code keep(const struct disk_source_request *request, struct disk_source *source,
                            enum image_kind kind, struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        OWNED(sparse_spool_release) struct sparse_spool spool = { .fd = FD_NONE };
        enum ingot_code r = fd_open_spool(request->temp_folder, &fd, err);

        if (!r)
                r = sparse_spool_init(&spool, fd, source->name, spool_limit(request), err);
        if (!r && kind == IMAGE_KIND_RAW)
                r = copy_stream(request, source->name, source->fd, &spool.sink, err);
        else if (!r)
                r = unpack(request, source, kind, &spool.sink, err);
        if (!r)
                r = sparse_spool_finish(&spool, err);
        if (r)
                return r;
        fd_drop(&source->fd);
        fd_drop(&source->folder_fd); /* what is in a stream lies beside nothing */
        source->fd = fd;
        fd = FD_NONE;
        return INGOT_OK;
}

/* ---- opening ---- */

static enum ingot_code open_folder_of(const char *path, int *ret_fd, struct ingot_error *err)
{
        const char *slash = strrchr(path, '/');
        OWNED(heap_drop)
        char *folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
        int fd;

        if (!folder)
                return ingot_fail_memory(err, strlen(path));
        fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return ingot_fail_errno(err, "opening folder '%s'", folder);
        *ret_fd = fd;
        return INGOT_OK;
}

static enum ingot_code open_path(const struct disk_source_request *request, struct disk_source *source,
                                 struct ingot_error *err)
{
        enum ingot_code r;

        if (strcmp(request->path, "-") == 0) {
                source->name = "standard input";
                source->fd = fcntl(request->input_fd, F_DUPFD_CLOEXEC, 3);
                return source->fd < 0 ? ingot_fail_errno(err, "opening standard input") : INGOT_OK;
        }
        source->name = request->path;
        r = fd_open_read(request->path, &source->fd, err);
        if (!r)
                r = open_folder_of(request->path, &source->folder_fd, err);
        return r;
}

/* Whether its bytes can be read at any place, from the first on. */
static enum ingot_code can_seek(const struct disk_source *source, bool *ret_can, struct ingot_error *err)
{
        struct stat status;

        if (fstat(source->fd, &status))
                return ingot_fail_errno(err, "looking at '%s'", source->name);
        if (S_ISDIR(status.st_mode))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is a folder, not an image", source->name);
        *ret_can =
                (S_ISREG(status.st_mode) || S_ISBLK(status.st_mode)) &&
                lseek(source->fd, 0, SEEK_CUR) == 0; /* somebody else has read standard input's beginning */
        return INGOT_OK;
}

static enum ingot_code open_input(const struct disk_source_request *request, struct disk_source *source,
                                  const char *wrapped, struct ingot_error *err)
{
        const struct image_input_request asked = { .fd = source->fd,
                                                   .path = source->name,
                                                   .folder_fd = source->folder_fd,
                                                   .temp_folder = request->temp_folder,
                                                   .environment = request->environment,
                                                   .observer = request->observer };
        enum ingot_code r = image_input_open(&asked, &source->input, err);

        if (!r)
                (void)snprintf(source->format, sizeof(source->format), "%s%s",
                               image_input_format_name(source->input), wrapped);
        return r;
}

enum ingot_code disk_source_open(const struct disk_source_request *request, struct disk_source *source,
                                 struct ingot_error *err)
{
        char wrapped[64] = "";
        bool seekable = false;
        enum ingot_code r;

        *source = (struct disk_source)DISK_SOURCE_NONE;
        r = open_path(request, source, err);
        if (!r)
                r = can_seek(source, &seekable, err);
        if (!r && !seekable)
                r = keep(request, source, IMAGE_KIND_RAW, err);
        for (unsigned layer = 0; !r; layer++) {
                enum image_kind kind = IMAGE_KIND_RAW;
                const char *kind_name = "";
                size_t used = strlen(wrapped);

                r = image_input_kind(source->fd, source->name, &kind, &kind_name, err);
                if (r || !image_kind_is_compressed(kind))
                        break;
                if (layer == DISK_SOURCE_LAYERS)
                        r = ingot_fail(err, INGOT_E_FORMAT, "'%s' is compressed more than %d times over",
                                       source->name, DISK_SOURCE_LAYERS);
                else
                        r = keep(request, source, kind, err);
                (void)snprintf(wrapped + used, sizeof(wrapped) - used, ", in %s", kind_name);
        }
        if (!r)
                r = open_input(request, source, wrapped, err);
        if (r)
                disk_source_release(source);
        return r;
}

bool disk_source_is_needed(const char *path)
{
        OWNED(fd_drop) int fd = FD_NONE;
        enum image_kind kind;

        if (fd_open_read(path, &fd, NULL) || image_input_kind(fd, path, &kind, NULL, NULL))
                return false;
        switch (kind) {
        case IMAGE_KIND_RAW:
        case IMAGE_KIND_VMDK:
        case IMAGE_KIND_VHD_FIXED:
        case IMAGE_KIND_FOREIGN: return false;
        case IMAGE_KIND_VMDK_DESCRIPTOR:
        case IMAGE_KIND_VHD_DYNAMIC:
        case IMAGE_KIND_QCOW2:
        case IMAGE_KIND_VHDX:
        case IMAGE_KIND_VDI:
        case IMAGE_KIND_GZIP:
        case IMAGE_KIND_XZ:
        case IMAGE_KIND_ZSTD:
        case IMAGE_KIND_BZIP2:
        case IMAGE_KIND_LZ4: break;
        }
        return true;
}

void disk_source_release(struct disk_source *source)
{
        image_input_free(source->input);
        source->input = NULL;
        fd_drop(&source->fd);
        fd_drop(&source->folder_fd);
}
