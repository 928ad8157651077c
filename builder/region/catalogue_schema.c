/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "region/catalogue_schema.h"
#include "region/catalogue_statement.h"

/* A deleted snapshot keeps its row and files while a snapshot that builds on it exists. */
static const char first_light[] =
        "CREATE TABLE store_values (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE snapshots ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " state TEXT NOT NULL CHECK (state IN ('pending','completing','completed','error','deleted')),"
        " state_message TEXT NOT NULL, volume_gib INTEGER NOT NULL CHECK (volume_gib BETWEEN 1 AND 65536),"
        " parent_id TEXT REFERENCES snapshots(id), description TEXT NOT NULL, is_encrypted INTEGER NOT NULL,"
        " kms_key_arn TEXT NOT NULL, client_token TEXT, request_digest TEXT NOT NULL,"
        " timeout_minutes INTEGER NOT NULL, start_seconds INTEGER NOT NULL,"
        " completion_seconds INTEGER NOT NULL, boot_id TEXT NOT NULL, block_count INTEGER NOT NULL,"
        " shown_block_count INTEGER NOT NULL,"
        " linear_digest TEXT NOT NULL, UNIQUE (region, client_token));"
        "CREATE INDEX snapshots_by_parent ON snapshots (parent_id);"
        "CREATE INDEX snapshots_by_state ON snapshots (region, state);"
        "CREATE TABLE images ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, description TEXT NOT NULL, created_seconds INTEGER NOT NULL,"
        " architecture TEXT NOT NULL, virtualization_type TEXT NOT NULL, root_device_name TEXT NOT NULL,"
        " boot_mode TEXT NOT NULL, tpm_support TEXT NOT NULL, imds_support TEXT NOT NULL,"
        " sriov_net_support TEXT NOT NULL, is_ena_supported INTEGER NOT NULL, kernel_id TEXT NOT NULL,"
        " ramdisk_id TEXT NOT NULL, UNIQUE (region, name));"
        "CREATE TABLE mappings ("
        " image_id TEXT NOT NULL REFERENCES images(id) ON DELETE CASCADE, ordinal INTEGER NOT NULL,"
        " device_name TEXT NOT NULL, virtual_name TEXT NOT NULL, is_no_device INTEGER NOT NULL,"
        " is_ebs INTEGER NOT NULL, snapshot_id TEXT REFERENCES snapshots(id), volume_gib INTEGER NOT NULL,"
        " volume_type TEXT NOT NULL, iops INTEGER NOT NULL, throughput_mibs INTEGER NOT NULL,"
        " initialization_rate_mibs INTEGER NOT NULL, is_deleted_on_termination INTEGER NOT NULL,"
        " is_encrypted INTEGER NOT NULL, PRIMARY KEY (image_id, ordinal)) WITHOUT ROWID;"
        "CREATE INDEX mappings_by_snapshot ON mappings (snapshot_id);"
        "CREATE TABLE tags ("
        " region TEXT NOT NULL, resource_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (resource_id, key)) WITHOUT ROWID;";

/* Temporary credentials. */
static const char sessions[] =
        "CREATE TABLE sessions ("
        " access_key_id TEXT PRIMARY KEY, secret_access_key TEXT NOT NULL, session_token TEXT NOT NULL,"
        " account_id TEXT NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL,"
        " expires_seconds INTEGER NOT NULL) WITHOUT ROWID;";

/* What happens to an AMI after it was registered; copies, of which several may have one name; what an account has set
 * for a region; keys.  The table of AMIs is made anew because a constraint of it goes. */
