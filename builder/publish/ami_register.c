/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/plural.h"
#include "publish/ami_register.h"

enum {
        NAME_CHARS_MIN = 3,
        NAME_CHARS_MAX = 128,
        DESCRIPTION_CHARS_MAX = 255,
        LOOKS_MAX = 20,
        LOOK_FIRST_MS = 20,
        LOOK_CEILING_MS = 5000
};

/* ---- what is sent ---- */

static enum ingot_code check_name(const char *name, struct ingot_error *err)
{
        static const char alphabet[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789()[] ./-'@_";
        size_t chars = name ? strlen(name) : 0;

        if (chars < NAME_CHARS_MIN || chars > NAME_CHARS_MAX)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "an AMI's name has %d to %d characters, '%.140s' has %zu", NAME_CHARS_MIN,
                                  NAME_CHARS_MAX, name ? name : "", chars);
        if (strspn(name, alphabet) != chars)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "an AMI's name has letters, digits, spaces and ()[]./-'@_, not '%c' as in '%s'",
                        name[strspn(name, alphabet)], name);
        return INGOT_OK;
}

static const struct mapping_entry *find_device(const struct mapping_entry *entries, size_t count,
                                               const char *device_name)
{
        for (size_t i = 0; i < count; i++)
                if (entries[i].device_name && strcmp(entries[i].device_name, device_name) == 0)
                        return &entries[i];
        return NULL;
}

static enum ingot_code check_request(const struct ami_request *request, struct ingot_error *err)
{
        const struct mapping_entry *root;
        enum ingot_code r = check_name(request->name, err);

        if (r)
                return r;
        if (!request->architecture)
                return ingot_fail(err, INGOT_E_USAGE, "the AMI has no architecture; AWS would take i386");
        if (request->description && strlen(request->description) > DESCRIPTION_CHARS_MAX)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "an AMI's description has at most %d characters, not %zu",
                                  DESCRIPTION_CHARS_MAX, strlen(request->description));
        if (!request->root_device_name)
                return ingot_fail(err, INGOT_E_USAGE, "the AMI has no root device name");
        root = find_device(request->block_devices, request->block_device_count, request->root_device_name);
        if (!root || root->kind != MAPPING_EBS || !root->snapshot_id)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "the root device '%s' has no snapshot in the block device mapping",
                                  request->root_device_name);
        for (size_t i = 0; i < request->block_device_count; i++) {
                const struct mapping_entry *entry = &request->block_devices[i];

                if (entry->kind == MAPPING_EBS && !entry->snapshot_id && !entry->volume_size_gib)
                        return ingot_fail(err, INGOT_E_USAGE, "'%s' has neither a snapshot nor a size",
                                          entry->device_name);
        }
        return INGOT_OK;
}

/* Rules 1 and 2: a copy of the mapping with nothing left to AWS's defaults.  Texts are borrowed. */
static enum ingot_code complete_mapping(const struct ami_request *request, struct mapping_entry **ret_entries,
                                        struct ingot_error *err)
{
        static char gp3[] = "gp3";
        struct mapping_entry *entries = calloc(request->block_device_count, sizeof(*entries));

        if (!entries)
                return ingot_fail_memory(err, request->block_device_count * sizeof(*entries));
        for (size_t i = 0; i < request->block_device_count; i++) {
                struct mapping_entry *entry = &entries[i];

                *entry = request->block_devices[i];
                if (entry->kind != MAPPING_EBS)
                        continue;
                if (!entry->volume_type)
                        entry->volume_type = gp3;
                if (entry->delete_on_termination == TRI_UNSET)
                        entry->delete_on_termination =
                                strcmp(entry->device_name, request->root_device_name) == 0 ? TRI_YES : TRI_NO;
                if (entry->snapshot_id)
                        entry->encrypted = TRI_UNSET;
        }
        *ret_entries = entries;
        return INGOT_OK;
}

/* ---- what was described ---- */

/* Prints the first difference between what was asked and what is there; false when there is none. */
struct comparison {
        char difference[256];
};

static bool differs(struct comparison *comparison, const char *what, const char *asked, const char *is)
{
        /* What was not asked for is not compared, and regions say "" and nothing for the same. */
        if (!asked || strcmp(asked, is ? is : "") == 0)
                return false;
        (void)snprintf(comparison->difference, sizeof(comparison->difference), "%s is '%s', not '%s'", what,
                       is ? is : "", asked);
        return true;
}

static bool number_differs(struct comparison *comparison, const char *device, const char *what,
                           uint64_t asked, uint64_t is)
{
        if (!asked || asked == is)
                return false;
        (void)snprintf(comparison->difference, sizeof(comparison->difference),
                       "%s of '%s' is %" PRIu64 ", not %" PRIu64, what, device, is, asked);
        return true;
}

static bool tri_differs(struct comparison *comparison, const char *device, const char *what,
                        enum tri_state asked, enum tri_state is)
{
        if (asked == TRI_UNSET || asked == is)
                return false;
        (void)snprintf(comparison->difference, sizeof(comparison->difference), "%s of '%s' is %s, not %s",
                       what, device, is == TRI_YES ? "true" : "false", asked == TRI_YES ? "true" : "false");
        return true;
}

