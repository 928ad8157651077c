/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ingot/leftover.h>

#include "base/json.h"
#include "base/own.h"
#include "lifecycle/folder.h"
#include "lifecycle/journal.h"
#include "lifecycle/region_session.h"
#include "lifecycle/tags.h"
#include "lifecycle/upload_journal.h"

enum { JSON_BYTES_MAX = 64 << 20, JOURNALS_MAX = 10000 };

struct known_journal {
        char *path;
        struct journal_survey survey;
        bool is_ours;     /* of this region */
        bool has_remains; /* something it names is still there */
};

struct search {
        const struct ingot_leftover_request *request;
        const struct ingot_target *target;
        struct region_session *session;
        struct known_journal *journals;
        size_t journal_count;
        struct ingot_leftovers *found;
};

/* ---- journals ---- */

static void forget_journals(struct search *search)
{
        for (size_t i = 0; i < search->journal_count; i++) {
                free(search->journals[i].path);
                journal_survey_release(&search->journals[i].survey);
        }
        free(search->journals);
}

static enum ingot_code add_journal(struct search *search, const char *folder, const char *name,
                                   struct ingot_error *err)
{
        struct known_journal *grown, *one;
        enum ingot_code r;

        if (search->journal_count >= JOURNALS_MAX)
                return ingot_fail_memory(err, (uint64_t)JOURNALS_MAX * sizeof(*grown));
        grown = reallocarray(search->journals, search->journal_count + 1, sizeof(*grown));
        if (!grown)
                return ingot_fail_memory(err, (search->journal_count + 1) * sizeof(*grown));
        search->journals = grown;
        one = &grown[search->journal_count];
        *one = (struct known_journal){ .path = folder_path(folder, name) };
        if (!one->path)
                return ingot_fail_memory(err, strlen(name));
        r = journal_survey(one->path, &one->survey, err);
        if (r) {
                free(one->path);
                return r == INGOT_E_FORMAT || r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
        }
        one->is_ours = strcmp(one->survey.region, search->session->region) == 0;
        search->found->journals_in_use += one->is_ours && one->survey.is_in_use;
        search->journal_count++;
        return INGOT_OK;
}

static enum ingot_code read_journals_in(struct search *search, const char *folder, bool may_be_missing,
                                        struct ingot_error *err)
{
        enum ingot_code r = INGOT_OK;
        const struct dirent *entry;
        DIR *dir = opendir(folder);

        if (!dir && errno == ENOENT && may_be_missing)
                return INGOT_OK;
        if (!dir)
                return ingot_fail_errno(err, "opening folder '%s'", folder);
        while (!r && (entry = readdir(dir)))
                if (strncmp(entry->d_name, "journal-", 8) == 0)
                        r = add_journal(search, folder, entry->d_name, err);
        (void)closedir(dir);
        return r;
}

static enum ingot_code read_journals(struct search *search, struct ingot_error *err)
{
        const struct ingot_leftover_request *request = search->request;
        OWNED(heap_drop) char *uploads = NULL;
        enum ingot_code r = INGOT_OK;

        if (request->folder)
                r = read_journals_in(search, request->folder, false, err);
        if (!r && request->journal_folder)
                r = upload_journal_folder(request->journal_folder, search->target, search->session, &uploads,
                                          err);
        return r || !uploads ? r : read_journals_in(search, uploads, true, err);
}

/* The journal that names a snapshot by its id or its token; NULL when none does. */
static struct known_journal *find_journal(const struct search *search, const char *snapshot_id,
                                          const char *token)
{
        for (size_t i = 0; i < search->journal_count; i++) {
                struct known_journal *journal = &search->journals[i];

                for (size_t j = 0; journal->is_ours && j < journal->survey.count; j++) {
                        const struct journal_leftover *item = &journal->survey.items[j];

                        if (strcmp(item->snapshot_id, snapshot_id) == 0 || strcmp(item->token, token) == 0)
                                return journal;
                }
        }
        return NULL;
}

/* ---- the region ---- */

