/* SPDX-License-Identifier: Apache-2.0 */
#include <sqlite3.h>
#include <stdio.h>

#include "region/catalogue_images.h"
#include "region/catalogue_schema.h"
#include "region/catalogue_snapshots.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static void run(void **state, const char *sql)
{
        sqlite3 *database;
        char *complaint = NULL;

        assert_int_equal(sqlite3_open(scratch_path(state, "catalogue.db"), &database), SQLITE_OK);
        if (sqlite3_exec(database, sql, NULL, NULL, &complaint) != SQLITE_OK)
                fail_msg("%s", complaint);
        assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* What first light's ingot left, cut to what its readers need: a snapshot, an AMI of it, a tag. */
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
        "CREATE TABLE tags ("
        " region TEXT NOT NULL, resource_id TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
        " PRIMARY KEY (resource_id, key)) WITHOUT ROWID;"
        "INSERT INTO snapshots VALUES "
        "(7,'us-east-1','snap-1','completed','',8,NULL,'old',1,'arn:aws:kms',NULL,'',60,"
        " 1,2,'',3,4,'');"
        "INSERT INTO images VALUES "
        "(5,'us-east-1','ami-1','web','old',1,'x86_64','hvm','/dev/xvda','uefi','v2.0','',"
        " '',1,'','');"
        "INSERT INTO mappings VALUES ('ami-1',0,'/dev/xvda','',0,1,'snap-1',8,'gp3',0,0,0,1,0);"
        "PRAGMA user_version = 1;";

static void older_catalogue_keeps_what_it_knows(void **state)
{
        struct mapping_record mappings[MAPPINGS_MAX];
        struct snapshot_record snapshot;
        struct catalogue *catalogue;
        struct image_record image;
        struct ingot_error err = { 0 };
        uint32_t count = 0;

        run(state, first_light);
        if (catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_int_equal(catalogue_find_snapshot(catalogue, "us-east-1", "snap-1", &snapshot, NULL),
                         INGOT_OK);
        assert_int_equal(snapshot.number, 7);
        assert_int_equal(snapshot.state, SNAPSHOT_COMPLETED);
        assert_true(snapshot.is_encrypted);
        assert_int_equal(catalogue_find_image_by_name(catalogue, "us-east-1", "web", &image, NULL), INGOT_OK);
        assert_int_equal(image.number, 5);
        assert_string_equal(image.tpm_support, "v2.0");
        assert_int_equal(catalogue_read_mappings(catalogue, "ami-1", mappings, &count, NULL), INGOT_OK);
        assert_int_equal(count, 1);
        assert_string_equal(mappings[0].snapshot_id, "snap-1");
        assert_int_equal(catalogue_check(catalogue, &err), INGOT_OK);
        catalogue_free(catalogue);
        assert_int_equal(catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, &err), INGOT_OK);
        catalogue_free(catalogue);
}

static void catalogue_of_a_newer_ingot_is_refused(void **state)
{
        struct catalogue *catalogue;
        struct ingot_error err = { 0 };
        char sql[64];

        (void)snprintf(sql, sizeof(sql), "PRAGMA user_version = %d;", catalogue_schema_version() + 1);
        run(state, sql);
        assert_int_equal(catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, &err),
                         INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(older_catalogue_keeps_what_it_knows, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(catalogue_of_a_newer_ingot_is_refused, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
