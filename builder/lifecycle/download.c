/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/build.h>
#include <ingot/transfer.h>

#include "base/json.h"
#include "base/own.h"
#include "base/work.h"
#include "image/convert.h"
#include "image/verify.h"
#include "lifecycle/compression.h"
#include "lifecycle/folder.h"
#include "lifecycle/partial.h"
#include "lifecycle/region_session.h"
#include "publish/snapshot_read.h"

enum { PHASE_CHARS = 255, RECEIPT_MAX_BYTES = 1 << 20, FIRST_PAGE_BLOCKS = 100 };

static const uint64_t gib = UINT64_C(1) << 30;

/* A call, with what its volumes share. */
struct download {
        const struct ingot_download_request *request;
        const struct ingot_observer *observer;
        struct region_session session;
        struct compression compression;
        unsigned threads;
};

/* ---- one snapshot ---- */

/* A block of the page that is being read. */
struct expected {
        uint64_t index;
        struct digest digest;
        bool is_there;
};

/* One snapshot on its way into a partial.  Digests go into the map in ascending order, a page at a time. */
struct transfer {
        const struct download *download;
        const char *phase;
        struct partial *partial;
        struct ingot_downloaded *result;
        struct block_map map;
        struct expected *page;
        size_t page_count, page_capacity;
        size_t missing; /* of the page */
};

static void transfer_release(struct transfer *transfer)
{
        block_map_release(&transfer->map);
        free(transfer->page);
}

static enum ingot_code finish_page(struct transfer *transfer, struct ingot_error *err)
{
        for (size_t i = 0; i < transfer->page_count; i++) {
                enum ingot_code r = block_map_append_data(&transfer->map, transfer->page[i].index,
                                                          &transfer->page[i].digest, err);

                if (r)
                        return r;
        }
        transfer->page_count = 0;
        return INGOT_OK;
}

static enum ingot_code expect_block(struct transfer *transfer, const struct expected *expected,
                                    struct ingot_error *err)
{
        if (transfer->page_count == transfer->page_capacity) {
                size_t wanted = transfer->page_capacity ? 2 * transfer->page_capacity : 1024;
                struct expected *grown = reallocarray(transfer->page, wanted, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, wanted * sizeof(*grown));
                transfer->page = grown;
                transfer->page_capacity = wanted;
        }
        transfer->page[transfer->page_count++] = *expected;
        if (!expected->is_there)
                transfer->missing++;
        return INGOT_OK;
}

/* Hears of a block that the snapshot has (snapshot_read.h, rule 1). */
static enum ingot_code hear_of(void *context, uint64_t block_index, bool *ret_wanted, struct ingot_error *err)
{
        struct transfer *transfer = context;
        struct expected expected = { .index = block_index };
        enum ingot_code r = INGOT_OK;

        if (!transfer->missing)
                r = finish_page(transfer, err);
        if (!r && transfer->partial->is_resumed)
                r = ingot_observe(transfer->download->observer, transfer->phase, 0, 0, err);
        if (r)
                return r;
        expected.is_there = partial_has(transfer->partial, block_index, &expected.digest);
        transfer->result->blocks++;
        transfer->result->blocks_kept += expected.is_there;
        *ret_wanted = !expected.is_there;
        return expect_block(transfer, &expected, err);
}

static int compare_expected(const void *left, const void *right)
{
        const struct expected *a = left, *b = right;

        return (a->index > b->index) - (a->index < b->index);
}

static enum ingot_code take_block(void *context, uint64_t block_index, const void *bytes,
                                  const struct digest *digest, struct ingot_error *err)
{
        struct transfer *transfer = context;
        const struct expected wanted = { .index = block_index };
        struct expected *expected = bsearch(&wanted, transfer->page, transfer->page_count,
                                            sizeof(*transfer->page), compare_expected);
        enum ingot_code r;

        if (!expected || expected->is_there)
                return ingot_fail(err, INGOT_E_BUG, "block %" PRIu64 " came though nobody asked for it",
                                  block_index);
        r = partial_put(transfer->partial, block_index, bytes, digest, err);
        if (r)
                return r;
        expected->digest = *digest;
        expected->is_there = true;
        transfer->missing--;
        return INGOT_OK;
}

