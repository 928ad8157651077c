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
 * Rules    (1) Which blocks are sent is block_cursor's to say.  Whether the snapshot is encrypted is taken from the
 *              answer to StartSnapshot (SseType), whatever was asked for: what is absent from an encrypted snapshot
 *              reads back as noise.  No SseType at all counts as not encrypted only when encryption was not asked
 *              for and no key is named.
 *              Beyond the disk's end, up to the volume's size, nothing is sent but zeros over a parent's data.
 *          (2) A short last block is padded with zeros.
 *          (3) block digest    = base64(SHA-256(block)), from the block map
 *              snapshot digest = base64(SHA-256(d[i] d[j] ...)), the raw 32-byte digests of the
 *              blocks sent, in ascending block_index, whatever order they arrive in.
 *          (4) Sending the same block twice is harmless, so a put may always be retried; two puts of one block
 *              are never in flight at once.  StartSnapshot is retried only under the same client_token, which
 *              the caller uses for one content only: a snapshot that is already completed under it is the
 *              result, and one that is still pending is sent again but for what memory knows.
 *          (5) On any failure after start, the snapshot id is in receipt so that the caller can record it; an
 *              unfinished snapshot lapses after timeout_minutes.
 *          (6) Bytes are read once and not hashed here: the region compares them with the digest, and says so when
 *              the disk is no longer what the block map was made of.
 *          (7) The number of attempts in flight doubles from in_flight_start while answers come as fast as with
 *              fewer, then grows by one at a time; it is halved when the region throttles or a deadline is missed.
 *          (8) memory hears of every step in order: started() before the first put, acknowledged() once for each
 *              block that the region has taken and never before, completing() before CompleteSnapshot.  What it says
 *              is acknowledged is not sent again.
 *          (9) No more than puts_per_second attempts are made for one snapshot, nor more than account_pace allows.
 * Source   EBS direct APIs, service model 2019-11-02.  Its wording leaves rule 3's "raw" open and our own region
 *          would only agree with us: to be proved on a real region.
 * Tests    tests/unit/publish/test_snapshot_upload.c
 */
#include "model/block_map.h"
#include "model/byte_source.h"
#include "publish/block_cursor.h"
#include "publish/ebs_client.h"
#include "publish/ec2_client.h"

enum { SNAPSHOT_IN_FLIGHT_START = 16, SNAPSHOT_IN_FLIGHT_MAX = 128 };
enum { SNAPSHOT_TIMEOUT_MINUTES = 4320, SNAPSHOT_PUTS_PER_SECOND = 1000 };

#define SNAPSHOT_UNPACED UINT32_MAX

/* What is remembered between runs (rule 8); each call may be NULL. */
struct snapshot_memory {
        void *context;
        enum ingot_code (*started)(void *context, const struct ebs_started *started, struct ingot_error *err);
        enum ingot_code (*acknowledged)(void *context, uint64_t block_index, const struct digest *digest,
                                        struct ingot_error *err);
        bool (*is_acknowledged)(void *context, uint64_t block_index, const struct digest *digest);
        enum ingot_code (*completing)(void *context, struct ingot_error *err);
        /* Now and then between the others: a moment to flush. */
        enum ingot_code (*idle)(void *context, struct ingot_error *err);
};

/* A snapshot that another run started. */
struct snapshot_taken_up {
        const char *snapshot_id, *sse_type;
        int64_t started_seconds;      /* since 1970 */
        bool was_completing;          /* CompleteSnapshot may have been carried out */
        uint64_t blocks_acknowledged; /* by memory's word: all of them must be blocks that are to be sent */
};

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
        enum tri_state encrypted;                 /* TRI_UNSET: as the account's default */
        const char *kms_key_arn;                  /* NULL: none */
        const char *parent_snapshot_id;           /* NULL: none; excludes encrypted and kms_key_arn */
        const struct block_map *parent;           /* what it holds */
        bool parent_is_whole;                     /* block_rules' */
        uint32_t timeout_minutes;                 /* 0: SNAPSHOT_TIMEOUT_MINUTES */
        unsigned in_flight_start, in_flight_max;  /* 0: the defaults above */
        uint32_t puts_per_second;                 /* 0: SNAPSHOT_PUTS_PER_SECOND, AWS's quota */
        struct pace *account_pace;                /* shared; NULL: none */
        uint32_t put_deadline_ms;                 /* of one attempt; 0: by latency_deadline_ms() */
        const struct snapshot_memory *memory;     /* NULL: none */
        const struct snapshot_taken_up *taken_up; /* NULL: start one */
};

struct snapshot_receipt {
        char snapshot_id[EBS_SNAPSHOT_ID_CHARS + 1]; /* "" until it was started */
        char sse_type[EBS_WORD_CHARS + 1];           /* "none", "sse-ebs", "sse-kms", or "" */
        char state[EBS_WORD_CHARS + 1];              /* "pending", "completed", "error" */
        bool was_there;                              /* rule 4: it had been completed before */
        bool is_encrypted;                           /* rule 1 */
        uint64_t blocks[BLOCK_REASON_COUNT];         /* what the plan says about each */
        uint64_t blocks_sent;                        /* acknowledged in this run */
        uint64_t blocks_known;                       /* acknowledged before, by memory's word */
        uint64_t bytes_sent;
        uint64_t retries, throttles, deadlines_missed;
        uint64_t elapsed_ms;
        uint64_t put_p50_ns, put_p99_ns; /* of one attempt */
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
 *   INGOT_E_CONFLICT   409, client_token was used for a different request; or it names a snapshot in error; or
 *                      what was taken up holds a block that is not to be sent
 *   INGOT_E_THROTTLED  still throttled after the last attempt
 *   INGOT_E_CHECKSUM   the region found other bytes than the block map's digest says, or echoed another digest
 *   INGOT_E_REMOTE     500 after the last attempt, no answer, or one outside the model
 *   INGOT_E_CANCELLED  at once; what was in flight is dropped
 *   INGOT_E_BUG        400 ValidationException
 *   and whatever memory fails with
 */
enum ingot_code snapshot_upload(const struct ebs_client *ebs, const struct snapshot_request *request,
                                const struct ingot_observer *observer, struct snapshot_receipt *receipt,
                                struct ingot_error *err) INGOT_MUST_CHECK;

#endif
