/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/plural.h"
#include "content/archive_reader.h"
#include "image/grub_core.h"
#include "lifecycle/boot.h"
#include "lifecycle/compression.h"
#include "lifecycle/gather.h"
#include "lifecycle/prepare.h"
#include "lifecycle/uefi_data.h"
#include "model/identity.h"

static int64_t choose_epoch(const struct template *template, const struct ingot_build_request *request)
{
        if (template->source_date_epoch.given)
                return (int64_t) template->source_date_epoch.value;
        return request->source_date_epoch >= 0 ? request->source_date_epoch : PREPARE_EPOCH_SECONDS;
}

static enum ingot_code identify(struct preparation *preparation, struct ingot_error *err)
{
        const struct template *template = preparation->inputs.template;
        enum ingot_code r = identity_seed(template, &preparation->seed, err);

        if (r)
                return r;
        preparation->volumes = calloc(template->volume_count + 1, sizeof(*preparation->volumes));
        if (!preparation->volumes)
                return ingot_fail_memory(err, template->volume_count * sizeof(*preparation->volumes));
        for (size_t i = 0; !r && i < template->volume_count; i++) {
                const struct template_volume *asked = &template->volumes[i];

                r = volume_identify(template, asked,
                                    mapping_find(preparation->inputs.mapping, asked->device_name.text),
                                    &preparation->seed, &preparation->volumes[i], err);
                if (!r)
                        locks_give(&preparation->locks, &preparation->volumes[preparation->volume_count++]);
        }
        if (!r)
                r = manifest_new(template, &preparation->seed, (uint64_t)preparation->epoch_seconds,
                                 preparation->inputs.mapping_bytes, preparation->inputs.mapping_size_bytes,
                                 &preparation->manifest, err);
        if (!r)
                preparation->manifest->is_plan = true;
        return r ? r : uefi_data_read(template, &preparation->manifest->ami.uefi_data, err);
}

/* One warning for the whole build: an image whose files all are younger than the epoch is nothing unusual. */
static enum ingot_code warn_of_clamped_times(struct preparation *preparation, struct ingot_error *err)
{
        char epoch[CLOCK_ISO_CHARS + 1];
        uint64_t count = 0;

        for (size_t i = 0; i < preparation->volume_count; i++)
                count += volume_clamped_count(&preparation->volumes[i]);
        if (!count)
                return INGOT_OK;
        clock_print_iso(preparation->epoch_seconds, epoch);
        return manifest_add_warning(preparation->manifest, err,
                                    "the time%s of %" PRIu64
                                    " %s later than the source date epoch, %s, and %s set to it",
                                    plural(count, "", "s"), count, plural(count, "file is", "files are"),
                                    epoch, plural(count, "was", "were"));
}

static enum ingot_code lay_out(struct preparation *preparation, const struct ingot_build_request *request,
                               struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < preparation->volume_count; i++) {
                struct volume *volume = &preparation->volumes[i];
                struct manifest_volume *described;

                r = volume_split(volume, preparation->epoch_seconds, err);
                if (!r)
                        r = volume_place(volume, &preparation->seed, preparation->epoch_seconds,
                                         request->folder, err);
                if (!r)
                        r = volume_lay_out(volume, preparation->epoch_seconds, request->folder, err);
                if (!r)
                        r = volume_describe(volume, preparation->manifest, &described, err);
                if (!r)
                        r = locks_record(volume, request->lock_path != NULL, preparation->manifest, described,
                                         err);
        }
        return r ? r : warn_of_clamped_times(preparation, err);
}

/* What packs the grains of a VMDK, where one is asked for: "isa-l 2.30.0 sse4.2". */
static enum ingot_code record_compressor(struct preparation *preparation,
                                         const struct ingot_build_request *request, struct ingot_error *err)
{
        struct compression compression;
        char text[COMPRESSION_TEXT_CHARS + 1];
        size_t name_chars;
        enum ingot_code r;

        if (!(request->formats & INGOT_FORMAT_VMDK))
                return INGOT_OK;
        r = compression_choose(request->compressor, request->compression_level, &compression, err);
        if (r)
                return r;
        compression_print_version(&compression, text);
        name_chars = strcspn(text, " ");
        if (!text[name_chars])
                return manifest_add_tool(preparation->manifest, text, "", err);
        text[name_chars] = '\0';
        return manifest_add_tool(preparation->manifest, text, text + name_chars + 1, err);
}

/* Everything whose version could show in the bytes. */
static enum ingot_code record_tools(struct preparation *preparation,
                                    const struct ingot_build_request *request, struct ingot_error *err)
{
        const char *archive = archive_library_version(); /* "libarchive 3.6.2" */
        const char *space = strchr(archive, ' ');
        enum ingot_code r;

        r = manifest_add_tool(preparation->manifest, "libext2fs", ext4_library_version(), err);
        if (!r)
                r = manifest_add_tool(preparation->manifest, "libarchive", space ? space + 1 : archive, err);
        for (size_t i = 0; !r && i < preparation->volume_count; i++)
                if (preparation->volumes[i].grub_core)
                        r = manifest_add_tool(preparation->manifest, "liblzma", grub_core_library_version(),
                                              err);
        return r ? r : record_compressor(preparation, request, err);
}

enum ingot_code prepare(const struct ingot_build_request *request, const struct ingot_complaint_sink *sink,
                        const struct ingot_observer *observer, struct preparation *ret_preparation,
                        struct ingot_error *err)
{
        struct preparation *preparation = ret_preparation;
        enum ingot_code r;

        if (!request->inputs.mapping_path)
                return ingot_fail(err, INGOT_E_USAGE, "a build needs a block device mapping");
        r = inputs_read(&request->inputs, sink, &preparation->inputs, err);
        if (r)
                return r;
        r = locks_read(request->lock_path, &preparation->locks, err);
        if (r)
                return r;
        preparation->epoch_seconds = choose_epoch(preparation->inputs.template, request);
        r = fd_make_folders(request->folder, err);
        if (!r)
                r = store_new(request->folder, &preparation->store, err);
        if (!r)
                r = identify(preparation, err);
        for (size_t i = 0; !r && i < preparation->volume_count; i++)
                r = gather_content(preparation, i, request, observer, err);
        if (!r)
                r = boot_install(preparation, err);
        if (!r)
                r = lay_out(preparation, request, err);
        if (!r)
                r = record_tools(preparation, request, err);
        return r;
}

enum ingot_code prepare_finish_digests(struct preparation *preparation, const struct ingot_observer *observer,
                                       struct ingot_error *err)
{
        for (; preparation->undigested_count; preparation->undigested_count--) {
                const struct undigested *last = &preparation->undigested[preparation->undigested_count - 1];
                enum ingot_code r = store_await_digest(
                        last->source, observer, &preparation->manifest->sources[last->index].digest, err);

                if (r)
                        return r;
        }
        return INGOT_OK;
}

void preparation_release(struct preparation *preparation)
{
        free(preparation->undigested);
        for (size_t i = 0; i < preparation->volume_count; i++)
                volume_release(&preparation->volumes[i]);
        free(preparation->volumes);
        manifest_free(preparation->manifest);
        store_free(preparation->store);
        locks_release(&preparation->locks);
        inputs_release(&preparation->inputs);
        *preparation = (struct preparation){ 0 };
}
