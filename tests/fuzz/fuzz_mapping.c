/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/own.h"
#include "model/mapping.h"

/* Any bytes are a mapping, or complaints. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(mapping_drop) struct mapping *mapping = NULL;
        enum ingot_code r = mapping_parse((const char *)bytes, size_bytes, "m", &list, &mapping, NULL);

        if (!r != !list.count || !r != !!mapping)
                __builtin_trap();
        for (size_t i = 0; mapping && i < mapping->entry_count; i++) {
                if (mapping_find(mapping, mapping->entries[i].device_name) != &mapping->entries[i])
                        __builtin_trap();
        }
        return 0;
}
