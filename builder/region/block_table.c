/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "region/block_table.h"

enum { FIRST_SLOTS = 1024 };

#define SLOT_EMPTY UINT32_C(1) /* as generation: no block was ever here; never in a file */

void block_table_release(struct block_table *table)
{
        free(table->slots);
        *table = (struct block_table){ 0 };
}

/* The slot where the block is, or where it belongs; the table has an empty slot. */
static size_t slot_of(const struct block_record *slots, size_t slot_count, uint32_t block_index)
{
        size_t at = (size_t)((block_index * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & (slot_count - 1);

        while (slots[at].generation != SLOT_EMPTY && slots[at].block_index != block_index)
                at = (at + 1) & (slot_count - 1);
        return at;
}

const struct digest *block_table_find(const struct block_table *table, uint32_t block_index)
{
        const struct block_record *slot;

        if (!table->slots)
                return NULL;
        slot = &table->slots[slot_of(table->slots, table->slot_count, block_index)];
        return slot->generation == 0 ? &slot->digest : NULL;
}

static enum ingot_code grow(struct block_table *table, struct ingot_error *err)
{
        size_t slot_count = table->slot_count ? 2 * table->slot_count : FIRST_SLOTS;
        struct block_record *slots = reallocarray(NULL, slot_count, sizeof(*slots));

        if (!slots)
                return ingot_fail_memory(err, (uint64_t)slot_count * sizeof(*slots));
        for (size_t i = 0; i < slot_count; i++)
                slots[i].generation = SLOT_EMPTY;
        for (size_t i = 0; i < table->slot_count; i++) {
                const struct block_record *old = &table->slots[i];

                if (old->generation != SLOT_EMPTY)
                        slots[slot_of(slots, slot_count, old->block_index)] = *old;
        }
        free(table->slots);
        table->slots = slots;
        table->slot_count = slot_count;
        return INGOT_OK;
}

enum ingot_code block_table_apply(struct block_table *table, const struct block_record *record,
                                  struct ingot_error *err)
{
        struct block_record *slot;

        if (table->used_count + 1 > table->slot_count / 4 * 3) {
                enum ingot_code r = grow(table, err);

                if (r)
                        return r;
        }
        slot = &table->slots[slot_of(table->slots, table->slot_count, record->block_index)];
        if (slot->generation == SLOT_EMPTY)
                table->used_count++;
        else if (slot->generation == 0)
                table->block_count--;
        *slot = *record;
        slot->generation = record->generation == 0 ? 0 : BLOCK_GENERATION_WITHDRAWN;
        if (slot->generation == 0)
                table->block_count++;
        return INGOT_OK;
}

static int compare_index(const void *left, const void *right)
{
        const struct block_record *a = left, *b = right;

        return (a->block_index > b->block_index) - (a->block_index < b->block_index);
}

enum ingot_code block_table_sort(const struct block_table *table, struct block_record **ret_records,
                                 size_t *ret_count, struct ingot_error *err)
{
        struct block_record *records;
        size_t count = 0;

        if (table->block_count == 0) {
                *ret_records = NULL;
                *ret_count = 0;
                return INGOT_OK;
        }
        records = reallocarray(NULL, table->block_count, sizeof(*records));
        if (!records)
                return ingot_fail_memory(err, (uint64_t)table->block_count * sizeof(*records));
        for (size_t i = 0; i < table->slot_count; i++) {
                if (table->slots[i].generation == 0)
                        records[count++] = table->slots[i];
        }
        qsort(records, count, sizeof(*records), compare_index);
        *ret_records = records;
        *ret_count = count;
        return INGOT_OK;
}
