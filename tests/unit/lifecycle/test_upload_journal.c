/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"
#include "lifecycle/upload_journal.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static struct region_session session_at(const char *host)
{
        struct region_session session = { .region = "eu-north-1" };

        assert_int_equal(endpoint_of_url(host, "eu-north-1", "ebs", &session.ebs.endpoint, NULL), INGOT_OK);
        return session;
}

static void same_folder(const struct ingot_target *one, const struct region_session *one_session,
                        const struct ingot_target *other, const struct region_session *other_session,
                        bool same)
{
        OWNED(heap_drop) char *one_path = NULL, *other_path = NULL;

        assert_int_equal(upload_journal_folder("/j", one, one_session, &one_path, NULL), INGOT_OK);
        assert_int_equal(upload_journal_folder("/j", other, other_session, &other_path, NULL), INGOT_OK);
        assert_int_equal(strcmp(one_path, other_path) == 0, same);
}

/* Rule 1. */
static void a_folder_is_of_what_is_reached(void **state)
{
        const char *const environment[] = { "AWS_PROFILE=other", NULL };
        const struct ingot_target plain = { .to = "aws:eu-north-1" }, written = { .to = "aws:" };
        const struct ingot_target asked = { .to = "aws:eu-north-1", .profile = "other" };
        const struct ingot_target set = { .to = "aws:eu-north-1", .environment = environment };
        struct region_session here = session_at("https://ebs.example.com");
        struct region_session there = session_at("https://ebs.example.org");

        (void)state;
        same_folder(&plain, &here, &written, &here, true);
        same_folder(&plain, &here, &plain, &there, false);
        same_folder(&plain, &here, &asked, &here, false);
        same_folder(&set, &here, &asked, &here, true);
}

/* Rule 2. */
static void a_journal_is_of_one_image_in_one_region(void **state)
{
        const struct ingot_target target = { .to = "aws:eu-north-1" };
        struct region_session session = session_at("https://ebs.example.com");
        struct digest digest = { { 1 } };
        struct volume_to_publish volume = {
                .release_name = "", .device_name = "disk.raw", .image_digest = &digest, .volume_size_gib = 1
        };
        const char *folder = scratch_path(state, "a/b");
        OWNED(heap_drop) char *first = NULL, *again = NULL, *other = NULL;
        char *slash;
        struct stat status;

        assert_int_equal(upload_journal_path(folder, &target, &session, &volume, &first, NULL), INGOT_OK);
        assert_int_equal(upload_journal_path(folder, &target, &session, &volume, &again, NULL), INGOT_OK);
        assert_string_equal(first, again);
        assert_non_null(strstr(first, "/journal-eu-north-1-disk.raw-"));
        digest.bytes[0] = 2;
        assert_int_equal(upload_journal_path(folder, &target, &session, &volume, &other, NULL), INGOT_OK);
        assert_string_not_equal(first, other);
        slash = strrchr(first, '/');
        assert_non_null(slash);
        *slash = '\0';
        assert_int_equal(stat(first, &status), 0); /* its folder was made */
        assert_true(S_ISDIR(status.st_mode));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_folder_is_of_what_is_reached),
                cmocka_unit_test_setup_teardown(a_journal_is_of_one_image_in_one_region, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
