/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/ec2_image.h"
#include "region/ec2_mapping.h"

struct registration {
        struct image_record image;
        struct mapping_record mappings[MAPPINGS_MAX];
        uint32_t mapping_count;
        struct tag tags[TAGS_MAX];
        uint32_t tag_count;
        const char *uefi_data; /* borrowed from the form; NULL: none */
};

/* Reads a text that must be one of some; absent stays what it is. */
static void read_choice(struct ec2_call *ec2, const char *name, const char *const *choices, char *out,
                        size_t room_bytes)
{
        const char *text = form_find(&ec2->form, "%s", name);

        if (!text)
                return;
        for (; *choices; choices++) {
                if (strcmp(*choices, text) == 0) {
                        (void)snprintf(out, room_bytes, "%s", text);
                        return;
                }
        }
        (void)ec2_refuse_value(ec2, "InvalidParameterValue", "Value (%.60s) for parameter %s is invalid.",
                               text, name);
}

/* Base64 as whoever encodes would print it: padding at the end alone, and no stray bits below it. */
static bool is_base64(const char *text)
{
        size_t chars = strlen(text), padding = chars - strcspn(text, "=");
        OWNED(heap_drop) uint8_t *bytes = malloc(chars + 1);

        return bytes && chars % 4 == 0 && padding <= 2 && base64_decode(text, bytes, chars / 4 * 3 - padding);
}

static void read_firmware(struct ec2_call *ec2, struct registration *registration)
{
        static const char *const boot_modes[] = { "legacy-bios", "uefi", "uefi-preferred", NULL };
        static const char *const versions[] = { "v2.0", NULL };
        struct image_record *image = &registration->image;
        const char *uefi_data = form_find(&ec2->form, "UefiData");

        read_choice(ec2, "BootMode", boot_modes, image->boot_mode, sizeof(image->boot_mode));
        read_choice(ec2, "TpmSupport", versions, image->tpm_support, sizeof(image->tpm_support));
        read_choice(ec2, "ImdsSupport", versions, image->imds_support, sizeof(image->imds_support));
        registration->uefi_data = uefi_data;
        if (uefi_data && (!*uefi_data || strlen(uefi_data) > UEFI_DATA_CHARS || !is_base64(uefi_data)))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "UefiData must be base64 of at most %d characters.", UEFI_DATA_CHARS);
}

static void read_kernel(struct ec2_call *ec2, const char *name, const char *prefix,
                        char out[RESOURCE_ID_CHARS + 1])
{
        const char *id = form_find(&ec2->form, "%s", name);

        if (id && !ec2_is_id(id, prefix))
                (void)ec2_refuse_value(ec2, "InvalidParameterValue",
                                       "Value (%.80s) for parameter %s is invalid.", id, name);
        else if (id)
                (void)snprintf(out, RESOURCE_ID_CHARS + 1, "%s", id);
}

/* Rules between parameters. */
static void judge(struct ec2_call *ec2, const struct registration *registration)
{
        const struct image_record *image = &registration->image;
        bool is_arm = strncmp(image->architecture, "arm64", 5) == 0;
        bool is_hvm = strcmp(image->virtualization_type, "hvm") == 0;
        bool is_uefi = strcmp(image->boot_mode, "uefi") == 0;

        if (!is_hvm && (is_arm || *image->boot_mode || image->is_ena_supported || *image->sriov_net_support))
                (void)ec2_refuse_value(
                        ec2, "InvalidParameterCombination",
                        "VirtualizationType paravirtual, the default, excludes arm64, BootMode, "
                        "EnaSupport and SriovNetSupport: give VirtualizationType hvm");
        if (is_hvm && (*image->kernel_id || *image->ramdisk_id))
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "KernelId and RamdiskId cannot be given with VirtualizationType hvm");
        if (is_arm && *image->boot_mode && !is_uefi)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "Architecture %s needs BootMode uefi", image->architecture);
        if (*image->tpm_support && !is_uefi)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination", "TpmSupport needs BootMode uefi");
        if (registration->uefi_data && strncmp(image->boot_mode, "uefi", 4) != 0)
                (void)ec2_refuse_value(ec2, "InvalidParameterCombination",
                                       "UefiData needs BootMode uefi or uefi-preferred");
}

