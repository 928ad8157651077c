/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "base/work.h"
#include "image/assemble.h"
#include "image/verify.h"
#include "lifecycle/compression.h"
#include "lifecycle/folder.h"
#include "lifecycle/prepare.h"

enum { PLAN_MAX_BYTES = 64 << 20 };

/* One volume's outputs while they have no names yet. */
struct outputs {
        struct draft raw, vmdk;
        struct vmdk_writer *writer;
        struct block_map map;
        char raw_name[FOLDER_IMAGE_NAME_BYTES], vmdk_name[FOLDER_IMAGE_NAME_BYTES];
};

#define OUTPUTS_NONE                                                                                         \
        {                                                                                                    \
                .raw = DRAFT_NONE, .vmdk = DRAFT_NONE                                                        \
        }

static void outputs_release(struct outputs *outputs)
{
        vmdk_writer_free(outputs->writer);
        draft_drop(&outputs->raw);
        draft_drop(&outputs->vmdk);
        block_map_release(&outputs->map);
}

struct builder {
        const struct ingot_build_request *request;
        const struct ingot_observer *observer;
        struct compression compression;
        unsigned threads;
        struct preparation *preparation;
};

static enum ingot_code open_draft(const char *folder, const char *name, struct draft *draft,
                                  struct ingot_error *err)
{
        OWNED(heap_drop) char *path = folder_path(folder, name);

        return path ? draft_open(draft, path, 0666, err) : ingot_fail_memory(err, strlen(folder));
}

static enum ingot_code open_outputs(const struct builder *builder, const struct volume *volume,
                                    struct outputs *outputs, struct ingot_error *err)
{
        struct vmdk_identity identity = { .extent_name = outputs->vmdk_name };
        enum ingot_code r = INGOT_OK;

        folder_image_name(volume->layout.device_name, "raw", outputs->raw_name);
        folder_image_name(volume->layout.device_name, "vmdk", outputs->vmdk_name);
        if (builder->request->formats & INGOT_FORMAT_RAW)
                r = open_draft(builder->request->folder, outputs->raw_name, &outputs->raw, err);
        if (!r && (builder->request->formats & INGOT_FORMAT_VMDK)) {
                r = open_draft(builder->request->folder, outputs->vmdk_name, &outputs->vmdk, err);
                if (!r)
                        r = vmdk_writer_new(outputs->vmdk.fd, outputs->vmdk.path, volume->layout.size_sectors,
                                            &identity, &builder->compression, &outputs->writer, err);
        }
        return r;
}

/* Flushes a draft, reads it back from the disk, compares it with the digests taken while it was written. */
static enum ingot_code prove_draft(const struct builder *builder, struct draft *draft,
                                   const struct block_map *map, uint64_t *ret_file_bytes,
                                   struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        char phase[300];
        enum ingot_code r;

        (void)snprintf(phase, sizeof(phase), "verifying '%.200s'", draft->name);
        r = ingot_observe(builder->observer, phase, 0, 0, err);
        if (!r)
                r = draft_flush(draft, err);
        if (!r)
                r = image_reader_open_fd(draft->fd, draft->path, IMAGE_PAST_CACHE, &reader, err);
        if (!r)
                r = verify_image(reader, map, builder->threads, builder->observer, phase, NULL, err);
        if (r)
                return ingot_while(err, r, "verifying '%s'", draft->path);
        *ret_file_bytes = image_reader_file_bytes(reader);
        return INGOT_OK;
}

static enum ingot_code describe_raw(struct manifest_volume *described, const struct outputs *outputs,
                                    uint64_t file_bytes, struct ingot_error *err)
{
        struct manifest_file file = { .format = MANIFEST_RAW,
                                      .name = (char *)outputs->raw_name,
                                      .size_bytes = file_bytes };

        return manifest_add_file(described, &file, err);
}

static enum ingot_code describe_vmdk(const struct builder *builder, struct manifest_volume *described,
                                     struct outputs *outputs, uint64_t file_bytes, struct ingot_error *err)
{
        char version[COMPRESSION_TEXT_CHARS + 1], name[COMPRESSION_TEXT_CHARS + 1];
        struct manifest_file file = { .format = MANIFEST_VMDK,
                                      .name = outputs->vmdk_name,
                                      .size_bytes = file_bytes,
                                      .has_digest = true,
                                      .compressor = name,
                                      .compressor_version = version,
                                      .compression_level = (uint32_t)builder->compression.level };
        enum ingot_code r;

        compression_print(&builder->compression, name);
        name[strcspn(name, "-")] = '\0'; /* "libdeflate-6": the level has a member of its own */
        compression_print_version(&builder->compression, version);
        r = file_digest(outputs->vmdk.fd, outputs->vmdk.path, builder->observer, "hashing the VMDK",
                        &file.digest, err);
        return r ? r : manifest_add_file(described, &file, err);
}

