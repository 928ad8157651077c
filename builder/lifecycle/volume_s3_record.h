/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_S3_RECORD_H
#define LIFECYCLE_VOLUME_S3_RECORD_H

/* builder/lifecycle/volume_s3_record.h
 * volume_s3_record: the file that names what an upload by way of S3 has left there.
 *
 * Rules    (1) It is replaced whole, and flushed, before the next step.
 *          (2) One that cannot be read is as none: S3 forgets uploads by the bucket's own rules (docs/via-s3.md).
 * Tests    tests/cli/via-s3.sh
 */
#include <stdbool.h>
#include <stdint.h>

#include <ingot/error.h>

#include "wire/s3_shape.h"

struct volume_s3_record {
        char bucket[S3_BUCKET_CHARS + 1], key[S3_KEY_BYTES + 1]; /* "": there is no record */
        char upload_id[S3_UPLOAD_ID_CHARS + 1];
        uint64_t part_bytes;
        bool is_whole; /* the object is put together */
};

/* "FOLDER/s3-REGION-DEVICE-KEY.json", from the path of the journal; owned by the caller (free); NULL when out of
 * memory. */
char *volume_s3_record_path(const char *journal_path);

void volume_s3_record_read(const char *path, struct volume_s3_record *ret_record);
/* Fails with INGOT_E_SYSTEM, INGOT_E_MEMORY */
enum ingot_code volume_s3_record_write(const char *path, const struct volume_s3_record *record,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
void volume_s3_record_remove(const char *path);

#endif
