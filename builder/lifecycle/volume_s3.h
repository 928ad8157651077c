/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_S3_H
#define LIFECYCLE_VOLUME_S3_H

/* builder/lifecycle/volume_s3.h
 * volume_s3: one volume to one region by way of S3: compressed as a VMDK, sent in parts, imported as a snapshot.
 *
 *   disk --> deflate --> parts to S3 --> the object --> ImportSnapshot --> the snapshot's tags --> the object is deleted
 *
 * Rules    (1) The VMDK is never in a file: it is compressed while it is sent.  Its bytes are a function of the volume,
 *              so a part that S3 has need not be sent again.
 *          (2) Before the object is put together, what was read is compared with the volume's map.
 *          (3) With a record (FOLDER/s3-REGION-DEVICE-KEY.json) a run that was stopped, or that the network failed, is
 *              gone on with by the next: the record names bucket, key and upload before anything is sent.  What fails
 *              for good (refused, another disk, an import that failed) leaves nothing: the upload is aborted, the
 *              object deleted, the record removed.  Without a record nothing is ever left.
 *          (4) The client token is a function of the volume and the upload: going on imports once, a new upload anew.
 *          (5) The role is asked for before anything is sent; who may not ask IAM finds out from ImportSnapshot.
 * Source   docs/via-s3.md
 * Tests    tests/cli/via-s3.sh
 */
#include "lifecycle/region_session.h"
#include "lifecycle/volume_publish.h"

/* Borrowed for the call. */
struct volume_s3_request {
        const struct volume_to_publish *volume;
        const char *key;         /* what makes two uploads the same, in hex */
        const char *description; /* of the snapshot, and of the import */
        const struct wire_tag *tags;
        size_t tag_count;
};

/*
 * Makes the snapshot.
 *
 * receipt      filled in as facts become known; snapshot_id once it is tagged
 * Fails with   INGOT_E_USAGE      no bucket, or one of another region; a volume above 2 TiB
 *              INGOT_E_NOT_FOUND  no such bucket, no such role
 *              INGOT_E_CHECKSUM   the disk is not its map's; S3 has something else
 *              INGOT_E_REMOTE     the import failed
 *              and as s3_upload.h's and snapshot_import.h's calls
 */
enum ingot_code volume_s3_publish(const struct region_session *session,
                                  const struct volume_s3_request *request,
                                  const struct ingot_observer *observer,
                                  struct ingot_snapshot_receipt *receipt,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

/* Removes what a record of that volume names: its snapshot is there.  Without a record, nothing. */
enum ingot_code volume_s3_settle(const struct region_session *session,
                                 const struct volume_s3_request *request,
                                 struct ingot_error *err) INGOT_MUST_CHECK;

/* Guesses from some blocks, evenly spread, how long the VMDK will be.  Fails as byte_source_read(); INGOT_E_MEMORY */
enum ingot_code volume_s3_estimate(const struct volume_to_publish *volume, uint64_t *ret_size_bytes,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