static enum ingot_code write_volume(const struct builder *builder, struct volume *volume, size_t index,
                                    struct ingot_error *err)
{
        OWNED(outputs_release) struct outputs outputs = OUTPUTS_NONE;
        struct manifest_volume *described = &builder->preparation->manifest->volumes[index];
        struct assemble_request asked = { .extents = &volume->extents,
                                          .size_bytes = volume->layout.size_sectors * SECTOR_BYTES,
                                          .threads = builder->threads,
                                          .observer = builder->observer };
        uint64_t raw_bytes = 0, vmdk_bytes = 0;
        char phase[300];
        enum ingot_code r;

        (void)snprintf(phase, sizeof(phase), "writing volume '%.200s'", volume->layout.device_name);
        r = open_outputs(builder, volume, &outputs, err);
        if (r)
                return r;
        asked.raw_fd = outputs.raw.fd;
        asked.raw_path = outputs.raw.path;
        asked.vmdk = outputs.writer;
        asked.phase = phase;
        r = assemble(&asked, &outputs.map, err);
        if (!r)
                r = prepare_finish_digests(builder->preparation, builder->observer, err);
        if (!r)
                r = store_check_unchanged(builder->preparation->store, err);
        if (!r && outputs.raw.fd >= 0)
                r = prove_draft(builder, &outputs.raw, &outputs.map, &raw_bytes, err);
        if (!r && outputs.vmdk.fd >= 0)
                r = prove_draft(builder, &outputs.vmdk, &outputs.map, &vmdk_bytes, err);
        if (!r && outputs.raw.fd >= 0)
                r = describe_raw(described, &outputs, raw_bytes, err);
        if (!r && outputs.vmdk.fd >= 0)
                r = describe_vmdk(builder, described, &outputs, vmdk_bytes, err);
        if (!r)
                r = manifest_volume_seal(described, &outputs.map, err);
        if (!r && outputs.raw.fd >= 0)
                r = draft_publish(&outputs.raw, err);
        if (!r && outputs.vmdk.fd >= 0)
                r = draft_publish(&outputs.vmdk, err);
        return ingot_while(err, r, "building volume '%s'", volume->layout.device_name);
}

/* From here until the new one is written, the folder is no finished build. */
static enum ingot_code forget_old_manifest(const char *folder, struct ingot_error *err)
{
        OWNED(heap_drop) char *path = folder_path(folder, folder_manifest_name);

        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        if (unlink(path) && errno != ENOENT)
                return ingot_fail_errno(err, "removing the old '%s'", path);
        return INGOT_OK;
}

static enum ingot_code write_manifest(const struct builder *builder, struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(MANIFEST_MAX_BYTES);
        OWNED(heap_drop) char *path = folder_path(builder->request->folder, folder_manifest_name);
        enum ingot_code r;

        if (!path)
                return ingot_fail_memory(err, strlen(builder->request->folder));
        builder->preparation->manifest->is_plan = false;
        r = manifest_print(builder->preparation->manifest, &out, err);
        if (!r)
                r = fd_replace_file(path, out.bytes, out.size_bytes, 0666, err);
        return ingot_while(err, r, "writing '%s'", path);
}

enum ingot_code ingot_build(const struct ingot_build_request *request,
                            const struct ingot_complaint_sink *sink, const struct ingot_observer *observer,
                            struct ingot_error *err)
{
        OWNED(preparation_release) struct preparation preparation = { 0 };
        struct builder builder = { .request = request,
                                   .observer = observer,
                                   .threads = request->threads ? request->threads : work_processor_count(),
                                   .preparation = &preparation };
        enum ingot_code r;

        if (!(request->formats & (INGOT_FORMAT_RAW | INGOT_FORMAT_VMDK)))
                return ingot_fail(err, INGOT_E_USAGE, "no output format: raw, vmdk or both");
        r = compression_choose(request->compressor, request->compression_level, &builder.compression, err);
        if (!r)
                r = prepare(request, sink, observer, &preparation, err);
        if (!r)
                r = forget_old_manifest(request->folder, err);
        for (size_t i = 0; !r && i < preparation.volume_count; i++)
                r = write_volume(&builder, &preparation.volumes[i], i, err);
        for (size_t i = 0; !r && i < preparation.volume_count; i++)
                r = locks_write(request->folder, &preparation.volumes[i], err);
        if (!r)
                r = write_manifest(&builder, err);
        return r;
}

enum ingot_code ingot_plan(const struct ingot_build_request *request, const struct ingot_complaint_sink *sink,
                           const struct ingot_observer *observer, char **ret_json, struct ingot_error *err)
{
        OWNED(preparation_release) struct preparation preparation = { 0 };
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(PLAN_MAX_BYTES);
        enum ingot_code r;

        r = prepare(request, sink, observer, &preparation, err);
        if (!r)
                r = prepare_finish_digests(&preparation, observer, err);
        if (!r)
                r = manifest_print(preparation.manifest, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