static const char after_registering[] =
        "CREATE TABLE new_images ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, description TEXT NOT NULL, created_seconds INTEGER NOT NULL,"
        " architecture TEXT NOT NULL, virtualization_type TEXT NOT NULL, root_device_name TEXT NOT NULL,"
        " boot_mode TEXT NOT NULL, tpm_support TEXT NOT NULL, imds_support TEXT NOT NULL,"
        " sriov_net_support TEXT NOT NULL, is_ena_supported INTEGER NOT NULL, kernel_id TEXT NOT NULL,"
        " ramdisk_id TEXT NOT NULL,"
        " state TEXT NOT NULL DEFAULT 'available'"
        "  CHECK (state IN ('pending','available','failed','disabled')),"
        " state_reason TEXT NOT NULL DEFAULT '', deprecation_seconds INTEGER NOT NULL DEFAULT 0,"
        " protection TEXT NOT NULL DEFAULT 'disabled', protected_until_seconds INTEGER NOT NULL DEFAULT 0,"
        " source_image_id TEXT NOT NULL DEFAULT '', source_region TEXT NOT NULL DEFAULT '', client_token "
        "TEXT,"
        " request_digest TEXT NOT NULL DEFAULT '', UNIQUE (region, client_token));"
        "INSERT INTO new_images (number, region, id, name, description, created_seconds, architecture,"
        " virtualization_type, root_device_name, boot_mode, tpm_support, imds_support, sriov_net_support,"
        " is_ena_supported, kernel_id, ramdisk_id) SELECT number, region, id, name, description,"
        " created_seconds, architecture, virtualization_type, root_device_name, boot_mode, tpm_support,"
        " imds_support, sriov_net_support, is_ena_supported, kernel_id, ramdisk_id FROM images;"
        "DROP TABLE images;"
        "ALTER TABLE new_images RENAME TO images;"
        "CREATE UNIQUE INDEX images_by_name ON images (region, name) WHERE source_image_id = '';"
        "CREATE INDEX images_by_state ON images (region, state);"
        "CREATE TABLE permissions ("
        " resource_id TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (resource_id, kind, value)) WITHOUT ROWID;"
        "CREATE TABLE settings ("
        " region TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (region, name)) WITHOUT ROWID;"
        "CREATE TABLE keys ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " description TEXT NOT NULL, state TEXT NOT NULL"
        "  CHECK (state IN ('Enabled','Disabled','PendingDeletion')),"
        " created_seconds INTEGER NOT NULL, deletion_seconds INTEGER NOT NULL);"
        "CREATE TABLE key_aliases ("
        " region TEXT NOT NULL, name TEXT NOT NULL, key_id TEXT NOT NULL REFERENCES keys(id),"
        " created_seconds INTEGER NOT NULL, PRIMARY KEY (region, name)) WITHOUT ROWID;"
        "ALTER TABLE snapshots ADD COLUMN copied_from TEXT NOT NULL DEFAULT '';"
        "ALTER TABLE snapshots ADD COLUMN ready_seconds INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE snapshots ADD COLUMN late_failure TEXT NOT NULL DEFAULT '';";

/* An AMI's UEFI variables: as large as the rest of its record twenty times over, and rarely there. */
static const char uefi_variables[] =
        "CREATE TABLE uefi_data ("
        " image_id TEXT PRIMARY KEY REFERENCES images(id) ON DELETE CASCADE, data TEXT NOT NULL)"
        " WITHOUT ROWID;";

