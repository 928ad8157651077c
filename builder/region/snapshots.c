/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "region/catalogue_images.h"
#include "region/chaos.h"
#include "region/keys.h"
#include "region/snapshots.h"

enum { LEFTOVER_SECONDS = 3600, PENDING_MAX = 100 };

const char *snapshots_sse_type(const struct snapshot_record *record)
{
        return !record->is_encrypted                     ? "none"
               : key_is_aws_managed(record->kms_key_arn) ? "sse-ebs"
                                                         : "sse-kms";
}

enum ingot_code snapshots_find(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err)
{
        enum ingot_code r = catalogue_find_snapshot(store->catalogue, region, id, ret_record, err);

        if (!r && ret_record->state == SNAPSHOT_DELETED)
                return ingot_fail(err, INGOT_E_NOT_FOUND, "snapshot '%s' was deleted", id);
        return r;
}

static enum ingot_code record_error(struct region_store *store, struct snapshot_record *record,
                                    const char *message, struct ingot_error *err)
{
        record->state = SNAPSHOT_ERROR;
        (void)snprintf(record->state_message, sizeof(record->state_message), "%s", message);
        return catalogue_update_snapshot(store->catalogue, record, err);
}

static int64_t timeout_seconds(const struct region_store *store, const struct snapshot_record *record)
{
        int64_t seconds = 60 * (int64_t)record->timeout_minutes;

        return store->chaos ? chaos_scale_seconds(store->chaos, seconds) : seconds;
}

/* Why a pending or completing snapshot has come to nothing; NULL when it has not. */
static enum ingot_code judge(struct region_store *store, const struct snapshot_record *record,
                             const char **ret_message, struct ingot_error *err)
{
        int64_t active_seconds;
        enum ingot_code r;

        *ret_message = NULL;
        if (strcmp(record->boot_id, store->boot_id) != 0) {
                *ret_message = "The machine went down before the snapshot was complete.";
                return INGOT_OK;
        }
        *ret_message = store->chaos ? chaos_dooms(store->chaos, record->id) : NULL;
        if (*ret_message || record->state != SNAPSHOT_PENDING)
                return INGOT_OK;
        r = block_store_last_activity(store->blocks, record->id, &active_seconds, err);
        if (r == INGOT_E_NOT_FOUND) {
                *ret_message = "The snapshot was not started completely.";
                return INGOT_OK;
        }
        if (!r && clock_wall_seconds(store->clock) - active_seconds > timeout_seconds(store, record))
                *ret_message = "No block was written for as long as Timeout says.";
        return r;
}

/* Under the snapshot's lock: nobody puts to it or seals it meanwhile. */
static enum ingot_code expire_locked(struct region_store *store, struct snapshot_record *record,
                                     struct ingot_error *err)
{
        const char *message;
        enum ingot_code r;

        if (record->state != SNAPSHOT_PENDING && record->state != SNAPSHOT_COMPLETING)
                return INGOT_OK;
        r = judge(store, record, &message, err);
        return r || !message ? r : record_error(store, record, message, err);
}

static enum ingot_code settle(struct region_store *store, struct snapshot_record *record,
                              struct ingot_error *err)
{
        const char *message;
        enum ingot_code r;

        if (record->state != SNAPSHOT_PENDING && record->state != SNAPSHOT_COMPLETING)
                return INGOT_OK;
        r = judge(store, record, &message, err);
        if (r)
                return r;
        if (message) {
                r = block_store_lock(store->blocks, record->id, err);
                if (r == INGOT_E_NOT_FOUND)
                        return record_error(store, record, message, err);
                if (r)
                        return r;
                r = catalogue_find_snapshot(store->catalogue, record->region, record->id, record, err);
                if (!r)
                        r = expire_locked(store, record, err);
                block_store_unlock(store->blocks);
                return r;
        }
        if (record->ready_seconds > clock_wall_seconds(store->clock)) /* a copy that is under way */
                return INGOT_OK;
        if (record->state == SNAPSHOT_COMPLETING && *record->late_failure)
                return record_error(store, record, record->late_failure, err);
        if (record->state == SNAPSHOT_COMPLETING &&
            !(store->chaos && chaos_keeps_pending(store->chaos, record->id))) {
                r = block_store_flush(store->blocks, record->id, err);
                if (r)
                        return r;
                record->state = SNAPSHOT_COMPLETED;
                record->completion_seconds = clock_wall_seconds(store->clock);
                r = catalogue_update_snapshot(store->catalogue, record, err);
        }
        return r;
}

