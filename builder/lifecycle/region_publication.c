/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/image_reader.h"
#include "lifecycle/ami_finish.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/folder.h"
#include "lifecycle/receipt.h"
#include "lifecycle/region_publication.h"
#include "lifecycle/volume_publish.h"
#include "lifecycle/volume_verify.h"
#include "publish/snapshot_await.h"

static enum ingot_code open_image(const struct region_publication *publication,
                                  const struct manifest_volume *volume, struct image_reader **ret_reader,
                                  struct ingot_error *err)
{
        const struct manifest_file *file = manifest_find_file(volume, MANIFEST_RAW);
        OWNED(heap_drop) char *path = NULL;
        enum ingot_code r;

        if (!file)
                file = manifest_find_file(volume, MANIFEST_VMDK);
        if (!file)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "the manifest names no image of volume '%s'",
                                  volume->layout.device_name);
        path = folder_path(publication->request.folder, file->name);
        if (!path)
                return ingot_fail_memory(err, strlen(publication->request.folder));
        r = image_reader_open(path, IMAGE_CACHED, ret_reader, err);
        if (!r && image_reader_size_bytes(*ret_reader) != volume->map.size_bytes)
                r = ingot_fail(err, INGOT_E_CHECKSUM,
                               "'%s' holds %" PRIu64 " bytes; the manifest says %" PRIu64, path,
                               image_reader_size_bytes(*ret_reader), volume->map.size_bytes);
        return r;
}

/* ---- parents ---- */

static bool is_snapshot(const char *parent)
{
        return strncmp(parent, "snap-", 5) == 0;
}

/* Reads what was published before: from here, or from the folder that was named. */
static enum ingot_code read_last(struct region_publication *publication, struct ingot_error *err)
{
        const char *parent = publication->request.parent, *region = publication->session.region;
        const char *folder = parent && !is_snapshot(parent) ? parent : publication->request.folder;
        enum ingot_code r;

        if (publication->request.full)
                return INGOT_OK;
        if (parent && is_snapshot(parent) && publication->manifest->volume_count != 1)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "the parent '%s' is one snapshot, and the build has %zu volumes: name the folder "
                        "they were published from",
                        parent, publication->manifest->volume_count);
        r = last_published_read(folder, region, &publication->last, err);
        if (r && !parent) { /* what cannot be read is no parent */
                last_published_release(&publication->last);
                return INGOT_OK;
        }
        if (!r && folder == parent && !publication->last.manifest)
                r = ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "nothing was published from '%s' to region '%s': it has no receipt-%s.json with its "
                        "published-%s.json",
                        folder, region, region, region);
        return r;
}

/* The parent that a volume is to have; false for none. */
static bool find_wish(const struct region_publication *publication, const char *device_name,
                      struct parent_wish *ret_wish)
{
        const char *parent = publication->request.parent;

        *ret_wish = (struct parent_wish){ .snapshot_id = parent };
        if (publication->request.full)
                return false;
        if (parent && is_snapshot(parent)) {
                (void)last_published_find(&publication->last, parent, ret_wish); /* else it is read */
                ret_wish->is_named = true;
                return true;
        }
        if (!last_published_wish(&publication->last, device_name, ret_wish))
                return false;
        ret_wish->is_named = parent != NULL;
        return true;
}

/* ---- volumes ---- */

/* What a volume's publication asks for; texts and journal_path are borrowed. */
static struct volume_to_publish describe_volume(struct region_publication *publication,
                                                const struct manifest_volume *volume)
{
        const struct ingot_publish_request *request = &publication->request;

        return (struct volume_to_publish){
                .release_name = publication->manifest->name,
                .device_name = volume->layout.device_name,
                .map = &volume->map,
                .image_digest = &volume->image_digest,
                .volume_size_gib = volume->layout.volume_size_gib,
                .encrypted = request->encrypt || request->kms_key_arn ? TRI_YES : TRI_UNSET,
                .kms_key_arn = request->kms_key_arn,
                .puts_per_second = request->puts_per_second,
                .account_pace = &publication->pace,
                .s3 = { .via = request->via,
                        .bucket = request->bucket,
                        .prefix = request->prefix,
                        .role_name = request->role_name,
                        .part_bytes = request->part_bytes },
        };
}

