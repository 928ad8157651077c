/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_SNAPSHOT_COPY_H
#define REGION_SNAPSHOT_COPY_H

/* builder/region/snapshot_copy.h
 * snapshot_copy: a snapshot that shows what another one shows, in the same region or in another.
 *
 * Rules    (1) A copy takes no room: it is a child of its source without blocks of its own.
 *          (2) It is completing, which clients see as pending, until the store's copy delay is over; what is wrong with
 *              its key shows only then.
 *          (3) It is encrypted when its source is, when it is asked for, and when the account encrypts by default; under
 *              the key that was said, else the account's default.
 *          (4) At most COPIES_MAX are under way into a region.
 * Source   EC2 service model 2016-11-15, CopySnapshot, CopyImage; user guide, copying snapshots.
 * Tests    tests/unit/region/test_ec2_copy.c
 */
#include "region/catalogue_tags.h"
#include "region/ec2_call.h"

enum { COPIES_MAX = 20, COMPLETION_MINUTES_STEP = 15, COMPLETION_MINUTES_MAX = 2880 };

/* What CopySnapshot and CopyImage say alike. */
struct copy_terms {
        char source_region[REGION_NAME_CHARS + 1]; /* as the catalogue names it */
        const char *source_region_name;            /* as it was said; borrowed from the form */
        char description[DESCRIPTION_BYTES + 1];
        bool is_encrypted;
        const char *key;          /* borrowed from the form; NULL: none */
        const char *late_failure; /* NULL: what the key says */
};

/* Reads SourceRegion, Description, Encrypted, KmsKeyId, and the completion duration under that name. */
void copy_terms_read(struct ec2_call *ec2, const char *duration_name, struct copy_terms *ret_terms);

/* Refuses with ResourceLimitExceeded when that many more copies are too many (rule 4). */
enum ingot_code copies_need_room(struct ec2_call *ec2, uint32_t more,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Starts a copy of a completed snapshot.
 *
 * tags         of the copy; NULL: none
 */
enum ingot_code snapshot_copy_start(struct ec2_call *ec2, const struct snapshot_record *source,
                                    const struct copy_terms *terms, const struct tag *tags,
                                    uint32_t tag_count, char ret_id[RESOURCE_ID_CHARS + 1],
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
