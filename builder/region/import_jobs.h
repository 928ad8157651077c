/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_IMPORT_JOBS_H
#define REGION_IMPORT_JOBS_H

/* builder/region/import_jobs.h
 * import_jobs: the work that ImportSnapshot starts, each on a thread with an opening of the store of its own.
 *
 * Rules    (1) A task is worked on by one thread of one process: by its lock, FOLDER/objects/ID.lock.
 *          (2) A task whose process died is active and has nobody: whoever describes it next takes it up, from the
 *              start, and the snapshot that was begun is deleted.
 *          (3) A disk that cannot be read ends the task in "deleting" with a message; then it is "deleted".
 *          (4) Blocks of zeros are left out, unless the snapshot is encrypted: there all of the volume is written.
 * Tests    tests/unit/region/test_s3_routes.c, tests/cli/via-s3.sh
 */
#include "region/catalogue_imports.h"
#include "region/store.h"

struct import_jobs; /* of one store; NULL: none yet */

/* Starts work on a task unless somebody is at it; failures go to the store's log. */
void import_jobs_start(struct region_store *store, const char *id);

/* Stops what is under way and frees; what was not done stays active.  NULL is fine. */
void import_jobs_free(struct import_jobs *jobs);

/* Does the work of a task here and now: for one thread with its own opening of the store. job may be NULL. */
struct work_job;
enum ingot_code import_run(struct region_store *store, const char *id, const struct work_job *job,
                           struct ingot_error *err) INGOT_MUST_CHECK;

#endif
