/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/own.h"
#include "image/image_reader.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/folder.h"
#include "lifecycle/last_published.h"
#include "lifecycle/receipt.h"
#include "lifecycle/volume_publish.h"
#include "lifecycle/volume_verify.h"
#include "publish/snapshot_await.h"

struct release {
        const struct ingot_publish_request *request;
        const char *folder;
        const struct ingot_observer *observer;
        const struct manifest *manifest;
        struct region_session *session;
        struct ingot_receipt *receipt;
        struct journal **journals; /* one for each volume; owned */
        struct last_published last;
        struct pace pace;
};

static enum ingot_code open_image(const struct release *release, const struct manifest_volume *volume,
                                  struct image_reader **ret_reader, struct ingot_error *err)
{
        const struct manifest_file *file = manifest_find_file(volume, MANIFEST_RAW);
        OWNED(heap_drop) char *path = NULL;
        enum ingot_code r;

        if (!file)
                file = manifest_find_file(volume, MANIFEST_VMDK);
        if (!file)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "the manifest names no image of volume '%s'",
                                  volume->layout.device_name);
        path = folder_path(release->folder, file->name);
        if (!path)
                return ingot_fail_memory(err, strlen(release->folder));
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
static enum ingot_code read_last(struct release *release, struct ingot_error *err)
{
        const char *parent = release->request->parent, *region = release->session->region;
        const char *folder = parent && !is_snapshot(parent) ? parent : release->folder;
        enum ingot_code r;

        if (release->request->full)
                return INGOT_OK;
        if (parent && is_snapshot(parent) && release->manifest->volume_count != 1)
                return ingot_fail(
                        err, INGOT_E_USAGE,
                        "the parent '%s' is one snapshot, and the build has %zu volumes: name the folder "
                        "they were published from",
                        parent, release->manifest->volume_count);
        r = last_published_read(folder, region, &release->last, err);
        if (r && !parent) { /* what cannot be read is no parent */
                last_published_release(&release->last);
                return INGOT_OK;
        }
        if (!r && folder == parent && !release->last.manifest)
                r = ingot_fail(
                        err, INGOT_E_NOT_FOUND,
                        "nothing was published from '%s' to region '%s': it has no receipt-%s.json with its "
                        "published-%s.json",
                        folder, region, region, region);
        return r;
}

/* The parent that a volume is to have; false for none. */
static bool find_wish(const struct release *release, const char *device_name, struct parent_wish *ret_wish)
{
        const char *parent = release->request->parent;

        *ret_wish = (struct parent_wish){ .snapshot_id = parent };
        if (release->request->full)
                return false;
        if (parent && is_snapshot(parent)) {
                (void)last_published_find(&release->last, parent, ret_wish); /* else it is read */
                ret_wish->is_named = true;
                return true;
        }
        if (!last_published_wish(&release->last, device_name, ret_wish))
                return false;
        ret_wish->is_named = parent != NULL;
        return true;
}

/* ---- volumes ---- */

/* What a volume's publication asks for; texts and journal_path are borrowed. */
static struct volume_to_publish describe_volume(struct release *release, const struct manifest_volume *volume)
{
        const struct ingot_publish_request *request = release->request;

        return (struct volume_to_publish){
                .release_name = release->manifest->name,
                .device_name = volume->layout.device_name,
                .map = &volume->map,
                .image_digest = &volume->image_digest,
                .volume_size_gib = volume->layout.volume_size_gib,
                .encrypted = request->encrypt || request->kms_key_arn ? TRI_YES : TRI_UNSET,
                .kms_key_arn = request->kms_key_arn,
                .puts_per_second = request->puts_per_second,
                .account_pace = &release->pace,
        };
}

static enum ingot_code publish_volume(struct release *release, size_t at, struct ingot_error *err)
{
        const struct manifest_volume *volume = &release->manifest->volumes[at];
        struct volume_to_publish asked = describe_volume(release, volume);
        OWNED(image_reader_drop) struct image_reader *reader = NULL;
        OWNED(heap_drop)
        char *journal_path = volume_journal_path(release->folder, release->session->region, &asked);
        struct parent_wish wish;
        enum ingot_code r = open_image(release, volume, &reader, err);