static void read_registration(struct ec2_call *ec2, struct registration *registration)
{
        static const char *const architectures[] = { "i386",       "x86_64",    "arm64",
                                                     "x86_64_mac", "arm64_mac", NULL };
        static const char *const virtualization_types[] = { "hvm", "paravirtual", NULL };
        static const char *const sriov[] = { "simple", NULL };
        struct image_record *image = &registration->image;

        ec2_read_image_name(ec2, image->name);
        (void)ec2_read_text(ec2, "Description", DESCRIPTION_CHARS, image->description,
                            sizeof(image->description));
        (void)snprintf(image->architecture, sizeof(image->architecture), "i386");
        read_choice(ec2, "Architecture", architectures, image->architecture, sizeof(image->architecture));
        (void)snprintf(image->virtualization_type, sizeof(image->virtualization_type), "paravirtual");
        read_choice(ec2, "VirtualizationType", virtualization_types, image->virtualization_type,
                    sizeof(image->virtualization_type));
        (void)snprintf(image->root_device_name, sizeof(image->root_device_name), "/dev/sda1");
        (void)ec2_read_text(ec2, "RootDeviceName", DEVICE_NAME_CHARS, image->root_device_name,
                            sizeof(image->root_device_name));
        (void)ec2_read_bool(ec2, "EnaSupport", &image->is_ena_supported);
        read_choice(ec2, "SriovNetSupport", sriov, image->sriov_net_support,
                    sizeof(image->sriov_net_support));
        read_kernel(ec2, "KernelId", "aki-", image->kernel_id);
        read_kernel(ec2, "RamdiskId", "ari-", image->ramdisk_id);
        read_firmware(ec2, registration);
        ec2_mapping_read(ec2, registration->mappings, &registration->mapping_count);
        ec2_read_tag_specification(ec2, "image", registration->tags, &registration->tag_count);
        if (form_find(&ec2->form, "ImageLocation"))
                (void)ec2_refuse_value(ec2, "UnsupportedOperation",
                                       "AMIs whose root volume is instance store are not supported.");
        if (form_find(&ec2->form, "BillingProduct.1"))
                (void)ec2_refuse(ec2, 401, "AuthFailure", "This account may not give billing products.");
        if (registration->mapping_count == 0)
                (void)ec2_refuse_value(ec2, "MissingParameter",
                                       "The request must contain the parameter blockDeviceMapping");
        judge(ec2, registration);
}

/* In a transaction; a refusal leaves nothing behind. */
static enum ingot_code add_image(struct ec2_call *ec2, struct registration *registration,
                                 struct ingot_error *err)
{
        struct catalogue *catalogue = ec2->store->catalogue;
        struct image_record *image = &registration->image, same_name;
        enum ingot_code r;

        r = catalogue_find_image_by_name(catalogue, ec2->region, image->name, &same_name, err);
        if (r == INGOT_OK)
                return ec2_refuse_value(ec2, "InvalidAMIName.Duplicate",
                                        "AMI name %s is already in use by AMI %s", image->name, same_name.id);
        if (r != INGOT_E_NOT_FOUND)
                return r;
        r = ec2_mapping_settle(ec2, image->root_device_name, registration->mappings,
                               registration->mapping_count, err);
        if (r || ec2->is_refused)
                return r;
        r = catalogue_add_image(catalogue, image, registration->mappings, registration->mapping_count, err);
        if (!r && registration->uefi_data)
                r = catalogue_add_uefi_data(catalogue, image->id, registration->uefi_data, err);
        for (uint32_t i = 0; !r && i < registration->tag_count; i++)
                r = catalogue_set_tag(catalogue, ec2->region, image->id, &registration->tags[i], err);
        return r;
}

enum ingot_code serve_register_image(struct ec2_call *ec2, struct ingot_error *err)
{
        OWNED(heap_drop) struct registration *registration = calloc(1, sizeof(*registration));
        struct image_record *image;
        enum ingot_code r;

        if (!registration)
                return ingot_fail_memory(err, sizeof(*registration));
        image = &registration->image;
        read_registration(ec2, registration);
        if (!ec2_may_go_on(ec2, true))
                return INGOT_OK;
        (void)snprintf(image->region, sizeof(image->region), "%s", ec2->region);
        image->created_seconds = clock_wall_seconds(ec2->store->clock);
        r = random_resource_id("ami-", image->id, err);
        if (!r)
                r = catalogue_begin(ec2->store->catalogue, err);
        if (r)
                return r;
        r = add_image(ec2, registration, err);
        if (ec2->is_refused)
                r = INGOT_E_CANCELLED; /* takes the transaction back; the refusal is the reply */
        r = catalogue_end(ec2->store->catalogue, r, err);
        if (ec2->is_refused)
                return INGOT_OK;
        if (r)
                return r;
        ec2_begin(ec2);
        element_text(ec2->out, "imageId", image->id);
        ec2_end(ec2);
        return INGOT_OK;
}
