/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of EBS direct's answers; the first line is the header x-amzn-ErrorType. */
#include <string.h>

#include "base/own.h"
#include "wire/ebs_shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        const char *json = (const char *)bytes, *line = memchr(bytes, '\n', size_bytes);
        OWNED(heap_drop) char *type = line ? strndup(json, (size_t)(line - json)) : NULL;
        size_t skip = line ? (size_t)(line - json) + 1 : 0;
        struct ebs_started started;
        char state[EBS_WORD_CHARS + 1];
        struct fault fault;

        if (ebs_shape_started(json, size_bytes, &started, NULL) == INGOT_OK &&
            !ebs_is_snapshot_id(started.snapshot_id))
                __builtin_trap();
        (void)!ebs_shape_completed(json, size_bytes, state, NULL);
        ebs_shape_fault(json + skip, size_bytes - skip, type, &fault);
        return 0;
}
