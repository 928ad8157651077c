/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/own.h"
#include "base/plural.h"
#include "base/work_lock.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/folder.h"
#include "lifecycle/region_publication.h"
#include "lifecycle/release_crew.h"
#include "lifecycle/release_places.h"
#include "lifecycle/release_status.h"

enum { STATUS_BYTES_MAX = 4 << 20, PHASE_CHARS = 80 };

/* One region of a release on its way. */
struct region_job {
        struct release_run *run;
        struct region_publication publication;
        size_t at;      /* of its status in run->release */
        bool is_opened; /* publication is to be closed */
        enum ingot_code code;
        struct ingot_error err;
};

struct release_run {
        const struct ingot_publish_request *request;
        const struct ingot_release_options *options;
        const struct ingot_target *target;
        const struct manifest *manifest;
        struct ingot_release *release; /* by all threads: under lock */
        struct work_lock *lock;
        struct release_crew *crew;
        struct release_places places;
        struct region_job *jobs;
        size_t job_count;
        struct ingot_release before; /* what release.json said */
        char *path;                  /* of release.json; NULL: none */
};

/* ---- the status ---- */

static char *copy(const char *text)
{
        return text ? strdup(text) : NULL;
}

static enum ingot_code write_status(struct release_run *run, struct ingot_error *err)
{
        run->release->updated_seconds = clock_wall_seconds(&clock_of_system);
        return run->path ? release_status_write(run->release, run->path, err) : INGOT_OK;
}

/* Whether an earlier run of this release says that it made the snapshot. */
static bool was_made_before(const struct release_run *run, const char *region, const char *snapshot_id)
{
        const struct ingot_release_region *before = release_status_find(&run->before, region);

        for (size_t i = 0; before && i < before->snapshot_count; i++)
                if (before->snapshots[i].made && strcmp(before->snapshots[i].snapshot_id, snapshot_id) == 0)
                        return true;
        return false;
}

/* Takes over what the publication has got. */
static enum ingot_code fill_status(struct region_job *job, struct ingot_release_region *status,
                                   struct ingot_error *err)
{
        const struct ingot_receipt *receipt = job->publication.receipt;

        if (!receipt)
                return INGOT_OK;
        release_status_forget(status);
        status->ami_id = copy(receipt->ami_id);
        status->snapshots = calloc(receipt->snapshot_count + 1, sizeof(*status->snapshots));
        if (!status->snapshots || (receipt->ami_id && !status->ami_id))
                return ingot_fail_memory(err, receipt->snapshot_count * sizeof(*status->snapshots));
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                const struct ingot_snapshot_receipt *from = &receipt->snapshots[i];
                struct ingot_release_snapshot *to = &status->snapshots[status->snapshot_count];

                if (!from->snapshot_id || !from->device_name)
                        continue;
                *to = (struct ingot_release_snapshot){
                        .device_name = copy(from->device_name),
                        .snapshot_id = copy(from->snapshot_id),
                        .made = region_publication_made(&job->publication, i) ||
                                was_made_before(job->run, status->region, from->snapshot_id)
                };
                status->snapshot_count++;
                if (!to->device_name || !to->snapshot_id)
                        return ingot_fail_memory(err, strlen(from->snapshot_id));
        }
        return INGOT_OK;
}

/* Notes what a region has come to, in the file too. */
static enum ingot_code note(struct region_job *job, enum ingot_region_state state, struct ingot_error *err)
{
        struct release_run *run = job->run;
        struct ingot_release_region *status = &run->release->regions[job->at];
        enum ingot_code r;

        work_lock_take(run->lock);
        status->state = state;
        r = fill_status(job, status, err);
        if (!r)
                r = write_status(run, err);
        work_lock_give(run->lock);
        return r;
}

static void note_failure(struct region_job *job)
{
        struct release_run *run = job->run;
        struct ingot_release_region *status = &run->release->regions[job->at];

        work_lock_take(run->lock);
        free(status->error);
        free(status->error_name);
        status->state = INGOT_REGION_FAILED;
        status->error = copy(ingot_error_frame(&job->err, 0));
        status->error_name = copy(ingot_code_name(job->code));
        (void)fill_status(job, status, NULL);
        (void)write_status(run, NULL); /* the failure is told by the job's own error */
        work_lock_give(run->lock);
        if (run->options->rollback && status->required)
                release_crew_stop(run->crew);
}

