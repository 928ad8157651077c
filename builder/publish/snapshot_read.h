/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PUBLISH_SNAPSHOT_READ_H
#define PUBLISH_SNAPSHOT_READ_H

/* builder/publish/snapshot_read.h
 * snapshot_read: the written blocks of a completed snapshot, many at once, each handed over as it comes.
 *
 * Unit     block = 524288 bytes; block_index = disk offset / 524288.
 * Rules    (1) list() hears of every written block in ascending order, before any of its page is read, and says
 *              whether it is to be read.
 *          (2) take() gets each block that list() wanted, once, in the order in which they arrive, with its digest:
 *              computed here, and equal to what the region says it is.
 *          (3) Memory is that of the blocks in flight and of one page of the list, whatever the volume's size.
 *          (4) An interrupted read is gone on with by start_index, or by a list() that declines what is there.
 *          (5) A block whose token has expired, or whose bytes are not what the region says they are, is asked for
 *              again, a few times, with a new token.
 * Source   EBS direct APIs, service model 2019-11-02.
 * Tests    tests/unit/publish/test_snapshot_read.c, tests/unit/lifecycle/test_volume_publish.c
 */
#include "model/block_map.h"
#include "publish/ebs_read.h"
#include "publish/pace.h"

enum { SNAPSHOT_READ_IN_FLIGHT = 64 };

/* Borrowed for the call. */
struct snapshot_read_request {
        const char *snapshot_id;
        const char *phase;       /* of the observer: "reading snap-0a1b" */
        uint64_t start_index;    /* blocks before it are not listed */
        uint64_t blocks_to_read; /* for progress; 0: not known */
        unsigned in_flight_max;  /* 0: SNAPSHOT_READ_IN_FLIGHT */
        struct pace *pace;       /* shared with others; NULL: 1000 a second, AWS's quota for one snapshot */
        void *context;
        /* NULL: all are wanted.  Once with index UINT64_MAX is not called. */
        enum ingot_code (*list)(void *context, uint64_t block_index, bool *ret_wanted,
                                struct ingot_error *err);
        /* NULL: nothing is read, only listed. */
        enum ingot_code (*take)(void *context, uint64_t block_index, const void *bytes,
                                const struct digest *digest, struct ingot_error *err);
};

struct snapshot_read_receipt {
        uint64_t volume_size_gib;
        uint64_t blocks_listed, blocks_read;
        uint64_t retries, elapsed_ms;
};

/*
 * Lists and reads.
 *
 * observer     borrowed; may be NULL
 * receipt      filled in as facts become known, on failure too
 * Fails with   INGOT_E_NOT_FOUND, INGOT_E_DENIED, INGOT_E_THROTTLED, INGOT_E_REMOTE, INGOT_E_BUG (400: it is not
 *              completed), INGOT_E_CHECKSUM, INGOT_E_CANCELLED, INGOT_E_MEMORY, and whatever list() and take()
 *              fail with
 */
enum ingot_code snapshot_read(const struct ebs_client *ebs, const struct snapshot_read_request *request,
                              const struct ingot_observer *observer, struct snapshot_read_receipt *receipt,
                              struct ingot_error *err) INGOT_MUST_CHECK;

#endif
