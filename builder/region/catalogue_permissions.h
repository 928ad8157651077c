/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_PERMISSIONS_H
#define REGION_CATALOGUE_PERMISSIONS_H

/* builder/region/catalogue_permissions.h
 * catalogue_permissions: with whom AMIs and snapshots are shared.
 *
 * Tests    tests/unit/region/test_ec2_sharing.c
 */
#include <stdint.h>

#include "region/catalogue.h"

enum permission_kind {
        PERMISSION_USER,
        PERMISSION_GROUP, /* "all" */
        PERMISSION_ORGANIZATION,
        PERMISSION_UNIT,
        PERMISSION_KINDS
};

enum { PERMISSION_CHARS = 255 };

struct permission {
        enum permission_kind kind;
        char value[PERMISSION_CHARS + 1];
};

/* Give and take one; what is there already, or is not there, is no failure. */
enum ingot_code catalogue_give_permission(struct catalogue *catalogue, const char *resource_id,
                                          const struct permission *permission,
                                          struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_take_permission(struct catalogue *catalogue, const char *resource_id,
                                          const struct permission *permission,
                                          struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_forget_permissions(struct catalogue *catalogue, const char *resource_id,
                                             struct ingot_error *err) INGOT_MUST_CHECK;

/* Tells whether a resource has a permission. */
enum ingot_code catalogue_has_permission(struct catalogue *catalogue, const char *resource_id,
                                         enum permission_kind kind, const char *value, bool *ret_has,
                                         struct ingot_error *err) INGOT_MUST_CHECK;

enum ingot_code catalogue_count_permissions(struct catalogue *catalogue, const char *resource_id,
                                            uint64_t *ret_count, struct ingot_error *err) INGOT_MUST_CHECK;
/* Counts the AMIs of a region that everybody may launch. */
enum ingot_code catalogue_count_public_images(struct catalogue *catalogue, const char *region,
                                              uint64_t *ret_count, struct ingot_error *err) INGOT_MUST_CHECK;

/* Walks a resource's permissions by kind and value. */
enum ingot_code catalogue_each_permission(struct catalogue *catalogue, const char *resource_id,
                                          void (*visit)(void *context, const struct permission *permission),
                                          void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
