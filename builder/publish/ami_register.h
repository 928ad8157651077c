/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_AMI_REGISTER_H
#define PUBLISH_AMI_REGISTER_H

/* builder/publish/ami_register.h
 * ami_register: turn snapshots and a block device mapping into one AMI, and look at what became of it.
 *
 * Rules    (1) What AWS would fill in to somebody's harm is always sent: the architecture (its default is i386),
 *              VirtualizationType hvm (paravirtual), EnaSupport, a volume type for every EBS volume (gp3),
 *              DeleteOnTermination (true for the root volume, false for the others: a default must not delete
 *              data).
 *          (2) Encrypted is never sent with a SnapshotId, which would fail whatever its value.
 *          (3) The name is the AMI's identity.  When it is taken by an AMI that is all that was asked for, down to
 *              the snapshot ids, that AMI is the result: a repeated call, after a lost answer too, is harmless.
 *              Any other AMI of the name is INGOT_E_CONFLICT.
 *          (4) The AMI is described afterwards and compared with what was asked, entry by entry.
 * Source   EC2 service model 2016-11-15, RegisterImage.
 * Tests    tests/unit/publish/test_ami_register.c
 */
#include "publish/ec2_client.h"

/* Borrowed for the call. */
struct ami_request {
        const char *name;             /* 3 to 128 of A-Z a-z 0-9 ( ) [ ] space . / - ' @ _ */
        const char *description;      /* at most 255 characters; NULL: none */
        const char *architecture;     /* "x86_64", "arm64" */
        const char *root_device_name; /* "/dev/xvda"; an EBS entry of the mapping */
        const char *boot_mode;        /* "legacy-bios", "uefi", "uefi-preferred"; NULL: the instance type's */
        const char *imds_support;     /* "v2.0"; NULL: none */
        const char *tpm_support;      /* "v2.0"; NULL: none */
        const char *sriov_net_support; /* "simple"; NULL: none (it cannot be undone) */
        const char *uefi_data;         /* base64; NULL: none */
        const char *const *billing_products;
        size_t billing_product_count;
        bool ena_support;
        const struct mapping_entry *block_devices; /* EBS entries with their snapshot ids, or blank */
        size_t block_device_count;
        const struct wire_tag *tags; /* of the AMI */
        size_t tag_count;
};

struct ami_receipt {
        char image_id[EC2_ID_CHARS + 1]; /* "" until it was registered */
        char state[EC2_ID_CHARS + 1];    /* "available", "pending" as last described */
        bool was_there;                  /* rule 3 */
};

/*
 * Registers the AMI and verifies it.
 *
 * receipt      filled in as facts become known, on failure too
 * Fails with   INGOT_E_USAGE     a field is missing or out of range; the message names it
 *              INGOT_E_CONFLICT  rule 3
 *              INGOT_E_REMOTE    rule 4: what was described is not what was asked; the difference is told
 *              and what ec2_register_image() and ec2_describe_images() fail with
 */
enum ingot_code ami_register(const struct ec2_client *ec2, const struct ami_request *request,
                             struct ami_receipt *receipt, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Finds one's own AMI of that name.
 *
 * ret_image_id  "" when there is none
 */
enum ingot_code ami_find_by_name(const struct ec2_client *ec2, const char *name,
                                 char ret_image_id[EC2_ID_CHARS + 1],
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
