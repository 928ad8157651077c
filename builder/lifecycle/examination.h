/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_EXAMINATION_H
#define LIFECYCLE_EXAMINATION_H

/* builder/lifecycle/examination.h
 * examination: what ingot doctor looks at, and what it has found so far.
 *
 * Rules    (1) A finding is one line; memory that runs out is remembered and told at the end.
 * *          (2) Nothing here changes anything (include/ingot/doctor.h, rule 1).
 * Tests    tests/cli/plan.sh
 */
#include <ingot/doctor.h>

#include "lifecycle/region_session.h"
#include "lifecycle/release_places.h"
#include "model/manifest.h"

struct examination {
        const struct ingot_doctor_request *request;
        const struct manifest *manifest; /* NULL: no build */
        struct release_places places;
        const struct release_place *place; /* NULL: of the build */
        struct region_session session;
        const char *region; /* NULL: of the build */
        struct ingot_diagnosis *diagnosis;
        bool out_of_memory;
};

void examination_note(struct examination *examination, const char *check, enum ingot_verdict verdict,
                      const char *format, ...) INGOT_PRINTF(4, 5);

/* That a check could not be made, and why. */
void examination_note_unchecked(struct examination *examination, const char *check,
                                const struct ingot_error *why);

/* The build by itself: boot mode, TPM, device names, deprecation. */
void examine_build(struct examination *examination);

/* A region with its session: identity, permissions, encryption, key, public access, quotas, name. */
void examine_region(struct examination *examination);

#endif
