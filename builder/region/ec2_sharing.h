/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_EC2_SHARING_H
#define REGION_EC2_SHARING_H

/* builder/region/ec2_sharing.h
 * ec2_sharing: permissions as ModifyImageAttribute and ModifySnapshotAttribute say them, and as the describe calls do.
 *
 * Rules    (1) There are two ways to say a change, NAME.Add.N and NAME.Remove.N, or Attribute, OperationType and
 *              UserId.N and its like; a request uses one of them.
 *          (2) An item has exactly one member.
 *          (3) What became public stays at most IMAGE_PUBLIC_YEARS_MAX years undeprecated.
 * Source   EC2 service model 2016-11-15; user guide: AMI quotas, sharing AMIs, block public access.
 * Tests    tests/unit/region/test_ec2_sharing.c
 */
#include "region/catalogue_permissions.h"
#include "region/ec2_image.h"

enum {
        SHARING_CHANGES_MAX = 4096, /* as many as a form can say */
        IMAGE_SHARES_MAX = 1000,
        IMAGE_PUBLIC_MAX = 5, /* L-0E3CBAB9 */
        IMAGE_PUBLIC_YEARS_MAX = 2,
        IMAGE_DEPRECATION_YEARS_MAX = 10,
};

struct sharing_change {
        struct permission permission;
        bool is_removal;
};

struct sharing {
        const char *attribute;  /* "launchPermission", "createVolumePermission" */
        const char *list;       /* "LaunchPermission", "CreateVolumePermission" */
        const char *code;       /* what a bad item is refused with */
        bool has_organizations; /* organizations and their units can be named */
        uint32_t add_count, removal_count;
        struct sharing_change *changes; /* owned: sharing_release() */
        uint32_t count;
};

void sharing_release(struct sharing *sharing); /* also for OWNED */

/* Reads a change; attribute, list, code and has_organizations are set. */
enum ingot_code sharing_read(struct ec2_call *ec2, struct sharing *sharing,
                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Whether everybody is added. */
bool sharing_makes_public(const struct sharing *sharing);

/* Writes the change to the catalogue. */
enum ingot_code sharing_apply(struct ec2_call *ec2, const struct sharing *sharing, const char *resource_id,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* Writes a resource's permissions as items of set. */
enum ingot_code sharing_write(struct ec2_call *ec2, const char *set, const char *resource_id,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* The seconds since 1970 that many years later. */
int64_t years_later(int64_t seconds, int years);

#endif
