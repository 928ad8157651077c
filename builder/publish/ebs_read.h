/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_EBS_READ_H
#define PUBLISH_EBS_READ_H

/* builder/publish/ebs_read.h
 * ebs_read: the reading half of the EBS direct APIs, call by call.
 *
 * Rules    (1) A list goes on by startingBlockIndex, which does not expire; a page token, which does after an hour,
 *              is used only where the region gave an empty page and more to come.
 *          (2) Of a block the SHA-256 is computed; an x-amz-Checksum that is another is INGOT_E_CHECKSUM.
 * Source   EBS direct APIs, service model 2019-11-02.
 * Tests    tests/unit/publish/test_snapshot_read.c
 */
#include "base/digest.h"
#include "publish/ebs_client.h"
#include "wire/ebs_page.h"

/*
 * Lists blocks that were written, ascending.
 *
 * start_index  the first that is wanted
 * count_max    100 to 10000, or 0: as many as one page holds
 * ret_page     owned by the caller: ebs_page_release(); blocks from start_index on; empty: there are no more
 * Fails with   INGOT_E_REMOTE  also: the answer is not the model's, or names a block before start_index
 *              and what region_link_call() fails with
 */
enum ingot_code ebs_list_blocks(const struct ebs_client *client, const char *snapshot_id,
                                uint64_t start_index, unsigned count_max, struct ebs_page *ret_page,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/* What a block's get came to. */
struct ebs_got {
        const uint8_t *bytes; /* 524288, borrowed for the call; NULL on failure */
        struct digest digest;
        bool token_expired; /* with a failure: ask for a new token and try again */
};

/* One GetSnapshotBlock, which its owner keeps until done(); the members below the line are the client's. */
struct ebs_get {
        const struct ebs_client *client;
        const char *snapshot_id;
        uint64_t block_index;
        const char *block_token;
        uint32_t deadline_ms; /* region_call's */
        void (*done)(void *context, struct ebs_get *get, enum ingot_code code, const struct ebs_got *got,
                     const struct ingot_error *err);
        void *context;
        /* ---- */
        char path[128];
        char query[3 * EBS_TOKEN_CHARS + 32];
        struct region_call call;
};

/*
 * Starts a get; done() is called from region_link_pump().
 *
 * Fails with   INGOT_E_MEMORY, and then done() is not called
 */
enum ingot_code ebs_get_block(struct ebs_get *get, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
