/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_filter.h"
#include "region/ec2_mapping.h"
#include "region/ec2_page.h"

static const char *const known_filters[] = { "architecture",
                                             "block-device-mapping.delete-on-termination",
                                             "block-device-mapping.device-name",
                                             "block-device-mapping.encrypted",
                                             "block-device-mapping.snapshot-id",
                                             "block-device-mapping.volume-size",
                                             "block-device-mapping.volume-type",
                                             "boot-mode",
                                             "creation-date",
                                             "description",
                                             "ena-support",
                                             "hypervisor",
                                             "image-id",
                                             "image-type",
                                             "is-public",
                                             "kernel-id",
                                             "name",
                                             "owner-id",
                                             "platform",
                                             "ramdisk-id",
                                             "root-device-name",
                                             "root-device-type",
                                             "state",
                                             "sriov-net-support",
                                             "virtualization-type",
                                             NULL };

struct image_walk {
        struct ec2_call *ec2;
        struct ec2_filters filters;
        struct ec2_ids ids;
        struct ec2_page page;
        struct mapping_record mappings[MAPPINGS_MAX];
        uint32_t mapping_count;
};

static void state_mapping_facts(struct image_walk *walk)
{
        struct ec2_filters *filters = &walk->filters;

        for (uint32_t i = 0; i < walk->mapping_count; i++) {
                const struct mapping_record *mapping = &walk->mappings[i];

                ec2_filters_fact(filters, "block-device-mapping.device-name", mapping->device_name);
                if (!mapping->is_ebs)
                        continue;
                ec2_filters_fact_bool(filters, "block-device-mapping.delete-on-termination",
                                      mapping->is_deleted_on_termination);
                ec2_filters_fact_bool(filters, "block-device-mapping.encrypted", mapping->is_encrypted);
                ec2_filters_fact(filters, "block-device-mapping.snapshot-id", mapping->snapshot_id);
                ec2_filters_fact_number(filters, "block-device-mapping.volume-size", mapping->volume_gib);
                ec2_filters_fact(filters, "block-device-mapping.volume-type", mapping->volume_type);
        }
}

static enum ingot_code state_facts(struct image_walk *walk, const struct image_record *image,
                                   struct ingot_error *err)
{
        struct ec2_filters *filters = &walk->filters;
        char time[CLOCK_ISO_CHARS + 1];

        clock_print_iso(image->created_seconds, time);
        ec2_filters_begin(filters);
        ec2_filters_fact(filters, "architecture", image->architecture);
        ec2_filters_fact(filters, "boot-mode", image->boot_mode);
        ec2_filters_fact(filters, "creation-date", time);
        ec2_filters_fact(filters, "description", image->description);
        ec2_filters_fact_bool(filters, "ena-support", image->is_ena_supported);
        ec2_filters_fact(filters, "hypervisor", "xen");
        ec2_filters_fact(filters, "image-id", image->id);
        ec2_filters_fact(filters, "image-type", "machine");
        ec2_filters_fact(filters, "is-public", "false");
        ec2_filters_fact(filters, "kernel-id", image->kernel_id);
        ec2_filters_fact(filters, "name", image->name);
        ec2_filters_fact(filters, "owner-id", walk->ec2->call->account_id);
        ec2_filters_fact(filters, "ramdisk-id", image->ramdisk_id);
        ec2_filters_fact(filters, "root-device-name", image->root_device_name);
        ec2_filters_fact(filters, "root-device-type", "ebs");
        ec2_filters_fact(filters, "state", "available");
        ec2_filters_fact(filters, "sriov-net-support", image->sriov_net_support);
        ec2_filters_fact(filters, "virtualization-type", image->virtualization_type);
        state_mapping_facts(walk);
        return ec2_filters_fact_tags(filters, walk->ec2, image->id, err);
}

static enum ingot_code write_image(struct image_walk *walk, const struct image_record *image,
                                   struct ingot_error *err)
{
        struct buffer *out = walk->ec2->out;
        char time[CLOCK_ISO_CHARS + 1];
        enum ingot_code r;

        clock_print_iso(image->created_seconds, time);
        element_open(out, "item");
        element_text(out, "imageId", image->id);
        buffer_appendf(out, "<imageLocation>%s/", walk->ec2->call->account_id);
        buffer_append_text(out, image->name); /* its alphabet needs no escaping */
        element_close(out, "imageLocation");
        element_text(out, "imageState", "available");
        element_text(out, "imageOwnerId", walk->ec2->call->account_id);
        element_text(out, "creationDate", time);
        element_bool(out, "isPublic", false);
        element_text(out, "architecture", image->architecture);
        element_text(out, "imageType", "machine");
        element_text_if(out, "kernelId", image->kernel_id);
        element_text_if(out, "ramdiskId", image->ramdisk_id);
        element_text_if(out, "sriovNetSupport", image->sriov_net_support);
        element_bool(out, "enaSupport", image->is_ena_supported);
        element_text(out, "name", image->name);
        element_text_if(out, "description", image->description);
        element_text(out, "rootDeviceType", "ebs");
        element_text(out, "rootDeviceName", image->root_device_name);
        ec2_mapping_write(walk->ec2, walk->mappings, walk->mapping_count);
        element_text(out, "virtualizationType", image->virtualization_type);
        element_text(out, "hypervisor", "xen");
        element_text(out, "platformDetails", "Linux/UNIX");
        element_text(out, "usageOperation", "RunInstances");
        element_text_if(out, "bootMode", image->boot_mode);
        element_text_if(out, "tpmSupport", image->tpm_support);
        element_text_if(out, "imdsSupport", image->imds_support);
        r = ec2_write_tags(walk->ec2, image->id, err);
        element_close(out, "item");
        return r;
}

