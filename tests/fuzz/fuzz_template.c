/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "base/own.h"
#include "model/identity.h"
#include "model/layout.h"
#include "model/template_check.h"

/* Any bytes are a template, or complaints; what parses can be given a seed and be placed. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        static const struct template_setting settings[] = { { "stage", "beta" } };
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(template_drop) struct template *template = NULL;
        struct layout_need needs[LAYOUT_PARTITIONS_MAX] = { { 0 } };
        struct ingot_error err;
        struct guid seed;

        if (template_parse((const char *)bytes, size_bytes, "t", settings, size_bytes % 2, &list, &template,
                           &err))
                return 0;
        if (list.count || identity_seed(template, &seed, &err))
                __builtin_trap();
        for (size_t i = 0; i < template->volume_count; i++) {
                OWNED(layout_release) struct layout layout = { 0 };

                if (layout_place(template, &template->volumes[i], NULL, needs, &seed, &layout, &err) &&
                    err.code != INGOT_E_LAYOUT)
                        __builtin_trap();
        }
        return 0;
}
