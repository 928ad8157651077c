/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/image_file.h"
#include "image/image_reader.h"
#include "image/vhd_footer.h"
#include "image/vmdk_reader.h"
#include "model/block_map.h"

struct image_reader {
        struct image_file file;
        enum image_format format;
        uint64_t size_bytes;
        struct vmdk_reader *vmdk; /* NULL: the file's bytes are the disk's */
        struct byte_source source;
};

static enum ingot_code read_disk(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        struct image_reader *reader = context;

        if (reader->vmdk)
                return vmdk_reader_read(reader->vmdk, offset_bytes, bytes, size_bytes, err);
        if (offset_bytes > reader->size_bytes || size_bytes > reader->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the disk in '%s' has %" PRIu64 " bytes; %zu are wanted at byte %" PRIu64,
                                  reader->file.path, reader->size_bytes, size_bytes, offset_bytes);
        return image_file_read(&reader->file, offset_bytes, bytes, size_bytes, err);
}

static enum ingot_code ready_vmdk(struct image_reader *reader, struct ingot_error *err)
{
        enum ingot_code r = vmdk_reader_new(&reader->file, &reader->vmdk, err);

        if (r)
                return r;
        reader->format = vmdk_reader_is_stream(reader->vmdk) ? IMAGE_VMDK_STREAM : IMAGE_VMDK_SPARSE;
        reader->size_bytes = vmdk_reader_size_bytes(reader->vmdk);
        return INGOT_OK;
}

/* A fixed VHD is a raw disk with a footer behind it. */
static enum ingot_code ready_vhd(struct image_reader *reader, const uint8_t *footer_bytes,
                                 struct ingot_error *err)
{
        struct vhd_footer footer = { .size_bytes = 0 };
        enum ingot_code r = vhd_footer_decode(footer_bytes, reader->file.path, &footer, err);

        if (r)
                return r;
        if (footer.type != VHD_FIXED)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' ends as a dynamic VHD and does not begin as one: it is damaged",
                                  reader->file.path);
        if (footer.size_bytes > reader->file.size_bytes - VHD_FOOTER_BYTES)
                return ingot_fail(
                        err, INGOT_E_FORMAT, "'%s' is a VHD of %" PRIu64 " bytes and has only %" PRIu64,
                        reader->file.path, footer.size_bytes, reader->file.size_bytes - VHD_FOOTER_BYTES);
        reader->format = IMAGE_VHD_FIXED;
        reader->size_bytes = footer.size_bytes;
        return INGOT_OK;
}

enum ingot_code image_file_kind(struct image_file *file, uint8_t tail[IMAGE_KIND_TAIL_BYTES],
                                enum image_kind *ret_kind, const char **ret_name, struct ingot_error *err)
{
        uint8_t head[IMAGE_KIND_HEAD_BYTES];
        size_t head_bytes = (size_t)min_u64(file->size_bytes, sizeof(head));
        size_t tail_bytes = (size_t)min_u64(file->size_bytes, IMAGE_KIND_TAIL_BYTES);
        enum ingot_code r;

        if (file->size_bytes == 0)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is empty", file->path);
        r = image_file_read(file, 0, head, head_bytes, err);
        if (!r)
                r = image_file_read(file, file->size_bytes - tail_bytes, tail, tail_bytes, err);
        if (!r)
                *ret_kind = image_kind_of(head, head_bytes, tail, tail_bytes, ret_name);
        return r;
}

/* Tells the format and readies it. */
static enum ingot_code recognise(struct image_reader *reader, struct ingot_error *err)
{
        uint8_t tail[IMAGE_KIND_TAIL_BYTES];
        enum image_kind kind = IMAGE_KIND_RAW;
        const char *name = "";
        enum ingot_code r = image_file_kind(&reader->file, tail, &kind, &name, err);

        if (r)
                return r;
        if (kind == IMAGE_KIND_VMDK)
                return ready_vmdk(reader, err);
        if (kind == IMAGE_KIND_VHD_FIXED)
                return ready_vhd(reader, tail, err);
        if (kind != IMAGE_KIND_RAW)
                return ingot_fail(
                        err, INGOT_E_FORMAT,
                        "'%s' is %s; a raw disk, a fixed VHD, or a VMDK of one file, is what can be read",
                        reader->file.path, name);
        reader->format = IMAGE_RAW;
        reader->size_bytes = reader->file.size_bytes;
        return INGOT_OK;
}