static enum ingot_code is_used(const struct search *search, const char *snapshot_id, bool *ret_used,
                               struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        const char *owner = "self";
        const struct ec2_filter filter = { .name = "block-device-mapping.snapshot-id",
                                           .values = &snapshot_id,
                                           .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        enum ingot_code r = ec2_describe_images(&search->session->ec2, &asked, &images, err);

        *ret_used = images.count > 0;
        return r;
}

/* Rule 1. */
static enum ingot_code judge(struct search *search, const struct ec2_snapshot *snapshot, const char *token,
                             struct known_journal **ret_journal, bool *ret_is_leftover,
                             struct ingot_error *err)
{
        const char *state = snapshot->state ? snapshot->state : "";
        bool is_pending = strcmp(state, "pending") == 0, is_failed = strcmp(state, "error") == 0;
        bool is_used_by_ami = true;
        int64_t started_seconds = snapshot->start_time ? clock_parse_iso(snapshot->start_time) : -1;
        int64_t age_seconds = clock_wall_seconds(&clock_of_system) - started_seconds;
        struct known_journal *journal = find_journal(search, snapshot->snapshot_id, token);
        enum ingot_code r = INGOT_OK;

        *ret_journal = journal;
        *ret_is_leftover = false;
        if (!journal) {
                *ret_is_leftover =
                        is_failed || (is_pending && started_seconds >= 0 &&
                                      age_seconds >= (int64_t)search->request->older_than_hours * 3600);
                return INGOT_OK;
        }
        journal->has_remains = true;
        if (journal->survey.is_in_use) /* rule 2 */
                return INGOT_OK;
        if (!is_pending && !is_failed)
                r = is_used(search, snapshot->snapshot_id, &is_used_by_ami, err);
        else
                is_used_by_ami = false;
        if (!r && is_used_by_ami) /* its publication came to its end; the journal did not hear of it */
                journal->has_remains = false;
        *ret_is_leftover = !r && !is_used_by_ami;
        return r;
}

static char *copy(const char *text, bool *failed)
{
        char *made = text ? strdup(text) : NULL;

        *failed |= text && !made;
        return made;
}

/* Deletes one, if asked to; what cannot be deleted is told and stays. */
static void settle(struct search *search, struct ingot_leftover *leftover, bool *failed)
{
        struct ingot_error why;
        enum ingot_code r;

        if (!search->request->is_to_delete)
                return;
        r = ec2_delete_snapshot(&search->session->ec2, leftover->snapshot_id, &why);
        leftover->deleted = r == INGOT_OK || r == INGOT_E_NOT_FOUND;
        if (!leftover->deleted)
                leftover->reason = copy(ingot_error_frame(&why, 0), failed);
}

static enum ingot_code take_snapshot(struct search *search, const struct ec2_snapshot *snapshot,
                                     struct ingot_error *err)
{
        const char *token = tags_find(snapshot->tags, snapshot->tag_count, TAG_RUN);
        struct ingot_leftover *leftover = &search->found->items[search->found->count];
        struct known_journal *journal = NULL;
        bool is_leftover = false, failed = false;
        enum ingot_code r;

        if (!token)
                return INGOT_OK;
        r = judge(search, snapshot, token, &journal, &is_leftover, err);
        if (r || !is_leftover)
                return r;
        search->found->count++;
        leftover->snapshot_id = copy(snapshot->snapshot_id, &failed);
        leftover->state = copy(snapshot->state, &failed);
        leftover->started = copy(snapshot->start_time, &failed);
        leftover->name = copy(tags_find(snapshot->tags, snapshot->tag_count, "Name"), &failed);
        leftover->journal = copy(journal ? journal->path : NULL, &failed);
        leftover->volume_size_gib = snapshot->volume_size_gib;
        if (!failed)
                settle(search, leftover, &failed);
        return failed ? ingot_fail_memory(err, sizeof(*leftover)) : INGOT_OK;
}

static bool all_deleted(const struct ingot_leftovers *found, const char *journal)
{
        for (size_t i = 0; i < found->count; i++)
                if (found->items[i].journal && strcmp(found->items[i].journal, journal) == 0 &&
                    !found->items[i].deleted)
                        return false;
        return true;
}

/* Rule 3. */
static void remove_journals(struct search *search)
{
        for (size_t i = 0; search->request->is_to_delete && i < search->journal_count; i++) {
                const struct known_journal *journal = &search->journals[i];

                if (!journal->is_ours || journal->survey.is_in_use ||
                    !all_deleted(search->found, journal->path))
                        continue;
                search->found->journals_removed += unlink(journal->path) == 0;
        }
}

static enum ingot_code run(struct search *search, const struct ingot_observer *observer,
                           struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { 0 };
        const char *owner = "self", *tag = TAG_RUN;
        const struct ec2_filter filter = { .name = "tag-key", .values = &tag, .value_count = 1 };
        const struct ec2_describe_request asked = {
                .owners = &owner, .owner_count = 1, .filters = &filter, .filter_count = 1
        };
        enum ingot_code r;

        search->found->region = strdup(search->session->region);
        if (!search->found->region)
                return ingot_fail_memory(err, strlen(search->session->region));
        r = read_journals(search, err);
        if (!r)
                r = ec2_describe_snapshots(&search->session->ec2, &asked, &list, err);
        if (r)
                return r;
        search->found->items = calloc(list.count + 1, sizeof(*search->found->items));
        if (!search->found->items)
                return ingot_fail_memory(err, list.count * sizeof(*search->found->items));
        for (size_t i = 0; !r && i < list.count; i++) {
                r = ingot_observe(observer, "looking at snapshots", 0, 0, err);
                if (!r)
                        r = take_snapshot(search, &list.items[i], err);
        }
        if (!r)
                remove_journals(search);
        return r;
}

enum ingot_code ingot_leftovers_find(const struct ingot_leftover_request *request,
                                     const struct ingot_target *target, const struct ingot_observer *observer,
                                     struct ingot_leftovers **ret_leftovers, struct ingot_error *err)
{
        OWNED(region_session_close) struct region_session session = { 0 };
        struct search search = { .request = request,
                                 .target = target,
                                 .session = &session,
                                 .found = calloc(1, sizeof(*search.found)) };
        enum ingot_code r;

        if (!search.found)
                return ingot_fail_memory(err, sizeof(*search.found));
        r = region_session_open(target, observer, &session, err);
        if (!r)
                r = region_session_end(&session, run(&search, observer, err), err);
        forget_journals(&search);
        if (r) {
                ingot_leftovers_free(search.found);
                return ingot_while(err, r, "looking for what was left in '%s'", target->to);
        }
        *ret_leftovers = search.found;
        return INGOT_OK;
}

void ingot_leftovers_free(struct ingot_leftovers *leftovers)
{
        if (!leftovers)
                return;
        for (size_t i = 0; i < leftovers->count; i++) {
                struct ingot_leftover *one = &leftovers->items[i];

                free(one->snapshot_id);
                free(one->state);
                free(one->started);
                free(one->name);
                free(one->journal);
                free(one->reason);
        }
        free(leftovers->items);
        free(leftovers->region);
        free(leftovers);
}

enum ingot_code ingot_leftovers_json(const struct ingot_leftovers *leftovers, char **ret_json,
                                     struct ingot_error *err)
{
        OWNED(json_doc_release) struct json_doc doc;
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(JSON_BYTES_MAX);
        struct json_value *list;
        enum ingot_code r;

        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "region", leftovers->region);
        json_doc_put_u64(&doc, doc.root, "journals_in_use", leftovers->journals_in_use);
        json_doc_put_u64(&doc, doc.root, "journals_removed", leftovers->journals_removed);
        list = json_doc_put_array(&doc, doc.root, "leftovers");
        for (size_t i = 0; i < leftovers->count; i++) {
                const struct ingot_leftover *one = &leftovers->items[i];
                struct json_value *object = json_doc_push_object(&doc, list);

                json_doc_put_text(&doc, object, "snapshot_id", one->snapshot_id);
                json_doc_put_text(&doc, object, "state", one->state);
                json_doc_put_text(&doc, object, "started", one->started);
                json_doc_put_text(&doc, object, "name", one->name);
                json_doc_put_text(&doc, object, "journal", one->journal);
                json_doc_put_u64(&doc, object, "volume_size_gib", one->volume_size_gib);
                json_doc_put_bool(&doc, object, "deleted", one->deleted);
                if (one->reason)
                        json_doc_put_text(&doc, object, "reason", one->reason);
        }
        r = json_doc_print(&doc, false, &out, err);
        if (r)
                return r;
        *ret_json = buffer_take(&out);
        return *ret_json ? INGOT_OK : ingot_fail_memory(err, out.size_bytes);
}
