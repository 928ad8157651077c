/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "region/catalogue_images.h"
#include "region/catalogue_snapshots.h"
#include "region/catalogue_tags.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static struct catalogue *open_catalogue(void **state)
{
        struct catalogue *catalogue;
        struct ingot_error err = { 0 };

        if (catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return catalogue;
}

static struct snapshot_record snapshot(const char *id, const char *parent)
{
        struct snapshot_record record = { .region = "us-east-1", .volume_gib = 8, .timeout_minutes = 60 };

        (void)snprintf(record.id, sizeof(record.id), "%s", id);
        (void)snprintf(record.parent_id, sizeof(record.parent_id), "%s", parent);
        return record;
}

static void add(struct catalogue *catalogue, const char *id, const char *parent)
{
        struct snapshot_record record = snapshot(id, parent);

        assert_int_equal(catalogue_add_snapshot(catalogue, &record, NULL), INGOT_OK);
}

static void snapshot_reads_back_as_recorded(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        struct snapshot_record record = snapshot("snap-1", ""), found;

        record.is_encrypted = true;
        record.start_seconds = 1800000000;
        (void)snprintf(record.description, sizeof(record.description),
                       "it's \"quoted\"; DROP TABLE snapshots");
        (void)snprintf(record.client_token, sizeof(record.client_token), "token");
        assert_int_equal(catalogue_add_snapshot(catalogue, &record, NULL), INGOT_OK);
        record.state = SNAPSHOT_COMPLETED;
        record.block_count = 5;
        record.shown_block_count = 7;
        assert_int_equal(catalogue_update_snapshot(catalogue, &record, NULL), INGOT_OK);
        catalogue_free(catalogue);
        catalogue = open_catalogue(state);
        assert_int_equal(catalogue_find_snapshot(catalogue, "us-east-1", "snap-1", &found, NULL), INGOT_OK);
        record.number = found.number;
        assert_memory_equal(&found, &record, sizeof(record));
        assert_int_equal(catalogue_find_snapshot_by_token(catalogue, "us-east-1", "token", &found, NULL),
                         INGOT_OK);
        assert_int_equal(catalogue_find_snapshot(catalogue, "eu-west-1", "snap-1", &found, NULL),
                         INGOT_E_NOT_FOUND);
        catalogue_free(catalogue);
}

static void client_token_is_taken_once_in_a_region(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        struct snapshot_record a = snapshot("snap-a", ""), b = snapshot("snap-b", "");

        (void)snprintf(a.client_token, sizeof(a.client_token), "t");
        b = a;
        (void)snprintf(b.id, sizeof(b.id), "snap-b");
        assert_int_equal(catalogue_add_snapshot(catalogue, &a, NULL), INGOT_OK);
        assert_int_equal(catalogue_add_snapshot(catalogue, &b, NULL), INGOT_E_CONFLICT);
        (void)snprintf(b.region, sizeof(b.region), "eu-west-1");
        assert_int_equal(catalogue_add_snapshot(catalogue, &b, NULL), INGOT_OK);
        catalogue_free(catalogue);
}

static void ancestors_are_counted_from_the_child(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        char id[RESOURCE_ID_CHARS + 1];
        bool has;

        add(catalogue, "snap-a", "");
        add(catalogue, "snap-b", "snap-a");
        add(catalogue, "snap-c", "snap-b");
        assert_int_equal(catalogue_find_ancestor(catalogue, "snap-c", 0, id, NULL), INGOT_OK);
        assert_string_equal(id, "snap-c");
        assert_int_equal(catalogue_find_ancestor(catalogue, "snap-c", 2, id, NULL), INGOT_OK);
        assert_string_equal(id, "snap-a");
        assert_int_equal(catalogue_find_ancestor(catalogue, "snap-c", 3, id, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(catalogue_find_oldest_ancestor(catalogue, "snap-c", id, NULL), INGOT_OK);
        assert_string_equal(id, "snap-a");
        assert_int_equal(catalogue_has_children(catalogue, "snap-b", &has, NULL), INGOT_OK);
        assert_true(has);
        assert_int_equal(catalogue_forget_snapshot(catalogue, "snap-b", NULL), INGOT_E_CONFLICT);
        catalogue_free(catalogue);
}

static void image_reads_back_as_recorded(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        struct image_record image = { .region = "us-east-1",
                                      .id = "ami-1",
                                      .name = "web",
                                      .is_ena_supported = true,
                                      .state = "pending",
                                      .protection = IMAGE_PROTECTED,
                                      .deprecation_seconds = 5,
                                      .source_image_id = "ami-0",
                                      .client_token = "t" },
                            found;
        struct mapping_record mappings[2] = { { .device_name = "/dev/xvda",
                                                .is_ebs = true,
                                                .snapshot_id = "snap-1",
                                                .volume_gib = 8,
                                                .volume_type = "gp3",
                                                .iops = 4000 },
                                              { .device_name = "/dev/sdb", .virtual_name = "ephemeral0" } };
        static struct mapping_record read[MAPPINGS_MAX];
        char user[RESOURCE_ID_CHARS + 1];
        uint32_t count;

        assert_int_equal(catalogue_add_image(catalogue, &image, mappings, 2, NULL), INGOT_E_CONFLICT);
        assert_int_equal(catalogue_forget_image(catalogue, "ami-1", NULL), INGOT_OK);
        add(catalogue, "snap-1", "");
        assert_int_equal(catalogue_add_image(catalogue, &image, mappings, 2, NULL), INGOT_OK);
        assert_int_equal(catalogue_find_image_by_name(catalogue, "us-east-1", "web", &found, NULL), INGOT_OK);
        image.number = found.number;
        assert_memory_equal(&found, &image, sizeof(image));
        assert_int_equal(catalogue_read_mappings(catalogue, "ami-1", read, &count, NULL), INGOT_OK);
        assert_int_equal(count, 2);
        assert_string_equal(read[0].snapshot_id, "snap-1");
        assert_int_equal(read[0].iops, 4000);
        assert_string_equal(read[1].virtual_name, "ephemeral0");
        assert_int_equal(catalogue_find_snapshot_user(catalogue, "snap-1", user, NULL), INGOT_OK);
        assert_string_equal(user, "ami-1");
        (void)snprintf(image.id, sizeof(image.id), "ami-2");
        assert_int_equal(catalogue_add_image(catalogue, &image, NULL, 0, NULL),
                         INGOT_E_CONFLICT); /* the name */
        assert_int_equal(catalogue_forget_image(catalogue, "ami-1", NULL), INGOT_OK);
        assert_int_equal(catalogue_find_snapshot_user(catalogue, "snap-1", user, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(catalogue_check(catalogue, NULL), INGOT_OK);
        catalogue_free(catalogue);
}

static void tag_is_set_replaced_and_removed(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        static struct tag tags[TAGS_MAX];
        const struct tag one = { "team", "web" }, two = { "team", "new" }, empty = { "a", "" };
        uint32_t count;

        assert_int_equal(catalogue_set_tag(catalogue, "us-east-1", "ami-1", &one, NULL), INGOT_OK);
        assert_int_equal(catalogue_set_tag(catalogue, "us-east-1", "ami-1", &two, NULL), INGOT_OK);
        assert_int_equal(catalogue_set_tag(catalogue, "us-east-1", "ami-1", &empty, NULL), INGOT_OK);
        assert_int_equal(catalogue_read_tags(catalogue, "ami-1", tags, &count, NULL), INGOT_OK);
        assert_int_equal(count, 2);
        assert_string_equal(tags[0].key, "a");
        assert_string_equal(tags[1].value, "new");
        assert_int_equal(catalogue_remove_tag(catalogue, "ami-1", "team", "other", NULL), INGOT_OK);
        assert_int_equal(catalogue_remove_tag(catalogue, "ami-1", "a", "", NULL), INGOT_OK);
        assert_int_equal(catalogue_read_tags(catalogue, "ami-1", tags, &count, NULL), INGOT_OK);
        assert_int_equal(count, 1);
        assert_int_equal(catalogue_remove_tag(catalogue, "ami-1", "team", NULL, NULL), INGOT_OK);
        assert_int_equal(catalogue_read_tags(catalogue, "ami-1", tags, &count, NULL), INGOT_OK);
        assert_int_equal(count, 0);
        catalogue_free(catalogue);
}

static void change_that_fails_is_taken_back(void **state)
{
        struct catalogue *catalogue = open_catalogue(state);
        struct snapshot_record found;

        assert_int_equal(catalogue_begin(catalogue, NULL), INGOT_OK);
        add(catalogue, "snap-a", "");
        assert_int_equal(catalogue_end(catalogue, INGOT_E_CANCELLED, NULL), INGOT_E_CANCELLED);
        assert_int_equal(catalogue_find_snapshot(catalogue, "us-east-1", "snap-a", &found, NULL),
                         INGOT_E_NOT_FOUND);
        catalogue_free(catalogue);
}

static void two_openings_see_each_others_changes(void **state)
{
        struct catalogue *a = open_catalogue(state), *b = open_catalogue(state);
        struct snapshot_record found;
        char first[CATALOGUE_VALUE_BYTES], second[CATALOGUE_VALUE_BYTES];

        add(a, "snap-a", "");
        assert_int_equal(catalogue_find_snapshot(b, "us-east-1", "snap-a", &found, NULL), INGOT_OK);
        assert_int_equal(catalogue_settle_value(a, "key", "one", first, NULL), INGOT_OK);
        assert_int_equal(catalogue_settle_value(b, "key", "two", second, NULL), INGOT_OK);
        assert_string_equal(first, "one");
        assert_string_equal(second, "one");
        catalogue_free(a);
        catalogue_free(b);
}

static void catalogue_is_for_its_owner_only(void **state)
{
        struct stat status;

        catalogue_free(open_catalogue(state));
        assert_int_equal(stat(scratch_path(state, "catalogue.db"), &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
}

static void file_that_is_no_catalogue_is_refused(void **state)
{
        struct catalogue *catalogue;
        int fd = open(scratch_path(state, "catalogue.db"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_int_equal(
                write(fd, "this is not a database, however long it may be......................", 64), 64);
        for (int i = 0; i < 64; i++)
                assert_int_equal(
                        write(fd, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 64),
                        64);
        (void)close(fd);
        assert_int_equal(catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, NULL),
                         INGOT_E_FORMAT);
}

static void catalogue_of_a_newer_schema_is_refused(void **state)
{
        const char *const argv[] = { "sqlite3", scratch_path(state, "catalogue.db"),
                                     "PRAGMA user_version = 99", NULL };
        struct catalogue *catalogue;

        catalogue_free(open_catalogue(state));
        if (!scratch_has_program("sqlite3")) {
                print_message("# there is no sqlite3 here\n");
                skip();
        }
        assert_int_equal(scratch_run(state, argv), 0);
        assert_int_equal(catalogue_new(scratch_path(state, "catalogue.db"), &catalogue, NULL),
                         INGOT_E_FORMAT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                TEST(snapshot_reads_back_as_recorded),      TEST(client_token_is_taken_once_in_a_region),
                TEST(ancestors_are_counted_from_the_child), TEST(image_reads_back_as_recorded),
                TEST(tag_is_set_replaced_and_removed),      TEST(change_that_fails_is_taken_back),
                TEST(two_openings_see_each_others_changes), TEST(catalogue_is_for_its_owner_only),
                TEST(file_that_is_no_catalogue_is_refused), TEST(catalogue_of_a_newer_schema_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