enum ingot_code snapshots_look(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err)
{
        enum ingot_code r = snapshots_find(store, region, id, ret_record, err);

        return r ? r : settle(store, ret_record, err);
}

enum ingot_code snapshots_settle(struct region_store *store, const char *region, struct ingot_error *err)
{
        struct snapshot_record record = { 0 };
        enum ingot_code r = INGOT_OK;

        while (!r) {
                r = catalogue_next_unsettled(store->catalogue, region, record.number, &record, NULL);
                if (r == INGOT_E_NOT_FOUND)
                        return INGOT_OK;
                if (!r)
                        r = settle(store, &record, err);
        }
        return r;
}

uint64_t snapshots_pending_max(const struct region_store *store)
{
        return store->chaos ? chaos_plan_of(store->chaos)->pending_max : PENDING_MAX;
}

enum ingot_code snapshots_lock(struct region_store *store, const char *region, const char *id,
                               struct snapshot_record *ret_record, struct ingot_error *err)
{
        enum ingot_code r = block_store_lock(store->blocks, id, err);

        if (r)
                return r;
        r = snapshots_find(store, region, id, ret_record, err);
        if (!r)
                r = expire_locked(store, ret_record, err);
        if (r)
                block_store_unlock(store->blocks);
        return r;
}

enum ingot_code snapshots_start(struct region_store *store, const struct snapshot_record *record,
                                const struct tag *tags, uint32_t tag_count, struct ingot_error *err)
{
        enum ingot_code r = block_store_create(store->blocks, record->id, err);

        if (r)
                return r;
        r = catalogue_begin(store->catalogue, err);
        if (!r) {
                r = catalogue_add_snapshot(store->catalogue, record, err);
                for (uint32_t i = 0; !r && i < tag_count; i++)
                        r = catalogue_set_tag(store->catalogue, record->region, record->id, &tags[i], err);
                r = catalogue_end(store->catalogue, r, err);
        }
        if (r)
                block_store_remove(store->blocks, record->id);
        return r;
}

enum ingot_code snapshots_seal(struct region_store *store, struct snapshot_record *record,
                               uint64_t block_count, const struct digest *linear, struct ingot_error *err)
{
        const char *parent_id = *record->parent_id ? record->parent_id : NULL;
        enum ingot_code r = block_store_seal(store->blocks, parent_id, &record->shown_block_count, err);

        if (r)
                return r;
        record->state = SNAPSHOT_COMPLETING;
        record->block_count = block_count;
        hex_encode(linear->bytes, DIGEST_BYTES, record->linear_digest);
        return catalogue_update_snapshot(store->catalogue, record, err);
}

/* Forgets a deleted snapshot on which nothing builds, then its parent if that was deleted earlier, and so on; a copy's
 * parent may be of another region. */
static enum ingot_code sweep(struct region_store *store, const char *id, struct ingot_error *err)
{
        struct snapshot_record record;
        char next[RESOURCE_ID_CHARS + 1];
        enum ingot_code r = INGOT_OK;

        (void)snprintf(next, sizeof(next), "%s", id);
        while (!r && *next) {
                bool has_children = false;

                r = catalogue_find_snapshot_anywhere(store->catalogue, next, &record, err);
                if (!r)
                        r = catalogue_has_children(store->catalogue, next, &has_children, err);
                if (r || has_children || record.state != SNAPSHOT_DELETED)
                        return r;
                r = catalogue_forget_snapshot(store->catalogue, next, err);
                if (!r)
                        block_store_remove(store->blocks, next);
                (void)snprintf(next, sizeof(next), "%s", record.parent_id);
        }
        return r;
}

