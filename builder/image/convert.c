/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/convert.h"
#include "image/verify.h"

enum { PHASE_CHARS = 255 };

enum ingot_code image_extents(struct image_reader *reader, struct extent_list *list, struct ingot_error *err)
{
        uint64_t size_bytes = image_reader_size_bytes(reader), end_bytes = 0;

        while (end_bytes < size_bytes) {
                uint64_t start_bytes;
                struct extent extent;
                enum ingot_code r = image_reader_next_range(reader, end_bytes, &start_bytes, &end_bytes, err);

                if (r)
                        return r;
                if (start_bytes == end_bytes)
                        break;
                extent = (struct extent){
                        .start_lba = start_bytes / SECTOR_BYTES,
                        .end_lba = div_up_u64(end_bytes, SECTOR_BYTES),
                        .source = image_reader_source(reader),
                        .source_offset_bytes = start_bytes,
                        .size_bytes = end_bytes - start_bytes,
                };
                r = extent_list_add(list, &extent, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

/* Replacing the file that is being read would be legal, and is never meant. */
static enum ingot_code refuse_same_file(const struct convert_request *request, struct ingot_error *err)
{
        struct stat in, out;

        if (stat(request->in_path, &in) || stat(request->out_path, &out))
                return INGOT_OK; /* opening says what is wrong with the one; the other need not be there */
        if (in.st_dev == out.st_dev && in.st_ino == out.st_ino)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' and '%s' are the same file", request->in_path,
                                  request->out_path);
        return INGOT_OK;
}

static enum ingot_code assemble_into(const struct convert_request *request, struct image_reader *reader,
                                     struct draft *draft, struct convert_result *result,
                                     struct ingot_error *err)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        OWNED(vmdk_writer_drop) struct vmdk_writer *vmdk = NULL;
        struct vmdk_identity identity = { .extent_name = draft->name };
        bool raw = request->out_format == IMAGE_RAW;
        char phase[PHASE_CHARS + 1];
        struct assemble_request assembly = {
                .extents = &extents,
                .size_bytes =
                        reader ? image_reader_size_bytes(reader) : image_input_size_bytes(request->input),
                .raw_fd = raw ? draft->fd : FD_NONE,
                .raw_path = request->out_path,
                .threads = request->threads,
                .observer = request->observer,
                .phase = phase,
        };
        enum ingot_code r = reader ? image_extents(reader, &extents, err)
                                   : image_input_extents(request->input, &extents, err);

        (void)snprintf(phase, sizeof(phase), "converting '%s'", request->in_path);
        if (!raw) /* a VMDK counts sectors */
                assembly.size_bytes = align_up_u64(assembly.size_bytes, SECTOR_BYTES);
        if (!r && !raw)
                r = vmdk_writer_new(draft->fd, request->out_path, assembly.size_bytes / SECTOR_BYTES,
                                    &identity, &request->compression, &vmdk, err);
        assembly.vmdk = vmdk;
        if (!r)
                r = assemble(&assembly, &result->map, err);
        if (r)
                return r;
        result->size_bytes = assembly.size_bytes;
        return block_map_image_digest(&result->map, &result->image_digest, err);
}

/* Reads the draft back from the disk before it gets its name. */
static enum ingot_code verify_draft(const struct convert_request *request, struct draft *draft,
                                    struct convert_result *result, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *written = NULL;
        char phase[PHASE_CHARS + 1];
        enum ingot_code r = draft_flush(draft, err);

        (void)snprintf(phase, sizeof(phase), "verifying '%s'", request->out_path);
        if (!r)
                r = image_reader_open_fd(draft->fd, request->out_path, IMAGE_PAST_CACHE, &written, err);
        if (!r)
                r = verify_image(written, &result->map, request->threads, request->observer, phase, NULL,
                                 err);
        if (r)
                return ingot_while(err, r, "verifying '%s'", request->out_path);
        result->out_file_bytes = image_reader_file_bytes(written);
        return INGOT_OK;
}

static void result_release(struct convert_result *result)
{
        block_map_release(&result->map);
}

enum ingot_code convert(const struct convert_request *request, struct convert_result *ret_result,
                        struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(draft_drop) struct draft draft = DRAFT_NONE;
        OWNED(result_release) struct convert_result result = { .size_bytes = 0 };
        enum ingot_code r;

        if (request->out_format != IMAGE_RAW && request->out_format != IMAGE_VMDK_STREAM)
                return ingot_fail(err, INGOT_E_USAGE, "a %s is read, not written",
                                  image_format_name(request->out_format));
        r = refuse_same_file(request, err);
        if (!r && !request->input)
                r = image_reader_open(request->in_path, IMAGE_CACHED, &reader, err);
        if (!r)
                r = draft_open(&draft, request->out_path, 0666, err);
        if (r)
                return r;
        result.in_format = reader ? image_reader_format(reader) : IMAGE_RAW;
        result.in_file_bytes =
                reader ? image_reader_file_bytes(reader) : image_input_size_bytes(request->input);
        r = assemble_into(request, reader, &draft, &result, err);
        if (!r)
                r = verify_draft(request, &draft, &result, err);
        if (!r)
                r = draft_publish(&draft, err);
        if (r)
                return ingot_while(err, r, "converting '%s' to '%s'", request->in_path, request->out_path);
        *ret_result = result;
        result = (struct convert_result){ .size_bytes = 0 };
        return INGOT_OK;
}