static enum ingot_code visit_image(void *context, const struct image_record *image, bool *ret_stop,
                                   struct ingot_error *err)
{
        struct image_walk *walk = context;
        enum ingot_code r;

        if (ec2_is_hidden(walk->ec2, image->id) || !ec2_ids_take(&walk->ids, image->id))
                return INGOT_OK;
        r = catalogue_read_mappings(walk->ec2->store->catalogue, image->id, walk->mappings,
                                    &walk->mapping_count, err);
        if (!r)
                r = state_facts(walk, image, err);
        if (r || !ec2_filters_pass(&walk->filters))
                return r;
        *ret_stop = !ec2_page_take(&walk->page, image->number);
        return *ret_stop ? INGOT_OK : write_image(walk, image, err);
}

enum ingot_code serve_describe_images(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct image_walk *walk = calloc(1, sizeof(*walk));
        bool is_ours, is_executable, said;
        enum ingot_code r = INGOT_OK;

        if (!walk)
                return ingot_fail_memory(err, sizeof(*walk));
        walk->ec2 = ec2;
        ec2_filters_read(ec2, known_filters, &walk->filters);
        ec2_ids_read(ec2, "ImageId", "ami-", "InvalidAMIID.Malformed", &walk->ids);
        ec2_page_read(ec2, &walk->ids, &walk->page);
        is_ours = ec2_read_owners(ec2, "Owner");
        is_executable = ec2_read_owners(ec2, "ExecutableBy");
        /* Nothing here is deprecated or disabled yet: both may be asked for and change nothing. */
        (void)ec2_read_bool(ec2, "IncludeDeprecated", &said);
        (void)ec2_read_bool(ec2, "IncludeDisabled", &said);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        ec2_begin(ec2);
        element_open(ec2->out, "imagesSet");
        if (is_ours && is_executable)
                r = catalogue_each_image(ec2->store->catalogue, ec2->region, (int64_t)walk->page.after,
                                         visit_image, walk, err);
        element_close(ec2->out, "imagesSet");
        if (!r)
                r = ec2_page_write(ec2, &walk->page, err);
        ec2_end(ec2);
        if (!r && is_ours && is_executable)
                ec2_ids_need_all(ec2, &walk->ids, "InvalidAMIID.NotFound", "image id");
        return r;
}

/* ---- DeregisterImage ---- */

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

static enum ingot_code forget_image(struct ec2_call *ec2, const char *id, struct mapping_record *mappings,
                                    uint32_t *ret_count, struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        struct image_record image;
        enum ingot_code r = catalogue_begin(catalogue, err);

        if (r)
                return r;
        r = catalogue_find_image(catalogue, ec2->region, id, &image, err);
        if (!r)
                r = catalogue_read_mappings(catalogue, id, mappings, ret_count, err);
        if (!r)
                r = catalogue_forget_image(catalogue, id, err);
        return catalogue_end(catalogue, r, err);
}

enum ingot_code serve_deregister_image(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_record *mappings = calloc(MAPPINGS_MAX, sizeof(*mappings));
        const char *id = form_find(&ec2->form, "ImageId");
        bool with_snapshots = false;
        uint32_t count = 0;
        enum ingot_code r;

        if (!mappings)
                return ingot_fail_memory(err, MAPPINGS_MAX * sizeof(*mappings));
        (void)ec2_read_bool(ec2, "DeleteAssociatedSnapshots", &with_snapshots);
        if (!id)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter imageId");
        else if (!ec2_is_id(id, "ami-"))
                (void)ec2_refuse_value(ec2, "InvalidAMIID.Malformed",
                                       "Invalid id: \"%.80s\" (expecting \"ami-...\")", id);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = forget_image(ec2, id, mappings, &count, err);
        if (r == INGOT_E_NOT_FOUND)
                return ec2_refuse_value(ec2, "InvalidAMIID.NotFound", "The image id '[%s]' does not exist",
                                        id);
        if (r)
                return r;
        ec2_begin(ec2);
        element_bool(ec2->out, "return", true);
        if (with_snapshots)
                r = delete_snapshots(ec2, mappings, count, err);
        ec2_end(ec2);
        return r;
}
