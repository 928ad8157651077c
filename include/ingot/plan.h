/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_PLAN_H
#define INGOT_PLAN_H

/* include/ingot/plan.h
 * plan: what a publication would send, make and share, and how long and dear that would be.
 *
 * Rules    (1) Nothing is changed anywhere.  A region is only asked what is there, and a region that cannot be asked
 *              is planned for as an empty one.
 *          (2) Times are of the blocks alone: at the quota, and at the rate of the folder's last publication into the
 *              region.  Costs are list prices of us-east-1; egress is not in them.
 * Tests    tests/cli/plan.sh, tests/unit/lifecycle/test_release_estimate.c
 */
#include <ingot/publish.h>

struct ingot_volume_plan {
        char *device_name;
        uint64_t volume_size_gib;
        char *snapshot_id;        /* of the same bytes, there already: nothing is sent; NULL: none */
        char *parent_snapshot_id; /* what differs from it is sent; NULL: all of it is */
        uint64_t data_blocks, zero_blocks_for_encryption, zero_blocks_over_parent;   /* to send */
        uint64_t absent_blocks_left_out, zero_blocks_left_out, same_blocks_left_out; /* not to send */
        uint64_t blocks, bytes;                                                      /* to send, in all */
};

struct ingot_region_plan {
        char *region;
        int required;
        char *unasked;  /* why the region could not be asked; NULL: it was */
        char *conflict; /* why publishing would be refused; NULL: it would not, as far as is known */
        char *ami_id;   /* there already, with the same content; NULL: it is to be made */
        char *kms_key;  /* NULL: none is named */
        int encrypted;  /* non-zero: as asked, or as the account does by default */
        struct ingot_volume_plan *volumes;
        size_t volume_count;
        uint64_t blocks, bytes, requests;
        uint64_t puts_per_second, quota_ms;               /* at that rate */
        uint64_t measured_blocks_per_second, measured_ms; /* 0: nothing was measured */
        uint64_t sending_micro_usd, storing_micro_usd_per_month;
};

struct ingot_publish_plan {
        char *name, *content_digest;
        struct ingot_region_plan *regions;
        size_t region_count;
        char *deprecation, *deregistration_protection; /* NULL: none */
        int is_public, shares_snapshots;
        char **shared_with;
        size_t shared_count;
};

/*
 * Plans ingot_release() with the same request and target.
 *
 * ret_plan     owned by the caller: ingot_publish_plan_free()
 * Fails with   INGOT_E_USAGE, INGOT_E_NOT_FOUND (no build), INGOT_E_FORMAT, INGOT_E_CHECKSUM, INGOT_E_SYSTEM,
 *              INGOT_E_MEMORY, INGOT_E_CANCELLED
 */
enum ingot_code ingot_publish_plan(const struct ingot_publish_request *request,
                                   const struct ingot_target *target, const struct ingot_observer *observer,
                                   struct ingot_publish_plan **ret_plan,
                                   struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_publish_plan_free(struct ingot_publish_plan *plan);
enum ingot_code ingot_publish_plan_json(const struct ingot_publish_plan *plan, char **ret_json,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

#endif
