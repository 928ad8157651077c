/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ingot/plan.h>

#include "base/own.h"
#include "lifecycle/ami_publish.h"
#include "lifecycle/folder.h"
#include "lifecycle/last_published.h"
#include "lifecycle/release_estimate.h"
#include "lifecycle/release_places.h"
#include "lifecycle/volume_publish.h"
#include "publish/account_state.h"
#include "publish/block_cursor.h"

enum { PUTS_PER_SECOND = SNAPSHOT_PUTS_PER_SECOND };

/* One region that is being planned. */
struct planning {
        const struct ingot_publish_request *request;
        const struct manifest *manifest;
        const char *content_digest;
        struct region_session session;
        bool is_asked; /* the region can be, through session */
        const struct ingot_observer *observer;
        const char *kms_key;
        struct last_published last;
        struct ingot_region_plan *plan;
};

static enum ingot_code keep(const char *text, char **ret_copy, struct ingot_error *err)
{
        *ret_copy = strdup(text);
        return *ret_copy ? INGOT_OK : ingot_fail_memory(err, strlen(text));
}

/* ---- volumes ---- */

/* The snapshot that the volume would be a difference to, where that can be told without reading blocks. */
static enum ingot_code find_parent(struct planning *planning, const struct manifest_volume *volume,
                                   struct volume_parent *ret_parent, struct ingot_error *err)
{
        const struct parent_terms terms = { .volume_size_gib = volume->layout.volume_size_gib,
                                            .encrypted = planning->request->encrypt || planning->kms_key
                                                                 ? TRI_YES
                                                                 : TRI_UNSET,
                                            .kms_key_arn = planning->kms_key };
        const char *parent = planning->request->parent;
        struct parent_wish wish;
        bool is_snapshot = parent && strncmp(parent, "snap-", 5) == 0;

        if (planning->request->full || !planning->is_asked ||
            !(is_snapshot ? last_published_find(&planning->last, parent, &wish)
                          : last_published_wish(&planning->last, volume->layout.device_name, &wish)))
                return INGOT_OK;
        return volume_parent_find(&planning->session, &wish, &terms, planning->observer, ret_parent, err);
}

static void fill_counts(const uint64_t counts[BLOCK_REASON_COUNT], struct ingot_volume_plan *plan)
{
        plan->data_blocks = counts[BLOCK_SENT_DATA];
        plan->zero_blocks_for_encryption = counts[BLOCK_SENT_ZERO_ENCRYPTED];
        plan->zero_blocks_over_parent = counts[BLOCK_SENT_ZERO_OVER_PARENT];
        plan->absent_blocks_left_out = counts[BLOCK_LEFT_ABSENT];
        plan->zero_blocks_left_out = counts[BLOCK_LEFT_ZERO];
        plan->same_blocks_left_out = counts[BLOCK_LEFT_SAME];
        plan->blocks = block_tally_sent(counts);
        plan->bytes = plan->blocks * BLOCK_BYTES;
}

static enum ingot_code find_snapshot(struct planning *planning, const struct manifest_volume *volume,
                                     struct ingot_volume_plan *plan, struct ingot_error *err)
{
        const struct volume_to_publish asked = { .device_name = volume->layout.device_name,
                                                 .map = &volume->map,
                                                 .image_digest = &volume->image_digest,
                                                 .volume_size_gib = volume->layout.volume_size_gib,
                                                 .encrypted = planning->request->encrypt || planning->kms_key
                                                                      ? TRI_YES
                                                                      : TRI_UNSET,
                                                 .kms_key_arn = planning->kms_key };
        struct ingot_snapshot_receipt found = { 0 };
        enum ingot_code r = INGOT_OK;

        if (planning->is_asked)
                r = volume_find(&planning->session, &asked, &found, err);
        plan->snapshot_id = found.snapshot_id;
        found.snapshot_id = NULL;
        volume_receipt_release(&found);
        return r;
}

static enum ingot_code plan_volume(struct planning *planning, const struct manifest_volume *volume,
                                   struct ingot_volume_plan *plan, struct ingot_error *err)
{
        OWNED(volume_parent_release) struct volume_parent parent = { .snapshot_id = "" };
        struct block_rules rules = { .map = &volume->map, .is_encrypted = planning->plan->encrypted };
        uint64_t counts[BLOCK_REASON_COUNT] = { 0 };
        enum ingot_code r = keep(volume->layout.device_name, &plan->device_name, err);

        plan->volume_size_gib = volume->layout.volume_size_gib;
        if (!r)
                r = find_snapshot(planning, volume, plan, err);
        if (r || plan->snapshot_id)
                return r;
        r = find_parent(planning, volume, &parent, err);
        if (!r && *parent.snapshot_id) {
                rules.parent = parent.map;
                rules.parent_is_whole = parent.is_whole;
                r = keep(parent.snapshot_id, &plan->parent_snapshot_id, err);
        }
        if (r)
                return r;
        block_cursor_tally(&rules, counts);
        fill_counts(counts, plan);
        return INGOT_OK;
}

