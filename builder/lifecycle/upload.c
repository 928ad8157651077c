/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/transfer.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "base/work.h"
#include "image/assemble.h"
#include "lifecycle/disk_source.h"
#include "lifecycle/region_session.h"
#include "lifecycle/volume_publish.h"
#include "publish/snapshot_await.h"

enum { PHASE_CHARS = 255, RECEIPT_MAX_BYTES = 1 << 16, TAGS_MAX = 46 /* AWS takes 50; four are ingot's */ };

static const uint64_t gib = UINT64_C(1) << 30;

static const char *base_name(const char *name)
{
        const char *slash = strrchr(name, '/');

        return slash && slash[1] ? slash + 1 : name;
}

static enum ingot_code check_tags(const struct ingot_upload_request *request, struct ingot_error *err)
{
        if (request->tag_count > TAGS_MAX)
                return ingot_fail(err, INGOT_E_USAGE, "%zu tags; at most %d are possible", request->tag_count,
                                  TAGS_MAX);
        for (size_t i = 0; i < request->tag_count; i++) {
                const char *key = request->tags[i].key;

                if (strncmp(key, "aws:", 4) == 0 || strncmp(key, "ingot:", 6) == 0)
                        return ingot_fail(err, INGOT_E_USAGE,
                                          "the tag '%s' cannot be given: keys that begin so are %s own", key,
                                          key[0] == 'a' ? "AWS's" : "ingot's");
        }
        return INGOT_OK;
}

/* Hashes the disk: nothing is written, what is left of assembling is the map. */
static enum ingot_code make_map(const struct ingot_upload_request *request, struct disk_source *source,
                                const struct ingot_observer *observer, struct block_map *ret_map,
                                struct ingot_error *err)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        char phase[PHASE_CHARS + 1];
        const struct assemble_request asked = { .extents = &extents,
                                                .size_bytes = image_input_size_bytes(source->input),
                                                .raw_fd = FD_NONE,
                                                .threads = request->threads ? request->threads
                                                                            : work_processor_count(),
                                                .observer = observer,
                                                .phase = phase };
        enum ingot_code r = image_input_extents(source->input, &extents, err);

        (void)snprintf(phase, sizeof(phase), "reading '%s'", source->name);
        return r ? r : assemble(&asked, ret_map, err);
}

static enum ingot_code choose_size(const struct ingot_upload_request *request,
                                   const struct disk_source *source, uint64_t *ret_volume_size_gib,
                                   struct ingot_error *err)
{
        uint64_t size_bytes = image_input_size_bytes(source->input);
        uint64_t needed_gib = size_bytes / gib + (size_bytes % gib != 0);

        if (request->volume_size_gib && request->volume_size_gib < needed_gib)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the disk in '%s' has %" PRIu64 " bytes, which need a volume of %" PRIu64
                                  " GiB, not %" PRIu64,
                                  source->name, size_bytes, needed_gib, request->volume_size_gib);
        *ret_volume_size_gib = request->volume_size_gib ? request->volume_size_gib : needed_gib;
        return INGOT_OK;
}

static enum ingot_code send_disk(const struct ingot_upload_request *request, struct disk_source *source,
                                 const struct block_map *map, const struct region_session *session,
                                 const struct ingot_observer *observer, struct ingot_upload_receipt *receipt,
                                 struct ingot_error *err)
{
        OWNED(heap_drop) struct wire_tag *tags = calloc(request->tag_count + 1, sizeof(*tags));
        struct digest image_digest;
        struct volume_to_publish volume = { .release_name = "upload",
                                            .device_name = base_name(source->name),
                                            .disk = image_input_source(source->input),
                                            .map = map,
                                            .image_digest = &image_digest,
                                            .tags = tags,
                                            .tag_count = request->tag_count };
        struct journal *journal = NULL;
        const char *id;
        enum ingot_code r;

        if (!tags)
                return ingot_fail_memory(err, (request->tag_count + 1) * sizeof(*tags));
        for (size_t i = 0; i < request->tag_count; i++)
                tags[i] = (struct wire_tag){ .key = request->tags[i].key, .value = request->tags[i].value };
        r = choose_size(request, source, &volume.volume_size_gib, err);
        if (!r)
                r = block_map_image_digest(map, &image_digest, err);
        if (r)
                return r;
        hex_encode(image_digest.bytes, DIGEST_BYTES, receipt->image_digest);
        r = volume_publish(session, &volume, observer, &receipt->snapshot, &journal, err);
        journal_drop(&journal);
        id = receipt->snapshot.snapshot_id;
        return r ? r : snapshot_await(&session->ec2, &id, 1, NULL, observer, err);
}

