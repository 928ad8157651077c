/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MAPPING_H
#define MODEL_MAPPING_H

/* builder/model/mapping.h
 * mapping: an EC2 block device mapping, as `aws ec2 register-image --block-device-mappings` takes it.
 *
 * Rules    (1) JSON, PascalCase members exactly as in EC2's BlockDeviceMapping; unknown ones are refused.
 *          (2) An entry is one of: EBS, VirtualName (instance store), NoDevice.
 *          (3) A number that was not given is 0; a boolean that was not given is TRI_UNSET.
 * Source   EC2 service model 2016-11-15, BlockDeviceMapping and EbsBlockDevice.
 * Tests    tests/unit/model/test_mapping.c, tests/fuzz/fuzz_mapping.c
 */
#include "model/template.h"

enum mapping_kind { MAPPING_EBS, MAPPING_VIRTUAL, MAPPING_NO_DEVICE };

struct mapping_entry {
        enum mapping_kind kind;
        char *device_name;
        char *virtual_name; /* "ephemeral0"; MAPPING_VIRTUAL */
        char *snapshot_id;  /* NULL: blank, or made from the template's volume */
        char *volume_type;  /* NULL: not given */
        uint64_t volume_size_gib, iops, throughput_mibs, volume_initialization_rate_mibs;
        enum tri_state encrypted, delete_on_termination;
        struct mark mark, size_mark; /* of the entry; of VolumeSize (or the entry) */
};

struct mapping {
        char *file;
        struct mapping_entry *entries;
        size_t entry_count;
};

/*
 * Parses and checks a mapping by itself: every mistake is added to complaints.
 *
 * bytes, file  borrowed for this call (file is copied)
 * ret_mapping  owned by the caller; written only on INGOT_OK
 * Fails with   INGOT_E_TEMPLATE  there are complaints
 *              INGOT_E_MEMORY
 */
enum ingot_code mapping_parse(const char *bytes, size_t size_bytes, const char *file,
                              struct complaint_list *complaints, struct mapping **ret_mapping,
                              struct ingot_error *err) INGOT_MUST_CHECK;

void mapping_free(struct mapping *mapping);
void mapping_drop(struct mapping **mapping);

/* The sizes that a VolumeType may have, in GiB; NULL is any type. */
void mapping_volume_size_range(const char *volume_type, uint64_t *ret_min_gib, uint64_t *ret_max_gib);

/* The entry of that device name; NULL when there is none. */
const struct mapping_entry *mapping_find(const struct mapping *mapping, const char *device_name);

#endif
