/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/catalogue_permissions.h"
#include "region/ec2_filter.h"
#include "region/ec2_image.h"
#include "region/ec2_mapping.h"
#include "region/ec2_page.h"

enum { EXECUTORS_MAX = 100 };

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
                                             "imds-support",
                                             "image-type",
                                             "is-public",
                                             "kernel-id",
                                             "name",
                                             "owner-id",
                                             "platform",
                                             "ramdisk-id",
                                             "root-device-name",
                                             "root-device-type",
                                             "source-image-id",
                                             "source-image-region",
                                             "state",
                                             "sriov-net-support",
                                             "tpm-support",
                                             "virtualization-type",
                                             NULL };

struct image_walk {
        struct ec2_call *ec2;
        bool with_disabled;                   /* they are shown, too */
        bool is_public;                       /* of the AMI at hand */
        const char *executors[EXECUTORS_MAX]; /* ExecutableBy; borrowed from the form */
        size_t executor_count;
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
        ec2_filters_fact_bool(filters, "is-public", walk->is_public);
        ec2_filters_fact(filters, "kernel-id", image->kernel_id);
        ec2_filters_fact(filters, "name", image->name);
        ec2_filters_fact(filters, "owner-id", walk->ec2->call->account_id);
        ec2_filters_fact(filters, "ramdisk-id", image->ramdisk_id);
        ec2_filters_fact(filters, "root-device-name", image->root_device_name);
        ec2_filters_fact(filters, "root-device-type", "ebs");
        ec2_filters_fact(filters, "source-image-id", image->source_image_id);
        ec2_filters_fact(filters, "source-image-region", image->source_region);
        ec2_filters_fact(filters, "state", image->state);
        ec2_filters_fact(filters, "tpm-support", image->tpm_support);
        ec2_filters_fact(filters, "imds-support", image->imds_support);
        ec2_filters_fact(filters, "sriov-net-support", image->sriov_net_support);
        ec2_filters_fact(filters, "virtualization-type", image->virtualization_type);
        state_mapping_facts(walk);
        return ec2_filters_fact_tags(filters, walk->ec2, image->id, err);
}

/* What came after registering, or with a copy. */
static void write_later_facts(struct buffer *out, const struct image_record *image)
{
        char time[CLOCK_ISO_CHARS + 1];

        if (image->deprecation_seconds) {
                clock_print_iso(image->deprecation_seconds, time);
                element_text(out, "deprecationTime", time);
        }
        element_text(out, "deregistrationProtection", image->protection);
        element_text_if(out, "sourceImageId", image->source_image_id);
        element_text_if(out, "sourceImageRegion", image->source_region);
        if (*image->state_reason) {
                element_open(out, "stateReason");
                element_text(out, "code", "Client.SnapshotCopyFailed");
                element_text(out, "message", image->state_reason);
                element_close(out, "stateReason");
        }
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
        element_text(out, "imageState", image->state);
        element_text(out, "imageOwnerId", walk->ec2->call->account_id);
        element_text(out, "creationDate", time);
        element_bool(out, "isPublic", walk->is_public);
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
        write_later_facts(out, image);
        r = ec2_write_tags(walk->ec2, image->id, err);
        element_close(out, "item");
        return r;
}

/* Whether one of those whom ExecutableBy names may launch the AMI; "self" is the owner's own account. */
static bool is_executable(const struct image_walk *walk, const struct image_record *image, enum ingot_code *r,
                          struct ingot_error *err)
{
        for (size_t i = 0; !*r && i < walk->executor_count; i++) {
                const char *executor = walk->executors[i];
                bool has = false;

                if (strcmp(executor, "self") == 0 || strcmp(executor, walk->ec2->call->account_id) == 0)
                        return true;
                if (strcmp(executor, "all") == 0)
                        has = walk->is_public;
                else
                        *r = catalogue_has_permission(walk->ec2->store->catalogue, image->id, PERMISSION_USER,
                                                      executor, &has, err);
                if (has)
                        return true;
        }
        return false;
}

static void read_executors(struct ec2_call *ec2, struct image_walk *walk)
{
        for (unsigned i = 1; form_has(&ec2->form, "ExecutableBy.%u", i); i++) {
                const char *executor = form_find(&ec2->form, "ExecutableBy.%u", i);

                if (!executor || walk->executor_count == EXECUTORS_MAX) {
                        (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                               "ExecutableBy names at most %d users", EXECUTORS_MAX);
                        return;
                }
                walk->executors[walk->executor_count++] = executor;
        }
}

static enum ingot_code visit_image(void *context, const struct image_record *image, bool *ret_stop,
                                   struct ingot_error *err)
{
        struct image_walk *walk = context;
        enum ingot_code r;

        if (ec2_is_hidden(walk->ec2, image->id) ||
            (!walk->with_disabled && strcmp(image->state, IMAGE_DISABLED) == 0) ||
            !ec2_ids_take(&walk->ids, image->id))
                return INGOT_OK;
        r = catalogue_read_mappings(walk->ec2->store->catalogue, image->id, walk->mappings,
                                    &walk->mapping_count, err);
        if (!r)
                r = catalogue_has_permission(walk->ec2->store->catalogue, image->id, PERMISSION_GROUP, "all",
                                             &walk->is_public, err);
        if (r || (walk->executor_count > 0 && !is_executable(walk, image, &r, err)))
                return r;
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
        bool is_ours, said;
        enum ingot_code r;

        if (!walk)
                return ingot_fail_memory(err, sizeof(*walk));
        walk->ec2 = ec2;
        ec2_filters_read(ec2, known_filters, &walk->filters);
        ec2_ids_read(ec2, "ImageId", "ami-", "InvalidAMIID.Malformed", &walk->ids);
        ec2_page_read(ec2, &walk->ids, &walk->page);
        is_ours = ec2_read_owners(ec2, "Owner");
        read_executors(ec2, walk);
        /* Its owner sees a deprecated AMI always. */
        (void)ec2_read_bool(ec2, "IncludeDeprecated", &said);
        (void)ec2_read_bool(ec2, "IncludeDisabled", &walk->with_disabled);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        r = images_settle(ec2->store, ec2->region, err);
        if (r)
                return r;
        ec2_begin(ec2);
        element_open(ec2->out, "imagesSet");
        if (is_ours)
                r = catalogue_each_image(ec2->store->catalogue, ec2->region, (int64_t)walk->page.after,
                                         visit_image, walk, err);
        element_close(ec2->out, "imagesSet");
        if (!r)
                r = ec2_page_write(ec2, &walk->page, err);
        ec2_end(ec2);
        if (!r && is_ours && walk->executor_count == 0)
                ec2_ids_need_all(ec2, &walk->ids, "InvalidAMIID.NotFound", "image id");
        return r;
}