/* ---- regions ---- */

/* What the last publication measured, of all its volumes. */
static void read_measured(const struct planning *planning, uint64_t *ret_blocks, uint64_t *ret_ms)
{
        const struct json_value *list =
                planning->last.receipt ? json_value_member(planning->last.receipt, "snapshots") : NULL;

        *ret_blocks = *ret_ms = 0;
        for (size_t i = 0; i < json_value_count(list); i++) {
                const struct json_value *one = json_value_at(list, i);
                uint64_t blocks, ms;

                if (!json_value_u64(json_value_member(one, "blocks_sent"), &blocks) ||
                    !json_value_u64(json_value_member(one, "elapsed_ms"), &ms) || blocks > UINT32_MAX ||
                    ms > UINT32_MAX)
                        continue;
                *ret_blocks += blocks;
                *ret_ms += ms;
        }
}

/* Calls that change something, beside the uploads. */
static uint64_t count_calls(const struct planning *planning)
{
        const struct manifest_ami *ami = &planning->manifest->ami;
        const struct manifest_release *release = &planning->manifest->release;

        if (planning->plan->ami_id)
                return 0;
        return 1U + (ami->deprecate_after_days || ami->deprecate_at_seconds) +
               (ami->protection != PROTECTION_OFF) + manifest_release_shares(release) +
               (release->shares_snapshots ? planning->manifest->volume_count : 0);
}

static void add_up(struct planning *planning)
{
        struct ingot_region_plan *plan = planning->plan;
        uint64_t measured_blocks, measured_ms, to_send = 0;

        for (size_t i = 0; i < plan->volume_count; i++) {
                plan->blocks += plan->volumes[i].blocks;
                plan->bytes += plan->volumes[i].bytes;
                to_send += !plan->volumes[i].snapshot_id;
        }
        plan->puts_per_second =
                planning->request->puts_per_second && planning->request->puts_per_second < PUTS_PER_SECOND
                        ? planning->request->puts_per_second
                        : PUTS_PER_SECOND;
        plan->requests = estimate_requests(plan->blocks, to_send, count_calls(planning));
        plan->quota_ms = estimate_ms(plan->blocks, plan->puts_per_second);
        read_measured(planning, &measured_blocks, &measured_ms);
        if (measured_blocks && measured_ms) {
                plan->measured_blocks_per_second = measured_blocks * 1000 / measured_ms;
                plan->measured_ms = estimate_measured_ms(plan->blocks, measured_blocks, measured_ms);
        }
        plan->sending_micro_usd = estimate_sending_micro_usd(plan->blocks);
        plan->storing_micro_usd_per_month = estimate_storing_micro_usd(plan->blocks);
}

/* What the region knows of the AMI and the account. */
static enum ingot_code ask_region(struct planning *planning, struct ingot_error *err)
{
        struct ingot_region_plan *plan = planning->plan;
        struct ingot_receipt found = { 0 };
        struct ingot_error why;
        bool is_there = false, is_provisional = false, by_default = false;
        enum ingot_code r;

        r = ami_find_published(&planning->session, planning->manifest, planning->content_digest, &found,
                               &is_there, &is_provisional, &why);
        if (is_there) {
                plan->ami_id = found.ami_id;
                found.ami_id = NULL;
        }
        for (size_t i = 0; i < found.snapshot_count; i++)
                volume_receipt_release(&found.snapshots[i]);
        free(found.snapshots);
        free(found.ami_id);
        if (r == INGOT_E_CONFLICT)
                return keep(ingot_error_frame(&why, 0), &plan->conflict, err);
        if (r) {
                if (err)
                        *err = why;
                return r;
        }
        /* Who may not look plans as if it were off: the plan says what was asked for. */
        if (!plan->encrypted && !account_encrypts_by_default(&planning->session.ec2, &by_default, NULL))
                plan->encrypted = by_default;
        return INGOT_OK;
}

static enum ingot_code plan_volumes(struct planning *planning, struct ingot_error *err)
{
        const struct manifest *manifest = planning->manifest;
        struct ingot_region_plan *plan = planning->plan;
        enum ingot_code r = INGOT_OK;

        plan->volumes = calloc(manifest->volume_count + 1, sizeof(*plan->volumes));
        if (!plan->volumes)
                return ingot_fail_memory(err, manifest->volume_count * sizeof(*plan->volumes));
        for (size_t i = 0; !r && !plan->ami_id && i < manifest->volume_count; i++) {
                plan->volume_count++;
                r = plan_volume(planning, &manifest->volumes[i], &plan->volumes[i], err);
        }
        return r;
}

