/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_PUBLISH_H
#define LIFECYCLE_VOLUME_PUBLISH_H

/* builder/lifecycle/volume_publish.h
 * volume_publish: one volume to one region: a completed snapshot of its bytes, found there or sent.
 *
 * Rules    (1) A completed snapshot of exactly these bytes, size and encryption is the result: nothing is sent twice
 *              into one region.
 *          (2) The client token is a function of the volume, the release's name, the region and an attempt number: a
 *              run that died is taken up by the next, and a token whose snapshot can no longer be written to is
 *              followed by another.
 *          (3) It ends when the region has taken the completion; snapshot_await() tells when the snapshot can be
 *              used.
 */
#include "lifecycle/region_session.h"
#include "model/block_map.h"
#include "model/byte_source.h"

/* Borrowed for the call. */
struct volume_to_publish {
        const char *release_name; /* of the AMI: what the snapshot's Name and description begin with */
        const char *device_name;  /* "/dev/xvda"; of an image without a device: what to call it */
        const struct byte_source *disk;
        const struct block_map *map;
        const struct digest *image_digest; /* of map: block_map_image_digest() */
        uint64_t volume_size_gib;
        enum tri_state encrypted;    /* TRI_UNSET: as the account's default */
        const char *kms_key_arn;     /* NULL: the account's default key */
        const struct wire_tag *tags; /* of the snapshot, beyond Name and ingot's own */
        size_t tag_count;
};

/*
 * Makes or finds the snapshot.
 *
 * observer     borrowed; may be NULL
 * receipt      zeroed by the caller; filled in as facts become known, on failure too;
 *              volume_receipt_release() frees what it holds
 * Fails with   INGOT_E_MEMORY, and what snapshot_upload() and ec2_describe_snapshots() fail with
 */
enum ingot_code volume_publish(const struct region_session *session, const struct volume_to_publish *volume,
                               const struct ingot_observer *observer, struct ingot_snapshot_receipt *receipt,
                               struct ingot_error *err) INGOT_MUST_CHECK;
void volume_receipt_release(struct ingot_snapshot_receipt *receipt);

#endif
