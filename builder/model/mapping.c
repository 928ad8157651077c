/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "model/mapping.h"

void mapping_free(struct mapping *mapping)
{
        if (!mapping)
                return;
        for (size_t i = 0; i < mapping->entry_count; i++) {
                struct mapping_entry *entry = &mapping->entries[i];

                free(entry->device_name);
                free(entry->virtual_name);
                free(entry->snapshot_id);
                free(entry->volume_type);
        }
        free(mapping->entries);
        free(mapping->file);
        free(mapping);
}

void mapping_drop(struct mapping **mapping)
{
        mapping_free(*mapping);
        *mapping = NULL;
}

const struct mapping_entry *mapping_find(const struct mapping *mapping, const char *device_name)
{
        for (size_t i = 0; i < mapping->entry_count; i++) {
                if (strcmp(mapping->entries[i].device_name, device_name) == 0)
                        return &mapping->entries[i];
        }
        return NULL;
}

void mapping_volume_size_range(const char *volume_type, uint64_t *ret_min_gib, uint64_t *ret_max_gib)
{
        static const struct {
                const char *volume_type;
                uint64_t min_gib, max_gib;
        } ranges[] = {
                { "gp2", 1, 16384 },   { "gp3", 1, 65536 },   { "io1", 4, 16384 },     { "io2", 4, 65536 },
                { "st1", 125, 16384 }, { "sc1", 125, 16384 }, { "standard", 1, 1024 },
        };

        *ret_min_gib = 1;
        *ret_max_gib = 65536;
        for (size_t i = 0; volume_type && i < sizeof(ranges) / sizeof(ranges[0]); i++) {
                if (strcmp(ranges[i].volume_type, volume_type) == 0) {
                        *ret_min_gib = ranges[i].min_gib;
                        *ret_max_gib = ranges[i].max_gib;
                }
        }
}
