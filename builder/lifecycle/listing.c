/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/region_session.h"
#include "lifecycle/tags.h"

/* Copies a text that may be absent; *failed is set when memory ran out. */
static char *copy_text(const char *text, bool *failed)
{
        char *copy = text ? strdup(text) : NULL;

        if (text && !copy)
                *failed = true;
        return copy;
}

static int from_tri_state(enum tri_state state)
{
        return state == TRI_UNSET ? -1 : state == TRI_YES;
}

static void copy_device(const struct mapping_entry *entry, struct ingot_device_info *out, bool *failed)
{
        out->device_name = copy_text(entry->device_name, failed);
        out->virtual_name = copy_text(entry->virtual_name, failed);
        out->snapshot_id = copy_text(entry->snapshot_id, failed);
        out->volume_type = copy_text(entry->volume_type, failed);
        out->no_device = entry->kind == MAPPING_NO_DEVICE;
        out->volume_size_gib = entry->volume_size_gib;
        out->iops = entry->iops;
        out->throughput_mibs = entry->throughput_mibs;
        out->delete_on_termination = from_tri_state(entry->delete_on_termination);
        out->encrypted = from_tri_state(entry->encrypted);
}

static void copy_ami(const struct ec2_image *image, struct ingot_ami_info *out, bool *failed)
{
        out->ami_id = copy_text(image->image_id, failed);
        out->name = copy_text(image->name, failed);
        out->description = copy_text(image->description, failed);
        out->state = copy_text(image->state, failed);
        out->created = copy_text(image->creation_date, failed);
        out->architecture = copy_text(image->architecture, failed);
        out->boot_mode = copy_text(image->boot_mode, failed);
        out->imds = copy_text(image->imds_support, failed);
        out->root_device = copy_text(image->root_device_name, failed);
        out->image_digest = copy_text(tags_find(image->tags, image->tag_count, TAG_CONTENT_DIGEST), failed);
        out->ena = image->ena_support == TRI_YES;
        out->devices = calloc(image->block_device_count + 1, sizeof(*out->devices));
        if (!out->devices) {
                *failed = true;
                return;
        }
        out->device_count = image->block_device_count;
        for (size_t i = 0; i < image->block_device_count; i++)
                copy_device(&image->block_devices[i], &out->devices[i], failed);
}

static void copy_snapshot(const struct ec2_snapshot *snapshot, struct ingot_snapshot_info *out, bool *failed)
{
        out->snapshot_id = copy_text(snapshot->snapshot_id, failed);
        out->state = copy_text(snapshot->state, failed);
        out->started = copy_text(snapshot->start_time, failed);
        out->description = copy_text(snapshot->description, failed);
        out->progress = copy_text(snapshot->progress, failed);
        out->image_digest =
                copy_text(tags_find(snapshot->tags, snapshot->tag_count, TAG_IMAGE_DIGEST), failed);
        out->volume_size_gib = snapshot->volume_size_gib;
        out->encrypted = snapshot->encrypted == TRI_YES;
}

static enum ingot_code list_amis(const struct ec2_client *ec2, const char *id, struct ingot_listing *listing,
                                 struct ingot_error *err)
{
        OWNED(ec2_image_list_release) struct ec2_image_list found = { 0 };
        const char *owner = "self";
        const struct ec2_describe_request asked = {
                .ids = &id, .id_count = id != NULL, .owners = &owner, .owner_count = 1
        };
        bool failed = false;
        enum ingot_code r = ec2_describe_images(ec2, &asked, &found, err);

        if (r)
                return r;
        listing->amis = calloc(found.count + 1, sizeof(*listing->amis));
        if (!listing->amis)
                return ingot_fail_memory(err, found.count * sizeof(*listing->amis));
        listing->ami_count = found.count;
        for (size_t i = 0; i < found.count; i++)
                copy_ami(&found.items[i], &listing->amis[i], &failed);
        return failed ? ingot_fail_memory(err, found.count) : INGOT_OK;
}

static enum ingot_code list_snapshots(const struct ec2_client *ec2, const char *const *ids, size_t id_count,
                                      struct ingot_listing *listing, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list found = { 0 };
        const char *owner = "self";
        const struct ec2_describe_request asked = {
                .ids = ids, .id_count = id_count, .owners = &owner, .owner_count = 1
        };
        bool failed = false;
        enum ingot_code r = ec2_describe_snapshots(ec2, &asked, &found, err);

        if (r)
                return r;
        listing->snapshots = calloc(found.count + 1, sizeof(*listing->snapshots));
        if (!listing->snapshots)
                return ingot_fail_memory(err, found.count * sizeof(*listing->snapshots));
        listing->snapshot_count = found.count;
        for (size_t i = 0; i < found.count; i++)
                copy_snapshot(&found.items[i], &listing->snapshots[i], &failed);
        return failed ? ingot_fail_memory(err, found.count) : INGOT_OK;
}