/* ---- the steps ---- */

static enum ingot_code prepare(struct region_job *job, struct ingot_error *err)
{
        struct region_publication *publication = &job->publication;
        struct ingot_release_region *status = &job->run->release->regions[job->at];
        enum ingot_code r = note(job, INGOT_REGION_UPLOADING, err);

        job->is_opened = true;
        if (!r)
                r = region_publication_open(publication, err);
        if (!r && !*status->region) { /* "aws:": it is known now */
                free(status->region);
                status->region = copy(publication->session.region);
                if (!status->region)
                        return ingot_fail_memory(err, sizeof(publication->session.region));
        }
        if (!r)
                r = region_publication_upload(publication, err);
        if (!r)
                r = note(job, INGOT_REGION_UPLOADED, err);
        if (!r)
                r = region_publication_register(publication, err);
        if (r || !publication->is_provisional)
                return r;
        r = note(job, INGOT_REGION_REGISTERED, err);
        if (!r)
                r = region_publication_rehearse(publication, err);
        return r ? r : note(job, INGOT_REGION_READY, err);
}

static void do_prepare(void *context, size_t at)
{
        struct release_run *run = context;
        struct region_job *job = &run->jobs[at];

        job->code = prepare(job, &job->err);
        if (job->code)
                note_failure(job);
}

static void do_finish(void *context, size_t at)
{
        struct release_run *run = context;
        struct region_job *job = &run->jobs[at];

        if (job->code)
                return;
        job->code = region_publication_finish(&job->publication, &job->err);
        if (!job->code)
                job->code = note(job, INGOT_REGION_RELEASED, &job->err);
        if (job->code)
                note_failure(job);
        else
                run->release->regions[job->at].receipt = TAKE(job->publication.receipt);
}

static enum ingot_code take_back(struct region_job *job, struct ingot_error *err)
{
        struct release_run *run = job->run;
        struct ingot_release_region *status = &run->release->regions[job->at];
        const struct ingot_receipt *receipt = job->publication.receipt;
        OWNED(heap_drop) bool *made = NULL;

        if (!job->publication.is_seen)
                return ingot_fail(err, INGOT_E_REMOTE,
                                  "region '%s' was not reached: what an earlier run may have "
                                  "left there is still there",
                                  status->region);
        made = calloc(receipt->snapshot_count + 1, sizeof(*made));
        if (!made)
                return ingot_fail_memory(err, receipt->snapshot_count + 1);
        for (size_t i = 0; i < receipt->snapshot_count; i++) {
                const char *id = receipt->snapshots[i].snapshot_id;

                made[i] = id && (region_publication_made(&job->publication, i) ||
                                 was_made_before(run, status->region, id));
        }
        return region_publication_undo(&job->publication, made, err);
}

static void do_undo(void *context, size_t at)
{
        struct release_run *run = context;
        struct region_job *job = &run->jobs[at];
        struct ingot_release_region *status = &run->release->regions[job->at];
        const struct ingot_release_region *before = release_status_find(&run->before, status->region);
        bool had_nothing =
                !job->publication.is_seen && (!before || (!before->ami_id && !before->snapshot_count &&
                                                          before->state != INGOT_REGION_UPLOADING));
        bool was_finished = job->publication.found && !job->publication.is_ours;
        struct ingot_error err;
        enum ingot_code r;

        if (!job->is_opened || had_nothing || was_finished)
                return; /* nothing was begun here, or it is not this release's to take back */
        r = take_back(job, &err);
        if (r) {
                job->code = r;
                job->err = err;
                note_failure(job);
                return;
        }
        work_lock_take(run->lock);
        release_status_forget(status);
        status->state = INGOT_REGION_ROLLED_BACK;
        (void)write_status(run, NULL); /* written again at the end, with a look at the result */
        work_lock_give(run->lock);
}

