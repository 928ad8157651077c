/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "support/cmocka_all.h"
#include "support/region_rig.h"
#include "support/scratch.h"

static void credentials_file_is_what_aws_clients_read(void **state)
{
        struct region_rig *rig = *state;
        struct stat status;
        char *text, wanted[256];
        size_t size_bytes;

        assert_int_equal(stat(rig->store->credentials_path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(stat(rig->store->folder, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0700);
        assert_int_equal(fd_read_file(rig->store->credentials_path, 4096, &text, &size_bytes, NULL),
                         INGOT_OK);
        (void)snprintf(wanted, sizeof(wanted),
                       "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n",
                       rig->store->access_key_id, rig->store->secret_access_key);
        assert_string_equal(text, wanted);
        assert_int_equal(strlen(rig->store->secret_access_key), SECRET_ACCESS_KEY_CHARS);
        free(text);
}

static void key_is_made_once_and_its_file_again_when_lost(void **state)
{
        struct region_rig *rig = *state;
        char key[64];

        (void)snprintf(key, sizeof(key), "%s", rig->store->secret_access_key);
        assert_int_equal(unlink(rig->store->credentials_path), 0);
        region_rig_reopen(rig);
        assert_string_equal(rig->store->secret_access_key, key);
        assert_int_equal(access(rig->store->credentials_path, F_OK), 0);
}

static void two_stores_have_two_keys(void **state)
{
        struct region_rig *rig = *state;
        struct region_store *other;

        assert_int_equal(
                region_store_new(scratch_path(&rig->folder, "a/b/other"), true, &rig->clock, &other, NULL),
                INGOT_OK);
        assert_string_not_equal(other->secret_access_key, rig->store->secret_access_key);
        assert_string_not_equal(other->access_key_id, rig->store->access_key_id);
        region_store_free(other);
}

static void store_that_is_not_there_is_not_made_unasked(void **state)
{
        struct region_rig *rig = *state;
        struct region_store *other;

        assert_int_equal(
                region_store_new(scratch_path(&rig->folder, "none"), false, &rig->clock, &other, NULL),
                INGOT_E_NOT_FOUND);
        assert_int_not_equal(access(scratch_path(&rig->folder, "none"), F_OK), 0);
}

static void resource_ids_are_17_hex_digits(void **state)
{
        char a[RESOURCE_ID_CHARS + 1], b[RESOURCE_ID_CHARS + 1];

        (void)state;
        assert_int_equal(random_resource_id("snap-", a, NULL), INGOT_OK);
        assert_int_equal(random_resource_id("snap-", b, NULL), INGOT_OK);
        assert_int_equal(strlen(a), 5 + RESOURCE_DIGITS);
        assert_int_equal(strspn(a + 5, "0123456789abcdef"), RESOURCE_DIGITS);
        assert_string_not_equal(a, b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, region_rig_setup, region_rig_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(credentials_file_is_what_aws_clients_read),
                TEST(key_is_made_once_and_its_file_again_when_lost),
                TEST(two_stores_have_two_keys),
                TEST(store_that_is_not_there_is_not_made_unasked),
                TEST(resource_ids_are_17_hex_digits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
