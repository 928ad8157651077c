/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_VERIFY_H
#define LIFECYCLE_VOLUME_VERIFY_H

/* builder/lifecycle/volume_verify.h
 * volume_verify: read a completed snapshot back, all of it or a sample, and compare it with its block map.
 *
 * Rules    (1) A block that holds data must be listed and have the map's digest.
 *          (2) A block that is zero or absent must read as zeros: listed, it is read; not listed, it does so only in a
 *              snapshot that is not encrypted.
 *          (3) A sample is of all blocks of the disk, each as likely as any other.
 * Tests    tests/unit/lifecycle/test_volume_publish.c, tests/cli/delta.sh
 */
#include <ingot/publish.h>

#include "model/block_map.h"
#include "publish/ebs_client.h"

enum { VOLUME_SAMPLE_MAX = 1000000 };

/* Borrowed for the call. */
struct volume_to_verify {
        const char *snapshot_id;
        const char *name; /* of the volume, for messages */
        const struct block_map *map;
        bool is_encrypted;
        uint64_t blocks;      /* to look at: INGOT_VERIFY_ALL, or at most VOLUME_SAMPLE_MAX */
        uint64_t random_seed; /* of the sample */
};

struct volume_verdict {
        uint64_t blocks_read;     /* and found as they should be */
        uint64_t blocks_unlisted; /* looked for in the list, rightly absent: zeros */
        uint64_t blocks_listed;   /* by the region */
        bool was_all;
};

/*
 * Fails with   INGOT_E_CHECKSUM  rule 1 or 2: the block is named
 *              INGOT_E_USAGE     a sample too large
 *              INGOT_E_MEMORY, and what snapshot_read() fails with
 */
enum ingot_code volume_verify(const struct ebs_client *ebs, const struct volume_to_verify *volume,
                              const struct ingot_observer *observer, struct volume_verdict *ret_verdict,
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
