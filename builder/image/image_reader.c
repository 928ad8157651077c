/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/image_file.h"
#include "image/image_reader.h"
#include "image/vmdk_reader.h"
#include "model/block_map.h"

enum { HEAD_BYTES = 512, VHD_FOOTER_BYTES = 512 };

struct image_reader {
        struct image_file file;
        enum image_format format;
        uint64_t size_bytes;
        struct vmdk_reader *vmdk; /* NULL: raw */
        struct byte_source source;
};

/* What else an image file may turn out to be: its first bytes, or those at another place. */
static const struct {
        size_t at_bytes;
        const char *magic;
        size_t magic_bytes;
        const char *kind;
} foreign_kinds[] = {
        { 0, "QFI\xfb", 4, "a qcow2 image" },
        { 0, "QED\0", 4, "a QED image" },
        { 0, "conectix", 8, "a dynamic VHD image" },
        { 0, "vhdxfile", 8, "a VHDX image" },
        { 64, "\x7f\x10\xda\xbe", 4, "a VDI image" },
        { 0, "COWD", 4, "an ESX COWD image" },
        { 0, "\xbe\xba\xfe\xca\0\0\0\0", 8, "an ESX SEsparse image" },
        { 0, "# Disk DescriptorFile", 21, "the descriptor of a VMDK that is in another file" },
        { 0, "WithoutFreeSpace", 16, "a Parallels image" },
        { 0, "WithouFreSpacExt", 16, "a Parallels image" },
        { 0, "LPKSHHRH", 8, "a VirtualBox disk map" },
        { 0,
          "\xfd"
          "7zXZ\0",
          6, "an xz file" },
        { 0, "\x1f\x8b\x08", 3, "a gzip file" },
        { 0, "\x28\xb5\x2f\xfd", 4, "a zstd file" },
        { 0, "BZh", 3, "a bzip2 file" },
        { 0, "\x04\x22\x4d\x18", 4, "an lz4 file" },
        { 0, "LZIP", 4, "an lzip file" },
        { 0, "7z\xbc\xaf\x27\x1c", 6, "a 7z archive" },
        { 0, "PK\x03\x04", 4, "a zip archive" },
        { 257, "ustar", 5, "a tar or OVA archive" },
        { 0, "!<arch>\n", 8, "an ar archive" },
        { 0,
          "\x7f"
          "ELF",
          4, "an ELF program" },
};

static enum ingot_code refuse_foreign(struct image_file *file, const uint8_t *head, size_t head_bytes,
                                      struct ingot_error *err)
{
        uint8_t footer[VHD_FOOTER_BYTES];
        const char *kind = NULL;

        for (size_t i = 0; i < sizeof(foreign_kinds) / sizeof(foreign_kinds[0]) && !kind; i++) {
                size_t at = foreign_kinds[i].at_bytes, magic_bytes = foreign_kinds[i].magic_bytes;

                if (at + magic_bytes <= head_bytes && !memcmp(head + at, foreign_kinds[i].magic, magic_bytes))
                        kind = foreign_kinds[i].kind;
        }
        if (!kind && file->size_bytes >= 2 * VHD_FOOTER_BYTES) {
                enum ingot_code r = image_file_read(file, file->size_bytes - VHD_FOOTER_BYTES, footer,
                                                    VHD_FOOTER_BYTES, err);

                if (r)
                        return r;
                if (!memcmp(footer, "conectix", 8))
                        kind = "a fixed VHD image";
        }
        if (kind)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "'%s' is %s; a raw disk, or a VMDK of one file, is what can be read",
                                  file->path, kind);
        return INGOT_OK;
}

static enum ingot_code read_disk(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                 struct ingot_error *err)
{
        struct image_reader *reader = context;

        if (reader->vmdk)
                return vmdk_reader_read(reader->vmdk, offset_bytes, bytes, size_bytes, err);
        return image_file_read(&reader->file, offset_bytes, bytes, size_bytes, err);
}

/* Tells the format and readies it. */
static enum ingot_code recognise(struct image_reader *reader, struct ingot_error *err)
{
        uint8_t head[HEAD_BYTES];
        size_t head_bytes = (size_t)min_u64(reader->file.size_bytes, sizeof(head));
        enum ingot_code r;

        if (reader->file.size_bytes == 0)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is empty", reader->file.path);
        r = image_file_read(&reader->file, 0, head, head_bytes, err);
        if (r)
                return r;
        if (vmdk_is_header(head, head_bytes)) {
                r = vmdk_reader_new(&reader->file, &reader->vmdk, err);
                if (r)
                        return r;
                reader->format = vmdk_reader_is_stream(reader->vmdk) ? IMAGE_VMDK_STREAM : IMAGE_VMDK_SPARSE;
                reader->size_bytes = vmdk_reader_size_bytes(reader->vmdk);
                return INGOT_OK;
        }
        reader->format = IMAGE_RAW;
        reader->size_bytes = reader->file.size_bytes;
        return refuse_foreign(&reader->file, head, head_bytes, err);
}

enum ingot_code image_reader_open_fd(int fd, const char *path, enum image_access access,
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
                r = recognise(reader, err);
        if (r)
                return r;
        *ret_reader = TAKE(reader);
        return INGOT_OK;
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
