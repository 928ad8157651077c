/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_KEYS_H
#define REGION_KEYS_H

/* builder/region/keys.h
 * keys: KMS keys as EBS and KMS itself speak of them.
 *
 * Rules    (1) Every account has alias/aws/ebs in every region, the key that AWS manages; it is not in the catalogue.
 *          (2) A key is said by id, by alias, or by the ARN of either; an ARN of another region or account is that
 *              of no key here.
 *          (3) A key that was scheduled for deletion is found until its day, and is of no use.
 * Source   KMS service model 2014-11-01.
 * Tests    tests/unit/region/test_kms_routes.c
 */
#include "region/catalogue_settings.h"
#include "region/routes.h"

#define KEY_AWS_ALIAS "alias/aws/ebs"
#define KEY_AWS_ID    "00000000-0000-4000-8000-000000000000"

enum { KEY_ARN_CHARS = 255 };

struct key {
        struct key_record record;
        char arn[KEY_ARN_CHARS + 1];
        bool is_aws_managed;
};

/* Whether an ARN is that of the key of rule 1. */
bool key_is_aws_managed(const char *arn);

/* Prints a key's ARN. */
void key_print_arn(const struct service_call *call, const char *id, char out[KEY_ARN_CHARS + 1]);

/*
 * Finds the key that a text says (rule 2).
 *
 * Fails with   INGOT_E_NOT_FOUND  there is none
 */
enum ingot_code key_find(const struct service_call *call, const char *text, struct key *ret_key,
                         struct ingot_error *err) INGOT_MUST_CHECK;

bool key_is_usable(const struct key *key);

/* Reads the key that EBS takes where none is said. */
enum ingot_code key_read_default(const struct service_call *call, char ret_arn[SETTING_CHARS + 1],
                                 struct ingot_error *err) INGOT_MUST_CHECK;

#endif
