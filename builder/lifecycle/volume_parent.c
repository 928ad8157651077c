/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "lifecycle/volume_parent.h"
#include "publish/snapshot_read.h"

static const uint64_t gib = UINT64_C(1) << 30;

void volume_parent_release(struct volume_parent *parent)
{
        block_map_release(&parent->read_map);
        *parent = (struct volume_parent){ .snapshot_id = "" };
}

/* ---- reading what it holds (rule 3) ---- */

struct digest_at {
        uint64_t index;
        struct digest digest;
};

struct rebuild {
        struct digest_at *items;
        size_t count, capacity;
};

static enum ingot_code list_block(void *context, uint64_t block_index, bool *ret_wanted,
                                  struct ingot_error *err)
{
        struct rebuild *rebuild = context;

        if (rebuild->count == rebuild->capacity) {
                size_t wanted = rebuild->capacity ? 2 * rebuild->capacity : 1024;
                struct digest_at *grown = reallocarray(rebuild->items, wanted, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, wanted * sizeof(*grown));
                rebuild->items = grown;
                rebuild->capacity = wanted;
        }
        rebuild->items[rebuild->count++] = (struct digest_at){ .index = block_index };
        *ret_wanted = true;
        return INGOT_OK;
}

static int compare_index(const void *key, const void *item)
{
        uint64_t index = *(const uint64_t *)key, other = ((const struct digest_at *)item)->index;

        return index < other ? -1 : index > other;
}

static enum ingot_code take_block(void *context, uint64_t block_index, const void *bytes,
                                  const struct digest *digest, struct ingot_error *err)
{
        struct rebuild *rebuild = context;
        struct digest_at *item =
                bsearch(&block_index, rebuild->items, rebuild->count, sizeof(*item), compare_index);

        (void)bytes;
        if (!item)
                return ingot_fail(err, INGOT_E_BUG, "block %" PRIu64 " came and was not listed", block_index);
        item->digest = *digest;
        return INGOT_OK;
}

static enum ingot_code read_map(const struct region_session *session, const char *snapshot_id,
                                uint64_t volume_size_gib, const struct ingot_observer *observer,
                                struct volume_parent *parent, struct ingot_error *err)
{
        struct rebuild rebuild = { .items = NULL };
        OWNED(heap_drop) struct digest_at *items = NULL;
        struct snapshot_read_receipt receipt;
        char phase[160];
        struct snapshot_read_request request = { .snapshot_id = snapshot_id,
                                                 .phase = phase,
                                                 .context = &rebuild,
                                                 .list = list_block,
                                                 .take = take_block };
        enum ingot_code r;

        (void)snprintf(phase, sizeof(phase), "reading %s to know what differs", snapshot_id);
        r = snapshot_read(&session->ebs, &request, observer, &receipt, err);
        items = rebuild.items;
        block_map_init(&parent->read_map, volume_size_gib * gib);
        for (size_t i = 0; !r && i < rebuild.count; i++)
                r = block_map_append_data(&parent->read_map, items[i].index, &items[i].digest, err);
        parent->blocks_read = receipt.blocks_read;
        parent->map = &parent->read_map;
        return r;
}

/* ---- whether it can be one (rule 1) ---- */

static enum ingot_code judge(const struct ec2_snapshot *snapshot, const struct parent_terms *terms,
                             struct ingot_error *err)
{
        const char *id = snapshot->snapshot_id, *state = snapshot->state ? snapshot->state : "unknown";
        bool is_encrypted = snapshot->encrypted == TRI_YES;

        if (strcmp(state, "completed") != 0)
                return ingot_fail(err, INGOT_E_CONFLICT, "the parent %s is %s, not completed", id, state);
        if (snapshot->volume_size_gib > terms->volume_size_gib)
                return ingot_fail(err, INGOT_E_CONFLICT,
                                  "the parent %s has %" PRIu64 " GiB, the volume only %" PRIu64
                                  " GiB: a snapshot cannot be smaller than its parent",
                                  id, snapshot->volume_size_gib, terms->volume_size_gib);
        if (is_encrypted && terms->encrypted == TRI_NO)
                return ingot_fail(err, INGOT_E_CONFLICT,
                                  "the parent %s is encrypted, and the volume is not to be", id);
        if (!is_encrypted && (terms->encrypted == TRI_YES || terms->kms_key_arn))
                return ingot_fail(
                        err, INGOT_E_CONFLICT,
                        "the parent %s is not encrypted, and what is made from it cannot be; publish "
                        "all of it (--full)",
                        id);
        if (terms->kms_key_arn &&
            (!snapshot->kms_key_id || strcmp(snapshot->kms_key_id, terms->kms_key_arn) != 0))
                return ingot_fail(
                        err, INGOT_E_CONFLICT,
                        "the parent %s is encrypted with %s, not with %s: what is made from it has its "
                        "key; publish all of it (--full)",
                        id, snapshot->kms_key_id ? snapshot->kms_key_id : "another key", terms->kms_key_arn);
        return INGOT_OK;
}

static enum ingot_code find(const struct region_session *session, const struct parent_wish *wish,
                            const struct parent_terms *terms, const struct ingot_observer *observer,
                            struct volume_parent *parent, struct ingot_error *err)
{
        OWNED(ec2_snapshot_list_release) struct ec2_snapshot_list list = { 0 };
        const struct ec2_describe_request asked = { .ids = &wish->snapshot_id, .id_count = 1 };
        enum ingot_code r = ec2_describe_snapshots(&session->ec2, &asked, &list, err);

        if (!r && !list.count)
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "the parent %s is not in region '%s'",
                               wish->snapshot_id, session->region);
        if (!r)
                r = judge(&list.items[0], terms, err);
        if (r)
                return r;
        parent->is_named = wish->is_named;
        parent->is_whole = wish->map != NULL;
        parent->map = wish->map;
        if (!wish->map)
                r = read_map(session, wish->snapshot_id, list.items[0].volume_size_gib, observer, parent,
                             err);
        if (!r)
                (void)snprintf(parent->snapshot_id, sizeof(parent->snapshot_id), "%s", wish->snapshot_id);
        return r;
}

enum ingot_code volume_parent_find(const struct region_session *session, const struct parent_wish *wish,
                                   const struct parent_terms *terms, const struct ingot_observer *observer,
                                   struct volume_parent *ret_parent, struct ingot_error *err)
{
        enum ingot_code r;

        *ret_parent = (struct volume_parent){ .snapshot_id = "" };
        if (!ebs_is_snapshot_id(wish->snapshot_id))
                return ingot_fail(err, INGOT_E_USAGE, "'%s' is no snapshot id", wish->snapshot_id);
        r = find(session, wish, terms, observer, ret_parent, err);
        if (r)
                volume_parent_release(ret_parent);
        if (!wish->is_named && (r == INGOT_E_NOT_FOUND || r == INGOT_E_CONFLICT || r == INGOT_E_USAGE))
                return INGOT_OK;
        return r;
}
