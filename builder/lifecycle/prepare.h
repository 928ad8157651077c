/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_PREPARE_H
#define LIFECYCLE_PREPARE_H

/* builder/lifecycle/prepare.h
 * prepare: everything of a build that comes before its first output byte.
 *
 *   inputs -> identifiers -> content of each volume -> boot files -> partitions -> file systems, laid out
 *
 * Rules    (1) Afterwards every size, offset and identifier is known and in the manifest, which is still a
 *              plan; nothing but spool files has been written.  Digests of sources that nothing is compared
 *              with may still be under way: prepare_finish_digests() is called before the manifest is used.
 *          (2) Identifiers that a layout lock has are taken from it.
 *          (3) The source date epoch is the template's, else the caller's, else PREPARE_EPOCH_SECONDS: never
 *              the clock.
 */
#include <ingot/build.h>

#include "content/store.h"
#include "lifecycle/inputs.h"
#include "lifecycle/locks.h"
#include "lifecycle/volume.h"

enum { PREPARE_EPOCH_SECONDS = 1767225600 }; /* 2026-01-01T00:00:00Z: a date, the same one for everybody */

/* A source of the manifest whose digest is still being made. */
struct undigested {
        const struct byte_source *source; /* borrowed from the store */
        size_t index;                     /* of the manifest's sources */
};

struct preparation {
        struct inputs inputs;
        struct guid seed;
        int64_t epoch_seconds;
        struct content_store *store; /* outlives the volumes: their trees read from it */
        struct volume *volumes;      /* in the template's order */
        size_t volume_count;
        struct locks locks;        /* what the volumes follow */
        struct manifest *manifest; /* a plan until the volumes are sealed */
        struct undigested *undigested;
        size_t undigested_count;
};

/*
 * Prepares.
 *
 * request          borrowed for this call; its folder exists
 * ret_preparation  owned by the caller: preparation_release(); it is filled in place and never moves
 * Fails with       as ingot_plan() (build.h)
 */
enum ingot_code prepare(const struct ingot_build_request *request, const struct ingot_complaint_sink *sink,
                        const struct ingot_observer *observer, struct preparation *ret_preparation,
                        struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Waits for the digests of sources and puts them into the manifest; a second call has nothing to do.
 *
 * Fails with   INGOT_E_SYSTEM, INGOT_E_CANCELLED; INGOT_E_FORMAT  a source has become shorter
 */
enum ingot_code prepare_finish_digests(struct preparation *preparation, const struct ingot_observer *observer,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
void preparation_release(struct preparation *preparation);

#endif
