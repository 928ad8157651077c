/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/tags.h"
#include "lifecycle/volume_publish.h"
#include "publish/snapshot_upload.h"

enum { TEXT_BYTES = 256, START_ATTEMPTS = 8, OWN_TAGS = 3 };

/* Rule 1. */
static enum ingot_code find_snapshot(const struct region_session *session,
                                     const struct volume_to_publish *volume,
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

        hex_encode(volume->image_digest->bytes, DIGEST_BYTES, digest);
        (void)snprintf(tag, sizeof(tag), "tag:%s", TAG_IMAGE_DIGEST);
        r = ec2_describe_snapshots(&session->ec2, &asked, &found, err);
        for (size_t i = 0; !r && i < found.count; i++) {
                const struct ec2_snapshot *one = &found.items[i];

                if (one->volume_size_gib != volume->volume_size_gib ||
                    (volume->encrypted != TRI_UNSET && one->encrypted != volume->encrypted) ||
                    (volume->kms_key_arn &&
                     (!one->kms_key_id || strcmp(one->kms_key_id, volume->kms_key_arn) != 0)))
                        continue;
                receipt->snapshot_id = strdup(one->snapshot_id);
                receipt->reused = 1;
                return receipt->snapshot_id ? INGOT_OK : ingot_fail_memory(err, 32);
        }
        return r;
}

/* Rule 2. */
static enum ingot_code make_client_token(const struct region_session *session,
                                         const struct volume_to_publish *volume, unsigned attempt,
                                         char out[DIGEST_HEX_CHARS + 1], struct ingot_error *err)
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(8192);
        struct digest digest;
        enum ingot_code r;

        buffer_appendf(&text, "ingot snapshot 1\n%s\n%s\n%s\n%u\n", volume->release_name, volume->device_name,
                       session->region, attempt);
        if (volume->encrypted != TRI_UNSET || volume->kms_key_arn)
                buffer_appendf(&text, "encrypted %d %s\n", (int)volume->encrypted,
                               volume->kms_key_arn ? volume->kms_key_arn : "");
        buffer_append(&text, volume->image_digest->bytes, DIGEST_BYTES);
        r = buffer_check(&text, err);
        if (!r)
                r = digest_of(text.bytes, text.size_bytes, &digest, err);
        if (!r)
                hex_encode(digest.bytes, DIGEST_BYTES, out);
        return r;
}

static enum ingot_code upload(const struct region_session *session, const struct volume_to_publish *volume,
                              const struct ingot_observer *observer, struct snapshot_receipt *sent,
                              struct ingot_error *err)
{
        char digest[DIGEST_HEX_CHARS + 1], token[DIGEST_HEX_CHARS + 1], name[TEXT_BYTES],
                description[TEXT_BYTES];
        OWNED(heap_drop) struct wire_tag *tags = calloc(OWN_TAGS + volume->tag_count, sizeof(*tags));
        struct snapshot_request asked = { .name = volume->device_name,
                                          .disk = volume->disk,
                                          .map = volume->map,
                                          .volume_size_gib = volume->volume_size_gib,
                                          .description = description,
                                          .client_token = token,
                                          .encrypted = volume->encrypted,
                                          .kms_key_arn = volume->kms_key_arn,
                                          .tags = tags,
                                          .tag_count = OWN_TAGS + volume->tag_count };
        enum ingot_code r = INGOT_OK;

        if (!tags)
                return ingot_fail_memory(err, (OWN_TAGS + volume->tag_count) * sizeof(*tags));
        tags[0] = (struct wire_tag){ .key = "Name", .value = name };
        tags[1] = (struct wire_tag){ .key = TAG_IMAGE_DIGEST, .value = digest };
        tags[2] = (struct wire_tag){ .key = TAG_VERSION, .value = INGOT_VERSION };
        for (size_t i = 0; i < volume->tag_count; i++)
                tags[OWN_TAGS + i] = volume->tags[i];
        hex_encode(volume->image_digest->bytes, DIGEST_BYTES, digest);
        (void)snprintf(name, sizeof(name), "%.128s %.64s", volume->release_name, volume->device_name);
        (void)snprintf(description, sizeof(description), "ingot: %.160s %.64s", volume->release_name,
                       volume->device_name);
        for (unsigned attempt = 0; attempt < START_ATTEMPTS; attempt++) {
                r = make_client_token(session, volume, attempt, token, err);
                if (!r)
                        r = snapshot_upload(&session->ebs, &asked, observer, sent, err);
                if (r != INGOT_E_CONFLICT)
                        break; /* a conflict: the token's snapshot was completed, deleted or failed before */
        }
        return r;
}

enum ingot_code volume_publish(const struct region_session *session, const struct volume_to_publish *volume,
                               const struct ingot_observer *observer, struct ingot_snapshot_receipt *receipt,
                               struct ingot_error *err)
{
        struct snapshot_receipt sent = { 0 };
        enum ingot_code r;

        receipt->device_name = strdup(volume->device_name);
        receipt->volume_size_gib = volume->volume_size_gib;
        if (!receipt->device_name)
                return ingot_fail_memory(err, strlen(volume->device_name));
        r = find_snapshot(session, volume, receipt, err);
        if (r || receipt->snapshot_id)
                return r;
        r = upload(session, volume, observer, &sent, err);
        if (*sent.snapshot_id)
                receipt->snapshot_id = strdup(sent.snapshot_id);
        receipt->reused = sent.was_there;
        receipt->blocks_sent = sent.blocks_sent;
        receipt->zero_blocks_left_out = sent.blocks[BLOCK_LEFT_ZERO];
        receipt->absent_blocks_left_out = sent.blocks[BLOCK_LEFT_ABSENT];
        receipt->bytes_sent = sent.bytes_sent;
        receipt->retries = sent.retries;
        receipt->throttles = sent.throttles;
        receipt->elapsed_ms = sent.elapsed_ms;
        if (!r && !receipt->snapshot_id)
                r = ingot_fail_memory(err, sizeof(sent.snapshot_id));
        return r;
}

void volume_receipt_release(struct ingot_snapshot_receipt *receipt)
{
        free(receipt->device_name);
        free(receipt->snapshot_id);
        *receipt = (struct ingot_snapshot_receipt){ 0 };
}
