/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/own.h"
#include "wire/s3_shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
        const char *xml = (const char *)data;
        char upload_id[S3_UPLOAD_ID_CHARS + 1], region[S3_REGION_CHARS + 1];
        OWNED(s3_part_list_release) struct s3_part_list list = { .parts = NULL };
        struct s3_completed completed;
        struct s3_part *parts;
        struct fault fault;
        size_t count;

        (void)!s3_reply_upload_id(xml, size_bytes, upload_id, NULL);
        (void)!s3_reply_completion(xml, size_bytes, &completed, NULL);
        (void)!s3_reply_location(xml, size_bytes, region, NULL);
        (void)!s3_reply_parts(xml, size_bytes, &list, NULL);
        if (s3_read_completion(xml, size_bytes, &parts, &count, NULL) == INGOT_OK) {
                OWNED(buffer_release) struct buffer again = BUFFER_INIT(S3_DOCUMENT_BYTES_MAX);

                s3_append_completion(&again, parts, count);
                free(parts);
        }
        (void)s3_reply_fault(xml, size_bytes, &fault);
        return 0;
}
