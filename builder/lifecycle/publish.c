/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "image/image_reader.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/folder.h"
#include "lifecycle/receipt.h"
#include "lifecycle/volume_publish.h"
#include "publish/snapshot_await.h"

struct release {
        const char *folder;
        const struct ingot_observer *observer;
        const struct manifest *manifest;
        struct region_session *session;
        struct ingot_receipt *receipt;
        char content_digest[DIGEST_HEX_CHARS + 1];
};

static enum ingot_code open_image(const struct release *release, const struct manifest_volume *volume,
                                  struct image_reader **ret_reader, struct ingot_error *err)
{
        const struct manifest_file *file = manifest_find_file(volume, MANIFEST_RAW);
        OWNED(heap_drop) char *path = NULL;
        enum ingot_code r;

        if (!file)
                file = manifest_find_file(volume, MANIFEST_VMDK);
        if (!file)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "the manifest names no image of volume '%s'",
                                  volume->layout.device_name);
        path = folder_path(release->folder, file->name);
        if (!path)
                return ingot_fail_memory(err, strlen(release->folder));
        r = image_reader_open(path, IMAGE_CACHED, ret_reader, err);
        if (!r && image_reader_size_bytes(*ret_reader) != volume->map.size_bytes)
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "'%s' holds %" PRIu64 " bytes; the manifest says %" PRIu64, path,
                               image_reader_size_bytes(*ret_reader), volume->map.size_bytes);
        return r;
}

static enum ingot_code publish_volume(const struct release *release, const struct manifest_volume *volume,
                                      struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        const struct mapping_entry *entry =
                mapping_find(release->manifest->mapping, volume->layout.device_name);
        struct volume_to_publish asked = { .release_name = release->manifest->name,
                                           .device_name = volume->layout.device_name,
                                           .map = &volume->map,
                                           .image_digest = &volume->image_digest,
                                           .volume_size_gib = volume->layout.volume_size_gib,
                                           .encrypted = entry && entry->encrypted == TRI_YES ? TRI_YES
                                                                                             : TRI_UNSET };
        enum ingot_code r = open_image(release, volume, &reader, err);

        if (r)
                return r;
        asked.disk = image_reader_source(reader);
        return volume_publish(release->session, &asked, release->observer, receipt, err);
}

static enum ingot_code publish_volumes(const struct release *release, struct ingot_error *err)
{
        const struct manifest *manifest = release->manifest;
        struct ingot_receipt *receipt = release->receipt;
        OWNED(heap_drop) const char **ids = calloc(manifest->volume_count + 1, sizeof(*ids));
        enum ingot_code r = INGOT_OK;

        receipt->snapshots = calloc(manifest->volume_count + 1, sizeof(*receipt->snapshots));
        receipt->snapshot_count = 0;
        if (!ids || !receipt->snapshots)
                return ingot_fail_memory(err, manifest->volume_count * sizeof(*receipt->snapshots));
        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                receipt->snapshot_count = i + 1;
                r = publish_volume(release, &manifest->volumes[i], &receipt->snapshots[i], err);
                if (r)
                        return r;
                ids[i] = receipt->snapshots[i].snapshot_id;
        }
        return snapshot_await(&release->session->ec2, ids, manifest->volume_count, NULL, release->observer,
                              err);
}

static enum ingot_code run(struct release *release, struct ingot_error *err)
{
        bool found = false;
        enum ingot_code r;

        release->receipt->name = strdup(release->manifest->name);
        release->receipt->region = strdup(release->session->region);
        if (!release->receipt->name || !release->receipt->region)
                return ingot_fail_memory(err, strlen(release->manifest->name));
        r = ami_content_digest(release->manifest, release->content_digest, err);
        if (!r)
                r = ami_find_published(release->session, release->manifest, release->content_digest,
                                       release->receipt, &found, err);
        if (!r && !found)
                r = publish_volumes(release, err);
        if (!r && !found)
                r = ami_publish(release->session, release->manifest, release->content_digest,
                                release->receipt, err);
        return r;
}

enum ingot_code ingot_publish(const char *folder, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_receipt **ret_receipt,
                              struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        OWNED(region_session_close) struct region_session session = { 0 };
        struct ingot_receipt *receipt = calloc(1, sizeof(*receipt));
        uint64_t started_ns = clock_monotonic_ns(&clock_of_system);
        struct release release = {
                .folder = folder, .observer = observer, .session = &session, .receipt = receipt
        };
        enum ingot_code r;

        if (!receipt)
                return ingot_fail_memory(err, sizeof(*receipt));
        r = folder_read_manifest(folder, &manifest, err);
        if (!r && manifest->is_plan)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' holds a plan; build it first", folder);
        release.manifest = manifest;
        if (!r)
                r = region_session_open(target, observer, &session, err);
        if (!r)
                r = region_session_end(&session, run(&release, err), err);
        receipt->elapsed_ms = (clock_monotonic_ns(&clock_of_system) - started_ns) / 1000000;
        if (!r)
                r = receipt_write(folder, receipt, err);
        if (r) {
                ingot_receipt_free(receipt);
                return ingot_while(err, r, "publishing '%s' to '%s'", folder, target->to);
        }
        *ret_receipt = receipt;
        return INGOT_OK;
}
