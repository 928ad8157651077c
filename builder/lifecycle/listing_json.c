/* SPDX-License-Identifier: Apache-2.0 */
#include <ingot/publish.h>

#include "base/json.h"
#include "base/own.h"

enum { LISTING_MAX_BYTES = 256 << 20 };

static void put_known(struct json_doc *doc, struct json_value *out, const char *key, int tri)
{
        if (tri >= 0)
                json_doc_put_bool(doc, out, key, tri);
}

static void device_json(struct json_doc *doc, struct json_value *out, const struct ingot_device_info *device)
{
        json_doc_put_text(doc, out, "device_name", device->device_name);
        if (device->no_device) {
                json_doc_put_bool(doc, out, "no_device", true);
                return;
        }
        if (device->virtual_name) {
                json_doc_put_text(doc, out, "virtual_name", device->virtual_name);
                return;
        }
        json_doc_put_text(doc, out, "snapshot_id", device->snapshot_id);
        json_doc_put_text(doc, out, "volume_type", device->volume_type);
        json_doc_put_u64(doc, out, "volume_size_gib", device->volume_size_gib);
        if (device->iops)
                json_doc_put_u64(doc, out, "iops", device->iops);
        if (device->throughput_mibs)
                json_doc_put_u64(doc, out, "throughput_mibs", device->throughput_mibs);
        put_known(doc, out, "delete_on_termination", device->delete_on_termination);
        put_known(doc, out, "encrypted", device->encrypted);
}

static void ami_json(struct json_doc *doc, struct json_value *out, const struct ingot_ami_info *ami)
{
        struct json_value *list;

        json_doc_put_text(doc, out, "ami_id", ami->ami_id);
        json_doc_put_text(doc, out, "name", ami->name);
        json_doc_put_text(doc, out, "description", ami->description);
        json_doc_put_text(doc, out, "state", ami->state);
        json_doc_put_text(doc, out, "created", ami->created);
        json_doc_put_text(doc, out, "architecture", ami->architecture);
        json_doc_put_text(doc, out, "boot_mode", ami->boot_mode);
        json_doc_put_text(doc, out, "imds", ami->imds);
        json_doc_put_text(doc, out, "root_device", ami->root_device);
        json_doc_put_text(doc, out, "volumes_sha256", ami->image_digest);
        json_doc_put_bool(doc, out, "ena", ami->ena);
        list = json_doc_put_array(doc, out, "devices");
        for (size_t i = 0; i < ami->device_count; i++)
                device_json(doc, json_doc_push_object(doc, list), &ami->devices[i]);
}

enum ingot_code ingot_listing_json(const struct ingot_listing *listing, char **ret_json,
                                   struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(LISTING_MAX_BYTES);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "region", listing->region);
        list = json_doc_put_array(&doc, doc.root, "amis");
        for (size_t i = 0; i < listing->ami_count; i++)
                ami_json(&doc, json_doc_push_object(&doc, list), &listing->amis[i]);
        list = json_doc_put_array(&doc, doc.root, "snapshots");
        for (size_t i = 0; i < listing->snapshot_count; i++) {
                const struct ingot_snapshot_info *snapshot = &listing->snapshots[i];
                struct json_value *one = json_doc_push_object(&doc, list);

                json_doc_put_text(&doc, one, "snapshot_id", snapshot->snapshot_id);
                json_doc_put_text(&doc, one, "state", snapshot->state);
                json_doc_put_text(&doc, one, "started", snapshot->started);
                json_doc_put_text(&doc, one, "description", snapshot->description);
                json_doc_put_text(&doc, one, "progress", snapshot->progress);
                json_doc_put_text(&doc, one, "image_sha256", snapshot->image_digest);
                json_doc_put_u64(&doc, one, "volume_size_gib", snapshot->volume_size_gib);
                json_doc_put_bool(&doc, one, "encrypted", snapshot->encrypted);
        }
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
