/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <ingot/plan.h>

#include "base/json.h"
#include "base/own.h"

enum { PLAN_BYTES_MAX = 4 << 20 };

static void put_if(struct json_doc *doc, struct json_value *object, const char *key, const char *text)
{
        if (text)
                json_doc_put_text(doc, object, key, text);
}

static void put_volume(struct json_doc *doc, struct json_value *object,
                       const struct ingot_volume_plan *volume)
{
        struct json_value *to_send, *left_out;

        json_doc_put_text(doc, object, "device_name", volume->device_name);
        json_doc_put_u64(doc, object, "volume_size_gib", volume->volume_size_gib);
        put_if(doc, object, "snapshot_id", volume->snapshot_id);
        put_if(doc, object, "parent_snapshot_id", volume->parent_snapshot_id);
        json_doc_put_u64(doc, object, "blocks", volume->blocks);
        json_doc_put_u64(doc, object, "bytes", volume->bytes);
        to_send = json_doc_put_object(doc, object, "to_send");
        json_doc_put_u64(doc, to_send, "data", volume->data_blocks);
        json_doc_put_u64(doc, to_send, "zero_for_encryption", volume->zero_blocks_for_encryption);
        json_doc_put_u64(doc, to_send, "zero_over_parent", volume->zero_blocks_over_parent);
        left_out = json_doc_put_object(doc, object, "left_out");
        json_doc_put_u64(doc, left_out, "absent", volume->absent_blocks_left_out);
        json_doc_put_u64(doc, left_out, "zero", volume->zero_blocks_left_out);
        json_doc_put_u64(doc, left_out, "same_as_parent", volume->same_blocks_left_out);
}

static void put_region(struct json_doc *doc, struct json_value *object,
                       const struct ingot_region_plan *region)
{
        struct json_value *list;

        json_doc_put_text(doc, object, "region", region->region);
        json_doc_put_bool(doc, object, "required", region->required);
        put_if(doc, object, "unasked", region->unasked);
        put_if(doc, object, "conflict", region->conflict);
        put_if(doc, object, "ami_id", region->ami_id);
        put_if(doc, object, "kms_key", region->kms_key);
        json_doc_put_bool(doc, object, "encrypted", region->encrypted);
        json_doc_put_u64(doc, object, "blocks", region->blocks);
        json_doc_put_u64(doc, object, "bytes", region->bytes);
        json_doc_put_u64(doc, object, "requests", region->requests);
        json_doc_put_u64(doc, object, "puts_per_second", region->puts_per_second);
        json_doc_put_u64(doc, object, "quota_ms", region->quota_ms);
        if (region->measured_blocks_per_second) {
                json_doc_put_u64(doc, object, "measured_blocks_per_second",
                                 region->measured_blocks_per_second);
                json_doc_put_u64(doc, object, "measured_ms", region->measured_ms);
        }
        json_doc_put_u64(doc, object, "sending_micro_usd", region->sending_micro_usd);
        json_doc_put_u64(doc, object, "storing_micro_usd_per_month", region->storing_micro_usd_per_month);
        list = json_doc_put_array(doc, object, "volumes");
        for (size_t i = 0; i < region->volume_count; i++)
                put_volume(doc, json_doc_push_object(doc, list), &region->volumes[i]);
}

enum ingot_code ingot_publish_plan_json(const struct ingot_publish_plan *plan, char **ret_json,
                                        struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(PLAN_BYTES_MAX);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "name", plan->name);
        json_doc_put_text(&doc, doc.root, "volumes_sha256", plan->content_digest);
        put_if(&doc, doc.root, "deprecation", plan->deprecation);
        put_if(&doc, doc.root, "deregistration_protection", plan->deregistration_protection);
        json_doc_put_bool(&doc, doc.root, "public", plan->is_public);
        json_doc_put_bool(&doc, doc.root, "share_snapshots", plan->shares_snapshots);
        list = json_doc_put_array(&doc, doc.root, "shared_with");
        for (size_t i = 0; i < plan->shared_count; i++)
                json_doc_push_text(&doc, list, plan->shared_with[i]);
        list = json_doc_put_array(&doc, doc.root, "regions");
        for (size_t i = 0; i < plan->region_count; i++)
                put_region(&doc, json_doc_push_object(&doc, list), &plan->regions[i]);
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, PLAN_BYTES_MAX);
}

static void region_release(struct ingot_region_plan *region)
{
        for (size_t i = 0; i < region->volume_count; i++) {
                free(region->volumes[i].device_name);
                free(region->volumes[i].snapshot_id);
                free(region->volumes[i].parent_snapshot_id);
        }
        free(region->volumes);
        free(region->region);
        free(region->unasked);
        free(region->conflict);
        free(region->ami_id);
        free(region->kms_key);
}

void ingot_publish_plan_free(struct ingot_publish_plan *plan)
{
        if (!plan)
                return;
        for (size_t i = 0; i < plan->region_count; i++)
                region_release(&plan->regions[i]);
        free(plan->regions);
        for (size_t i = 0; i < plan->shared_count; i++)
                free(plan->shared_with[i]);
        free(plan->shared_with);
        free(plan->deprecation);
        free(plan->deregistration_protection);
        free(plan->name);
        free(plan->content_digest);
        free(plan);
}
