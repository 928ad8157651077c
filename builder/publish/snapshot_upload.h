/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SNAPSHOT_UPLOAD_H
#define PUBLISH_SNAPSHOT_UPLOAD_H

/* builder/publish/snapshot_upload.h
 * snapshot_upload: turn one raw disk into one completed EBS snapshot.
 *
 *        StartSnapshot            CompleteSnapshot            snapshot_await
 *   NEW --------------> PENDING --------------------> PENDING --------------> COMPLETED
 *                       |  ^  \
 *                       +--+   +-- timeout_minutes without a put --> ERROR
 *         PutSnapshotBlock, any order, any number at once
 *
 * Unit     block = 524288 bytes.  block_index = disk offset / 524288.  volume size = GiB, 1..65536.
 * Rules    (1) A block that holds data is always sent.  One that is zero on purpose or was never written is left
 *              out only when the answer to StartSnapshot says that the snapshot is not encrypted (SseType "none"):
 *              what is absent from an encrypted snapshot reads back as noise.  No SseType at all counts as
 *              not encrypted only when encryption was not asked for and no key is named.
 *              Beyond the disk's end, up to the volume's size, nothing is ever sent.
 *          (2) A short last block is padded with zeros.
 *          (3) block digest    = base64(SHA-256(block)), from the block map
 *              snapshot digest = base64(SHA-256(d[i] d[j] ...)), the raw 32-byte digests of the
 *              blocks sent, in ascending block_index, whatever order they arrive in.
 *          (4) Sending the same block twice is harmless, so a put may always be retried; two puts of one block
 *              are never in flight at once.  StartSnapshot is retried only under the same client_token, which
 *              the caller uses for one content only: a snapshot that is already completed under it is the
 *              result, and one that is still pending is sent again from the start.
 *          (5) On any failure after start, the snapshot id is in receipt so that the caller can record it; an
 *              unfinished snapshot lapses after timeout_minutes.
 *          (6) Bytes are read once and not hashed here: the region compares them with the digest, and says so when
 *              the disk is no longer what the block map was made of.
 *          (7) The number of puts in flight grows from in_flight_start while answers come as fast as with fewer,
 *              and is halved when the region throttles.
 * Source   EBS direct APIs, service model 2019-11-02.  Its wording leaves rule 3's "raw" open and our own region
 *          would only agree with us: to be proved on a real region.
 * Tests    tests/unit/publish/test_snapshot_upload.c
 */
#include "model/block_map.h"
#include "model/byte_source.h"
#include "publish/ebs_client.h"
#include "publish/ec2_client.h"

enum { SNAPSHOT_IN_FLIGHT_START = 16, SNAPSHOT_IN_FLIGHT_MAX = 64, SNAPSHOT_TIMEOUT_MINUTES = 1440 };

/* Borrowed for the call. */
struct snapshot_request {
        const char *name;               /* of the volume, for messages and phases: "/dev/xvda" */
        const struct byte_source *disk; /* map->size_bytes long */
        const struct block_map *map;
        uint64_t volume_size_gib; /* 1..65536, at least the disk's size */
        const char *description;  /* at most 255 characters; NULL: none */
        const char *client_token; /* 1 to 64 printable ASCII characters without spaces */
        const struct wire_tag *tags;
        size_t tag_count;
        enum tri_state encrypted;                /* TRI_UNSET: as the account's default */
        const char *kms_key_arn;                 /* NULL: none */
        uint32_t timeout_minutes;                /* 0: SNAPSHOT_TIMEOUT_MINUTES */
        unsigned in_flight_start, in_flight_max; /* 0: the defaults above */
        uint32_t puts_per_second;                /* 0: not paced; 1000 is AWS's quota for one snapshot */
        uint32_t put_deadline_ms;                /* of one attempt; 0: 30 s */
};

struct snapshot_receipt {
        char snapshot_id[EBS_SNAPSHOT_ID_CHARS + 1]; /* "" until it was started */
        char sse_type[EBS_WORD_CHARS + 1];           /* "none", "sse-ebs", "sse-kms", or "" */
        char state[EBS_WORD_CHARS + 1];              /* "pending", "completed", "error" */
        bool was_there;                              /* rule 4: it had been completed before */
        bool sent_everything;                        /* rule 1: zero and absent blocks too */
        uint64_t blocks_sent;                        /* acknowledged */
        uint64_t blocks_zero_left_out;               /* zero on purpose */
        uint64_t blocks_absent_left_out;
        uint64_t bytes_sent;
        uint64_t retries, throttles;
        uint64_t elapsed_ms;
        unsigned in_flight_most;
        struct digest linear; /* rule 3; once the snapshot was completed */
};

/*
 * Sends the disk and completes the snapshot; snapshot_await() tells when it can be used.
 *
 * ebs, request, observer  borrowed for this call; observer gets bytes sent of bytes to send, and may be NULL
 *                         (whether to stop is asked of the link's observer too)
 * receipt                 filled in as facts become known: on INGOT_OK and, by rule 5, on failure.
 * Fails with
 *   INGOT_E_USAGE      the disk is larger than volume_size_gib, or a request field is out of range
 *   INGOT_E_SYSTEM, INGOT_E_FORMAT  the disk could not be read
 *   INGOT_E_DENIED     403, or 402 quota exceeded
 *   INGOT_E_NOT_FOUND  404 later than 120 s after start: it lapsed or was deleted under us
 *   INGOT_E_CONFLICT   409, client_token was used for a different request; or it names a snapshot in error
 *   INGOT_E_THROTTLED  still throttled after the last attempt
 *   INGOT_E_CHECKSUM   the region found other bytes than the block map's digest says, or echoed another digest
 *   INGOT_E_REMOTE     500 after the last attempt, no answer, or one outside the model
 *   INGOT_E_CANCELLED  at once; what was in flight is dropped
 *   INGOT_E_BUG        400 ValidationException
 */
enum ingot_code snapshot_upload(const struct ebs_client *ebs, const struct snapshot_request *request,
                                const struct ingot_observer *observer, struct snapshot_receipt *receipt,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