/* Another process may have made the folder and not yet its record: only an old one is nobody's. */
static enum ingot_code remove_if_nobodys(void *context, const char *id, struct ingot_error *err)
{
        struct region_store *store = context;
        int64_t active_seconds = 0;
        bool is_known;
        enum ingot_code r = block_store_last_activity(store->blocks, id, &active_seconds, err);

        if (r && r != INGOT_E_NOT_FOUND)
                return r;
        if (!r && clock_wall_seconds(store->clock) - active_seconds < LEFTOVER_SECONDS)
                return INGOT_OK;
        r = catalogue_knows_snapshot(store->catalogue, id, &is_known, err);
        if (!r && !is_known)
                block_store_remove(store->blocks, id);
        return r;
}

enum ingot_code snapshots_tidy(struct region_store *store, struct ingot_error *err)
{
        struct snapshot_record record;
        enum ingot_code r = INGOT_OK;

        while (!r) {
                r = catalogue_find_unneeded(store->catalogue, &record, err);
                if (r == INGOT_E_NOT_FOUND)
                        return block_store_each(store->blocks, remove_if_nobodys, store, err);
                if (!r)
                        r = sweep(store, record.id, err);
        }
        return r;
}

/* In a transaction: no AMI can be registered with the snapshot between the look and the change. */
static enum ingot_code mark_deleted(struct region_store *store, const struct snapshot_record *record,
                                    char ret_user[RESOURCE_ID_CHARS + 1], struct ingot_error *err)
{
        struct snapshot_record deleted = *record;
        enum ingot_code r = catalogue_find_snapshot_user(store->catalogue, record->id, ret_user, err);

        if (r == INGOT_OK)
                return ingot_fail(err, INGOT_E_CONFLICT, "snapshot '%s' is used by '%s'", record->id,
                                  ret_user);
        if (r != INGOT_E_NOT_FOUND)
                return r;
        deleted.state = SNAPSHOT_DELETED;
        r = catalogue_update_snapshot(store->catalogue, &deleted, err);
        return r ? r : catalogue_remove_tags(store->catalogue, record->id, err);
}

enum ingot_code snapshots_delete(struct region_store *store, const struct snapshot_record *record,
                                 char ret_user[RESOURCE_ID_CHARS + 1], struct ingot_error *err)
{
        enum ingot_code r;

        ret_user[0] = '\0';
        r = catalogue_begin(store->catalogue, err);
        if (!r)
                r = catalogue_end(store->catalogue, mark_deleted(store, record, ret_user, err), err);
        return r ? r : sweep(store, record->id, err);
}

enum ingot_code snapshots_read_block(struct region_store *store, const struct snapshot_record *record,
                                     uint64_t block_index, void *out, struct digest *ret_digest,
                                     struct ingot_error *err)
{
        OWNED(block_list_release) struct block_list list = BLOCK_LIST_NONE;
        char owner[RESOURCE_ID_CHARS + 1];
        struct block_record block = { 0 };
        bool end = false;
        enum ingot_code r;

        r = block_list_open(&list, store->blocks, record->id, err);
        if (!r)
                r = block_list_seek(&list, block_index, err);
        if (!r)
                r = block_list_next(&list, &block, &end, err);
        if (!r && (end || block.block_index != block_index))
                r = ingot_fail(err, INGOT_E_NOT_FOUND, "snapshot '%s' shows no block %llu", record->id,
                               (unsigned long long)block_index);
        if (!r)
                r = catalogue_find_ancestor(store->catalogue, record->id, block.generation, owner, err);
        if (!r)
                r = block_store_read(store->blocks, owner, block.block_index, &block.digest, out, err);
        if (!r)
                *ret_digest = block.digest;
        return r;
}

enum ingot_code snapshots_are_related(struct region_store *store, const char *first_id, const char *second_id,
                                      bool *ret_are, struct ingot_error *err)
{
        char first_root[RESOURCE_ID_CHARS + 1], second_root[RESOURCE_ID_CHARS + 1];
        enum ingot_code r = catalogue_find_oldest_ancestor(store->catalogue, first_id, first_root, err);

        if (!r)
                r = catalogue_find_oldest_ancestor(store->catalogue, second_id, second_root, err);
        if (!r)
                *ret_are = strcmp(first_root, second_root) == 0;
        return r;
}