/* A list's first page says how large the volume is, without any right to EC2's own calls. */
static enum ingot_code find_size(const struct download *download, const char *snapshot_id,
                                 uint64_t *ret_volume_size_gib, struct ingot_error *err)
{
        OWNED(ebs_page_release) struct ebs_page page = { .count = 0 };
        enum ingot_code r =
                ebs_list_blocks(&download->session.ebs, snapshot_id, 0, FIRST_PAGE_BLOCKS, &page, err);

        if (!r)
                *ret_volume_size_gib = page.volume_size_gib;
        return r;
}

static enum ingot_code read_snapshot(struct transfer *transfer, const char *snapshot_id,
                                     struct ingot_error *err)
{
        const struct download *download = transfer->download;
        const struct snapshot_read_request asked = { .snapshot_id = snapshot_id,
                                                     .phase = transfer->phase,
                                                     .context = transfer,
                                                     .list = hear_of,
                                                     .take = take_block };
        struct snapshot_read_receipt got = { 0 };
        struct digest image_digest;
        enum ingot_code r = snapshot_read(&download->session.ebs, &asked, download->observer, &got, err);

        transfer->result->retries = got.retries;
        transfer->result->elapsed_ms = got.elapsed_ms;
        if (!r)
                r = finish_page(transfer, err);
        if (!r)
                r = block_map_image_digest(&transfer->map, &image_digest, err);
        if (!r)
                hex_encode(image_digest.bytes, DIGEST_BYTES, transfer->result->image_digest);
        return r;
}

/* What an earlier run wrote is looked at whole: also where the snapshot has nothing. */
static enum ingot_code verify_resumed(const struct transfer *transfer, struct ingot_error *err)
{
        const struct draft *draft = &transfer->partial->draft;
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        char phase[PHASE_CHARS + 1];
        enum ingot_code r = draft_flush(&transfer->partial->draft, err);

        (void)snprintf(phase, sizeof(phase), "verifying '%s.part'", draft->path);
        if (!r)
                r = image_reader_open_raw(draft->fd, draft->path, IMAGE_PAST_CACHE, &reader, err);
        if (!r)
                r = verify_image(reader, &transfer->map, transfer->download->threads,
                                 transfer->download->observer, phase, NULL, err);
        return r;
}

/* Makes the VMDK of what is now a whole raw disk. */
static enum ingot_code convert_partial(const struct transfer *transfer, const char *path,
                                       struct ingot_error *err)
{
        OWNED(heap_drop) char *part = malloc(strlen(path) + sizeof(".part"));
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        struct convert_request asked = { .in_path = part,
                                         .out_path = path,
                                         .out_format = IMAGE_VMDK_STREAM,
                                         .compression = transfer->download->compression,
                                         .threads = transfer->download->threads,
                                         .observer = transfer->download->observer };
        struct convert_result converted = { .size_bytes = 0 };
        enum ingot_code r;

        if (!part)
                return ingot_fail_memory(err, strlen(path));
        (void)snprintf(part, strlen(path) + sizeof(".part"), "%s.part", path);
        r = convert(&asked, &converted, err);
        if (r)
                return r;
        map = converted.map;
        partial_discard(transfer->partial);
        return INGOT_OK;
}

static enum ingot_code download_snapshot(const struct download *download, struct ingot_downloaded *result,
                                         struct ingot_error *err)
{
        OWNED(partial_release) struct partial partial = PARTIAL_NONE;
        char phase[PHASE_CHARS + 1];
        OWNED(transfer_release)
        struct transfer transfer = {
                .download = download, .phase = phase, .partial = &partial, .result = result
        };
        enum ingot_code r = find_size(download, result->snapshot_id, &result->volume_size_gib, err);