        if (r)
                return r;
        if (!journal_path)
                return ingot_fail_memory(err, strlen(release->folder));
        if (find_wish(release, asked.device_name, &wish))
                asked.parent = &wish;
        asked.disk = image_reader_source(reader);
        asked.journal_path = journal_path;
        return volume_publish(release->session, &asked, release->observer, &release->receipt->snapshots[at],
                              &release->journals[at], err);
}

/* The AMI was there: a run that was stopped after it had registered it has left its journals. */
static enum ingot_code settle_volumes(struct release *release, struct ingot_error *err)
{
        const struct manifest *manifest = release->manifest;
        enum ingot_code r = INGOT_OK;

        for (size_t i = 0; !r && i < release->receipt->snapshot_count; i++) {
                struct ingot_snapshot_receipt *receipt = &release->receipt->snapshots[i];
                const struct manifest_volume *volume = manifest_find_volume(manifest, receipt->device_name);
                struct volume_to_publish asked;
                OWNED(heap_drop) char *journal_path = NULL;

                if (!volume)
                        continue; /* a snapshot that the mapping brought */
                asked = describe_volume(release, volume);
                journal_path = volume_journal_path(release->folder, release->session->region, &asked);
                receipt->image_digest = calloc(1, DIGEST_HEX_CHARS + 1);
                if (!journal_path || !receipt->image_digest)
                        return ingot_fail_memory(err, strlen(release->folder));
                hex_encode(volume->image_digest.bytes, DIGEST_BYTES, receipt->image_digest);
                asked.journal_path = journal_path;
                r = volume_settle(release->session, &asked, receipt->snapshot_id,
                                  &release->journals[volume - manifest->volumes], err);
        }
        return r;
}

static enum ingot_code verify_volume(const struct release *release, size_t at, struct ingot_error *err)
{
        struct ingot_snapshot_receipt *receipt = &release->receipt->snapshots[at];
        const struct manifest_volume *volume = manifest_find_volume(release->manifest, receipt->device_name);
        struct volume_to_verify asked = { .snapshot_id = receipt->snapshot_id,
                                          .name = receipt->device_name,
                                          .is_encrypted = receipt->encrypted,
                                          .blocks = release->request->verify_blocks,
                                          .random_seed = clock_monotonic_ns(&clock_of_system) };
        struct volume_verdict verdict;
        enum ingot_code r;

        if (!volume)
                return INGOT_OK; /* a snapshot that the mapping brought */
        asked.map = &volume->map;
        r = volume_verify(&release->session->ebs, &asked, release->observer, &verdict, err);
        if (r)
                return r;
        receipt->verified_blocks = verdict.blocks_read;
        receipt->verified_zero_blocks = verdict.blocks_unlisted;
        receipt->verified_all = verdict.was_all;
        receipt->cost_micro_usd += volume_reading_cost_micro_usd(verdict.blocks_read, verdict.blocks_listed);
        return INGOT_OK;
}

/* Whether a run that was stopped has left a journal. */
static enum ingot_code need_journal(struct release *release, struct ingot_error *err)
{
        const struct manifest *manifest = release->manifest;

        for (size_t i = 0; i < manifest->volume_count; i++) {
                const struct volume_to_publish asked = describe_volume(release, &manifest->volumes[i]);
                OWNED(heap_drop)
                char *path = volume_journal_path(release->folder, release->session->region, &asked);

                if (path && access(path, F_OK) == 0)
                        return INGOT_OK;
        }
        return ingot_fail(err, INGOT_E_NOT_FOUND,
                          "there is nothing to resume: '%s' has no journal of this build for region '%s'",
                          release->folder, release->session->region);
}

static enum ingot_code publish_volumes(struct release *release, struct ingot_error *err)
{
        const struct manifest *manifest = release->manifest;
        struct ingot_receipt *receipt = release->receipt;
        OWNED(heap_drop) const char **ids = calloc(manifest->volume_count + 1, sizeof(*ids));
        enum ingot_code r;

