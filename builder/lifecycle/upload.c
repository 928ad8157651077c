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
#include "lifecycle/receipt.h"
#include "lifecycle/region_session.h"
#include "lifecycle/upload_journal.h"
#include "lifecycle/volume_publish.h"
#include "lifecycle/volume_verify.h"
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

/* Reads the snapshot back. */
static enum ingot_code verify(const struct ingot_upload_request *request, const struct block_map *map,
                              const struct region_session *session, const struct ingot_observer *observer,
                              struct ingot_snapshot_receipt *receipt, struct ingot_error *err)
{
        const struct volume_to_verify asked = { .snapshot_id = receipt->snapshot_id,
                                                .name = receipt->device_name,
                                                .map = map,
                                                .is_encrypted = receipt->encrypted,
                                                .blocks = request->verify_blocks,
                                                .random_seed = clock_monotonic_ns(&clock_of_system) };
        struct volume_verdict verdict;
        enum ingot_code r = volume_verify(&session->ebs, &asked, observer, &verdict, err);

        if (r)
                return r;
        receipt->verified_blocks = verdict.blocks_read;
        receipt->verified_zero_blocks = verdict.blocks_unlisted;
        receipt->verified_all = verdict.was_all;
        receipt->cost_micro_usd += volume_reading_cost_micro_usd(verdict.blocks_read, verdict.blocks_listed);
        return INGOT_OK;
}

static enum ingot_code send_disk(const struct ingot_upload_request *request,
                                 const struct ingot_target *target, struct disk_source *source,
                                 const struct block_map *map, const struct region_session *session,
                                 const struct ingot_observer *observer, struct ingot_upload_receipt *receipt,
                                 struct ingot_error *err)
{
        OWNED(heap_drop) struct wire_tag *tags = calloc(request->tag_count + 1, sizeof(*tags));
        const struct parent_wish parent = { .snapshot_id = request->parent, .is_named = true };
        struct digest image_digest;
        struct volume_to_publish volume = { .release_name = "",
                                            .device_name = base_name(source->name),
                                            .description = request->description,
                                            .disk = image_input_source(source->input),
                                            .map = map,
                                            .image_digest = &image_digest,
                                            .encrypted = request->encrypt || request->kms_key_arn ? TRI_YES
                                                                                                  : TRI_UNSET,
                                            .kms_key_arn = request->kms_key_arn,
                                            .tags = tags,
                                            .tag_count = request->tag_count,
                                            .parent = request->parent ? &parent : NULL,
                                            .puts_per_second = request->puts_per_second };
        OWNED(heap_drop) char *journal_path = NULL;
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
        if (!r && request->journal_folder)
                r = upload_journal_path(request->journal_folder, target, session, &volume, &journal_path,
                                        err);
        volume.journal_path = journal_path;
        if (!r)
                r = volume_publish(session, &volume, observer, &receipt->snapshot, &journal, err);
        id = receipt->snapshot.snapshot_id;
        if (!r)
                r = snapshot_await(&session->ec2, &id, 1, NULL, observer, err);
        if (!r && journal)
                journal_end(&journal); /* a completed snapshot of these bytes is found by its tag */
        journal_drop(&journal);
        if (!r && request->verify_blocks)
                r = verify(request, map, session, observer, &receipt->snapshot, err);
        return r;
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
        if (!receipt->region || !receipt->format)
                return ingot_fail_memory(err, sizeof(source.format));
        r = send_disk(request, target, &source, &map, &session, observer, receipt, err);
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
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECEIPT_MAX_BYTES);
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "region", receipt->region);
        json_doc_put_text(&doc, doc.root, "format", receipt->format);
        json_doc_put_u64(&doc, doc.root, "disk_bytes", receipt->disk_bytes);
        receipt_put_snapshot(&doc, doc.root, &receipt->snapshot);
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
