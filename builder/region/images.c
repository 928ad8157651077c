/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "region/images.h"

static enum ingot_code settle(struct region_store *store, struct image_record *image,
                              struct mapping_record *mappings, struct ingot_error *err)
{
        struct snapshot_record snapshot;
        uint32_t count = 0;
        bool is_done = true;
        enum ingot_code r = catalogue_read_mappings(store->catalogue, image->id, mappings, &count, err);

        for (uint32_t i = 0; !r && i < count; i++) {
                if (!*mappings[i].snapshot_id)
                        continue;
                r = snapshots_look(store, image->region, mappings[i].snapshot_id, &snapshot, err);
                if (!r && snapshot.state == SNAPSHOT_ERROR) {
                        (void)snprintf(image->state, sizeof(image->state), IMAGE_FAILED);
                        (void)snprintf(image->state_reason, sizeof(image->state_reason), "%s",
                                       snapshot.state_message);
                        return catalogue_update_image(store->catalogue, image, err);
                }
                is_done &= !r && snapshot.state == SNAPSHOT_COMPLETED;
        }
        if (r || !is_done)
                return r;
        (void)snprintf(image->state, sizeof(image->state), IMAGE_AVAILABLE);
        return catalogue_update_image(store->catalogue, image, err);
}

enum ingot_code images_settle(struct region_store *store, const char *region, struct ingot_error *err)
{
        OWNED(heap_drop) struct mapping_record *mappings = NULL;
        struct image_record image = { .number = 0 };
        enum ingot_code r = INGOT_OK;

        while (!r) {
                r = catalogue_next_pending_image(store->catalogue, region, image.number, &image, NULL);
                if (r == INGOT_E_NOT_FOUND)
                        return INGOT_OK;
                if (r)
                        return ingot_fail(err, r, "the catalogue does not tell which AMIs are pending");
                if (!mappings)
                        mappings = calloc(MAPPINGS_MAX, sizeof(*mappings));
                if (!mappings)
                        return ingot_fail_memory(err, MAPPINGS_MAX * sizeof(*mappings));
                r = settle(store, &image, mappings, err);
        }
        return r;
}
