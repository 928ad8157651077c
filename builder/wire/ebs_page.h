/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EBS_PAGE_H
#define WIRE_EBS_PAGE_H

/* builder/wire/ebs_page.h
 * ebs_page: one page of ListSnapshotBlocks, as a client reads it.
 *
 * Rules    (1) Indexes ascend within a page and lie within the volume; a token is 1 to 256 characters of base64's
 *              alphabet.  Anything else is INGOT_E_FORMAT.
 *          (2) A page may be empty and still not be the last: only one without a next token is.
 * Source   EBS direct APIs, service model 2019-11-02.
 * Tests    tests/unit/wire/test_ebs_page.c, tests/fuzz/fuzz_ebs_shape.c
 */
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

enum { EBS_TOKEN_CHARS = 256, EBS_PAGE_BLOCKS_MAX = 10000 };

struct ebs_page_block {
        uint64_t index;
        char token[EBS_TOKEN_CHARS + 1]; /* for GetSnapshotBlock; valid for 7 days */
};

struct ebs_page {
        struct ebs_page_block *blocks;
        size_t count;
        char next_token[EBS_TOKEN_CHARS + 1]; /* "": the last page; valid for 60 minutes */
        uint64_t volume_size_gib;
};

void ebs_page_release(struct ebs_page *page); /* also for OWNED */

/*
 * Reads the answer to ListSnapshotBlocks.
 *
 * ret_page     owned by the caller: ebs_page_release()
 * Fails with   INGOT_E_FORMAT  not the model's, or rule 1; INGOT_E_MEMORY
 */
enum ingot_code ebs_page_parse(const char *json, size_t size_bytes, struct ebs_page *ret_page,
                               struct ingot_error *err) INGOT_MUST_CHECK;

#endif