/* The snapshots of the one AMI that was listed. */
static enum ingot_code list_snapshots_of_ami(const struct ec2_client *ec2, struct ingot_listing *listing,
                                             struct ingot_error *err)
{
        const struct ingot_ami_info *ami = &listing->amis[0];
        OWNED(heap_drop) const char **ids = calloc(ami->device_count + 1, sizeof(*ids));
        size_t count = 0;

        if (!ids)
                return ingot_fail_memory(err, ami->device_count * sizeof(*ids));
        for (size_t i = 0; i < ami->device_count; i++)
                if (ami->devices[i].snapshot_id)
                        ids[count++] = ami->devices[i].snapshot_id;
        return count ? list_snapshots(ec2, ids, count, listing, err) : INGOT_OK;
}

/* Newest first; equal times by id, so that the order is the same each time. */
static int compare_newest_first(const char *time_a, const char *id_a, const char *time_b, const char *id_b)
{
        int order = strcmp(time_b ? time_b : "", time_a ? time_a : "");

        return order ? order : strcmp(id_a, id_b);
}

static int compare_amis(const void *a, const void *b)
{
        const struct ingot_ami_info *left = a, *right = b;

        return compare_newest_first(left->created, left->ami_id, right->created, right->ami_id);
}

static int compare_snapshots(const void *a, const void *b)
{
        const struct ingot_snapshot_info *left = a, *right = b;

        return compare_newest_first(left->started, left->snapshot_id, right->started, right->snapshot_id);
}

static enum ingot_code list_into(const struct ec2_client *ec2, const char *id, struct ingot_listing *listing,
                                 struct ingot_error *err)
{
        enum ingot_code r;

        if (!id) {
                r = list_amis(ec2, NULL, listing, err);
                return r ? r : list_snapshots(ec2, NULL, 0, listing, err);
        }
        if (strncmp(id, "snap-", 5) == 0)
                return list_snapshots(ec2, &id, 1, listing, err);
        if (strncmp(id, "ami-", 4) != 0)
                return ingot_fail(err, INGOT_E_USAGE,
                                  "'%s' is neither an AMI (ami-...) nor a snapshot (snap-...)", id);
        r = list_amis(ec2, id, listing, err);
        if (!r && listing->ami_count == 0)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "there is no AMI '%s' in region '%s'", id,
                               listing->region);
        return r ? r : list_snapshots_of_ami(ec2, listing, err);
}

enum ingot_code ingot_list(const struct ingot_target *target, const char *id,
                           struct ingot_listing **ret_listing, struct ingot_error *err)
{
        OWNED(region_session_close) struct region_session session = { 0 };
        struct ingot_listing *listing = calloc(1, sizeof(*listing));
        enum ingot_code r;

        if (!listing)
                return ingot_fail_memory(err, sizeof(*listing));
        r = region_session_open(target, NULL, &session, err);
        if (!r) {
                listing->region = strdup(session.region);
                r = listing->region ? list_into(&session.ec2, id, listing, err)
                                    : ingot_fail_memory(err, sizeof(session.region));
                r = region_session_end(&session, r, err);
        }
        if (r) {
                ingot_listing_free(listing);
                return ingot_while(err, r, "listing what '%s' holds", target->to);
        }
        if (listing->amis)
                qsort(listing->amis, listing->ami_count, sizeof(*listing->amis), compare_amis);
        if (listing->snapshots)
                qsort(listing->snapshots, listing->snapshot_count, sizeof(*listing->snapshots),
                      compare_snapshots);
        *ret_listing = listing;
        return INGOT_OK;
}

static void free_ami(struct ingot_ami_info *ami)
{
        for (size_t i = 0; i < ami->device_count; i++) {
                free(ami->devices[i].device_name);
                free(ami->devices[i].virtual_name);
                free(ami->devices[i].snapshot_id);
                free(ami->devices[i].volume_type);
        }
        free(ami->devices);
        free(ami->ami_id);
        free(ami->name);
        free(ami->description);
        free(ami->state);
        free(ami->created);
        free(ami->architecture);
        free(ami->boot_mode);
        free(ami->imds);
        free(ami->root_device);
        free(ami->image_digest);
}

void ingot_listing_free(struct ingot_listing *listing)
{
        if (!listing)
                return;
        for (size_t i = 0; i < listing->ami_count; i++)
                free_ami(&listing->amis[i]);
        for (size_t i = 0; i < listing->snapshot_count; i++) {
                struct ingot_snapshot_info *snapshot = &listing->snapshots[i];

                free(snapshot->snapshot_id);
                free(snapshot->state);
                free(snapshot->started);
                free(snapshot->description);
                free(snapshot->progress);
                free(snapshot->image_digest);
        }
        free(listing->amis);
        free(listing->snapshots);
        free(listing->region);
        free(listing);
}