static enum ingot_code run(const struct ingot_upload_request *request, const struct ingot_target *target,
                           const struct ingot_observer *observer, struct ingot_upload_receipt *receipt,
                           struct ingot_error *err)
{
        const struct disk_source_request asked = { .path = request->image,
                                                   .input_fd = request->input_fd,
                                                   .temp_folder = request->temp_folder,
                                                   .environment = request->environment,
                                                   .volume_size_gib = request->volume_size_gib,
                                                   .observer = observer };
        OWNED(disk_source_release) struct disk_source source = DISK_SOURCE_NONE;
        OWNED(region_session_close) struct region_session session = { 0 };
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        uint64_t volume_size_gib;
        enum ingot_code r = check_tags(request, err);

        if (!r)
                r = region_session_open(target, observer, &session,
                                        err); /* a mistake there is told at once */
        if (!r)
                r = disk_source_open(&asked, &source, err);
        if (!r)
                r = choose_size(request, &source, &volume_size_gib, err);
        if (!r)
                r = make_map(request, &source, observer, &map, err);
        if (r)
                return r;
        receipt->region = strdup(session.region);
        receipt->format = strdup(source.format);
        receipt->disk_bytes = map.size_bytes;
        receipt->data_blocks = block_map_data_count(&map);
        if (!receipt->region || !receipt->format)
                return ingot_fail_memory(err, sizeof(source.format));
        r = send_disk(request, &source, &map, &session, observer, receipt, err);
        return region_session_end(&session, r, err);
}

enum ingot_code ingot_upload(const struct ingot_upload_request *request, const struct ingot_target *target,
                             const struct ingot_observer *observer, struct ingot_upload_receipt **ret_receipt,
                             struct ingot_error *err)
{
        struct ingot_upload_receipt *receipt = calloc(1, sizeof(*receipt));
        uint64_t started_ns = clock_monotonic_ns(&clock_of_system);
        enum ingot_code r;

        if (!receipt)
                return ingot_fail_memory(err, sizeof(*receipt));
        r = run(request, target, observer, receipt, err);
        receipt->elapsed_ms = (clock_monotonic_ns(&clock_of_system) - started_ns) / 1000000;
        if (r) {
                ingot_upload_receipt_free(receipt);
                return ingot_while(err, r, "uploading '%s' to '%s'", request->image, target->to);
        }
        *ret_receipt = receipt;
        return INGOT_OK;
}

void ingot_upload_receipt_free(struct ingot_upload_receipt *receipt)
{
        if (!receipt)
                return;
        volume_receipt_release(&receipt->snapshot);
        free(receipt->region);
        free(receipt->format);
        free(receipt);
}

enum ingot_code ingot_upload_receipt_json(const struct ingot_upload_receipt *receipt, char **ret_json,
                                          struct ingot_error *err)
{
        const struct ingot_snapshot_receipt *snapshot = &receipt->snapshot;
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECEIPT_MAX_BYTES);
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "snapshot_id", snapshot->snapshot_id);
        json_doc_put_text(&doc, doc.root, "region", receipt->region);
        json_doc_put_text(&doc, doc.root, "format", receipt->format);
        json_doc_put_text(&doc, doc.root, "image_sha256", receipt->image_digest);
        json_doc_put_u64(&doc, doc.root, "disk_bytes", receipt->disk_bytes);
        json_doc_put_u64(&doc, doc.root, "volume_size_gib", snapshot->volume_size_gib);
        json_doc_put_bool(&doc, doc.root, "reused", snapshot->reused);
        json_doc_put_u64(&doc, doc.root, "data_blocks", receipt->data_blocks);
        json_doc_put_u64(&doc, doc.root, "blocks_sent", snapshot->blocks_sent);
        json_doc_put_u64(&doc, doc.root, "bytes_sent", snapshot->bytes_sent);
        json_doc_put_u64(&doc, doc.root, "zero_blocks_left_out", snapshot->zero_blocks_left_out);
        json_doc_put_u64(&doc, doc.root, "absent_blocks_left_out", snapshot->absent_blocks_left_out);
        json_doc_put_u64(&doc, doc.root, "retries", snapshot->retries);
        json_doc_put_u64(&doc, doc.root, "throttles", snapshot->throttles);
        json_doc_put_u64(&doc, doc.root, "elapsed_ms", receipt->elapsed_ms);
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
