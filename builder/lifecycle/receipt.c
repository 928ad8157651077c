/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/receipt.h"
#include "lifecycle/volume_publish.h"

enum { RECEIPT_MAX_BYTES = 1 << 20, RECEIPT_VERSION = 1 };

static void put_verified(struct json_doc *doc, struct json_value *object,
                         const struct ingot_snapshot_receipt *one)
{
        struct json_value *verified;

        if (!one->verified_all && !one->verified_blocks && !one->verified_zero_blocks)
                return;
        verified = json_doc_put_object(doc, object, "verified");
        json_doc_put_bool(doc, verified, "all", one->verified_all);
        json_doc_put_u64(doc, verified, "blocks_read", one->verified_blocks);
        json_doc_put_u64(doc, verified, "blocks_not_listed", one->verified_zero_blocks);
}

void receipt_put_snapshot(struct json_doc *doc, struct json_value *object,
                          const struct ingot_snapshot_receipt *one)
{
        struct json_value *sent, *left_out;

        json_doc_put_text(doc, object, "snapshot_id", one->snapshot_id);
        json_doc_put_text(doc, object, "image_sha256", one->image_digest);
        json_doc_put_u64(doc, object, "volume_size_gib", one->volume_size_gib);
        json_doc_put_bool(doc, object, "reused", one->reused);
        if (one->reused) {
                put_verified(doc, object, one);
                return;
        }
        if (one->import_task_id) {
                struct json_value *object_sent = json_doc_put_object(doc, object, "via_s3");

                json_doc_put_text(doc, object_sent, "import_task_id", one->import_task_id);
                json_doc_put_u64(doc, object_sent, "object_bytes", one->object_bytes);
                json_doc_put_u64(doc, object_sent, "parts", one->object_parts);
                json_doc_put_u64(doc, object_sent, "parts_resumed", one->object_parts_resumed);
        }
        if (one->via_reason)
                json_doc_put_text(doc, object, "via_reason", one->via_reason);
        json_doc_put_text(doc, object, "parent_snapshot_id", one->parent_snapshot_id);
        json_doc_put_bool(doc, object, "encrypted", one->encrypted);
        sent = json_doc_put_object(doc, object, "sent");
        json_doc_put_u64(doc, sent, "data", one->data_blocks);
        json_doc_put_u64(doc, sent, "zero_for_encryption", one->zero_blocks_for_encryption);
        json_doc_put_u64(doc, sent, "zero_over_parent", one->zero_blocks_over_parent);
        left_out = json_doc_put_object(doc, object, "left_out");
        json_doc_put_u64(doc, left_out, "absent", one->absent_blocks_left_out);
        json_doc_put_u64(doc, left_out, "zero", one->zero_blocks_left_out);
        json_doc_put_u64(doc, left_out, "same_as_parent", one->same_blocks_left_out);
        json_doc_put_u64(doc, object, "blocks_sent", one->blocks_sent);
        json_doc_put_u64(doc, object, "blocks_resumed", one->blocks_resumed);
        json_doc_put_u64(doc, object, "bytes_sent", one->bytes_sent);
        json_doc_put_u64(doc, object, "parent_blocks_read", one->parent_blocks_read);
        json_doc_put_u64(doc, object, "retries", one->retries);
        json_doc_put_u64(doc, object, "throttles", one->throttles);
        json_doc_put_u64(doc, object, "deadlines_missed", one->deadlines_missed);
        json_doc_put_u64(doc, object, "in_flight_most", one->in_flight_most);
        json_doc_put_u64(doc, object, "put_p50_us", one->put_p50_us);
        json_doc_put_u64(doc, object, "put_p99_us", one->put_p99_us);
        json_doc_put_u64(doc, object, "elapsed_ms", one->elapsed_ms);
        json_doc_put_u64(doc, object, "cost_micro_usd", one->cost_micro_usd);
        put_verified(doc, object, one);
}

/* What the AMI was given after its registration. */
static void put_attributes(struct json_doc *doc, const struct ingot_receipt *receipt)
{
        struct json_value *list;

        if (receipt->deprecation_time)
                json_doc_put_text(doc, doc->root, "deprecation_time", receipt->deprecation_time);
        if (receipt->deregistration_protection)
                json_doc_put_text(doc, doc->root, "deregistration_protection",
                                  receipt->deregistration_protection);
        if (!receipt->is_public && !receipt->shared_count)
                return;
        json_doc_put_bool(doc, doc->root, "public", receipt->is_public);
        list = json_doc_put_array(doc, doc->root, "shared_with");
        for (size_t i = 0; i < receipt->shared_count; i++)
                json_doc_push_text(doc, list, receipt->shared_with[i]);
}

enum ingot_code ingot_receipt_json(const struct ingot_receipt *receipt, char **ret_json,
                                   struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECEIPT_MAX_BYTES);
        struct json_value *list;
        char finished[CLOCK_ISO_CHARS + 1];
        enum ingot_code r;

        clock_print_iso(receipt->finished_seconds, finished);
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "ingot_version", INGOT_VERSION);
        json_doc_put_u64(&doc, doc.root, "receipt_version", RECEIPT_VERSION);
        json_doc_put_text(&doc, doc.root, "ami_id", receipt->ami_id);
        json_doc_put_text(&doc, doc.root, "volumes_sha256", receipt->content_digest);
        json_doc_put_text(&doc, doc.root, "published", finished);
        json_doc_put_text(&doc, doc.root, "name", receipt->name);
        json_doc_put_text(&doc, doc.root, "region", receipt->region);
        json_doc_put_bool(&doc, doc.root, "already_published", receipt->already_published);
        json_doc_put_u64(&doc, doc.root, "elapsed_ms", receipt->elapsed_ms);
        put_attributes(&doc, receipt);
        list = json_doc_put_array(&doc, doc.root, "snapshots");
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                const struct ingot_snapshot_receipt *one = &receipt->snapshots[i];
                struct json_value *out_one = json_doc_push_object(&doc, list);

                json_doc_put_text(&doc, out_one, "device_name", one->device_name);
                receipt_put_snapshot(&doc, out_one, one);
        }
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}

enum ingot_code receipt_write(const char *folder, const struct ingot_receipt *receipt,
                              struct ingot_error *err)
{
        OWNED(heap_drop) char *json = NULL;
        OWNED(heap_drop) char *path = NULL;
        char name[128];
        enum ingot_code r = ingot_receipt_json(receipt, &json, err);

        if (r)
                return r;
        (void)snprintf(name, sizeof(name), "receipt-%.100s.json", receipt->region);
        path = folder_path(folder, name);
        if (!path)
                return ingot_fail_memory(err, strlen(folder));
        r = fd_replace_file(path, json, strlen(json), 0666, err);
        return ingot_while(err, r, "writing '%s'", path);
}

void ingot_receipt_free(struct ingot_receipt *receipt)
{
        if (!receipt)
                return;
        for (size_t i = 0; i < receipt->snapshot_count; i++)
                volume_receipt_release(&receipt->snapshots[i]);
        free(receipt->snapshots);
        free(receipt->ami_id);
        free(receipt->content_digest);
        free(receipt->name);
        free(receipt->region);
        free(receipt->deprecation_time);
        free(receipt->deregistration_protection);
        for (size_t i = 0; i < receipt->shared_count; i++)
                free(receipt->shared_with[i]);
        free(receipt->shared_with);
        free(receipt);
}