        (void)snprintf(phase, sizeof(phase), "downloading %s", result->snapshot_id);
        block_map_init(&transfer.map, result->volume_size_gib * gib);
        if (!r)
                r = partial_open(&partial, result->path, result->snapshot_id, result->volume_size_gib, err);
        if (!r)
                r = read_snapshot(&transfer, result->snapshot_id, err);
        if (!r && partial.is_resumed)
                r = verify_resumed(&transfer, err);
        if (!r)
                r = download->request->format == INGOT_FORMAT_VMDK
                            ? convert_partial(&transfer, result->path, err)
                            : partial_publish(&partial, err);
        return ingot_while(err, r, "downloading %s to '%s'", result->snapshot_id, result->path);
}

/* ---- which snapshots ---- */

/* "FILE", or "FOLDER/xvda.raw" where output is a folder. */
static enum ingot_code name_output(const struct download *download, struct ingot_downloaded *result,
                                   struct ingot_error *err)
{
        const char *output = download->request->output;
        const char *of = result->device_name ? result->device_name : result->snapshot_id;
        char name[FOLDER_IMAGE_NAME_BYTES];

        folder_image_name(of, download->request->format == INGOT_FORMAT_VMDK ? "vmdk" : "raw", name);
        result->path = folder_is_one(output) ? folder_path(output, name) : strdup(output);
        return result->path ? INGOT_OK : ingot_fail_memory(err, strlen(output));
}

static enum ingot_code add_volume(const struct download *download, const char *device_name,
                                  const char *snapshot_id, struct ingot_download_receipt *receipt,
                                  struct ingot_error *err)
{
        struct ingot_downloaded *result = &receipt->volumes[receipt->volume_count++];
        enum ingot_code r;

        result->snapshot_id = strdup(snapshot_id);
        result->device_name = device_name ? strdup(device_name) : NULL;
        if (!result->snapshot_id || (device_name && !result->device_name))
                return ingot_fail_memory(err, strlen(snapshot_id));
        if (!ebs_is_snapshot_id(snapshot_id))
                return ingot_fail(err, INGOT_E_REMOTE, "'%.80s' is no id of a snapshot", snapshot_id);
        r = name_output(download, result, err);
        for (size_t i = 0; !r && i + 1 < receipt->volume_count; i++)
                if (strcmp(receipt->volumes[i].path, result->path) == 0)
                        r = ingot_fail(
                                err, INGOT_E_USAGE,
                                "'%s' and '%s' would both become '%s'; give each its own with --device",
                                receipt->volumes[i].device_name, device_name, result->path);
        return r;
}

/* Adds the volumes of an AMI that are wanted: one by name, all into a folder, else the root volume. */
static enum ingot_code add_volumes(const struct download *download, const struct ec2_image *image,
                                   struct ingot_download_receipt *receipt, struct ingot_error *err)
{
        const char *wanted = download->request->device_name;
        enum ingot_code r = INGOT_OK;

        if (!wanted && !folder_is_one(download->request->output))
                wanted = image->root_device_name;
        receipt->volumes = calloc(image->block_device_count + 1, sizeof(*receipt->volumes));
        if (!receipt->volumes)
                return ingot_fail_memory(err, image->block_device_count * sizeof(*receipt->volumes));
        for (size_t i = 0; !r && i < image->block_device_count; i++) {
                const struct mapping_entry *entry = &image->block_devices[i];

                if (entry->snapshot_id && (!wanted || strcmp(entry->device_name, wanted) == 0))
                        r = add_volume(download, entry->device_name, entry->snapshot_id, receipt, err);
        }
        if (!r && !receipt->volume_count)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "%s has no volume with a snapshot%s%s%s",
                               image->image_id, wanted ? " as '" : "", wanted ? wanted : "",
                               wanted ? "'" : "");
        return r;
}

