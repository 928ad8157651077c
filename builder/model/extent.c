/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/checked.h"
#include "model/extent.h"

void extent_list_release(struct extent_list *list)
{
        free(list->extents);
        *list = (struct extent_list)EXTENT_LIST_EMPTY;
}

static enum ingot_code extent_check(const struct extent *extent, struct ingot_error *err)
{
        uint64_t capacity_bytes;

        if (extent->start_lba >= extent->end_lba)
                return ingot_fail(err, INGOT_E_BUG, "extent of sectors %" PRIu64 " to %" PRIu64 " is empty",
                                  extent->start_lba, extent->end_lba);
        if (!checked_mul_u64(extent->end_lba - extent->start_lba, SECTOR_BYTES, &capacity_bytes) ||
            extent->size_bytes > capacity_bytes)
                return ingot_fail(err, INGOT_E_BUG,
                                  "%" PRIu64 " bytes do not fit sectors %" PRIu64 " to %" PRIu64,
                                  extent->size_bytes, extent->start_lba, extent->end_lba);
        if (!extent->source && extent->size_bytes)
                return ingot_fail(err, INGOT_E_BUG,
                                  "sectors %" PRIu64 " to %" PRIu64 " have %" PRIu64 " bytes and no source",
                                  extent->start_lba, extent->end_lba, extent->size_bytes);
        return INGOT_OK;
}

/* Whether next goes on where last ends, on the disk and in its source. */
static bool extent_continues(const struct extent *last, const struct extent *next)
{
        if (last->end_lba != next->start_lba || last->source != next->source)
                return false;
        if (!last->source)
                return true;
        return last->size_bytes == (last->end_lba - last->start_lba) * SECTOR_BYTES &&
               last->source_offset_bytes + last->size_bytes == next->source_offset_bytes;
}

enum ingot_code extent_list_add(struct extent_list *list, const struct extent *extent,
                                struct ingot_error *err)
{
        struct extent *last = list->count ? &list->extents[list->count - 1] : NULL;
        enum ingot_code r = extent_check(extent, err);

        if (r)
                return r;
        if (last && extent_continues(last, extent)) {
                last->end_lba = extent->end_lba;
                last->size_bytes += extent->size_bytes;
                return INGOT_OK;
        }
        if (!list->extents || list->count == list->capacity) {
                size_t capacity = list->capacity ? 2 * list->capacity : 64;
                struct extent *grown = reallocarray(list->extents, capacity, sizeof(*grown));

                if (!grown)
                        return ingot_fail_memory(err, capacity * sizeof(*grown));
                list->extents = grown;
                list->capacity = capacity;
        }
        list->extents[list->count++] = *extent;
        return INGOT_OK;
}

enum ingot_code extent_list_add_all(struct extent_list *list, const struct extent_list *part,
                                    uint64_t shift_sectors, struct ingot_error *err)
{
        for (size_t i = 0; i < part->count; i++) {
                struct extent moved = part->extents[i];
                enum ingot_code r;

                if (!checked_add_u64(moved.start_lba, shift_sectors, &moved.start_lba) ||
                    !checked_add_u64(moved.end_lba, shift_sectors, &moved.end_lba))
                        return ingot_fail(err, INGOT_E_BUG,
                                          "an extent moved by %" PRIu64 " sectors passes 2^64",
                                          shift_sectors);
                r = extent_list_add(list, &moved, err);
                if (r)
                        return r;
        }
        return INGOT_OK;
}

static int compare_extents(const void *left, const void *right)
{
        const struct extent *a = left, *b = right;

        if (a->start_lba != b->start_lba)
                return a->start_lba < b->start_lba ? -1 : 1;
        if (a->end_lba != b->end_lba)
                return a->end_lba < b->end_lba ? -1 : 1;
        return 0;
}

enum ingot_code extent_list_settle(struct extent_list *list, uint64_t size_sectors, struct ingot_error *err)
{
        if (list->count > 1)
                qsort(list->extents, list->count, sizeof(*list->extents), compare_extents);
        for (size_t i = 0; i < list->count; i++) {
                const struct extent *at = &list->extents[i];

                if (at->end_lba > size_sectors)
                        return ingot_fail(err, INGOT_E_BUG,
                                          "extent of sectors %" PRIu64 " to %" PRIu64
                                          " ends past the disk's %" PRIu64 " sectors",
                                          at->start_lba, at->end_lba, size_sectors);
                if (i && at[-1].end_lba > at->start_lba)
                        return ingot_fail(err, INGOT_E_BUG,
                                          "extents of sectors %" PRIu64 " to %" PRIu64 " and %" PRIu64
                                          " to %" PRIu64 " overlap",
                                          at[-1].start_lba, at[-1].end_lba, at->start_lba, at->end_lba);
        }
        return INGOT_OK;
}

uint64_t extent_list_data_sectors(const struct extent_list *list)
{
        uint64_t sectors = 0;

        for (size_t i = 0; i < list->count; i++)
                if (list->extents[i].source)
                        sectors += list->extents[i].end_lba - list->extents[i].start_lba;
        return sectors;
}
