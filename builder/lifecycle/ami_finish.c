/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/own.h"
#include "lifecycle/ami_finish.h"
#include "lifecycle/tags.h"
#include "publish/account_state.h"
#include "publish/image_attribute.h"
#include "publish/snapshot_attribute.h"

enum { SECONDS_PER_DAY = 86400, SECONDS_PER_MINUTE = 60 };

struct finish {
        const struct ec2_client *look; /* asks */
        struct ec2_client act;         /* changes, or would */
        const struct manifest *manifest;
        struct ingot_receipt *receipt;
        const struct ec2_image *image;
        bool is_rehearsal;
};

/* ---- tags ---- */

/* Rule 3. */
static enum ingot_code give_tags(const struct finish *finish, struct ingot_error *err)
{
        const struct manifest_ami *ami = &finish->manifest->ami;
        const char *release = tags_find(finish->image->tags, finish->image->tag_count, TAG_RELEASE);
        OWNED(heap_drop) struct wire_tag *tags = NULL;
        enum ingot_code r;

        if (!release || strcmp(release, TAG_RELEASE_PENDING) != 0)
                return INGOT_OK;
        tags = calloc(ami->tag_count + 1, sizeof(*tags));
        if (!tags)
                return ingot_fail_memory(err, (ami->tag_count + 1) * sizeof(*tags));
        for (size_t i = 0; i < ami->tag_count; i++)
                tags[i] = (struct wire_tag){ .key = ami->tags[i].key, .value = ami->tags[i].value };
        tags[ami->tag_count] = (struct wire_tag){ .key = TAG_RELEASE, .value = TAG_RELEASE_DONE };
        r = ec2_create_tags(&finish->act, &finish->image->image_id, 1, tags, ami->tag_count + 1, err);
        return ingot_while(err, r, "tagging %s", finish->image->image_id);
}

/* ---- deprecation and protection ---- */

/* Rule 2; 0: none. */
static int64_t deprecation_of(const struct finish *finish)
{
        const struct manifest_ami *ami = &finish->manifest->ami;
        int64_t created = finish->image->creation_date ? clock_parse_iso(finish->image->creation_date) : -1;

        if (ami->deprecate_at_seconds)
                return ami->deprecate_at_seconds;
        if (!ami->deprecate_after_days)
                return 0;
        if (created < 0)
                created = clock_wall_seconds(&clock_of_system);
        created += SECONDS_PER_MINUTE - 1; /* EC2 keeps whole minutes */
        return created - created % SECONDS_PER_MINUTE + (int64_t)ami->deprecate_after_days * SECONDS_PER_DAY;
}

static enum ingot_code deprecate(const struct finish *finish, struct ingot_error *err)
{
        int64_t moment = deprecation_of(finish);
        const char *has = finish->image->deprecation_time;
        char text[CLOCK_ISO_CHARS + 1] = "";
        enum ingot_code r = INGOT_OK;

        if (moment && (!has || !*has)) {
                clock_print_iso(moment, text);
                has = text;
                if (moment <= clock_wall_seconds(&clock_of_system))
                        r = ingot_fail(err, INGOT_E_USAGE,
                                       "%s is past: EC2 deprecates from a moment to come on", text);
                else
                        r = image_deprecate(&finish->act, finish->image->image_id, moment, err);
        }
        if (r)
                return ingot_while(err, r, "deprecating %s", finish->image->image_id);
        if (finish->is_rehearsal || !has || !*has)
                return INGOT_OK;
        finish->receipt->deprecation_time = strdup(has);
        return finish->receipt->deprecation_time ? INGOT_OK : ingot_fail_memory(err, strlen(has));
}

static enum ingot_code protect(const struct finish *finish, struct ingot_error *err)
{
        enum deregistration_protection wanted = finish->manifest->ami.protection;
        const char *has = finish->image->deregistration_protection;
        bool is_protected = has && strncmp(has, "enabled", 7) == 0;
        enum ingot_code r;

        if (wanted != PROTECTION_OFF && !is_protected) {
                r = image_protect(&finish->act, finish->image->image_id, wanted == PROTECTION_WITH_COOLDOWN,
                                  err);
                if (r)
                        return ingot_while(err, r, "protecting %s", finish->image->image_id);
                has = manifest_protection_name(wanted);
                is_protected = true;
        }
        if (finish->is_rehearsal || !is_protected)
                return INGOT_OK;
        finish->receipt->deregistration_protection = strdup(has);
        return finish->receipt->deregistration_protection ? INGOT_OK : ingot_fail_memory(err, strlen(has));
}

/* ---- permissions ---- */

