/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "base/own.h"
#include "model/manifest.h"

/* What reads as a manifest prints, reads back and prints the same. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        OWNED(manifest_drop) struct manifest *first = NULL, *second = NULL;
        OWNED(buffer_release) struct buffer once = BUFFER_INIT(64 << 20), twice = BUFFER_INIT(64 << 20);

        if (manifest_parse((const char *)bytes, size_bytes, "m", &first, NULL))
                return 0;
        if (manifest_print(first, &once, NULL) ||
            manifest_parse(once.bytes, once.size_bytes, "m", &second, NULL) ||
            manifest_print(second, &twice, NULL) || strcmp(once.bytes, twice.bytes) != 0)
                __builtin_trap();
        return 0;
}
