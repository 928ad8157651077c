/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of journals, line by line; with each line's checksum made right, so that more than the checksum is read. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "model/journal_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/* What is a record prints as the line it was read from. */
static void check(const char *line, size_t size_bytes)
{
        struct journal_record record;
        char again[JOURNAL_LINE_MAX + 1];
        size_t again_bytes = 0;

        if (!journal_record_parse(line, size_bytes, &record))
                return;
        if (journal_record_print(&record, again, &again_bytes, NULL) != INGOT_OK ||
            again_bytes != size_bytes + 1 || memcmp(again, line, size_bytes) != 0)
                __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
        const char *at = (const char *)bytes, *end = at + size_bytes;

        while (at < end) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t line_bytes = (size_t)((newline ? newline : end) - at);
                char signed_line[2 * JOURNAL_LINE_MAX];

                check(at, line_bytes);
                if (line_bytes < JOURNAL_LINE_MAX) {
                        (void)snprintf(signed_line, sizeof(signed_line), "%.*s %08" PRIx32, (int)line_bytes,
                                       at, crc32_of(at, line_bytes));
                        check(signed_line, strlen(signed_line));
                }
                at += line_bytes + 1;
        }
        return 0;
}
