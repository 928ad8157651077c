/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/receipt.h"
#include "lifecycle/volume_publish.h"

enum { RECEIPT_MAX_BYTES = 1 << 20 };

enum ingot_code ingot_receipt_json(const struct ingot_receipt *receipt, char **ret_json,
                                   struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(RECEIPT_MAX_BYTES);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "ami_id", receipt->ami_id);
        json_doc_put_text(&doc, doc.root, "name", receipt->name);
        json_doc_put_text(&doc, doc.root, "region", receipt->region);
        json_doc_put_bool(&doc, doc.root, "already_published", receipt->already_published);
        json_doc_put_u64(&doc, doc.root, "elapsed_ms", receipt->elapsed_ms);
        list = json_doc_put_array(&doc, doc.root, "snapshots");
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                const struct ingot_snapshot_receipt *one = &receipt->snapshots[i];
                struct json_value *out_one = json_doc_push_object(&doc, list);

                json_doc_put_text(&doc, out_one, "device_name", one->device_name);
                json_doc_put_text(&doc, out_one, "snapshot_id", one->snapshot_id);
                json_doc_put_bool(&doc, out_one, "reused", one->reused);
                json_doc_put_u64(&doc, out_one, "volume_size_gib", one->volume_size_gib);
                json_doc_put_u64(&doc, out_one, "blocks_sent", one->blocks_sent);
                json_doc_put_u64(&doc, out_one, "zero_blocks_left_out", one->zero_blocks_left_out);
                json_doc_put_u64(&doc, out_one, "absent_blocks_left_out", one->absent_blocks_left_out);
                json_doc_put_u64(&doc, out_one, "bytes_sent", one->bytes_sent);
                json_doc_put_u64(&doc, out_one, "retries", one->retries);
                json_doc_put_u64(&doc, out_one, "throttles", one->throttles);
                json_doc_put_u64(&doc, out_one, "elapsed_ms", one->elapsed_ms);
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
        free(receipt->name);
        free(receipt->region);
        free(receipt);
}