static bool device_differs(struct comparison *comparison, const struct mapping_entry *asked,
                           const struct mapping_entry *is)
{
        const char *device = asked->device_name;
        char what[128];

        if (!is || is->kind != asked->kind) {
                (void)snprintf(comparison->difference, sizeof(comparison->difference), "'%s' is %s", device,
                               is ? "of another kind" : "not there");
                return true;
        }
        (void)snprintf(what, sizeof(what), "the volume of '%.60s'", device);
        return differs(comparison, what, asked->virtual_name, is->virtual_name) ||
               differs(comparison, what, asked->snapshot_id, is->snapshot_id) ||
               differs(comparison, what, asked->volume_type, is->volume_type) ||
               number_differs(comparison, device, "the size in GiB", asked->volume_size_gib,
                              is->volume_size_gib) ||
               number_differs(comparison, device, "iops", asked->iops, is->iops) ||
               number_differs(comparison, device, "throughput", asked->throughput_mibs,
                              is->throughput_mibs) ||
               tri_differs(comparison, device, "delete on termination", asked->delete_on_termination,
                           is->delete_on_termination) ||
               tri_differs(comparison, device, "encryption", asked->encrypted, is->encrypted);
}

/* Rule 4. */
static bool image_differs(struct comparison *comparison, const struct ec2_register_request *asked,
                          const struct ec2_image *is)
{
        if (differs(comparison, "the name", asked->name, is->name) ||
            differs(comparison, "the description", asked->description, is->description) ||
            differs(comparison, "the architecture", asked->architecture, is->architecture) ||
            differs(comparison, "the root device", asked->root_device_name, is->root_device_name) ||
            differs(comparison, "the virtualization", asked->virtualization_type, is->virtualization_type) ||
            differs(comparison, "the boot mode", asked->boot_mode, is->boot_mode) ||
            differs(comparison, "IMDS support", asked->imds_support, is->imds_support) ||
            differs(comparison, "TPM support", asked->tpm_support, is->tpm_support) ||
            differs(comparison, "SR-IOV support", asked->sriov_net_support, is->sriov_net_support) ||
            tri_differs(comparison, asked->name, "ENA support", asked->ena_support,
                        is->ena_support == TRI_YES ? TRI_YES : TRI_NO))
                return true;
        if (is->block_device_count != asked->block_device_count) {
                (void)snprintf(comparison->difference, sizeof(comparison->difference),
                               "the block device mapping has %zu %s, not %zu", is->block_device_count,
                               plural(is->block_device_count, "entry", "entries"), asked->block_device_count);
                return true;
        }
        for (size_t i = 0; i < asked->block_device_count; i++)
                if (device_differs(comparison, &asked->block_devices[i],
                                   find_device(is->block_devices, is->block_device_count,
                                               asked->block_devices[i].device_name)))
                        return true;
        return false;
}

static enum ingot_code find_named(const struct ec2_client *ec2, const char *name,
                                  struct ec2_image_list *ret_images, struct ingot_error *err)
{
        static const char *const self[] = { "self" };
        const struct ec2_filter filter = { .name = "name", .values = &name, .value_count = 1 };
        const struct ec2_describe_request request = {
                .owners = self, .owner_count = 1, .filters = &filter, .filter_count = 1
        };

        return ec2_describe_images(ec2, &request, ret_images, err);
}

enum ingot_code ami_find_by_name(const struct ec2_client *ec2, const char *name,
                                 char ret_image_id[EC2_ID_CHARS + 1], struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { .items = NULL };
        enum ingot_code r = find_named(ec2, name, &images, err);

        if (r)
                return ingot_while(err, r, "looking for an AMI named '%s'", name);
        ret_image_id[0] = '\0';
        /* The filter knows wildcards ('*', '?'), which no valid name has; compare all the same. */
        for (size_t i = 0; i < images.count; i++) {
                const struct ec2_image *image = &images.items[i];

                if (image->name && image->image_id && strcmp(image->name, name) == 0)
                        (void)snprintf(ret_image_id, EC2_ID_CHARS + 1, "%s", image->image_id);
        }
        return INGOT_OK;
}

static void note_image(struct ami_receipt *receipt, const struct ec2_image *image)
{
        (void)snprintf(receipt->image_id, sizeof(receipt->image_id), "%s", image->image_id);
        (void)snprintf(receipt->state, sizeof(receipt->state), "%s", image->state ? image->state : "");
}

