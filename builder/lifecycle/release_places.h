/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_RELEASE_PLACES_H
#define LIFECYCLE_RELEASE_PLACES_H

/* builder/lifecycle/release_places.h
 * release_places: the regions that a target and a build's release section name together, each with what the section
 * says of it.
 *
 * Rules    (1) A target that names regions decides which; of those the section does not name all are required.
 *          (2) "aws:" takes the section's regions; without a target they are taken too, and where there are none the
 *              place is "local".
 * Tests    tests/unit/lifecycle/test_release_places.c
 */
#include <ingot/publish.h>

#include "lifecycle/target.h"
#include "model/manifest.h"

struct release_place {
        char region[ENDPOINT_WORD_CHARS + 1]; /* "": the environment or the profile says which */
        char to[ENDPOINT_WORD_CHARS + 8];     /* a target of this one region */
        const char *kms_key, *profile;        /* borrowed from the manifest; NULL: none */
        bool required;
};

struct release_places {
        bool is_local;
        size_t count;
        struct release_place items[TARGET_REGIONS_MAX];
};

/*
 * Fails with   INGOT_E_USAGE  to is no target
 */
enum ingot_code release_places_find(const struct manifest_release *section, const char *to,
                                    struct release_places *ret_places,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/* The target of one place: target with the place's region and profile. */
struct ingot_target release_place_target(const struct release_place *place,
                                         const struct ingot_target *target);

#endif
