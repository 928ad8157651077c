/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REGION_CATALOGUE_IMPORTS_H
#define REGION_CATALOGUE_IMPORTS_H

/* builder/region/catalogue_imports.h
 * catalogue_imports: the tasks of ImportSnapshot, and the roles that an account has.
 *
 *   active --done--> completed
 *      +--the disk is bad--> deleting --seen once--> deleted
 *
 * Rules    (1) Every account has the role vmimport until it deletes it.
 * Tests    tests/unit/region/test_s3_routes.c
 */
#include <stdint.h>

#include "region/catalogue_objects.h"
#include "region/catalogue_snapshots.h"

#define IMPORT_ROLE "vmimport"

enum { IMPORT_MESSAGE_CHARS = 255, IMPORT_FORMAT_CHARS = 7, ROLE_NAME_CHARS = 64, ROLE_POLICY_CHARS = 2048 };

struct import_record {
        int64_t number; /* ascending with age */
        char region[REGION_NAME_CHARS + 1], id[RESOURCE_ID_CHARS + 1];
        char status[12]; /* "active", "completed", "deleting", "deleted" */
        char status_message[IMPORT_MESSAGE_CHARS + 1];
        uint32_t progress_percent;
        char snapshot_id[RESOURCE_ID_CHARS + 1]; /* "": not started */
        char bucket[S3_BUCKET_CHARS + 1], key[S3_KEY_BYTES + 1];
        char format[IMPORT_FORMAT_CHARS + 1]; /* "RAW", "VHD", "VMDK" */
        char description[DESCRIPTION_BYTES + 1];
        uint64_t size_bytes; /* of the object */
        bool is_encrypted;
        char kms_key_arn[KMS_KEY_ARN_CHARS + 1];
        char client_token[CLIENT_TOKEN_CHARS + 1];
        char request_digest[DIGEST_HEX_CHARS + 1];
        int64_t created_seconds;
};

/* Fails with   INGOT_E_CONFLICT  the client token is taken */
enum ingot_code catalogue_add_import(struct catalogue *catalogue, const struct import_record *record,
                                     struct ingot_error *err) INGOT_MUST_CHECK;
/* Fails with   INGOT_E_NOT_FOUND */
enum ingot_code catalogue_find_import(struct catalogue *catalogue, const char *id,
                                      struct import_record *ret_record,
                                      struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_find_import_by_token(struct catalogue *catalogue, const char *region,
                                               const char *client_token, struct import_record *ret_record,
                                               struct ingot_error *err) INGOT_MUST_CHECK;
/* Writes status, message, progress and snapshot id. */
enum ingot_code catalogue_update_import(struct catalogue *catalogue, const struct import_record *record,
                                        struct ingot_error *err) INGOT_MUST_CHECK;
enum ingot_code catalogue_count_active_imports(struct catalogue *catalogue, const char *region,
                                               uint64_t *ret_count, struct ingot_error *err) INGOT_MUST_CHECK;
/* Finds the first task of a region with a number above after.  Fails with INGOT_E_NOT_FOUND */
enum ingot_code catalogue_next_import(struct catalogue *catalogue, const char *region, int64_t after,
                                      struct import_record *ret_record,
                                      struct ingot_error *err) INGOT_MUST_CHECK;

struct role_record {
        char account_id[ACCOUNT_ID_CHARS + 1], name[ROLE_NAME_CHARS + 1];
        char trust_policy[ROLE_POLICY_CHARS + 1];
        int64_t created_seconds;
};

/* Fails with   INGOT_E_NOT_FOUND; rule 1 */
enum ingot_code catalogue_find_role(struct catalogue *catalogue, const char *account_id, const char *name,
                                    struct role_record *ret_role, struct ingot_error *err) INGOT_MUST_CHECK;
/* is_gone: it is deleted, else made. */
enum ingot_code catalogue_set_role(struct catalogue *catalogue, const struct role_record *role, bool is_gone,
                                   struct ingot_error *err) INGOT_MUST_CHECK;

#endif