static enum ingot_code plan_region(struct planning *planning, const struct release_place *place,
                                   const struct ingot_target *target, struct ingot_error *err)
{
        struct region_session *session = &planning->session;
        const struct ingot_target one = release_place_target(place, target);
        struct ingot_region_plan *plan = planning->plan;
        const char *folder = planning->request->parent && strncmp(planning->request->parent, "snap-", 5) != 0
                                     ? planning->request->parent
                                     : planning->request->folder;
        struct ingot_error why;
        enum ingot_code r = region_session_open(&one, planning->observer, session, &why);

        plan->required = place->required;
        plan->encrypted = planning->request->encrypt || planning->kms_key;
        if (!r) {
                planning->is_asked = true;
                r = region_session_end(session, ask_region(planning, &why), &why);
        }
        if (r == INGOT_E_CANCELLED || r == INGOT_E_MEMORY || r == INGOT_E_USAGE) {
                if (err)
                        *err = why;
                return r;
        }
        if (r) {
                planning->is_asked = false;
                r = keep(ingot_error_frame(&why, 0), &plan->unasked, err);
        }
        if (!r)
                r = keep(*session->region ? session->region : place->region, &plan->region, err);
        if (!r && planning->kms_key)
                r = keep(planning->kms_key, &plan->kms_key, err);
        if (!r && last_published_read(folder, plan->region, &planning->last, NULL))
                last_published_release(&planning->last); /* what cannot be read is no parent */
        if (!r)
                r = plan_volumes(planning, err);
        if (!r)
                add_up(planning);
        last_published_release(&planning->last);
        return r;
}

/* ---- the whole ---- */

static enum ingot_code fill_shares(const struct manifest *manifest, struct ingot_publish_plan *plan,
                                   struct ingot_error *err)
{
        const struct manifest_release *release = &manifest->release;
        size_t most = release->account_count + release->organization_count;
        char moment[CLOCK_ISO_CHARS + 1];
        enum ingot_code r = INGOT_OK;

        plan->is_public = release->is_public;
        plan->shares_snapshots = release->shares_snapshots;
        plan->shared_with = calloc(most + 1, sizeof(*plan->shared_with));
        if (!plan->shared_with)
                return ingot_fail_memory(err, most * sizeof(*plan->shared_with));
        for (size_t i = 0; !r && i < most; i++)
                r = keep(i < release->account_count ? release->accounts[i]
                                                    : release->organizations[i - release->account_count],
                         &plan->shared_with[plan->shared_count++], err);
        if (!r && manifest->ami.deprecate_at_seconds) {
                clock_print_iso(manifest->ami.deprecate_at_seconds, moment);
                r = keep(moment, &plan->deprecation, err);
        } else if (!r && manifest->ami.deprecate_after_days) {
                (void)snprintf(moment, sizeof(moment), "%u days after",
                               (unsigned)manifest->ami.deprecate_after_days);
                r = keep(moment, &plan->deprecation, err);
        }
        if (!r && manifest->ami.protection != PROTECTION_OFF)
                r = keep(manifest_protection_name(manifest->ami.protection), &plan->deregistration_protection,
                         err);
        return r;
}

static enum ingot_code plan_all(const struct ingot_publish_request *request, const struct manifest *manifest,
                                const struct ingot_target *target, const struct ingot_observer *observer,
                                struct ingot_publish_plan *plan, struct ingot_error *err)
{
        struct release_places places;
        enum ingot_code r;

        plan->content_digest = calloc(1, DIGEST_HEX_CHARS + 1);
        if (!plan->content_digest)
                return ingot_fail_memory(err, DIGEST_HEX_CHARS);
        r = ami_content_digest(manifest, plan->content_digest, err);
        if (!r)
                r = keep(manifest->name, &plan->name, err);
        if (!r)
                r = fill_shares(manifest, plan, err);
        if (!r)
                r = release_places_find(&manifest->release, target->to, &places, err);
        if (r)
                return r;
        plan->regions = calloc(places.count, sizeof(*plan->regions));
        if (!plan->regions)
                return ingot_fail_memory(err, places.count * sizeof(*plan->regions));
        for (size_t i = 0; !r && i < places.count; i++) {
                struct planning planning = { .request = request,
                                             .manifest = manifest,
                                             .content_digest = plan->content_digest,
                                             .observer = observer,
                                             .kms_key = places.items[i].kms_key ? places.items[i].kms_key
                                                                                : request->kms_key_arn,
                                             .plan = &plan->regions[i] };

                plan->region_count++;
                r = plan_region(&planning, &places.items[i], target, err);
                region_session_close(&planning.session);
        }
        return r;
}

enum ingot_code ingot_publish_plan(const struct ingot_publish_request *request,
                                   const struct ingot_target *target, const struct ingot_observer *observer,
                                   struct ingot_publish_plan **ret_plan, struct ingot_error *err)
{
        OWNED(manifest_drop) struct manifest *manifest = NULL;
        struct ingot_publish_plan *plan = calloc(1, sizeof(*plan));
        enum ingot_code r;

        if (!plan)
                return ingot_fail_memory(err, sizeof(*plan));
        r = folder_read_build(request->folder, &manifest, err);
        if (!r)
                r = plan_all(request, manifest, target, observer, plan, err);
        if (r) {
                ingot_publish_plan_free(plan);
                return ingot_while(err, r, "planning the publication of '%s'", request->folder);
        }
        *ret_plan = plan;
        return INGOT_OK;
}
