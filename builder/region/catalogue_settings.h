/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_SETTINGS_H
#define REGION_CATALOGUE_SETTINGS_H

/* builder/region/catalogue_settings.h
 * catalogue_settings: what an account has set for a region; keys and their aliases.
 *
 * Tests    tests/unit/region/test_ec2_account.c, tests/unit/region/test_kms_routes.c
 */
#include <stdint.h>

#include "region/catalogue.h"

#define SETTING_DEFAULT_KEY            "ebs-default-kms-key" /* an ARN */
#define SETTING_IMAGE_PUBLIC_ACCESS    "image-block-public-access"
#define SETTING_SNAPSHOT_PUBLIC_ACCESS "snapshot-block-public-access"
#define SETTING_DENIED_ACTIONS         "iam-denied-actions" /* of an account: "ec2:RegisterImage,ebs:StartSnapshot" */

enum { SETTING_CHARS = 2048, KEY_ID_CHARS = 36, KEY_ALIAS_CHARS = 256, KEY_DESCRIPTION_BYTES = 4 * 8192 };

/* Reads a setting; otherwise is what it has where nobody has set it. ret_value is of SETTING_CHARS + 1. */
enum ingot_code catalogue_read_setting(struct catalogue *catalogue, const char *region, const char *name,
                                       const char *otherwise, char *ret_value,
                                       struct ingot_error *err) INGOT_MUST_CHECK;
/* value NULL: forgets it. */
enum ingot_code catalogue_write_setting(struct catalogue *catalogue, const char *region, const char *name,
                                        const char *value, struct ingot_error *err) INGOT_MUST_CHECK;

struct key_record {
        char id[KEY_ID_CHARS + 1];
        char description[KEY_DESCRIPTION_BYTES + 1];
        char state[24]; /* "Enabled", "Disabled", "PendingDeletion" */
        int64_t created_seconds, deletion_seconds;
};

enum ingot_code catalogue_add_key(struct catalogue *catalogue, const char *region,
                                  const struct key_record *key, struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_key(struct catalogue *catalogue, const char *region, const char *id,
                                   struct key_record *ret_key, struct ingot_error *err) INGOT_MUST_CHECK;
/* Writes state and deletion_seconds. */
enum ingot_code catalogue_update_key(struct catalogue *catalogue, const struct key_record *key,
                                     struct ingot_error *err) INGOT_MUST_CHECK;

/* Fails with   INGOT_E_CONFLICT  the alias is taken, or there is no such key */
enum ingot_code catalogue_add_alias(struct catalogue *catalogue, const char *region, const char *name,
                                    const char *key_id, int64_t created_seconds,
                                    struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_alias(struct catalogue *catalogue, const char *region, const char *name,
                                     char ret_key_id[KEY_ID_CHARS + 1],
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* Walks the aliases of a region by name; key_id NULL: of all keys. */
enum ingot_code catalogue_each_alias(struct catalogue *catalogue, const char *region, const char *key_id,
                                     void (*visit)(void *context, const char *name, const char *of_key_id,
                                                   int64_t created_seconds),
                                     void *context, struct ingot_error *err) INGOT_MUST_CHECK;

#endif