static enum ingot_code publish_volume(struct region_publication *publication, size_t at,
                                      struct ingot_error *err)
{
        const struct manifest_volume *volume = &publication->manifest->volumes[at];
        struct volume_to_publish asked = describe_volume(publication, volume);
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(heap_drop)
        char *journal_path =
                volume_journal_path(publication->request.folder, publication->session.region, &asked);
        struct parent_wish wish;
        enum ingot_code r = open_image(publication, volume, &reader, err);

        if (r)
                return r;
        if (!journal_path)
                return ingot_fail_memory(err, strlen(publication->request.folder));
        if (find_wish(publication, asked.device_name, &wish))
                asked.parent = &wish;
        asked.disk = image_reader_source(reader);
        asked.journal_path = journal_path;
        return volume_publish(&publication->session, &asked, publication->observer,
                              &publication->receipt->snapshots[at], &publication->journals[at], err);
}

/* The AMI was there: a run that was stopped after it had registered it has left its journals. */
static enum ingot_code settle_volumes(struct region_publication *publication, struct ingot_error *err)
{
        const struct manifest *manifest = publication->manifest;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < publication->receipt->snapshot_count; i++) {
                struct ingot_snapshot_receipt *receipt = &publication->receipt->snapshots[i];
                const struct manifest_volume *volume = manifest_find_volume(manifest, receipt->device_name);
                struct volume_to_publish asked;
                OWNED(heap_drop) char *journal_path = NULL;

                if (!volume)
                        continue; /* a snapshot that the mapping brought */
                asked = describe_volume(publication, volume);
                journal_path =
                        volume_journal_path(publication->request.folder, publication->session.region, &asked);
                receipt->image_digest = calloc(1, DIGEST_HEX_CHARS + 1);
                if (!journal_path || !receipt->image_digest)
                        return ingot_fail_memory(err, strlen(publication->request.folder));
                hex_encode(volume->image_digest.bytes, DIGEST_BYTES, receipt->image_digest);
                asked.journal_path = journal_path;
                r = volume_settle(&publication->session, &asked, receipt->snapshot_id,
                                  &publication->journals[volume - manifest->volumes], err);
        }
        return r;
}

static enum ingot_code verify_volume(const struct region_publication *publication, size_t at,
                                     struct ingot_error *err)
{
        struct ingot_snapshot_receipt *receipt = &publication->receipt->snapshots[at];
        const struct manifest_volume *volume =
                manifest_find_volume(publication->manifest, receipt->device_name);
        struct volume_to_verify asked = { .snapshot_id = receipt->snapshot_id,
                                          .name = receipt->device_name,
                                          .is_encrypted = receipt->encrypted,
                                          .blocks = publication->request.verify_blocks,
                                          .random_seed = clock_monotonic_ns(&clock_of_system) };
        struct volume_verdict verdict;
        enum ingot_code r;

        if (!volume)
                return INGOT_OK; /* a snapshot that the mapping brought */
        asked.map = &volume->map;
        r = volume_verify(&publication->session.ebs, &asked, publication->observer, &verdict, err);
        if (r)
                return r;
        receipt->verified_blocks = verdict.blocks_read;
        receipt->verified_zero_blocks = verdict.blocks_unlisted;
        receipt->verified_all = verdict.was_all;
        receipt->cost_micro_usd += volume_reading_cost_micro_usd(verdict.blocks_read, verdict.blocks_listed);
        return INGOT_OK;
}

/* Whether a run that was stopped has left a journal. */
static enum ingot_code need_journal(struct region_publication *publication, struct ingot_error *err)
{
        const struct manifest *manifest = publication->manifest;

        for (size_t i = 0; i < manifest->volume_count; i++) {
                const struct volume_to_publish asked = describe_volume(publication, &manifest->volumes[i]);
                OWNED(heap_drop)
                char *path =
                        volume_journal_path(publication->request.folder, publication->session.region, &asked);

                if (path && access(path, F_OK) == 0)
                        return INGOT_OK;
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND,
                          "there is nothing to resume: '%s' has no journal of this build for region '%s'",
                          publication->request.folder, publication->session.region);
}

static enum ingot_code publish_volumes(struct region_publication *publication, struct ingot_error *err)
{
        const struct manifest *manifest = publication->manifest;
        struct ingot_receipt *receipt = publication->receipt;
        OWNED(heap_drop) const char **ids = calloc(manifest->volume_count + 1, sizeof(*ids));
        enum ingot_code r;

