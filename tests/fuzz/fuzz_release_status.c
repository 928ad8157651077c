/* SPDX-License-Identifier: Apache-2.0 */
/* What is read as the status of a release is read again as it was written. */
#include <stdlib.h>

#include "lifecycle/release_status.h"

#include "base/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        struct ingot_release release = { 0 };
        OWNED(heap_drop) char *json = NULL;

        if (!release_status_parse((const char *)bytes, size_bytes, "release.json", &release, NULL))
                (void)!ingot_release_json(&release, &json, NULL);
        ingot_release_clear(&release);
        return 0;
}
