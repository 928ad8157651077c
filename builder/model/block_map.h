/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_BLOCK_MAP_H
#define MODEL_BLOCK_MAP_H

/* builder/model/block_map.h
 * block_map: for every 512 KiB block of a disk, whether it holds data, is zero on purpose, or was never
 * written; and the digest of each that holds data.
 *
 * Unit     block = 524288 bytes, the block of the EBS direct APIs.  block_index = offset / 524288.
 * Rules    (1) Runs ascend, do not touch a neighbour of the same state, and never say BLOCK_ABSENT:
 *              what no run covers is absent.  Memory is that of the data, not of the disk.
 *          (2) A data block has a digest: SHA-256 over its 524288 bytes, the last block of the disk padded
 *              with zeros.  A data block is never all zeros: block_map_append_data() refuses the digest
 *              of zeros, so that equal disks have equal maps however they were made.
 *          (3) image digest  = SHA-256("ingot image 1\n" be64(size_bytes) { be64(index) digest }...), over
 *              the data blocks, ascending.  It is a function of the disk's bytes alone: a block that is
 *              zero counts as absent whether it was written or not.
 *          (4) LINEAR digest = SHA-256(digest digest ...), the raw digests of the data blocks, ascending:
 *              what CompleteSnapshot is given when just those are sent.
 * Source   EBS direct APIs, service model 2019-11-02 (block size, LINEAR).
 * Tests    tests/unit/model/test_block_map.c
 */
#include <stdbool.h>

#include "base/digest.h"

enum { BLOCK_BYTES = 524288, BLOCK_SECTORS = BLOCK_BYTES / 512 };

enum block_state { BLOCK_ABSENT, BLOCK_ZERO, BLOCK_DATA };

struct block_run {
        uint64_t first_index, end_index; /* half-open */
        enum block_state state;          /* BLOCK_ZERO or BLOCK_DATA */
        size_t first_digest;             /* into digests, for BLOCK_DATA */
};

struct block_map {
        uint64_t size_bytes; /* of the disk */
        struct block_run *runs;
        size_t run_count, run_capacity;
        struct digest *digests;
        size_t digest_count, digest_capacity;
};

/* The digest of 512 KiB of zeros (facts: B4VNL+8pega6gWheZgwzLeNtXRjVRpJ9MNqtbX/aFUE=). */
extern const struct digest block_map_zero_digest;

void block_map_init(struct block_map *map, uint64_t size_bytes);
void block_map_release(struct block_map *map); /* also for OWNED */

/* The number of blocks of the whole disk, absent ones included. */
uint64_t block_map_block_count(const struct block_map *map);
uint64_t block_map_data_count(const struct block_map *map);
uint64_t block_map_zero_count(const struct block_map *map);

/*
 * Appends one data block; index is above every index so far.  The digest of zeros is kept as BLOCK_ZERO
 * (rule 2).
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_BUG  index does not ascend or is past the end
 */
enum ingot_code block_map_append_data(struct block_map *map, uint64_t index, const struct digest *digest,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Appends blocks [first_index, end_index) that are zero on purpose.
 *
 * Fails with   INGOT_E_MEMORY; INGOT_E_BUG  as above
 */
enum ingot_code block_map_append_zero(struct block_map *map, uint64_t first_index, uint64_t end_index,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

/* The state of a block; *ret_digest (borrowed from map) is set for BLOCK_DATA, else NULL; may be NULL. */
enum block_state block_map_find(const struct block_map *map, uint64_t index,
                                const struct digest **ret_digest);

/*
 * Fails with   INGOT_E_MEMORY, INGOT_E_BUG  OpenSSL refused
 */
enum ingot_code block_map_image_digest(const struct block_map *map, struct digest *ret_digest,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code block_map_linear_digest(const struct block_map *map, struct digest *ret_digest,
                                        struct ingot_error *err) INGOT_MUST_CHECK;

#endif