/* S3, and the imports from it. */
static const char objects[] =
        "CREATE TABLE buckets ("
        " name TEXT PRIMARY KEY, account_id TEXT NOT NULL, region TEXT NOT NULL,"
        " created_seconds INTEGER NOT NULL) WITHOUT ROWID;"
        "CREATE TABLE objects ("
        " bucket TEXT NOT NULL REFERENCES buckets(name), key TEXT NOT NULL, file TEXT NOT NULL,"
        " size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, checksum TEXT NOT NULL, content_type TEXT NOT "
        "NULL,"
        " created_seconds INTEGER NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;"
        "CREATE TABLE uploads ("
        " id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets(name), key TEXT NOT NULL,"
        " algorithm TEXT NOT NULL, content_type TEXT NOT NULL, created_seconds INTEGER NOT NULL) WITHOUT "
        "ROWID;"
        "CREATE INDEX uploads_by_key ON uploads (bucket, key);"
        "CREATE TABLE parts ("
        " upload_id TEXT NOT NULL REFERENCES uploads(id) ON DELETE CASCADE, number INTEGER NOT NULL,"
        " file TEXT NOT NULL, size_bytes INTEGER NOT NULL, etag TEXT NOT NULL, digest TEXT NOT NULL,"
        " created_seconds INTEGER NOT NULL, PRIMARY KEY (upload_id, number)) WITHOUT ROWID;"
        "CREATE TABLE imports ("
        " number INTEGER PRIMARY KEY AUTOINCREMENT, region TEXT NOT NULL, id TEXT NOT NULL UNIQUE,"
        " status TEXT NOT NULL CHECK (status IN ('active','completed','deleting','deleted')),"
        " status_message TEXT NOT NULL, progress INTEGER NOT NULL, snapshot_id TEXT NOT NULL,"
        " bucket TEXT NOT NULL, key TEXT NOT NULL, format TEXT NOT NULL, description TEXT NOT NULL,"
        " size_bytes INTEGER NOT NULL, is_encrypted INTEGER NOT NULL, kms_key_arn TEXT NOT NULL,"
        " client_token TEXT, request_digest TEXT NOT NULL, created_seconds INTEGER NOT NULL,"
        " UNIQUE (region, client_token));"
        "CREATE INDEX imports_by_status ON imports (region, status);"
        "CREATE TABLE roles ("
        " account_id TEXT NOT NULL, name TEXT NOT NULL, trust_policy TEXT NOT NULL,"
        " created_seconds INTEGER NOT NULL, is_gone INTEGER NOT NULL,"
        " PRIMARY KEY (account_id, name)) WITHOUT ROWID;";

static const char *const steps[] = { first_light, sessions, after_registering, uefi_variables, objects };
enum { STEP_COUNT = sizeof(steps) / sizeof(steps[0]) };

int catalogue_schema_version(void)
{
        return STEP_COUNT;
}

static enum ingot_code read_version(struct catalogue *catalogue, int64_t *ret_version,
                                    struct ingot_error *err)
{
        struct statement statement;
        int64_t version = 0;
        enum ingot_code r;

        statement_begin(&statement, catalogue, "PRAGMA user_version");
        if (statement_step(&statement))
                version = statement_read_i64(&statement);
        r = statement_end(&statement, err);
        if (!r && (version < 0 || version > STEP_COUNT))
                return ingot_fail(err, INGOT_E_FORMAT,
                                  "the catalogue has schema %d and this ingot knows %d: use a newer ingot",
                                  (int)version, STEP_COUNT);
        if (!r)
                *ret_version = version;
        return r;
}

static enum ingot_code take_steps(struct catalogue *catalogue, int64_t from, struct ingot_error *err)
{
        char mark[48];
        enum ingot_code r = INGOT_OK;

        for (int64_t i = from; !r && i < STEP_COUNT; i++)
                r = catalogue_run_script(catalogue, steps[i], err);
        (void)snprintf(mark, sizeof(mark), "PRAGMA user_version = %d;", STEP_COUNT);
        return r ? r : catalogue_run_script(catalogue, mark, err);
}

enum ingot_code catalogue_make_schema(struct catalogue *catalogue, struct ingot_error *err)
{
        int64_t version = 0;
        enum ingot_code r = read_version(catalogue, &version, err);

        if (r || version == STEP_COUNT)
                return r;
        r = catalogue_begin(catalogue, err);
        if (r)
                return r;
        r = read_version(catalogue, &version, err); /* another process may have been quicker */
        if (!r && version < STEP_COUNT)
                r = take_steps(catalogue, version, err);
        return catalogue_end(catalogue, r, err);
}
