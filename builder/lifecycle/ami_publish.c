/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/tags.h"
#include "publish/ami_register.h"

enum ingot_code ami_content_digest(const struct manifest *manifest, char ret_digest[DIGEST_HEX_CHARS + 1],
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
                hex_encode(digest.bytes, DIGEST_BYTES, ret_digest);
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
                one->encrypted = entry->encrypted == TRI_YES;
                if (!one->device_name || !one->snapshot_id)
                        return ingot_fail_memory(err, strlen(entry->device_name));
        }
        return INGOT_OK;
}

enum ingot_code ami_find_published(const struct region_session *session, const struct manifest *manifest,
                                   const char *content_digest, struct ingot_receipt *receipt, bool *ret_found,
                                   bool *ret_is_provisional, struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        const char *owner = "self", *name = manifest->name;
        const struct ec2_filter filter = { .name = "name", .values = &name, .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        const char *content, *release;
        enum ingot_code r = ec2_describe_images(&session->ec2, &asked, &images, err);

        *ret_found = *ret_is_provisional = false;
        if (r || images.count == 0)
                return r;
        content = tags_find(images.items[0].tags, images.items[0].tag_count, TAG_CONTENT_DIGEST);
        if (!content || strcmp(content, content_digest) != 0)
                return ingot_fail(
                        err, INGOT_E_CONFLICT,
                        "AMI %s has the name '%s' and other content; give the template another name or "
                        "version, or deregister that AMI",
                        images.items[0].image_id, name);
        *ret_found = true;
        release = tags_find(images.items[0].tags, images.items[0].tag_count, TAG_RELEASE);
        *ret_is_provisional = release && strcmp(release, TAG_RELEASE_PENDING) == 0;
        return take_published(receipt, &images.items[0], err);
}

/* ---- what is made ---- */

/* The mapping as given, with the snapshots that were made filled in. */
static enum ingot_code fill_mapping(const struct manifest *manifest, const struct ingot_receipt *receipt,
                                    struct mapping_entry **ret_entries, struct ingot_error *err)
{
        const struct mapping *mapping = manifest->mapping;
        struct mapping_entry *entries = calloc(mapping->entry_count + 1, sizeof(*entries));

        if (!entries)
                return ingot_fail_memory(err, mapping->entry_count * sizeof(*entries));
        for (size_t i = 0; i < mapping->entry_count; i++) {
                entries[i] = mapping->entries[i]; /* texts stay the mapping's */
                for (size_t j = 0; j < receipt->snapshot_count; j++) {
                        const struct ingot_snapshot_receipt *made = &receipt->snapshots[j];

                        if (strcmp(entries[i].device_name, made->device_name) != 0)
                                continue;
                        entries[i].snapshot_id = made->snapshot_id;
                        entries[i].volume_size_gib = made->volume_size_gib;
                }
        }
        *ret_entries = entries;
        return INGOT_OK;
}

enum ingot_code ami_publish(const struct region_session *session, const struct manifest *manifest,
                            const char *content_digest, bool is_provisional, struct ingot_receipt *receipt,
                            struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_entry *entries = NULL;
        OWNED(heap_drop) struct wire_tag *tags = calloc(manifest->ami.tag_count + 3, sizeof(*tags));
        struct ami_request asked = { .name = manifest->name,
                                     .description = manifest->description,
                                     .architecture = manifest->architecture,
                                     .root_device_name = manifest->root_device,
                                     .boot_mode = manifest->ami.boot_mode,
                                     .imds_support = manifest->ami.imds,
                                     .tpm_support = manifest->ami.tpm,
                                     .sriov_net_support = manifest->ami.sriov,
                                     .uefi_data = manifest->ami.uefi_data,
                                     .billing_products = (const char *const *)manifest->ami.billing_products,
                                     .billing_product_count = manifest->ami.billing_product_count,
                                     .ena_support = manifest->ami.ena,
                                     .block_device_count = manifest->mapping->entry_count,
                                     .tags = tags };
        struct ami_receipt made = { 0 };
        enum ingot_code r;

        if (!tags)
                return ingot_fail_memory(err, (manifest->ami.tag_count + 3) * sizeof(*tags));
        for (size_t i = 0; !is_provisional && i < manifest->ami.tag_count; i++)
                tags[asked.tag_count++] = (struct wire_tag){ .key = manifest->ami.tags[i].key,
                                                             .value = manifest->ami.tags[i].value };
        tags[asked.tag_count++] = (struct wire_tag){ .key = TAG_CONTENT_DIGEST, .value = content_digest };
        tags[asked.tag_count++] = (struct wire_tag){ .key = TAG_VERSION, .value = manifest->ingot_version };
        if (is_provisional)
                tags[asked.tag_count++] =
                        (struct wire_tag){ .key = TAG_RELEASE, .value = TAG_RELEASE_PENDING };
        r = fill_mapping(manifest, receipt, &entries, err);
        asked.block_devices = entries;
        if (!r)
                r = ami_register(&session->ec2, &asked, &made, err);
        if (r)
                return r;
        receipt->ami_id = strdup(made.image_id);
        return receipt->ami_id ? INGOT_OK : ingot_fail_memory(err, sizeof(made.image_id));
}
