/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_PARENT_H
#define LIFECYCLE_VOLUME_PARENT_H

/* builder/lifecycle/volume_parent.h
 * volume_parent: the snapshot that a volume's snapshot can be a difference to, with what every block of it holds.
 *
 * Rules    (1) A parent is completed, not larger than the volume, and encrypted as the volume is wanted: its key is
 *              the child's.
 *          (2) One that was named is used or refused with the reason; one that is only assumed (the last receipt's)
 *              is passed over when it cannot be used.
 *          (3) What it holds is known from the manifest that it was published from; of a named one whose manifest is
 *              not known, from the region: every written block is read, for its digest.
 *          (4) A folder's receipt counts only with the manifest that was published with it, volume by volume: their
 *              image digests are compared.
 * Tests    tests/cli/delta.sh, tests/unit/lifecycle/test_volume_publish.c
 */
#include "lifecycle/region_session.h"
#include "model/manifest.h"

/* What is known before the region is asked; borrowed. */
struct parent_wish {
        const char *snapshot_id;
        bool is_named;               /* rule 2 */
        const struct block_map *map; /* NULL: read it from the region */
};

/* What the child is to be; borrowed. */
struct parent_terms {
        uint64_t volume_size_gib;
        enum tri_state encrypted;
        const char *kms_key_arn; /* NULL: whatever key */
};

struct volume_parent {
        char snapshot_id[EBS_SNAPSHOT_ID_CHARS + 1]; /* "": none */
        const struct block_map *map;                 /* the wish's, or read_map */
        struct block_map read_map;                   /* owned */
        bool is_whole;                               /* block_rules' parent_is_whole */
        bool is_named;
        uint64_t blocks_read; /* for their digests */
};

/*
 * Finds out whether the parent can be used.
 *
 * ret_parent   owned by the caller: volume_parent_release(); without an id when it is only assumed and cannot
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_CONFLICT  rule 1, for a named one
 *              and what ec2_describe_snapshots() and snapshot_read() fail with
 */
enum ingot_code volume_parent_find(const struct region_session *session, const struct parent_wish *wish,
                                   const struct parent_terms *terms, const struct ingot_observer *observer,
                                   struct volume_parent *ret_parent,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void volume_parent_release(struct volume_parent *parent); /* also for OWNED; a zeroed one is fine */

#endif
