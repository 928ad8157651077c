/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTENT_APPLY_H
#define CONTENT_APPLY_H

/* builder/content/apply.h
 * apply: one step of a template's content, done to a tree.
 *
 * Rules    (1) Every cause carries a mark of the step: "web.yaml:14:11: ...".
 *          (2) What the template is to blame for is INGOT_E_TEMPLATE: a missing parent, a path that climbs
 *              out, a user that is not there.  A damaged source is INGOT_E_FORMAT, a source with another
 *              digest INGOT_E_CHECKSUM, a source that does not exist INGOT_E_NOT_FOUND.
 *          (3) bootstrap is not done here: the caller makes a tar of it and reads that.
 *          (4) A missing `to` of tar, archive and directory is made: 0755, root:root or the owner asked for.
 *              The owner of an archive or directory is that of everything it brings.
 * Tests    tests/unit/content/test_apply.c
 */
#include <ingot/observer.h>

#include "base/digest.h"
#include "content/store.h"
#include "model/template.h"
#include "model/tree.h"

struct content_target {
        struct tree *tree;
        struct content_store *store;
        int64_t epoch_seconds;
        const char *folder;                    /* of the template: relative sources begin here */
        const struct ingot_observer *observer; /* may be NULL */
        bool digests_later; /* an archive's digest that nothing is compared with is not waited for */
};

/* What a step has read from outside, for the manifest. */
struct content_source {
        bool used;                            /* false for verbs without a source */
        const struct byte_source *undigested; /* with digests_later: NULL, or whose digest to await */
        struct digest digest;                 /* of the file; of a directory, directory_reader.h rule 6 */
        uint64_t size_bytes;                  /* of the file; of a directory, its files together */
};

/*
 * Applies a step.  On failure the tree may hold part of it.
 *
 * ret_source   may be NULL
 * Fails with   rule 2; INGOT_E_USAGE  the verb is bootstrap
 *              INGOT_E_MEMORY, INGOT_E_SYSTEM, INGOT_E_CANCELLED
 */
enum ingot_code content_apply(const struct content_target *target, const struct content_step *step,
                              struct content_source *ret_source, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * The path of a step's source: as it is when absolute, else below folder.
 *
 * ret_path     owned by the caller (free)
 * Fails with   INGOT_E_MEMORY
 */
enum ingot_code content_source_path(const char *folder, const char *source, char **ret_path,
                                    struct ingot_error *err) INGOT_MUST_CHECK;

#endif
