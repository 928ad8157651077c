/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INGOT_LEFTOVER_H
#define INGOT_LEFTOVER_H

/* include/ingot/leftover.h
 * leftover: what interrupted publications and uploads have left in a region, and its removal.
 *
 * Rules    (1) A snapshot is a leftover when it carries the tag ingot:run and
 *                - a journal of the folder, or of an upload, names it, it is pending, in error, or completed, and no AMI uses it; or
 *                - no such journal names it, and it is in error, or pending for older_than_hours and more.
 *              Nothing else is: never what an AMI uses, and of completed snapshots only what a journal names.
 *          (2) What the journal of a running one names is left alone.
 *          (3) Without is_to_delete nothing is changed.  With it, a journal of which nothing is left is removed too.
 * Tests    tests/cli/resume.sh, tests/cli/upload_resume.sh
 */
#include <ingot/publish.h>

enum { INGOT_LEFTOVER_HOURS = 96 }; /* a pending snapshot lapses within 72 hours of its last block */

struct ingot_leftover {
        char *snapshot_id, *state, *started, *name; /* name may be NULL */
        char *journal;                              /* its path; NULL: known by its tag only */
        uint64_t volume_size_gib;
        int deleted;  /* non-zero */
        char *reason; /* why it could not be deleted; NULL */
};

struct ingot_leftovers {
        char *region;
        struct ingot_leftover *items;
        size_t count;
        size_t journals_removed, journals_in_use;
};

/* Borrowed for the call. */
struct ingot_leftover_request {
        const char *folder;         /* NULL: of no build */
        const char *journal_folder; /* as of ingot_upload_request (transfer.h); NULL: of no upload */
        int is_to_delete;
        uint64_t older_than_hours;
};

/*
 * Finds leftovers, and deletes them if asked to.
 *
 * Fails with   INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_SYSTEM, INGOT_E_MEMORY, INGOT_E_USAGE,
 *              INGOT_E_CANCELLED
 */
enum ingot_code ingot_leftovers_find(const struct ingot_leftover_request *request,
                                     const struct ingot_target *target, const struct ingot_observer *observer,
                                     struct ingot_leftovers **ret_leftovers,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
void ingot_leftovers_free(struct ingot_leftovers *leftovers);
enum ingot_code ingot_leftovers_json(const struct ingot_leftovers *leftovers, char **ret_json,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

#endif
