/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_EBS_CLIENT_H
#define PUBLISH_EBS_CLIENT_H

/* builder/publish/ebs_client.h
 * ebs_client: the writing half of the EBS direct APIs, call by call.
 *
 * Rules    (1) A block's body is not hashed here: its signed x-amz-Checksum is the digest the caller knows, and
 *              the region refuses a body that is not that digest's.  A disk that changed since its manifest was
 *              made can therefore not become a snapshot.
 *          (2) Every answer must echo the checksum that was sent: another is INGOT_E_CHECKSUM.
 * Source   EBS direct APIs, service model 2019-11-02.
 * Tests    tests/unit/publish/test_snapshot_upload.c
 */
#include "base/digest.h"
#include "publish/region_link.h"
#include "wire/ebs_shape.h"

/* A plain value; link is borrowed. */
struct ebs_client {
        struct region_link *link;
        struct endpoint endpoint; /* service "ebs" */
};

/*
 * Starts a snapshot.
 *
 * Fails with   INGOT_E_CONFLICT  client_token was used for another request
 *              INGOT_E_USAGE     a field is out of range (size, timeout, a text that is too long)
 *              INGOT_E_REMOTE    also: the answer is not the model's
 *              and what region_link_call() fails with
 */
enum ingot_code ebs_start_snapshot(const struct ebs_client *client, const struct ebs_start_request *request,
                                   struct ebs_started *ret_started, struct ingot_error *err) INGOT_MUST_CHECK;

/* One PutSnapshotBlock, which its owner keeps until done(); the members below the line are the client's. */
struct ebs_put {
        const struct ebs_client *client;
        const char *snapshot_id;
        uint64_t block_index;
        const struct digest *digest;      /* of the 524288 bytes that body yields */
        const struct byte_source *body;   /* read from offset 0 */
        uint64_t found_by_ns;             /* region_call's */
        uint32_t deadline_ms;             /* region_call's */
        struct pace *paces[REGION_PACES]; /* region_call's */
        void (*done)(void *context, struct ebs_put *put, enum ingot_code code, const struct ingot_error *err);
        void *context;
        uint64_t last_attempt_ns; /* in done(): how long the last attempt took */
        /* ---- */
        char path[128];
        char checksum[DIGEST_BASE64_CHARS + 1];
        struct sigv4_header headers[4];
        struct region_call call;
};

/*
 * Starts a put; done() is called from region_link_pump().
 *
 * Fails with   INGOT_E_MEMORY, and then done() is not called
 */
enum ingot_code ebs_put_block(struct ebs_put *put, struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Completes a snapshot.
 *
 * block_count      the distinct blocks that were put
 * linear           SHA-256 over their raw digests in ascending block index
 * ret_state        "pending", "completed" or "error"
 * ret_attempts     may be NULL; also written on failure: a refusal of a second attempt may mean that the first
 *                  had been carried out
 * Fails with       INGOT_E_CHECKSUM  the region found another LINEAR digest
 *                  and what region_link_call() fails with
 */
enum ingot_code ebs_complete_snapshot(const struct ebs_client *client, const char *snapshot_id,
                                      uint64_t block_count, const struct digest *linear,
                                      char ret_state[EBS_WORD_CHARS + 1], unsigned *ret_attempts,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

#endif
