/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "image/image_reader.h"
#include "lifecycle/folder.h"
#include "lifecycle/receipt.h"
#include "lifecycle/region_session.h"
#include "lifecycle/tags.h"
#include "publish/ami_register.h"
#include "publish/snapshot_await.h"
#include "publish/snapshot_upload.h"

enum { TEXT_BYTES = 300, START_ATTEMPTS = 8 };

struct release {
        const char *folder;
        const struct ingot_observer *observer;
        const struct manifest *manifest;
        struct region_session *session;
        struct ingot_receipt *receipt;
        char content_digest[DIGEST_HEX_CHARS + 1];
};

/* SHA-256 over the volumes' device names and image digests: what makes two releases the same. */
static enum ingot_code digest_of_volumes(const struct manifest *manifest, char out[DIGEST_HEX_CHARS + 1],
                                         struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        struct digest digest;
        enum ingot_code r = digest_stream_new(&stream, err);

        if (r)
                return r;
        for (size_t i = 0; i < manifest->volume_count; i++) {
                const char *device_name = manifest->volumes[i].layout.device_name;

                digest_stream_update(stream, device_name, strlen(device_name) + 1);
                digest_stream_update(stream, manifest->volumes[i].image_digest.bytes, DIGEST_BYTES);
        }
        r = digest_stream_finish(stream, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

/* ---- what is there already ---- */

/* Fills the receipt in from an AMI that was there. */
static enum ingot_code take_published(struct ingot_receipt *receipt, const struct ec2_image *image,
                                      struct ingot_error *err)
{
        receipt->already_published = 1;
        receipt->ami_id = strdup(image->image_id);
        receipt->snapshots = calloc(image->block_device_count + 1, sizeof(*receipt->snapshots));
        if (!receipt->ami_id || !receipt->snapshots)
                return ingot_fail_memory(err, image->block_device_count * sizeof(*receipt->snapshots));
        for (size_t i = 0; i < image->block_device_count; i++) {
                const struct mapping_entry *entry = &image->block_devices[i];
                struct ingot_snapshot_receipt *one = &receipt->snapshots[receipt->snapshot_count];

                if (!entry->snapshot_id)
                        continue;
                receipt->snapshot_count++;
                one->device_name = strdup(entry->device_name);
                one->snapshot_id = strdup(entry->snapshot_id);
                one->volume_size_gib = entry->volume_size_gib;
                one->reused = 1;
                if (!one->device_name || !one->snapshot_id)
                        return ingot_fail_memory(err, strlen(entry->device_name));
        }
        return INGOT_OK;
}

/* Looks for an AMI of the name: the same content is success, another is a conflict (publish.h rule 2). */
static enum ingot_code find_published(struct release *release, bool *ret_found, struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        const char *owner = "self", *name = release->manifest->name;
        const struct ec2_filter filter = { .name = "name", .values = &name, .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        const char *content;
        enum ingot_code r = ec2_describe_images(&release->session->ec2, &asked, &images, err);

        *ret_found = false;
        if (r || images.count == 0)
                return r;
        content = tags_find(images.items[0].tags, images.items[0].tag_count, TAG_CONTENT_DIGEST);
        if (!content || strcmp(content, release->content_digest) != 0)
                return ingot_fail(
                        err, INGOT_E_CONFLICT,
                        "AMI %s has the name '%s' and other content; give the template another name or "
                        "version, or deregister that AMI",
                        images.items[0].image_id, name);
        *ret_found = true;
        return take_published(release->receipt, &images.items[0], err);
}

/* Looks for a completed snapshot of exactly this volume: nothing is uploaded twice into one region. */
static enum ingot_code find_snapshot(const struct release *release, const struct manifest_volume *volume,
                                     struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list found = { 0 };
        char digest[DIGEST_HEX_CHARS + 1], tag[64];
        const char *owner = "self", *digest_value = digest, *completed = "completed";
        const struct ec2_filter filters[] = { { .name = tag, .values = &digest_value, .value_count = 1 },
                                              { .name = "status", .values = &completed, .value_count = 1 } };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = filters, .filter_count = 2
        };
        enum ingot_code r;

        hex_encode(volume->image_digest.bytes, DIGEST_BYTES, digest);
        (void)snprintf(tag, sizeof(tag), "tag:%s", TAG_IMAGE_DIGEST);
        r = ec2_describe_snapshots(&release->session->ec2, &asked, &found, err);
        for (size_t i = 0; !r && i < found.count; i++) {
                if (found.items[i].volume_size_gib != volume->layout.volume_size_gib)
                        continue;
                receipt->snapshot_id = strdup(found.items[i].snapshot_id);
                return receipt->snapshot_id ? INGOT_OK : ingot_fail_memory(err, 32);
        }
        return r;
}

/* ---- one volume ---- */

/* The same for the same volume, name and region: a run that died is taken up by the next.  attempt tells
 * tokens apart whose snapshot can no longer be written to. */
static enum ingot_code make_client_token(const struct release *release, const struct manifest_volume *volume,
                                         unsigned attempt, char out[DIGEST_HEX_CHARS + 1],
                                         struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(4096);
        struct digest digest;
        enum ingot_code r;

        buffer_appendf(&text, "ingot snapshot 1\n%s\n%s\n%s\n%u\n", release->manifest->name,
                       volume->layout.device_name, release->session->region, attempt);
        buffer_append(&text, volume->image_digest.bytes, DIGEST_BYTES);
        r = buffer_check(&text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

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

static enum ingot_code upload_volume(const struct release *release, const struct manifest_volume *volume,
                                     struct snapshot_receipt *sent, struct ingot_error *err)
{
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        char digest[DIGEST_HEX_CHARS + 1], token[DIGEST_HEX_CHARS + 1], name[TEXT_BYTES], description[256];
        const struct wire_tag tags[] = { { .key = "Name", .value = name },
                                         { .key = TAG_IMAGE_DIGEST, .value = digest },
                                         { .key = TAG_VERSION, .value = release->manifest->ingot_version } };
        struct snapshot_request asked = { .name = volume->layout.device_name,
                                          .map = &volume->map,
                                          .volume_size_gib = volume->layout.volume_size_gib,
                                          .description = description,
                                          .client_token = token,
                                          .tags = tags,
                                          .tag_count = sizeof(tags) / sizeof(tags[0]) };
        enum ingot_code r = open_image(release, volume, &reader, err);

        if (r)
                return r;
        asked.disk = image_reader_source(reader);
        hex_encode(volume->image_digest.bytes, DIGEST_BYTES, digest);
        (void)snprintf(name, sizeof(name), "%.128s %.64s", release->manifest->name,
                       volume->layout.device_name);
        (void)snprintf(description, sizeof(description), "ingot: %.160s %.64s", release->manifest->name,
                       volume->layout.device_name);
        for (unsigned attempt = 0; attempt < START_ATTEMPTS; attempt++) {
                r = make_client_token(release, volume, attempt, token, err);
                if (!r)
                        r = snapshot_upload(&release->session->ebs, &asked, release->observer, sent, err);
                if (r != INGOT_E_CONFLICT)
                        break; /* a conflict: the token's snapshot was completed, deleted or failed before */
        }
        return r;
}

static enum ingot_code publish_volume(const struct release *release, const struct manifest_volume *volume,
                                      struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        struct snapshot_receipt sent = { 0 };
        enum ingot_code r;

        receipt->device_name = strdup(volume->layout.device_name);
        receipt->volume_size_gib = volume->layout.volume_size_gib;
        if (!receipt->device_name)
                return ingot_fail_memory(err, strlen(volume->layout.device_name));
        r = find_snapshot(release, volume, receipt, err);
        if (r || receipt->snapshot_id) {
                receipt->reused = receipt->snapshot_id != NULL;
                return r;
        }
        r = upload_volume(release, volume, &sent, err);
        if (*sent.snapshot_id)
                receipt->snapshot_id = strdup(sent.snapshot_id);
        receipt->reused = sent.was_there;
        receipt->blocks_sent = sent.blocks_sent;
        receipt->zero_blocks_left_out = sent.blocks_zero_left_out;
        receipt->absent_blocks_left_out = sent.blocks_absent_left_out;
        receipt->bytes_sent = sent.bytes_sent;
        receipt->retries = sent.retries;
        receipt->throttles = sent.throttles;
        receipt->elapsed_ms = sent.elapsed_ms;
        if (!r && !receipt->snapshot_id)
                r = ingot_fail_memory(err, sizeof(sent.snapshot_id));
        return r;
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

/* ---- the AMI ---- */

/* The mapping as given, with the snapshots that were made filled in. */
static enum ingot_code fill_mapping(const struct release *release, struct mapping_entry **ret_entries,
                                    struct ingot_error *err)
{
        const struct mapping *mapping = release->manifest->mapping;
        struct mapping_entry *entries = calloc(mapping->entry_count + 1, sizeof(*entries));

        if (!entries)
                return ingot_fail_memory(err, mapping->entry_count * sizeof(*entries));
        for (size_t i = 0; i < mapping->entry_count; i++) {
                entries[i] = mapping->entries[i]; /* texts stay the mapping's */
                for (size_t j = 0; j < release->receipt->snapshot_count; j++) {
                        const struct ingot_snapshot_receipt *made = &release->receipt->snapshots[j];

                        if (strcmp(entries[i].device_name, made->device_name) != 0)
                                continue;
                        entries[i].snapshot_id = made->snapshot_id;
                        entries[i].volume_size_gib = made->volume_size_gib;
                }
        }
        *ret_entries = entries;
        return INGOT_OK;
}

static enum ingot_code register_ami(const struct release *release, struct ingot_error *err)
{
        const struct manifest *manifest = release->manifest;
        OWNED(heap_drop) struct mapping_entry *entries = NULL;
        OWNED(heap_drop) struct wire_tag *tags = calloc(manifest->ami.tag_count + 2, sizeof(*tags));
        struct ami_request asked = { .name = manifest->name,
                                     .description = manifest->description,
                                     .architecture = manifest->architecture,
                                     .root_device_name = manifest->root_device,
                                     .boot_mode = manifest->ami.boot_mode,
                                     .imds_support = manifest->ami.imds,
                                     .tpm_support = manifest->ami.tpm,
                                     .sriov_net_support = manifest->ami.sriov,
                                     .ena_support = manifest->ami.ena,
                                     .block_device_count = manifest->mapping->entry_count,
                                     .tags = tags,
                                     .tag_count = manifest->ami.tag_count + 2 };
        struct ami_receipt made = { 0 };
        enum ingot_code r;

        if (!tags)
                return ingot_fail_memory(err, asked.tag_count * sizeof(*tags));
        for (size_t i = 0; i < manifest->ami.tag_count; i++)
                tags[i] = (struct wire_tag){ .key = manifest->ami.tags[i].key,
                                             .value = manifest->ami.tags[i].value };
        tags[manifest->ami.tag_count] =
                (struct wire_tag){ .key = TAG_CONTENT_DIGEST, .value = release->content_digest };
        tags[manifest->ami.tag_count + 1] =
                (struct wire_tag){ .key = TAG_VERSION, .value = manifest->ingot_version };
        r = fill_mapping(release, &entries, err);
        asked.block_devices = entries;
        if (!r)
                r = ami_register(&release->session->ec2, &asked, &made, err);
        if (r)
                return r;
        release->receipt->ami_id = strdup(made.image_id);
        return release->receipt->ami_id ? INGOT_OK : ingot_fail_memory(err, sizeof(made.image_id));
}

static enum ingot_code run(struct release *release, struct ingot_error *err)
{
        bool found = false;
        enum ingot_code r;

        release->receipt->name = strdup(release->manifest->name);
        release->receipt->region = strdup(release->session->region);
        if (!release->receipt->name || !release->receipt->region)
                return ingot_fail_memory(err, strlen(release->manifest->name));
        r = digest_of_volumes(release->manifest, release->content_digest, err);
        if (!r)
                r = find_published(release, &found, err);
        if (!r && !found)
                r = publish_volumes(release, err);
        if (!r && !found)
                r = register_ami(release, err);
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
