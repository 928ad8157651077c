/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "base/plural.h"
#include "region/images.h"
#include "region/region.h"

struct check {
        struct region_store *store;
        struct region_census census;
        uint8_t *block; /* room for one */
};

/* Reads what lies in the snapshot itself; its parents' blocks are read with them. */
static enum ingot_code check_blocks(struct check *check, const struct snapshot_record *record,
                                    struct block_list *list, struct ingot_error *err)
{
        OWNED(digest_stream_drop) struct digest_stream *stream = NULL;
        uint64_t own_count = 0, shown_count = 0;
        char linear_text[DIGEST_HEX_CHARS + 1];
        struct digest linear;
        bool end = false;
        enum ingot_code r = digest_stream_new(&stream, err);

        while (!r) {
                struct block_record block;

                r = block_list_next(list, &block, &end, err);
                if (r || end)
                        break;
                shown_count++;
                if (block.generation > 0)
                        continue;
                own_count++;
                digest_stream_update(stream, block.digest.bytes, DIGEST_BYTES);
                r = block_store_read(check->store->blocks, record->id, block.block_index, &block.digest,
                                     check->block, err);
        }
        if (!r)
                r = digest_stream_finish(stream, &linear, err);
        if (r)
                return r;
        hex_encode(linear.bytes, DIGEST_BYTES, linear_text);
        if (own_count != record->block_count || shown_count != record->shown_block_count ||
            strcmp(linear_text, record->linear_digest) != 0)
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "snapshot '%s' has %" PRIu64 " %s and shows %" PRIu64
                                  ", and the catalogue says %" PRIu64 " and %" PRIu64
                                  ", or their digests are others",
                                  record->id, own_count, plural(own_count, "block", "blocks"), shown_count,
                                  record->block_count, record->shown_block_count);
        check->census.blocks += own_count;
        return INGOT_OK;
}

static enum ingot_code check_snapshot(void *context, const struct snapshot_record *record, bool *ret_stop,
                                      struct ingot_error *err)
{
        struct check *check = context;
        OWNED(block_list_release) struct block_list list = BLOCK_LIST_NONE;
        enum ingot_code r;

        (void)ret_stop;
        switch (record->state) {
        case SNAPSHOT_PENDING: check->census.snapshots_pending++; return INGOT_OK;
        case SNAPSHOT_ERROR: check->census.snapshots_error++; return INGOT_OK;
        case SNAPSHOT_COMPLETING: check->census.snapshots_pending++; break;
        case SNAPSHOT_COMPLETED: check->census.snapshots_completed++; break;
        case SNAPSHOT_DELETED:
                /* Another process may be about to remove one that nothing builds on. */
                return INGOT_OK;
        case SNAPSHOT_STATES:
        default: return ingot_fail(err, INGOT_E_BUG, "snapshot '%s' has no state", record->id);
        }
        r = block_list_open(&list, check->store->blocks, record->id, err);
        if (r == INGOT_E_NOT_FOUND)
                return ingot_fail(err, INGOT_E_FORMAT, "snapshot '%s' is in the catalogue and has no blocks",
                                  record->id);
        if (!r)
                r = check_blocks(check, record, &list, err);
        return ingot_while(err, r, "checking snapshot '%s'", record->id);
}

static enum ingot_code check_image(void *context, const struct image_record *image, bool *ret_stop,
                                   struct ingot_error *err)
{
        struct check *check = context;
        OWNED(heap_drop) struct mapping_record *mappings = calloc(MAPPINGS_MAX, sizeof(*mappings));
        uint32_t count = 0;
        enum ingot_code r;

        (void)ret_stop;
        if (!mappings)
                return ingot_fail_memory(err, MAPPINGS_MAX * sizeof(*mappings));
        r = catalogue_read_mappings(check->store->catalogue, image->id, mappings, &count, err);
        for (uint32_t i = 0; !r && i < count; i++) {
                struct snapshot_record snapshot;

                if (!*mappings[i].snapshot_id || strcmp(image->state, IMAGE_PENDING) == 0 ||
                    strcmp(image->state, IMAGE_FAILED) == 0)
                        continue;
                r = snapshots_find(check->store, image->region, mappings[i].snapshot_id, &snapshot, err);
                if (r == INGOT_E_NOT_FOUND || (!r && snapshot.state != SNAPSHOT_COMPLETED))
                        r = ingot_fail(err, INGOT_E_FORMAT,
                                       "AMI '%s' maps snapshot '%s', which is not completed", image->id,
                                       mappings[i].snapshot_id);
        }
        check->census.images++;
        return r;
}

enum ingot_code region_check(const char *folder, struct region_census *ret_census, struct ingot_error *err)
{
        OWNED(region_store_drop) struct region_store *store = NULL;
        OWNED(heap_drop) uint8_t *block = malloc(BLOCK_BYTES);
        struct check check = { .block = block };
        enum ingot_code r;

        if (!block)
                return ingot_fail_memory(err, BLOCK_BYTES);
        r = region_store_new(folder, false, &clock_of_system, &store, err);
        if (r)
                return r;
        check.store = store;
        r = catalogue_check(store->catalogue, err);
        if (!r)
                r = catalogue_each_snapshot(store->catalogue, NULL, 0, check_snapshot, &check, err);
        if (!r)
                r = catalogue_each_image(store->catalogue, NULL, 0, check_image, &check, err);
        if (!r)
                *ret_census = check.census;
        return ingot_while(err, r, "checking the region in '%s'", folder);
}