static enum ingot_code take_as_raw(struct image_reader *reader, struct ingot_error *err)
{
        (void)err;
        reader->format = IMAGE_RAW;
        reader->size_bytes = reader->file.size_bytes;
        return INGOT_OK;
}

static enum ingot_code open_reader(int fd, const char *path, enum image_access access,
                                   enum ingot_code (*ready)(struct image_reader *reader,
                                                            struct ingot_error *err),
                                   struct image_reader **ret_reader, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = calloc(1, sizeof(*reader));
        enum ingot_code r;

        if (!reader)
                return ingot_fail_memory(err, sizeof(*reader));
        reader->file.fd = FD_NONE;
        reader->source = (struct byte_source){ .context = reader, .read = read_disk };
        r = image_file_init(&reader->file, fd, path, access == IMAGE_PAST_CACHE, err);
        if (!r)
                r = ready(reader, err);
        if (r)
                return r;
        *ret_reader = TAKE(reader);
        return INGOT_OK;
}

enum ingot_code image_reader_open_fd(int fd, const char *path, enum image_access access,
                                     struct image_reader **ret_reader, struct ingot_error *err)
{
        return open_reader(fd, path, access, recognise, ret_reader, err);
}

enum ingot_code image_reader_open_raw(int fd, const char *path, enum image_access access,
                                      struct image_reader **ret_reader, struct ingot_error *err)
{
        return open_reader(fd, path, access, take_as_raw, ret_reader, err);
}

enum ingot_code image_reader_open(const char *path, enum image_access access,
                                  struct image_reader **ret_reader, struct ingot_error *err)
{
        OWNED(fd_drop) int fd = FD_NONE;
        enum ingot_code r = fd_open_read(path, &fd, err);

        if (r)
                return r;
        return image_reader_open_fd(fd, path, access, ret_reader, err);
}

void image_reader_free(struct image_reader *reader)
{
        if (!reader)
                return;
        vmdk_reader_free(reader->vmdk);
        image_file_release(&reader->file);
        free(reader);
}

void image_reader_drop(struct image_reader **reader)
{
        image_reader_free(*reader);
        *reader = NULL;
}

enum image_format image_reader_format(const struct image_reader *reader)
{
        return reader->format;
}

const char *image_format_name(enum image_format format)
{
        switch (format) {
        case IMAGE_RAW: return "raw";
        case IMAGE_VMDK_STREAM: return "streamOptimized VMDK";
        case IMAGE_VMDK_SPARSE: return "monolithicSparse VMDK";
        case IMAGE_VHD_FIXED: return "fixed VHD";
        }
        return "unknown";
}

const char *image_reader_path(const struct image_reader *reader)
{
        return reader->file.path;
}

uint64_t image_reader_size_bytes(const struct image_reader *reader)
{
        return reader->size_bytes;
}

uint64_t image_reader_file_bytes(const struct image_reader *reader)
{
        return reader->file.size_bytes;
}

bool image_reader_is_direct(const struct image_reader *reader)
{
        return reader->file.direct;
}

const struct byte_source *image_reader_source(const struct image_reader *reader)
{
        return &reader->source;
}

enum ingot_code image_reader_next_range(struct image_reader *reader, uint64_t from_bytes,
                                        uint64_t *ret_start_bytes, uint64_t *ret_end_bytes,
                                        struct ingot_error *err)
{
        uint64_t start_bytes, end_bytes;
        enum ingot_code r;

        if (reader->vmdk)
                r = vmdk_reader_next_data(reader->vmdk, from_bytes, &start_bytes, &end_bytes, err);
        else
                r = image_file_next_data(&reader->file, from_bytes, &start_bytes, &end_bytes, err);
        if (r)
                return r;
        if (start_bytes >= reader->size_bytes) {
                *ret_start_bytes = *ret_end_bytes = reader->size_bytes;
                return INGOT_OK;
        }
        *ret_start_bytes = max_u64(start_bytes - start_bytes % BLOCK_BYTES, from_bytes);
        *ret_end_bytes = min_u64(align_up_u64(end_bytes, BLOCK_BYTES), reader->size_bytes);
        return INGOT_OK;
}