static bool same(const char *a, const char *b)
{
        return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool has_permission(const struct ec2_permission_list *list, const struct ec2_permission *wanted)
{
        for (size_t i = 0; i < list->count; i++) {
                const struct ec2_permission *one = &list->items[i];

                if (same(one->user_id, wanted->user_id) && same(one->group, wanted->group) &&
                    same(one->organization_arn, wanted->organization_arn) &&
                    same(one->organizational_unit_arn, wanted->organizational_unit_arn))
                        return true;
        }
        return false;
}

/* Everybody whom the release names; permissions has room for them. */
static size_t list_wanted(const struct manifest_release *release, struct ec2_permission *permissions,
                          bool only_accounts)
{
        size_t count = 0;

        for (size_t i = 0; i < release->account_count; i++)
                permissions[count++] = (struct ec2_permission){ .user_id = release->accounts[i] };
        for (size_t i = 0; !only_accounts && i < release->organization_count; i++) {
                const char *arn = release->organizations[i];

                permissions[count] = (struct ec2_permission){ .user_id = NULL };
                if (strstr(arn, ":ou/"))
                        permissions[count++].organizational_unit_arn = arn;
                else
                        permissions[count++].organization_arn = arn;
        }
        if (!only_accounts && release->is_public)
                permissions[count++] = (struct ec2_permission){ .group = "all" };
        return count;
}

/* Leaves only what the list does not have. */
static size_t keep_missing(struct ec2_permission *wanted, size_t count, const struct ec2_permission_list *has)
{
        size_t kept = 0;

        for (size_t i = 0; i < count; i++)
                if (!has_permission(has, &wanted[i]))
                        wanted[kept++] = wanted[i];
        return kept;
}

static enum ingot_code share_snapshot(const struct finish *finish, const char *snapshot_id,
                                      struct ec2_permission *wanted, struct ingot_error *err)
{
        OWNED(ec2_permission_list_release) struct ec2_permission_list has = { 0 };
        size_t count = list_wanted(&finish->manifest->release, wanted, true);
        enum ingot_code r = count ? snapshot_shares(finish->look, snapshot_id, &has, err) : INGOT_OK;

        count = keep_missing(wanted, count, &has);
        if (!r && count)
                r = snapshot_share(&finish->act, snapshot_id, wanted, count, err);
        return ingot_while(err, r, "sharing %s", snapshot_id);
}

/* Rule 5: what is asked late in the call and refused then is better known early. */
static enum ingot_code look_at_public_access(const struct finish *finish, struct ingot_error *err)
{
        struct public_access access;
        enum ingot_code r = account_image_public_access(finish->look, &access, err);

        if (r == INGOT_E_DENIED) /* who may not look may still be allowed to share */
                return INGOT_OK;
        if (!r && !public_access_is_open(&access))
                r = ingot_fail(err, INGOT_E_DENIED,
                               "the account blocks public access to AMIs here (%s): "
                               "DisableImageBlockPublicAccess allows it",
                               access.state);
        return r;
}

static enum ingot_code share(const struct finish *finish, struct ingot_error *err)
{
        const struct manifest_release *release = &finish->manifest->release;
        size_t most = release->account_count + release->organization_count + 1, count;
        OWNED(ec2_permission_list_release) struct ec2_permission_list has = { 0 };
        OWNED(heap_drop) struct ec2_permission *wanted = calloc(most, sizeof(*wanted));
        enum ingot_code r = INGOT_OK;

        if (!wanted)
                return ingot_fail_memory(err, most * sizeof(*wanted));
        for (size_t i = 0; !r && release->shares_snapshots && i < finish->receipt->snapshot_count; i++) {
                const struct ingot_snapshot_receipt *one = &finish->receipt->snapshots[i];

                if (manifest_find_volume(finish->manifest, one->device_name))
                        r = share_snapshot(finish, one->snapshot_id, wanted, err);
        }
        if (!r)
                r = image_shares(finish->look, finish->image->image_id, &has, err);
        if (r)
                return r;
        count = keep_missing(wanted, list_wanted(release, wanted, false), &has);
        if (count && release->is_public && finish->is_rehearsal)
                r = look_at_public_access(finish, err);
        if (!r && count)
                r = image_share(&finish->act, finish->image->image_id, wanted, count, NULL, 0, err);
        return ingot_while(err, r, "sharing %s", finish->image->image_id);
}

/* ---- the whole ---- */

static enum ingot_code note_shares(const struct finish *finish, struct ingot_error *err)
{
        const struct manifest_release *release = &finish->manifest->release;
        struct ingot_receipt *receipt = finish->receipt;
        size_t most = release->account_count + release->organization_count;

        receipt->is_public = release->is_public;
        receipt->shared_with = calloc(most + 1, sizeof(*receipt->shared_with));
        if (!receipt->shared_with)
                return ingot_fail_memory(err, (most + 1) * sizeof(*receipt->shared_with));
        for (size_t i = 0; i < most; i++) {
                const char *whom = i < release->account_count
                                           ? release->accounts[i]
                                           : release->organizations[i - release->account_count];
                char *copy = strdup(whom);

                if (!copy)
                        return ingot_fail_memory(err, strlen(whom));
                receipt->shared_with[receipt->shared_count++] = copy;
        }
        return INGOT_OK;
}

enum ingot_code ami_finish(const struct region_session *session, const struct manifest *manifest,
                           struct ingot_receipt *receipt, bool is_rehearsal, struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list images = { 0 };
        const char *id = receipt->ami_id;
        const struct ec2_describe_request asked = { .ids = &id, .id_count = 1 };
        struct finish finish = { .look = &session->ec2,
                                 .act = session->ec2,
                                 .manifest = manifest,
                                 .receipt = receipt,
                                 .is_rehearsal = is_rehearsal };
        enum ingot_code r = ec2_describe_images(&session->ec2, &asked, &images, err);

        if (!r && images.count != 1)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "%s is not there any more", id);
        if (r)
                return r;
        finish.act.is_dry_run = is_rehearsal;
        finish.image = &images.items[0];
        r = give_tags(&finish, err);
        if (!r)
                r = deprecate(&finish, err);
        if (!r)
                r = protect(&finish, err);
        if (!r && manifest_release_shares(&manifest->release))
                r = share(&finish, err);
        return r || is_rehearsal ? r : note_shares(&finish, err);
}
