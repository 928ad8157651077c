/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/fd.h"
#include "base/own.h"
#include "image/convert.h"
#include "image/image_input.h"
#include "image/image_reader.h"
#include "image/qemu_export.h"
#include "image/vhd_footer.h"
#include "image/vmdk_set.h"

/* One of the three is there. */
struct image_input {
        enum image_kind kind;
        struct image_reader *reader;
        struct vmdk_set *set;
        struct qemu_export *qemu;
};

/* A dynamic VHD begins and ends with the same footer; one that is cut short has lost the second. */
static enum ingot_code check_dynamic_vhd(const struct image_file *file, const uint8_t *tail,
                                         struct ingot_error *err)
{
        struct vhd_footer footer = { .size_bytes = 0 };
        enum ingot_code r;

        if (file->size_bytes < IMAGE_KIND_TAIL_BYTES)
                return ingot_fail(err, INGOT_E_FORMAT, "'%s' is a dynamic VHD that is cut short", file->path);
        r = vhd_footer_decode(tail, file->path, &footer, err);
        if (!r && footer.type != VHD_DYNAMIC)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "'%s' begins as a dynamic VHD and does not end as one: it is damaged",
                               file->path);
        return r;
}

static enum ingot_code open_qemu(const struct image_input_request *request, enum image_kind kind,
                                 struct image_input *input, struct ingot_error *err)
{
        const struct qemu_export_request asked = { .fd = request->fd,
                                                   .path = request->path,
                                                   .kind = kind,
                                                   .temp_folder = request->temp_folder,
                                                   .environment = request->environment,
                                                   .observer = request->observer };

        return qemu_export_open(&asked, &input->qemu, err);
}

/* A disk has whole sectors; a download that broke off, or an error page under the name of an image, has not. */
static enum ingot_code open_reader(const struct image_input_request *request, struct image_input *input,
                                   struct ingot_error *err)
{
        enum ingot_code r =
                image_reader_open_fd(request->fd, request->path, IMAGE_CACHED, &input->reader, err);

        if (!r && image_reader_size_bytes(input->reader) % SECTOR_BYTES)
                r = ingot_fail(err, INGOT_E_FORMAT,
                               "'%s' has %" PRIu64
                               " bytes, not whole sectors of %d: it is cut short, or no disk",
                               request->path, image_reader_size_bytes(input->reader), SECTOR_BYTES);
        return r;
}

static enum ingot_code open_kind(const struct image_input_request *request, struct image_file *file,
                                 struct image_input *input, struct ingot_error *err)
{
        uint8_t tail[IMAGE_KIND_TAIL_BYTES];
        const char *name = "";
        enum ingot_code r = image_file_kind(file, tail, &input->kind, &name, err);

        if (r)
                return r;
        switch (input->kind) {
        case IMAGE_KIND_RAW:
        case IMAGE_KIND_VMDK:
        case IMAGE_KIND_VHD_FIXED: return open_reader(request, input, err);
        case IMAGE_KIND_VMDK_DESCRIPTOR:
                if (request->folder_fd == FD_NONE)
                        return ingot_fail(err, INGOT_E_FORMAT,
                                          "'%s' is %s, and where those are is not known: give the "
                                          "descriptor by its name",
                                          request->path, name);
                return vmdk_set_open(file, request->folder_fd, &input->set, err);
        case IMAGE_KIND_VHD_DYNAMIC:
                r = check_dynamic_vhd(file, tail, err);
                return r ? r : open_qemu(request, input->kind, input, err);
        case IMAGE_KIND_QCOW2:
        case IMAGE_KIND_VHDX:
        case IMAGE_KIND_VDI: return open_qemu(request, input->kind, input, err);
        case IMAGE_KIND_GZIP:
        case IMAGE_KIND_XZ:
        case IMAGE_KIND_ZSTD:
        case IMAGE_KIND_BZIP2:
        case IMAGE_KIND_LZ4:
        case IMAGE_KIND_FOREIGN: break;
        }
        return ingot_fail(err, INGOT_E_FORMAT, "'%s' is %s, which is no disk that can be read", request->path,
                          name);
}

enum ingot_code image_input_open(const struct image_input_request *request, struct image_input **ret_input,
                                 struct ingot_error *err)
{
        OWNED(image_input_drop) struct image_input *input = calloc(1, sizeof(*input));
        OWNED(image_file_release) struct image_file file = { .fd = FD_NONE };
        enum ingot_code r;

        if (!input)
                return ingot_fail_memory(err, sizeof(*input));
        r = image_file_init(&file, request->fd, request->path, false, err);
        if (!r)
                r = open_kind(request, &file, input, err);
        if (r)
                return r;
        *ret_input = TAKE(input);
        return INGOT_OK;
}

void image_input_free(struct image_input *input)
{
        if (!input)
                return;
        image_reader_free(input->reader);
        vmdk_set_free(input->set);
        qemu_export_free(input->qemu);
        free(input);
}

void image_input_drop(struct image_input **input)
{
        image_input_free(*input);
        *input = NULL;
}

enum ingot_code image_input_kind(int fd, const char *path, enum image_kind *ret_kind, const char **ret_name,
                                 struct ingot_error *err)
{
        OWNED(image_file_release) struct image_file file = { .fd = FD_NONE };
        uint8_t tail[IMAGE_KIND_TAIL_BYTES];
        const char *name = "";
        enum ingot_code r = image_file_init(&file, fd, path, false, err);

        if (!r)
                r = image_file_kind(&file, tail, ret_kind, &name, err);
        if (!r && ret_name)
                *ret_name = name;
        return r;
}

const char *image_input_format_name(const struct image_input *input)
{
        if (input->reader)
                return image_format_name(image_reader_format(input->reader));
        if (input->set)
                return "VMDK of several files";
        switch (input->kind) {
        case IMAGE_KIND_QCOW2: return "qcow2";
        case IMAGE_KIND_VHD_DYNAMIC: return "dynamic VHD";
        case IMAGE_KIND_VHDX: return "VHDX";
        case IMAGE_KIND_VDI: return "VDI";
        case IMAGE_KIND_RAW:
        case IMAGE_KIND_VMDK:
        case IMAGE_KIND_VMDK_DESCRIPTOR:
        case IMAGE_KIND_VHD_FIXED:
        case IMAGE_KIND_GZIP:
        case IMAGE_KIND_XZ:
        case IMAGE_KIND_ZSTD:
        case IMAGE_KIND_BZIP2:
        case IMAGE_KIND_LZ4:
        case IMAGE_KIND_FOREIGN: break;
        }
        return "unknown";
}

uint64_t image_input_size_bytes(const struct image_input *input)
{
        if (input->reader)
                return image_reader_size_bytes(input->reader);
        if (input->set)
                return vmdk_set_size_bytes(input->set);
        return nbd_source_size_bytes(qemu_export_disk(input->qemu));
}

const struct byte_source *image_input_source(const struct image_input *input)
{
        if (input->reader)
                return image_reader_source(input->reader);
        if (input->set)
                return vmdk_set_source(input->set);
        return nbd_source_bytes(qemu_export_disk(input->qemu));
}

enum ingot_code image_input_extents(struct image_input *input, struct extent_list *list,
                                    struct ingot_error *err)
{
        if (input->reader)
                return image_extents(input->reader, list, err);
        if (input->set)
                return vmdk_set_extents(input->set, list, err);
        return nbd_source_extents(qemu_export_disk(input->qemu), list, err);
}
