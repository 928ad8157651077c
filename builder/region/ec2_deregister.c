/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_image.h"

static enum ingot_code delete_snapshot(struct ec2_call *ec2, const char *id, const char **ret_code,
                                       struct ingot_error *err)
{
        char user[RESOURCE_ID_CHARS + 1];
        struct snapshot_record record;
        enum ingot_code r = snapshots_look(ec2->store, ec2->region, id, &record, err);

        if (!r)
                r = snapshots_delete(ec2->store, &record, user, err);
        *ret_code = r == INGOT_OK ? "success" : r == INGOT_E_CONFLICT ? "skipped" : "internal-error";
        return r == INGOT_E_CONFLICT || r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
}

/* The snapshots of the AMI that is gone, each once. */
static enum ingot_code delete_snapshots(struct ec2_call *ec2, const struct mapping_record *mappings,
                                        uint32_t count, struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;

        element_open(ec2->out, "deleteSnapshotResultSet");
        for (uint32_t i = 0; !r && i < count; i++) {
                const char *code;
                bool is_repeated = !*mappings[i].snapshot_id;

                for (uint32_t j = 0; j < i; j++)
                        is_repeated |= strcmp(mappings[i].snapshot_id, mappings[j].snapshot_id) == 0;
                if (is_repeated)
                        continue;
                r = delete_snapshot(ec2, mappings[i].snapshot_id, &code, err);
                element_open(ec2->out, "item");
                element_text(ec2->out, "snapshotId", mappings[i].snapshot_id);
                element_text(ec2->out, "returnCode", code);
                element_close(ec2->out, "item");
        }
        element_close(ec2->out, "deleteSnapshotResultSet");
        return r;
}

static bool is_protected(const struct ec2_call *ec2, const struct image_record *image)
{
        return strcmp(image->protection, IMAGE_UNPROTECTED) != 0 ||
               image->protected_until_seconds > clock_wall_seconds(ec2->store->clock);
}

static enum ingot_code forget_image(struct ec2_call *ec2, const char *id, struct mapping_record *mappings,
                                    uint32_t *ret_count, struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        struct image_record image;
        enum ingot_code r = catalogue_begin(catalogue, err);

        if (r)
                return r;
        r = catalogue_find_image(catalogue, ec2->region, id, &image, err);
        if (!r && is_protected(ec2, &image)) {
                (void)ec2_refuse_value(
                        ec2, "OperationNotPermitted", "The image '%s' is protected from deregistration%s", id,
                        image.protected_until_seconds ? " for 24 hours after its protection was disabled"
                                                      : "");
                return ec2_end_change(ec2, INGOT_OK, err);
        }
        if (!r)
                r = catalogue_read_mappings(catalogue, id, mappings, ret_count, err);
        if (!r)
                r = catalogue_forget_image(catalogue, id, err);
        return catalogue_end(catalogue, r, err);
}

enum ingot_code serve_deregister_image(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_record *mappings = calloc(MAPPINGS_MAX, sizeof(*mappings));
        const char *id = ec2_read_image_id(ec2);
        bool with_snapshots = false;
        uint32_t count = 0;
        enum ingot_code r;

        if (!mappings)
                return ingot_fail_memory(err, MAPPINGS_MAX * sizeof(*mappings));
        (void)ec2_read_bool(ec2, "DeleteAssociatedSnapshots", &with_snapshots);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = forget_image(ec2, id, mappings, &count, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidAMIID.NotFound", "The image id '[%s]' does not exist",
                                        id);
        if (r || ec2->is_refused)
                return r;
        ec2_begin(ec2);
        element_bool(ec2->out, "return", true);
        if (with_snapshots)
                r = delete_snapshots(ec2, mappings, count, err);
        ec2_end(ec2);
        return r;
}