        receipt->snapshots = calloc(manifest->volume_count + 1, sizeof(*receipt->snapshots));
        receipt->snapshot_count = 0;
        if (!ids || !receipt->snapshots)
                return ingot_fail_memory(err, manifest->volume_count * sizeof(*receipt->snapshots));
        r = publication->request.resume ? need_journal(publication, err) : INGOT_OK;
        if (!r)
                r = read_last(publication, err);
        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                receipt->snapshot_count = i + 1;
                r = publish_volume(publication, i, err);
                if (r)
                        return r;
                ids[i] = receipt->snapshots[i].snapshot_id;
        }
        if (!r)
                r = snapshot_await(&publication->session.ec2, ids, manifest->volume_count, NULL,
                                   publication->observer, err);
        return r;
}

/* ---- the steps ---- */

/* What the journals know is in the receipt now; or it is not, and the next run wants them. */
static void close_journals(struct region_publication *publication, bool is_done)
{
        for (size_t i = 0; publication->journals && i < publication->manifest->volume_count; i++) {
                if (is_done)
                        journal_end(&publication->journals[i]);
                else
                        journal_drop(&publication->journals[i]);
        }
}

static enum ingot_code look(struct region_publication *publication, struct ingot_error *err)
{
        const struct manifest *manifest = publication->manifest;
        struct ingot_receipt *receipt = publication->receipt;
        enum ingot_code r;

        receipt->content_digest = calloc(1, DIGEST_HEX_CHARS + 1);
        receipt->name = strdup(manifest->name);
        receipt->region = strdup(publication->session.region);
        publication->journals = calloc(manifest->volume_count + 1, sizeof(struct journal *));
        if (!receipt->name || !receipt->region || !receipt->content_digest || !publication->journals)
                return ingot_fail_memory(err, strlen(manifest->name));
        pace_init(&publication->pace, publication->request.puts_per_second
                                              ? publication->request.puts_per_second
                                              : SNAPSHOT_PUTS_PER_SECOND);
        r = ami_content_digest(manifest, receipt->content_digest, err);
        if (!r)
                r = ami_find_published(&publication->session, manifest, receipt->content_digest, receipt,
                                       &publication->found, &publication->is_ours, err);
        publication->is_seen = r == INGOT_OK;
        return r;
}

enum ingot_code region_publication_open(struct region_publication *publication, struct ingot_error *err)
{
        enum ingot_code r;

        publication->started_ns = clock_monotonic_ns(&clock_of_system);
        publication->receipt = calloc(1, sizeof(*publication->receipt));
        if (!publication->receipt)
                return ingot_fail_memory(err, sizeof(*publication->receipt));
        r = region_session_open(&publication->target, publication->observer, &publication->session, err);
        return r ? r : region_session_end(&publication->session, look(publication, err), err);
}

static enum ingot_code upload(struct region_publication *publication, struct ingot_error *err)
{
        enum ingot_code r =
                publication->found ? settle_volumes(publication, err) : publish_volumes(publication, err);

        for (size_t i = 0;
             !r && publication->request.verify_blocks && i < publication->receipt->snapshot_count; i++)
                r = verify_volume(publication, i, err);
        return r;
}

enum ingot_code region_publication_upload(struct region_publication *publication, struct ingot_error *err)
{
        return region_session_end(&publication->session, upload(publication, err), err);
}

bool region_publication_made(const struct region_publication *publication, size_t at)
{
        const struct ingot_snapshot_receipt *receipt = &publication->receipt->snapshots[at];
        const struct journal_attempt *attempt = NULL;

        if (!receipt->snapshot_id || publication->found)
                return false;
        if (publication->journals[at])
                attempt = journal_attempt(publication->journals[at]);
        return !receipt->reused || (attempt && strcmp(attempt->snapshot_id, receipt->snapshot_id) == 0);
}

/* Somebody registered an AMI of the name between our look and our call. */
static enum ingot_code judge_race(struct region_publication *publication, struct ingot_error *err)
{
        struct ingot_receipt *receipt = publication->receipt;
        enum ingot_code r;

        for (size_t i = 0; i < receipt->snapshot_count; i++)
                volume_receipt_release(&receipt->snapshots[i]);
        free(receipt->snapshots);
        receipt->snapshots = NULL;
        receipt->snapshot_count = 0;
        close_journals(publication, false);
        r = ami_find_published(&publication->session, publication->manifest, receipt->content_digest, receipt,
                               &publication->found, &publication->is_ours, err);
        if (!r && !publication->found)
                r = ingot_fail(err, INGOT_E_CONFLICT,
                               "the name '%s' is taken by an AMI that is not described",
                               publication->manifest->name);
        return r ? r : settle_volumes(publication, err);
}

