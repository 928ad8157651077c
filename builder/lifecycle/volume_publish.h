/* SPDX-License-Identifier: Apache-2.0 */
#ifndef LIFECYCLE_VOLUME_PUBLISH_H
#define LIFECYCLE_VOLUME_PUBLISH_H

/* builder/lifecycle/volume_publish.h
 * volume_publish: one volume to one region: a completed snapshot of its bytes, found there or sent.
 *
 * Rules    (1) A completed snapshot of exactly these bytes, size and encryption is the result: nothing is sent twice
 *              into one region.
 *          (2) The client token is a function of the volume, the release's name, the region, the encryption, the
 *              parent and an attempt number: a run that died is taken up by the next, and a token whose snapshot can
 *              no longer be written to is followed by another.
 *          (3) With a journal, every snapshot that is started is in it from before it exists; a run goes on where the
 *              one before it stopped and sends nothing again that was acknowledged.  A snapshot that lapsed, failed
 *              or was deleted meanwhile is given up (and deleted), and another is started.
 *          (4) What was started with another parent than is wanted now is given up in the same way.
 *          (5) It ends when the region has taken the completion; snapshot_await() tells when the snapshot can be
 *              used.
 * Tests    tests/unit/lifecycle/test_volume_publish.c, tests/cli/resume.sh, tests/cli/delta.sh, scripts/check-resume
 */
#include "lifecycle/journal.h"
#include "lifecycle/region_session.h"
#include "lifecycle/volume_parent.h"
#include "model/block_map.h"
#include "model/byte_source.h"

/* By which way, and what the one by S3 needs; borrowed. */
struct volume_way {
        enum ingot_via via;
        const char *bucket, *prefix, *role_name; /* prefix, role_name: NULL for the default */
        uint64_t part_bytes;                     /* 0: S3_UPLOAD_PART_BYTES */
        unsigned parts_in_flight;                /* 0: S3_UPLOAD_IN_FLIGHT */
};

/* Borrowed for the call. */
struct volume_to_publish {
        struct volume_way s3;
        const char
                *release_name; /* of the AMI: what the snapshot's Name and description begin with; "": none */
        const char *device_name; /* "/dev/xvda"; of an image without a device: what to call it */
        const char *description; /* of the snapshot; NULL: made of the two names */
        const struct byte_source *disk;
        const struct block_map *map;
        const struct digest *image_digest; /* of map: block_map_image_digest() */
        uint64_t volume_size_gib;
        enum tri_state encrypted;    /* TRI_UNSET: as the account's default */
        const char *kms_key_arn;     /* NULL: the account's default key */
        const struct wire_tag *tags; /* of the snapshot, beyond Name and ingot's own */
        size_t tag_count;
        const struct parent_wish *parent; /* NULL: all of it is sent */
        const char *journal_path;         /* NULL: nothing is remembered */
        uint32_t puts_per_second;         /* 0: SNAPSHOT_PUTS_PER_SECOND */
        struct pace *account_pace;        /* what is shared with other uploads; NULL: nothing */
};

/*
 * Makes or finds the snapshot.
 *
 * observer     borrowed; may be NULL
 * receipt      zeroed by the caller; filled in as facts become known, on failure too;
 *              volume_receipt_release() frees what it holds
 * ret_journal  owned by the caller: journal_end() once the snapshot is named elsewhere, journal_drop() on failure;
 *              NULL without journal_path; also written on failure
 * Fails with   INGOT_E_CONFLICT  also: another process uploads the same, by the journal
 *              INGOT_E_MEMORY, and what volume_parent_find(), journal_open(), snapshot_upload() and
 *              ec2_describe_snapshots() fail with
 */
enum ingot_code volume_publish(const struct region_session *session, const struct volume_to_publish *volume,
                               const struct ingot_observer *observer, struct ingot_snapshot_receipt *receipt,
                               struct journal **ret_journal, struct ingot_error *err) INGOT_MUST_CHECK;
void volume_receipt_release(struct ingot_snapshot_receipt *receipt);

/*
 * Looks for a snapshot by rule 1; changes nothing.
 *
 * receipt      zeroed by the caller; its snapshot_id is NULL when there is none
 * Fails with   INGOT_E_MEMORY, and what ec2_describe_snapshots() fails with
 */
enum ingot_code volume_find(const struct region_session *session, const struct volume_to_publish *volume,
                            struct ingot_snapshot_receipt *receipt, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Puts an end to what a journal says of a volume whose snapshot is known: another one that it names is deleted, unless
 * it is completed.
 *
 * ret_journal  as volume_publish()'s; NULL when there is none
 * Fails with   what journal_open() and ec2_delete_snapshot() fail with
 */
enum ingot_code volume_settle(const struct region_session *session, const struct volume_to_publish *volume,
                              const char *snapshot_id, struct journal **ret_journal,
                              struct ingot_error *err) INGOT_MUST_CHECK;

/* What reading blocks costs at list price, the list included. */
uint64_t volume_reading_cost_micro_usd(uint64_t blocks_read, uint64_t blocks_listed);

/* "FOLDER/journal-REGION-DEVICE-KEY": owned by the caller (free); NULL when out of memory. */
char *volume_journal_path(const char *folder, const char *region, const struct volume_to_publish *volume);

#endif
