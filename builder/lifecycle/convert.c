/* SPDX-License-Identifier: Apache-2.0 */
#include <ingot/build.h>
#include <ingot/image.h>

#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/convert.h"
#include "lifecycle/compression.h"
#include "lifecycle/disk_source.h"

/* The format asked for, or the other one than the input's. */
static enum ingot_code choose_format(const struct ingot_convert_request *request,
                                     const struct disk_source *source, enum image_format *ret_format,
                                     struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        enum ingot_code r;

        if (request->format == INGOT_FORMAT_RAW || request->format == INGOT_FORMAT_VMDK) {
                *ret_format = request->format == INGOT_FORMAT_RAW ? IMAGE_RAW : IMAGE_VMDK_STREAM;
                return INGOT_OK;
        }
        if (request->format)
                return ingot_fail(err, INGOT_E_USAGE, "one format at a time: raw or vmdk");
        if (source->input) { /* neither of the two */
                *ret_format = IMAGE_RAW;
                return INGOT_OK;
        }
        r = image_reader_open(request->input, IMAGE_CACHED, &reader, err);
        if (r)
                return r;
        *ret_format = image_reader_format(reader) == IMAGE_RAW ? IMAGE_VMDK_STREAM : IMAGE_RAW;
        return INGOT_OK;
}

enum ingot_code ingot_convert(const struct ingot_convert_request *request,
                              const struct ingot_observer *observer, struct ingot_error *err)
{
        struct convert_request asked = { .in_path = request->input,
                                         .out_path = request->output,
                                         .threads =
                                                 request->threads ? request->threads : work_processor_count(),
                                         .observer = observer };
        const struct disk_source_request source_asked = { .path = request->input,
                                                          .input_fd = FD_NONE,
                                                          .temp_folder = request->temp_folder,
                                                          .environment = request->environment,
                                                          .observer = observer };
        OWNED(disk_source_release) struct disk_source source = DISK_SOURCE_NONE;
        struct convert_result result = { 0 };
        enum ingot_code r;

        r = compression_choose(request->compressor, request->compression_level, &asked.compression, err);
        if (!r && request->temp_folder && disk_source_is_needed(request->input))
                r = disk_source_open(&source_asked, &source, err);
        asked.input = source.input;
        if (!r)
                r = choose_format(request, &source, &asked.out_format, err);
        if (!r)
                r = convert(&asked, &result, err);
        if (!r)
                block_map_release(&result.map);
        return ingot_while(err, r, "converting '%s' to '%s'", request->input, request->output);
}
