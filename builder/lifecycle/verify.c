/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <ingot/image.h>

#include "base/own.h"
#include "base/work.h"
#include "image/verify.h"
#include "lifecycle/folder.h"
#include "lifecycle/locks.h"

static enum ingot_code verify_file(const char *folder, const struct manifest_volume *volume,
                                   const struct manifest_file *file, const struct ingot_observer *observer,
                                   struct ingot_verify_report *report, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(heap_drop) char *path = folder_path(folder, file->name);
        struct verify_result result = { 0 };
        char phase[300];
        enum ingot_code r;

        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        (void)snprintf(phase, sizeof(phase), "verifying '%.200s'", file->name);
        r = image_reader_open(path, IMAGE_PAST_CACHE, &reader, err);
        if (!r && image_reader_file_bytes(reader) != file->size_bytes)
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "'%s' has %" PRIu64 " bytes; the manifest says %" PRIu64, path,
                               image_reader_file_bytes(reader), file->size_bytes);
        if (!r)
                r = verify_image(reader, &volume->map, work_processor_count(), observer, phase, &result, err);
        if (r)
                return ingot_while(err, r, "verifying '%s'", path);
        report->images++;
        report->past_cache &= result.direct;
        report->bytes_read += result.blocks_read * BLOCK_BYTES;
        report->data_blocks += block_map_data_count(&volume->map);
        report->zero_blocks += block_map_zero_count(&volume->map);
        report->absent_blocks += block_map_block_count(&volume->map) - block_map_data_count(&volume->map) -
                                 block_map_zero_count(&volume->map);
        return INGOT_OK;
}

enum ingot_code ingot_verify(const char *folder, const struct ingot_observer *observer,
                             struct ingot_verify_report *ret_report, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        struct ingot_verify_report report = { .past_cache = 1 };
        enum ingot_code r = folder_read_manifest(folder, &manifest, err);

        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                r = locks_verify(folder, &manifest->volumes[i], err);
                for (size_t j = 0; !r && j < manifest->volumes[i].file_count; j++)
                        r = verify_file(folder, &manifest->volumes[i], &manifest->volumes[i].files[j],
                                        observer, &report, err);
        }
        if (r)
                return r;
        *ret_report = report;
        return INGOT_OK;
}