/* Looks what has the name; *ret_found is false where nothing is described that does. */
static enum ingot_code look_at_name(const struct ec2_client *ec2, const struct ec2_register_request *asked,
                                    struct ami_receipt *receipt, bool *ret_found, struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { .items = NULL };
        struct comparison comparison = { .difference = "" };
        enum ingot_code r = find_named(ec2, asked->name, &images, err);

        *ret_found = false;
        if (r)
                return ingot_while(err, r, "looking for the AMI that has the name '%s'", asked->name);
        for (size_t i = 0; i < images.count; i++) {
                const struct ec2_image *image = &images.items[i];

                if (!image->image_id || !image->name || strcmp(image->name, asked->name) != 0)
                        continue;
                if (image_differs(&comparison, asked, image))
                        return ingot_fail(
                                err, INGOT_E_CONFLICT,
                                "%s already has the name '%s' and is another AMI: %s; give this one "
                                "another name or version",
                                image->image_id, asked->name, comparison.difference);
                note_image(receipt, image);
                *ret_found = receipt->was_there = true;
                return INGOT_OK;
        }
        return INGOT_OK;
}

/* Rule 3: the name is taken; by what?  It may be an AMI that an attempt or a run before this one has registered and that
 * is not described yet. */
static enum ingot_code judge_taken_name(const struct ec2_client *ec2,
                                        const struct ec2_register_request *asked, const struct fault *fault,
                                        struct ami_receipt *receipt, struct ingot_error *err)
{
        bool is_found = false;

        for (uint32_t looks = 1, wait_ms = LOOK_FIRST_MS;; looks++, wait_ms *= 2) {
                enum ingot_code r = look_at_name(ec2, asked, receipt, &is_found, err);

                if (r || is_found)
                        return r;
                if (looks == LOOKS_MAX)
                        return ingot_fail(err, INGOT_E_CONFLICT, "the name '%s' is taken: %s", asked->name,
                                          fault->message);
                r = region_link_wait(ec2->link, wait_ms < LOOK_CEILING_MS ? wait_ms : LOOK_CEILING_MS, err);
                if (r)
                        return r;
        }
}

static enum ingot_code verify(const struct ec2_client *ec2, const struct ec2_register_request *asked,
                              struct ami_receipt *receipt, struct ingot_error *err)
{
        const char *id = receipt->image_id;
        const struct ec2_describe_request request = { .ids = &id, .id_count = 1 };
        struct comparison comparison = { .difference = "" };

        for (uint32_t looks = 1, wait_ms = LOOK_FIRST_MS;; looks++, wait_ms *= 2) {
                OWNED(ec2_image_list_release) struct ec2_image_list images = { .items = NULL };
                enum ingot_code r = ec2_describe_images(ec2, &request, &images, err);

                /* An AMI may be described some time after it was registered. */
                if ((r == INGOT_E_NOT_FOUND || (!r && images.count == 0)) && looks < LOOKS_MAX) {
                        r = region_link_wait(ec2->link, wait_ms < LOOK_CEILING_MS ? wait_ms : LOOK_CEILING_MS,
                                             err);
                        if (r)
                                return r;
                        continue;
                }
                if (r)
                        return r;
                if (images.count != 1 || !images.items[0].image_id)
                        return ingot_fail(err, INGOT_E_REMOTE, "%zu AMIs are described as %s", images.count,
                                          id);
                (void)snprintf(receipt->state, sizeof(receipt->state), "%s",
                               images.items[0].state ? images.items[0].state : "");
                if (image_differs(&comparison, asked, &images.items[0]))
                        return ingot_fail(err, INGOT_E_REMOTE, "%s is not what was asked for: %s", id,
                                          comparison.difference);
                return INGOT_OK;
        }
}

enum ingot_code ami_register(const struct ec2_client *ec2, const struct ami_request *request,
                             struct ami_receipt *receipt, struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_entry *entries = NULL;
        struct ec2_register_request asked = { .name = request->name,
                                              .description = request->description,
                                              .architecture = request->architecture,
                                              .root_device_name = request->root_device_name,
                                              .virtualization_type = "hvm",
                                              .boot_mode = request->boot_mode,
                                              .tpm_support = request->tpm_support,
                                              .uefi_data = request->uefi_data,
                                              .billing_products = request->billing_products,
                                              .billing_product_count = request->billing_product_count,
                                              .imds_support = request->imds_support,
                                              .sriov_net_support = request->sriov_net_support,
                                              .ena_support = request->ena_support ? TRI_YES : TRI_NO,
                                              .tags = request->tags,
                                              .tag_count = request->tag_count };
        struct fault fault = { .code = "" };
        enum ingot_code r;

        *receipt = (struct ami_receipt){ .image_id = "" };
        r = check_request(request, err);
        if (!r)
                r = complete_mapping(request, &entries, err);
        if (r)
                return ingot_while(err, r, "registering '%s'", request->name ? request->name : "");
        asked.block_devices = entries;
        asked.block_device_count = request->block_device_count;
        r = ec2_register_image(ec2, &asked, receipt->image_id, &fault, err);
        if (r == INGOT_E_CONFLICT && strcmp(fault.code, "InvalidAMIName.Duplicate") == 0)
                r = judge_taken_name(ec2, &asked, &fault, receipt, err);
        else if (!r)
                r = verify(ec2, &asked, receipt, err);
        return ingot_while(err, r, "registering '%s'", request->name);
}