static enum ingot_code register_ami(struct region_publication *publication, struct ingot_error *err)
{
        enum ingot_code r;

        if (publication->found)
                return INGOT_OK;
        r = ami_publish(&publication->session, publication->manifest, publication->receipt->content_digest,
                        publication->is_provisional, publication->receipt, err);
        publication->is_ours = !r && publication->is_provisional;
        return r == INGOT_E_CONFLICT ? judge_race(publication, err) : r;
}

enum ingot_code region_publication_register(struct region_publication *publication, struct ingot_error *err)
{
        return region_session_end(&publication->session, register_ami(publication, err), err);
}

enum ingot_code region_publication_rehearse(struct region_publication *publication, struct ingot_error *err)
{
        return region_session_end(
                &publication->session,
                ami_finish(&publication->session, publication->manifest, publication->receipt, true, err),
                err);
}

enum ingot_code region_publication_finish(struct region_publication *publication, struct ingot_error *err)
{
        struct ingot_receipt *receipt = publication->receipt;
        const char *folder = publication->request.folder;
        enum ingot_code r = ami_finish(&publication->session, publication->manifest, receipt, false, err);

        r = region_session_end(&publication->session, r, err);
        receipt->elapsed_ms = (clock_monotonic_ns(&clock_of_system) - publication->started_ns) / 1000000;
        receipt->finished_seconds = clock_wall_seconds(&clock_of_system);
        if (!r)
                r = last_published_keep(folder, publication->session.region, err);
        if (!r)
                r = receipt_write(folder, receipt, err);
        publication->finished = r == INGOT_OK;
        return r;
}

/* ---- taking back ---- */

static enum ingot_code unless_gone(enum ingot_code r)
{
        return r == INGOT_E_NOT_FOUND ? INGOT_OK : r;
}

/* What an upload was in the middle of. */
static enum ingot_code undo_journal(struct region_publication *publication, size_t at,
                                    struct ingot_error *err)
{
        struct journal **journal = &publication->journals[at];
        const struct journal_attempt *attempt = *journal ? journal_attempt(*journal) : NULL;
        enum ingot_code r = INGOT_OK;

        if (attempt && *attempt->snapshot_id)
                r = unless_gone(ec2_delete_snapshot(&publication->session.ec2, attempt->snapshot_id, err));
        if (r == INGOT_E_CONFLICT) /* an AMI uses it: it has come to its end */
                r = INGOT_OK;
        if (!r && *journal)
                journal_end(journal);
        return r;
}

static enum ingot_code undo(struct region_publication *publication, const bool *made, struct ingot_error *err)
{
        struct ingot_receipt *receipt = publication->receipt;
        const struct ec2_client *ec2 = &publication->session.ec2;
        enum ingot_code r = INGOT_OK;

        if (publication->is_ours && receipt->ami_id)
                r = ingot_while(err, unless_gone(ec2_deregister_image(ec2, receipt->ami_id, err)),
                                "deregistering %s", receipt->ami_id);
        for (size_t i = 0; !r && i < receipt->snapshot_count; i++) {
                const char *id = receipt->snapshots[i].snapshot_id;

                if (!id || !made[i])
                        continue;
                r = unless_gone(ec2_delete_snapshot(ec2, id, err));
                if (r == INGOT_E_CONFLICT) /* another AMI has come to use it meanwhile */
                        r = INGOT_OK;
                r = ingot_while(err, r, "deleting %s", id);
        }
        for (size_t i = 0; !r && i < publication->manifest->volume_count; i++)
                r = undo_journal(publication, i, err);
        return r;
}

enum ingot_code region_publication_undo(struct region_publication *publication, const bool *made,
                                        struct ingot_error *err)
{
        return region_session_end(&publication->session, undo(publication, made, err), err);
}

void region_publication_close(struct region_publication *publication)
{
        close_journals(publication, publication->finished);
        free(publication->journals);
        publication->journals = NULL;
        last_published_release(&publication->last);
        region_session_close(&publication->session);
        ingot_receipt_free(publication->receipt);
        publication->receipt = NULL;
}