        receipt->snapshots = calloc(manifest->volume_count + 1, sizeof(*receipt->snapshots));
        receipt->snapshot_count = 0;
        if (!ids || !receipt->snapshots)
                return ingot_fail_memory(err, manifest->volume_count * sizeof(*receipt->snapshots));
        r = release->request->resume ? need_journal(release, err) : INGOT_OK;
        if (!r)
                r = read_last(release, err);
        for (size_t i = 0; !r && i < manifest->volume_count; i++) {
                receipt->snapshot_count = i + 1;
                r = publish_volume(release, i, err);
                if (r)
                        return r;
                ids[i] = receipt->snapshots[i].snapshot_id;
        }
        if (!r)
                r = snapshot_await(&release->session->ec2, ids, manifest->volume_count, NULL,
                                   release->observer, err);
        return r;
}

/* ---- the whole ---- */

static enum ingot_code run(struct release *release, struct ingot_error *err)
{
        struct ingot_receipt *receipt = release->receipt;
        char content_digest[DIGEST_HEX_CHARS + 1];
        bool found = false;
        enum ingot_code r = ami_content_digest(release->manifest, content_digest, err);

        if (r)
                return r;
        receipt->name = strdup(release->manifest->name);
        receipt->region = strdup(release->session->region);
        receipt->content_digest = strdup(content_digest);
        if (!receipt->name || !receipt->region || !receipt->content_digest)
                return ingot_fail_memory(err, strlen(release->manifest->name));
        pace_init(&release->pace, release->request->puts_per_second ? release->request->puts_per_second
                                                                    : SNAPSHOT_PUTS_PER_SECOND);
        r = ami_find_published(release->session, release->manifest, content_digest, receipt, &found, err);
        if (r)
                return r;
        release->journals = calloc(release->manifest->volume_count + 1, sizeof(struct journal *));
        if (!release->journals)
                return ingot_fail_memory(err, release->manifest->volume_count * sizeof(struct journal *));
        r = found ? settle_volumes(release, err) : publish_volumes(release, err);
        for (size_t i = 0; !r && release->request->verify_blocks && i < receipt->snapshot_count; i++)
                r = verify_volume(release, i, err);
        if (!r && !found)
                r = ami_publish(release->session, release->manifest, content_digest, receipt, err);
        return r;
}

/* What the journals know is in the receipt now; or it is not, and the next run wants them. */
static void close_journals(struct release *release, bool is_done)
{
        for (size_t i = 0; release->journals && i < release->manifest->volume_count; i++) {
                if (is_done)
                        journal_end(&release->journals[i]);
                else
                        journal_drop(&release->journals[i]);
        }
        free(release->journals);
}

enum ingot_code ingot_publish(const struct ingot_publish_request *request, const struct ingot_target *target,
                              const struct ingot_observer *observer, struct ingot_receipt **ret_receipt,
                              struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        OWNED(region_session_close) struct region_session session = { 0 };
        struct ingot_receipt *receipt = calloc(1, sizeof(*receipt));
        uint64_t started_ns = clock_monotonic_ns(&clock_of_system);
        struct release release = { .request = request,
                                   .folder = request->folder,
                                   .observer = observer,
                                   .session = &session,
                                   .receipt = receipt };
        enum ingot_code r;

        if (!receipt)
                return ingot_fail_memory(err, sizeof(*receipt));
        r = folder_read_manifest(request->folder, &manifest, err);
        if (!r && manifest->is_plan)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "'%s' holds a plan; build it first", request->folder);
        release.manifest = manifest;
        if (!r)
                r = region_session_open(target, observer, &session, err);
        if (!r)
                r = region_session_end(&session, run(&release, err), err);
        receipt->elapsed_ms = (clock_monotonic_ns(&clock_of_system) - started_ns) / 1000000;
        receipt->finished_seconds = clock_wall_seconds(&clock_of_system);
        if (!r)
                r = last_published_keep(request->folder, session.region, err);
        if (!r)
                r = receipt_write(request->folder, receipt, err);
        close_journals(&release, r == INGOT_OK);
        last_published_release(&release.last);
        if (r) {
                ingot_receipt_free(receipt);
                return ingot_while(err, r, "publishing '%s' to '%s'", request->folder, target->to);
        }
        *ret_receipt = receipt;
        return INGOT_OK;
}
