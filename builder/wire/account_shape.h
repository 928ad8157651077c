/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_ACCOUNT_SHAPE_H
#define WIRE_ACCOUNT_SHAPE_H

/* builder/wire/account_shape.h
 * account_shape: the JSON that KMS and Service Quotas answer, reduced to what a look at an account needs.
 *
 * Rules    (1) A reply that lacks a member we need, or has it of another type, is INGOT_E_FORMAT; members we do not
 *              know are left alone.
 * Source   KMS service model 2014-11-01; Service Quotas service model 2019-06-24; protocol json 1.1.
 * Tests    tests/unit/wire/test_account_shape.c, tests/fuzz/fuzz_account_shape.c
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ingot/error.h>

#define KMS_JSON_TYPE "application/x-amz-json-1.1"

enum { KMS_ARN_CHARS = 2048, KMS_WORD_CHARS = 63, QUOTA_NAME_CHARS = 255 };

struct kms_key {
        char arn[KMS_ARN_CHARS + 1];
        char state[KMS_WORD_CHARS + 1];   /* "Enabled", "Disabled", "PendingDeletion", ... */
        char manager[KMS_WORD_CHARS + 1]; /* "AWS", "CUSTOMER"; "" : not said */
        char usage[KMS_WORD_CHARS + 1];   /* "ENCRYPT_DECRYPT", ... */
        char spec[KMS_WORD_CHARS + 1];    /* "SYMMETRIC_DEFAULT", ... */
        bool is_enabled;
};

struct quota {
        char code[KMS_WORD_CHARS + 1], name[QUOTA_NAME_CHARS + 1];
        uint64_t value; /* rounded down */
        bool is_adjustable;
};

/*
 * Fails with   INGOT_E_FORMAT  rule 1
 */
enum ingot_code kms_shape_key(const char *json, size_t size_bytes, struct kms_key *ret_key,
                              struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code quota_shape_quota(const char *json, size_t size_bytes, struct quota *ret_quota,
                                  struct ingot_error *err) INGOT_MUST_CHECK;

#endif