static enum ingot_code find_volumes(const struct download *download, struct ingot_download_receipt *receipt,
                                    struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        const char *id = download->request->id;
        const struct ec2_describe_request asked = { .ids = &id, .id_count = 1 };
        enum ingot_code r;

        if (ebs_is_snapshot_id(id)) {
                if (download->request->device_name)
                        return ingot_fail(err, INGOT_E_USAGE, "%s is a snapshot: it has no device '%s'", id,
                                          download->request->device_name);
                receipt->volumes = calloc(1, sizeof(*receipt->volumes));
                return receipt->volumes ? add_volume(download, NULL, id, receipt, err)
                                        : ingot_fail_memory(err, sizeof(*receipt->volumes));
        }
        if (strncmp(id, "ami-", 4) != 0)
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is neither an AMI's nor a snapshot's id", id);
        r = ec2_describe_images(&download->session.ec2, &asked, &images, err);
        if (!r && !images.count)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no AMI %s in region %s", id,
                               download->session.region);
        return r ? r : add_volumes(download, &images.items[0], receipt, err);
}

/* ---- the call ---- */

static enum ingot_code run(struct download *download, const struct ingot_target *target,
                           struct ingot_download_receipt *receipt, struct ingot_error *err)
{
        const struct ingot_download_request *request = download->request;
        enum ingot_code r = compression_choose(request->compressor, request->compression_level,
                                               &download->compression, err);

        if (!r && request->format && request->format != INGOT_FORMAT_RAW &&
            request->format != INGOT_FORMAT_VMDK)
                r = ingot_fail(err, INGOT_E_USAGE, "one format at a time: raw or vmdk");
        if (!r)
                r = region_session_open(target, download->observer, &download->session, err);
        if (r)
                return r;
        receipt->region = strdup(download->session.region);
        if (!receipt->region)
                return ingot_fail_memory(err, sizeof(download->session.region));
        r = find_volumes(download, receipt, err);
        for (size_t i = 0; !r && i < receipt->volume_count; i++)
                r = download_snapshot(download, &receipt->volumes[i], err);
        return region_session_end(&download->session, r, err);
}

enum ingot_code ingot_download(const struct ingot_download_request *request,
                               const struct ingot_target *target, const struct ingot_observer *observer,
                               struct ingot_download_receipt **ret_receipt, struct ingot_error *err)
{
        struct ingot_download_receipt *receipt = calloc(1, sizeof(*receipt));
        struct download download = { .request = request,
                                     .observer = observer,
                                     .threads =
                                             request->threads ? request->threads : work_processor_count() };
        enum ingot_code r;

        if (!receipt)
                return ingot_fail_memory(err, sizeof(*receipt));
        r = run(&download, target, receipt, err);
        region_session_close(&download.session);
        if (r) {
                ingot_download_receipt_free(receipt);
                return ingot_while(err, r, "downloading '%s' from '%s'", request->id, target->to);
        }
        *ret_receipt = receipt;
        return INGOT_OK;
}

void ingot_download_receipt_free(struct ingot_download_receipt *receipt)
{
        if (!receipt)
                return;
        for (size_t i = 0; i < receipt->volume_count; i++) {
                free(receipt->volumes[i].device_name);
                free(receipt->volumes[i].snapshot_id);
                free(receipt->volumes[i].path);
        }
        free(receipt->volumes);
        free(receipt->region);
        free(receipt);
}

enum ingot_code ingot_download_receipt_json(const struct ingot_download_receipt *receipt, char **ret_json,
                                            struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECEIPT_MAX_BYTES);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "region", receipt->region);
        list = json_doc_put_array(&doc, doc.root, "volumes");
        for (size_t i = 0; i < receipt->volume_count; i++) {
                const struct ingot_downloaded *one = &receipt->volumes[i];
                struct json_value *out_one = json_doc_push_object(&doc, list);

                json_doc_put_text(&doc, out_one, "device_name", one->device_name);
                json_doc_put_text(&doc, out_one, "snapshot_id", one->snapshot_id);
                json_doc_put_text(&doc, out_one, "path", one->path);
                json_doc_put_text(&doc, out_one, "image_sha256", one->image_digest);
                json_doc_put_u64(&doc, out_one, "volume_size_gib", one->volume_size_gib);
                json_doc_put_u64(&doc, out_one, "blocks", one->blocks);
                json_doc_put_u64(&doc, out_one, "blocks_kept", one->blocks_kept);
                json_doc_put_u64(&doc, out_one, "retries", one->retries);
                json_doc_put_u64(&doc, out_one, "elapsed_ms", one->elapsed_ms);
        }
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
