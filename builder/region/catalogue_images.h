/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_IMAGES_H
#define REGION_CATALOGUE_IMAGES_H

/* builder/region/catalogue_images.h
 * catalogue_images: the records of AMIs and their block device mappings.
 *
 * Rules    (1) A name is a registered AMI's alone in its region, until it is deregistered; a copy may have a name
 *              that is taken.
 *          (2) A mapping keeps the order in which it was registered.
 * Tests    tests/unit/region/test_catalogue.c
 */
#include <stdint.h>

#include "base/digest.h"
#include "region/catalogue.h"

enum { IMAGE_NAME_CHARS = 128, IMAGE_TOKEN_CHARS = 128, MAPPINGS_MAX = 64, DEVICE_NAME_CHARS = 255 };
enum { UEFI_DATA_CHARS = 64000 };

struct image_record {
        int64_t number; /* ascending with age */
        char region[REGION_NAME_CHARS + 1], id[RESOURCE_ID_CHARS + 1];
        char name[IMAGE_NAME_CHARS + 1];
        char description[DESCRIPTION_BYTES + 1];
        int64_t created_seconds;
        char architecture[16], virtualization_type[16], root_device_name[DEVICE_NAME_CHARS + 1];
        char boot_mode[16], tpm_support[16], imds_support[16], sriov_net_support[16]; /* "" : not said */
        bool is_ena_supported;
        char kernel_id[RESOURCE_ID_CHARS + 1], ramdisk_id[RESOURCE_ID_CHARS + 1];
        char state[16];              /* "pending", "available", "failed", "disabled"; "" is as available */
        char state_reason[256];      /* why it failed */
        int64_t deprecation_seconds; /* 0: none */
        char protection[32];         /* from deregistering: IMAGE_UNPROTECTED, ...; "" is as that */
        int64_t protected_until_seconds; /* the cooldown of a protection that was taken off; 0: none */
        char source_image_id[RESOURCE_ID_CHARS + 1], source_region[REGION_NAME_CHARS + 1]; /* of a copy */
        char client_token[IMAGE_TOKEN_CHARS + 1];                                          /* of a copy */
        char request_digest[DIGEST_HEX_CHARS + 1]; /* of what the client token was used for */
};

#define IMAGE_UNPROTECTED           "disabled"
#define IMAGE_PROTECTED             "enabled-without-cooldown"
#define IMAGE_PROTECTED_AND_COOLING "enabled-with-cooldown"

struct mapping_record {
        char device_name[DEVICE_NAME_CHARS + 1];
        char virtual_name[32]; /* "" : none */
        bool is_no_device, is_ebs;
        /* Of an EBS entry; 0 and "" where nothing was said and nothing follows from it. */
        char snapshot_id[RESOURCE_ID_CHARS + 1];
        uint32_t volume_gib;
        char volume_type[16];
        uint32_t iops, throughput_mibs, initialization_rate_mibs;
        bool is_deleted_on_termination, is_encrypted;
        bool is_deletion_said; /* DeleteOnTermination stood in the request; not recorded */
};

/* Makes the records. Fails with INGOT_E_CONFLICT when the name is taken or a snapshot is not there. */
enum ingot_code catalogue_add_image(struct catalogue *catalogue, const struct image_record *image,
                                    const struct mapping_record *mappings, uint32_t mapping_count,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_NOT_FOUND  no AMI of that id, or name, in that region */
enum ingot_code catalogue_find_image(struct catalogue *catalogue, const char *region, const char *id,
                                     struct image_record *ret_image,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_find_image_by_name(struct catalogue *catalogue, const char *region,
                                             const char *name, struct image_record *ret_image,
                                             struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code catalogue_find_image_by_token(struct catalogue *catalogue, const char *region,
                                              const char *client_token, struct image_record *ret_image,
                                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Gives an AMI that has none its UEFI variables, in base64; they are forgotten with it. */
enum ingot_code catalogue_add_uefi_data(struct catalogue *catalogue, const char *image_id, const char *data,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
/* Reads them; "" with INGOT_OK when the AMI has none. */
enum ingot_code catalogue_read_uefi_data(struct catalogue *catalogue, const char *image_id,
                                         char ret_data[UEFI_DATA_CHARS + 1],
                                         struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds the AMI with the lowest number above after that is pending.
 *
 * Fails with   INGOT_E_NOT_FOUND  none is
 */
enum ingot_code catalogue_next_pending_image(struct catalogue *catalogue, const char *region, int64_t after,
                                             struct image_record *ret_image,
                                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Writes what can change of an AMI: description, imds_support, state, deprecation and protection. */
enum ingot_code catalogue_update_image(struct catalogue *catalogue, const struct image_record *image,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/* Reads an AMI's mapping into ret_mappings, of MAPPINGS_MAX elements, the caller's. */
enum ingot_code catalogue_read_mappings(struct catalogue *catalogue, const char *image_id,
                                        struct mapping_record ret_mappings[MAPPINGS_MAX], uint32_t *ret_count,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

/* Forgets an AMI, its mapping, its tags and its permissions. */
enum ingot_code catalogue_forget_image(struct catalogue *catalogue, const char *id,
                                       struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds an AMI whose mapping refers to a snapshot.
 *
 * Fails with   INGOT_E_NOT_FOUND  none does
 */
enum ingot_code catalogue_find_snapshot_user(struct catalogue *catalogue, const char *snapshot_id,
                                             char ret_image_id[RESOURCE_ID_CHARS + 1],
                                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Walks the AMIs of a region (NULL: of all) with number above after, oldest first, as
 * catalogue_each_snapshot() does. */
enum ingot_code catalogue_each_image(struct catalogue *catalogue, const char *region, int64_t after,
                                     enum ingot_code (*visit)(void *context, const struct image_record *image,
                                                              bool *ret_stop, struct ingot_error *err),
                                     void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
