/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EBS_SHAPE_H
#define WIRE_EBS_SHAPE_H

/* builder/wire/ebs_shape.h
 * ebs_shape: the JSON of the EBS direct APIs, as a client writes and reads it.
 *
 * Rules    (1) A member that is NULL, 0 or TRI_UNSET is not written.
 *          (2) A reply's unknown members are passed over; one of the wrong type is INGOT_E_FORMAT.
 *          (3) A snapshot id is "snap-" and hex digits: anything else is refused before it can become part of a
 *              path.
 * Source   EBS direct APIs, service model 2019-11-02.
 * Tests    tests/unit/wire/test_ebs_shape.c, tests/fuzz/fuzz_ebs_shape.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#include "base/buffer.h"
#include "model/template.h"
#include "wire/fault.h"

enum { EBS_SNAPSHOT_ID_CHARS = 64, EBS_WORD_CHARS = 31 };

struct ebs_start_request {
        uint64_t volume_size_gib; /* 1..65536 */
        const char *parent_snapshot_id, *description, *client_token, *kms_key_arn;
        enum tri_state encrypted;
        uint32_t timeout_minutes; /* 10..4320; 0: the service's own */
        const struct wire_tag *tags;
        size_t tag_count;
};

struct ebs_started {
        char snapshot_id[EBS_SNAPSHOT_ID_CHARS + 1];
        char state[EBS_WORD_CHARS + 1];    /* pending, completed, error */
        char sse_type[EBS_WORD_CHARS + 1]; /* none, sse-ebs, sse-kms; "" when it was not said */
        bool has_kms_key;
        uint64_t volume_size_gib, block_bytes;
};

bool ebs_is_snapshot_id(const char *text);

/*
 * Appends the body of StartSnapshot.
 *
 * Fails with   INGOT_E_MEMORY  also: a text is not UTF-8
 */
enum ingot_code ebs_shape_start(struct buffer *out, const struct ebs_start_request *request,
                                struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Each reads a reply.
 *
 * Fails with   INGOT_E_FORMAT  not JSON, a member is missing or of another type, a bad snapshot id
 */
enum ingot_code ebs_shape_started(const char *json, size_t size_bytes, struct ebs_started *ret_started,
                                  struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code ebs_shape_completed(const char *json, size_t size_bytes, char ret_state[EBS_WORD_CHARS + 1],
                                    struct ingot_error *err) INGOT_MUST_CHECK;

/*
 * Reads an error answer; ret_fault->code is "" when it is none.
 *
 * error_type   the header x-amzn-ErrorType, which may carry ":http://..."; NULL: it did not come
 */
void ebs_shape_fault(const char *json, size_t size_bytes, const char *error_type, struct fault *ret_fault);

#endif
