/* SPDX-License-Identifier: Apache-2.0 */
#include <ingot/image.h>

#include "base/json.h"
#include "base/own.h"

static void partition_json(struct json_doc *doc, struct json_value *out,
                           const struct ingot_partition_info *part)
{
        json_doc_put_u64(doc, out, "number", part->number);
        json_doc_put_text(doc, out, "name", part->name);
        json_doc_put_text(doc, out, "type", part->type);
        json_doc_put_text(doc, out, "unique_guid", part->unique_guid);
        json_doc_put_u64(doc, out, "start_bytes", part->start_bytes);
        json_doc_put_u64(doc, out, "size_bytes", part->size_bytes);
        json_doc_put_text(doc, out, "file_system", part->file_system);
        json_doc_put_text(doc, out, "label", part->label);
        json_doc_put_text(doc, out, "uuid", part->uuid);
        json_doc_put_text(doc, out, "mount", part->mount);
        json_doc_put_text(doc, out, "features", part->features);
        json_doc_put_u64(doc, out, "used_bytes", part->used_bytes);
        json_doc_put_u64(doc, out, "free_bytes", part->free_bytes);
        json_doc_put_text(doc, out, "boot_loader", part->boot_loader);
}

static void image_json(struct json_doc *doc, struct json_value *out, const struct ingot_image_info *info)
{
        struct json_value *list;

        json_doc_put_text(doc, out, "path", info->path);
        json_doc_put_text(doc, out, "format", info->format);
        json_doc_put_text(doc, out, "device_name", info->device_name);
        json_doc_put_text(doc, out, "partition_table", info->partition_table);
        json_doc_put_text(doc, out, "disk_guid", info->disk_guid);
        json_doc_put_text(doc, out, "boot_loader", info->boot_loader);
        json_doc_put_u64(doc, out, "size_bytes", info->size_bytes);
        json_doc_put_u64(doc, out, "file_bytes", info->file_bytes);
        json_doc_put_u64(doc, out, "allocated_bytes", info->allocated_bytes);
        json_doc_put_u64(doc, out, "volume_size_gib", info->volume_size_gib);
        if (info->image_digest) {
                json_doc_put_text(doc, out, "image_sha256", info->image_digest);
                json_doc_put_text(doc, out, "linear_sha256", info->linear_digest);
                json_doc_put_u64(doc, out, "data_blocks", info->data_blocks);
                json_doc_put_u64(doc, out, "zero_blocks", info->zero_blocks);
                json_doc_put_u64(doc, out, "absent_blocks", info->absent_blocks);
        }
        list = json_doc_put_array(doc, out, "partitions");
        for (size_t i = 0; i < info->partition_count; i++)
                partition_json(doc, json_doc_push_object(doc, list), &info->partitions[i]);
        list = json_doc_put_array(doc, out, "warnings");
        for (size_t i = 0; i < info->warning_count; i++)
                json_doc_push_text(doc, list, info->warnings[i]);
}

enum ingot_code ingot_inspection_json(const struct ingot_inspection *inspection, char **ret_json,
                                      struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(64 << 20);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        list = json_doc_put_array(&doc, doc.root, "images");
        for (size_t i = 0; i < inspection->image_count; i++)
                image_json(&doc, json_doc_push_object(&doc, list), &inspection->images[i]);
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