/* ---- the whole ---- */

/* The first required region that failed; NULL: all are well. */
static struct region_job *find_failed(struct release_run *run)
{
        struct region_job *cancelled = NULL;

        for (size_t i = 0; i < run->job_count; i++) {
                struct region_job *job = &run->jobs[i];

                if (!job->code || !run->release->regions[job->at].required)
                        continue;
                if (job->code != INGOT_E_CANCELLED) /* told to stop because of another */
                        return job;
                cancelled = job;
        }
        return cancelled;
}

static enum ingot_code end(struct release_run *run, enum ingot_release_state state, struct ingot_error *err)
{
        enum ingot_code r;

        work_lock_take(run->lock);
        run->release->state = state;
        r = write_status(run, err);
        work_lock_give(run->lock);
        return r;
}

static enum ingot_code fail(const struct release_run *run, size_t at, const struct ingot_error *why,
                            const char *outcome, struct ingot_error *err)
{
        enum ingot_code r = why->code;

        if (err)
                *err = *why;
        if (run->job_count == 1 && !run->path)
                return r;
        r = ingot_while(err, r, "publishing to region '%s'", run->release->regions[at].region);
        return ingot_while(err, r, "releasing to %zu regions: %s", run->job_count, outcome);
}

static void print_phase(const struct release_run *run, const char *verb, char out[PHASE_CHARS])
{
        (void)snprintf(out, PHASE_CHARS, "%s %zu %s", verb, run->job_count,
                       plural(run->job_count, "region", "regions"));
}

static enum ingot_code give_up(struct release_run *run, const struct region_job *failed,
                               struct ingot_error *err)
{
        const struct ingot_error first = failed->err; /* what follows may have its own */
        const size_t at = failed->at;
        char phase[PHASE_CHARS];
        bool is_clean = true;

        if (!run->options->rollback) {
                (void)end(run, INGOT_RELEASE_FAILED, NULL);
                return fail(run, at, &first,
                            "nothing is shared, what is there is kept, the same command goes on", err);
        }
        print_phase(run, "taking back from", phase);
        if (release_crew_work(run->crew, phase, do_undo, run, NULL))
                is_clean = false;
        for (size_t i = 0; i < run->job_count; i++) {
                const struct ingot_release_region *status = &run->release->regions[run->jobs[i].at];

                is_clean = is_clean &&
                           (!status->ami_id ||
                            (run->jobs[i].publication.found && !run->jobs[i].publication.is_ours)) &&
                           (status->state != INGOT_REGION_FAILED || !status->snapshot_count);
        }
        (void)end(run, is_clean ? INGOT_RELEASE_ROLLED_BACK : INGOT_RELEASE_FAILED, NULL);
        return fail(run, at, &first,
                    is_clean ? "nothing is shared, and what was made is deleted"
                             : "nothing is shared; not all that was made could be deleted: see release.json",
                    err);
}

static enum ingot_code commit(struct release_run *run, struct ingot_error *err)
{
        const struct region_job *failed;
        char phase[PHASE_CHARS];
        enum ingot_code r = end(run, INGOT_RELEASE_COMMITTING, err);

        print_phase(run, "sharing in", phase);
        if (!r)
                r = release_crew_work(run->crew, phase, do_finish, run, err);
        if (r)
                return r;
        failed = find_failed(run);
        if (failed) {
                (void)end(run, INGOT_RELEASE_FAILED, NULL);
                return fail(run, failed->at, &failed->err,
                            "the others are released; the same command goes on", err);
        }
        return end(run, INGOT_RELEASE_RELEASED, err);
}

static enum ingot_code go(struct release_run *run, struct ingot_error *err)
{
        const struct region_job *failed;
        char phase[PHASE_CHARS];
        enum ingot_code r = end(run, INGOT_RELEASE_PREPARING, err);

        print_phase(run, "releasing to", phase);
        if (!r)
                r = release_crew_work(run->crew, phase, do_prepare, run, err);
        if (r)
                return r;
        failed = find_failed(run);
        if (failed && failed->code == INGOT_E_CANCELLED)
                return fail(run, failed->at, &failed->err, "it was stopped; the same command goes on", err);
        return failed ? give_up(run, failed, err) : commit(run, err);
}

