/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"
#include "region/ec2_page.h"

/* What DescribeSnapshots says for a snapshot that was not made from a volume. */
#define NO_VOLUME_ID "vol-ffffffff"

static const char *state_name(const struct snapshot_record *record)
{
        return record->state == SNAPSHOT_COMPLETED ? "completed"
               : record->state == SNAPSHOT_ERROR   ? "error"
                                                   : "pending";
}

static void write_times(struct buffer *out, const struct snapshot_record *record)
{
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(record->start_seconds, time);
        element_text(out, "startTime", time);
        if (record->state == SNAPSHOT_COMPLETED) {
                clock_print_iso(record->completion_seconds, time);
                element_text(out, "completionTime", time);
        }
}

static enum ingot_code write_snapshot(struct ec2_call *ec2, const struct snapshot_record *record,
                                      struct ingot_error *err)
{
        struct buffer *out = ec2->out;
        bool is_completed = record->state == SNAPSHOT_COMPLETED;
        enum ingot_code r;

        element_open(out, "item");
        element_text(out, "snapshotId", record->id);
        element_text(out, "volumeId", NO_VOLUME_ID);
        element_text(out, "status", state_name(record));
        element_text_if(out, "statusMessage", record->state_message);
        write_times(out, record);
        element_text(out, "progress", is_completed ? "100%" : "0%");
        element_text(out, "ownerId", ec2->call->account_id);
        element_u64(out, "volumeSize", record->volume_gib);
        element_text(out, "description", record->description);
        element_bool(out, "encrypted", record->is_encrypted);
        element_text_if(out, "kmsKeyId", record->kms_key_arn);
        element_text(out, "sseType", snapshots_sse_type(record));
        element_text(out, "storageTier", "standard");
        if (is_completed)
                element_u64(out, "fullSnapshotSizeInBytes", record->shown_block_count * BLOCK_BYTES);
        r = ec2_write_tags(ec2, record->id, err);
        element_close(out, "item");
        return r;
}

/* ---- DescribeSnapshots ---- */

static const char *const known_filters[] = { "description", "encrypted",   "owner-id", "progress",
                                             "snapshot-id", "start-time",  "status",   "storage-tier",
                                             "volume-id",   "volume-size", NULL };

struct snapshot_walk {
        struct ec2_call *ec2;
        struct ec2_filters filters;
        struct ec2_ids ids;
        struct ec2_page page;
};

static enum ingot_code state_facts(struct snapshot_walk *walk, const struct snapshot_record *record,
                                   struct ingot_error *err)
{
        struct ec2_filters *filters = &walk->filters;
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(record->start_seconds, time);
        ec2_filters_begin(filters);
        ec2_filters_fact(filters, "description", record->description);
        ec2_filters_fact_bool(filters, "encrypted", record->is_encrypted);
        ec2_filters_fact(filters, "owner-id", walk->ec2->call->account_id);
        ec2_filters_fact(filters, "progress", record->state == SNAPSHOT_COMPLETED ? "100%" : "0%");
        ec2_filters_fact(filters, "snapshot-id", record->id);
        ec2_filters_fact(filters, "start-time", time);
        ec2_filters_fact(filters, "status", state_name(record));
        ec2_filters_fact(filters, "storage-tier", "standard");
        ec2_filters_fact(filters, "volume-id", NO_VOLUME_ID);
        ec2_filters_fact_number(filters, "volume-size", record->volume_gib);
        return ec2_filters_fact_tags(filters, walk->ec2, record->id, err);
}

static enum ingot_code visit_snapshot(void *context, const struct snapshot_record *record, bool *ret_stop,
                                      struct ingot_error *err)
{
        struct snapshot_walk *walk = context;
        enum ingot_code r;

        if (record->state == SNAPSHOT_DELETED || ec2_is_hidden(walk->ec2, record->id) ||
            !ec2_ids_take(&walk->ids, record->id))
                return INGOT_OK;
        r = state_facts(walk, record, err);
        if (r || !ec2_filters_pass(&walk->filters))
                return r;
        *ret_stop = !ec2_page_take(&walk->page, record->number);
        return *ret_stop ? INGOT_OK : write_snapshot(walk->ec2, record, err);
}

enum ingot_code serve_describe_snapshots(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct snapshot_walk *walk = calloc(1, sizeof(*walk));
        bool is_ours, is_restorable;
        enum ingot_code r;

        if (!walk)
                return ingot_fail_memory(err, sizeof(*walk));
        walk->ec2 = ec2;
        ec2_filters_read(ec2, known_filters, &walk->filters);
        ec2_ids_read(ec2, "SnapshotId", "snap-", "InvalidSnapshotID.Malformed", &walk->ids);
        ec2_page_read(ec2, &walk->ids, &walk->page);
        is_ours = ec2_read_owners(ec2, "Owner");
        is_restorable = ec2_read_owners(ec2, "RestorableBy");
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = snapshots_settle(ec2->store, ec2->region, err);
        if (r)
                return r;
        ec2_begin(ec2);
        element_open(ec2->out, "snapshotSet");
        if (is_ours && is_restorable)
                r = catalogue_each_snapshot(ec2->store->catalogue, ec2->region, (int64_t)walk->page.after,
                                            visit_snapshot, walk, err);
        element_close(ec2->out, "snapshotSet");
        if (!r)
                r = ec2_page_write(ec2, &walk->page, err);
        ec2_end(ec2);
        if (!r && is_ours && is_restorable)
                ec2_ids_need_all(ec2, &walk->ids, "InvalidSnapshot.NotFound", "snapshot");
        return r;
}

/* ---- DeleteSnapshot ---- */

enum ingot_code serve_delete_snapshot(struct ec2_call *ec2, struct ingot_error *err)
{
        const char *id = form_find(&ec2->form, "SnapshotId");
        char user[RESOURCE_ID_CHARS + 1] = "";
        struct snapshot_record record;
        enum ingot_code r;

        if (!id)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter snapshotId");
        else if (!ec2_is_id(id, "snap-"))
                (void)ec2_refuse_value(ec2, "InvalidSnapshotID.Malformed",
                                       "Invalid id: \"%.80s\" (expecting \"snap-...\")", id);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = snapshots_look(ec2->store, ec2->region, id, &record, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidSnapshot.NotFound", "The snapshot '%s' does not exist.",
                                        id);
        if (!r)
                r = snapshots_delete(ec2->store, &record, user, err);
        if (r == INGOT_E_CONFLICT && *user)
                return ec2_refuse_value(ec2, "InvalidSnapshot.InUse",
                                        "The snapshot %s is currently in use by %s", id, user);
        if (r)
                return r;
        ec2_begin(ec2);
        element_bool(ec2->out, "return", true);
        ec2_end(ec2);
        return INGOT_OK;
}