/* ---- what is asked ---- */

/* What release.json says of this build; what cannot be read says nothing. */
static void read_before(struct release_run *run)
{
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes;

        if (!run->path || fd_read_file(run->path, STATUS_BYTES_MAX, &bytes, &size_bytes, NULL))
                return;
        if (release_status_parse(bytes, size_bytes, run->path, &run->before, NULL) ||
            strcmp(run->before.content_digest, run->release->content_digest) != 0)
                ingot_release_clear(&run->before);
}

static void ask_region(struct release_run *run, size_t at)
{
        const struct release_place *place = &run->places.items[at];
        struct region_job *job = &run->jobs[at];
        struct ingot_release_region *status = &run->release->regions[at];

        *job = (struct region_job){ .run = run,
                                    .at = at,
                                    .publication = { .request = *run->request,
                                                     .target = release_place_target(place, run->target),
                                                     .observer = release_crew_observer(run->crew, at),
                                                     .manifest = run->manifest,
                                                     .is_provisional = run->job_count > 1 } };
        if (place->kms_key)
                job->publication.request.kms_key_arn = place->kms_key;
        status->region = copy(place->region);
        status->required = place->required;
}

/* Which regions the words and the build name. */
static enum ingot_code ask(struct release_run *run, const struct ingot_observer *observer,
                           struct ingot_error *err)
{
        const struct manifest_release *section = &run->manifest->release;
        struct ingot_release *release = run->release;
        enum ingot_code r = release_places_find(section, run->target->to, &run->places, err);

        if (r)
                return r;
        run->job_count = run->places.count;
        release->is_local = run->places.is_local;
        release->has_file = !run->places.is_local && (run->job_count > 1 || section->region_count);
        if (release->has_file)
                run->path = folder_path(run->request->folder, release_status_name);
        run->jobs = calloc(run->job_count, sizeof(*run->jobs));
        release->regions = calloc(run->job_count, sizeof(*release->regions));
        release->name = copy(run->manifest->name);
        if (!run->jobs || !release->regions || !release->name || (release->has_file && !run->path))
                return ingot_fail_memory(err, run->job_count * sizeof(*run->jobs));
        r = release_crew_new(run->job_count,
                             run->options->at_once ? run->options->at_once : INGOT_RELEASE_AT_ONCE, observer,
                             &run->crew, err);
        if (r)
                return r;
        for (size_t i = 0; i < run->job_count; i++) {
                ask_region(run, i);
                release->region_count++;
                if (!release->regions[i].region)
                        return ingot_fail_memory(err, ENDPOINT_WORD_CHARS);
        }
        read_before(run);
        return INGOT_OK;
}

static void end_run(struct release_run *run)
{
        for (size_t i = 0; run->jobs && i < run->job_count; i++)
                if (run->jobs[i].is_opened)
                        region_publication_close(&run->jobs[i].publication);
        free(run->jobs);
        free(run->path);
        ingot_release_clear(&run->before);
        release_crew_drop(&run->crew);
        work_lock_drop(&run->lock);
}

enum ingot_code ingot_release(const struct ingot_publish_request *request,
                              const struct ingot_release_options *options, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_release *release,
                              struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        struct release_run run = {
                .request = request, .options = options, .target = target, .release = release
        };
        char digest[DIGEST_HEX_CHARS + 1];
        enum ingot_code r = folder_read_build(request->folder, &manifest, err);

        run.manifest = manifest;
        if (!r)
                r = ami_content_digest(manifest, digest, err);
        if (!r)
                r = work_lock_new(&run.lock, err);
        if (!r) {
                release->content_digest = copy(digest);
                r = release->content_digest ? ask(&run, observer, err)
                                            : ingot_fail_memory(err, sizeof(digest));
        }
        if (!r)
                r = go(&run, err);
        end_run(&run);
        return ingot_while(err, r, "publishing '%s'", request->folder);
}
