/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "content/bootstrap.h"

/* A stand-in that tells its version, notes how it was called, and prints what the file "content" holds. */
static const char tool[] = "#!/bin/sh\n"
                           "here=${0%/*}\n"
                           "[ \"$1\" = --version ] && { echo mmdebstrap 9.9; exit; }\n"
                           "echo \"I: extracting archives...\" >&2\n"
                           "printf '%s\\n' \"$@\" > $here/arguments\n"
                           "env | sort > $here/seen\n"
                           "echo run >> $here/runs\n"
                           "[ -e $here/fail ] && { echo half; echo 'E: no room' >&2; exit 25; }\n"
                           "cat $here/content\n";

static const char *const packages[] = { "zsh", "chrony", "chrony" };

struct fixture {
        char path[5000], cache[5000];
        const char *environment[6];
        struct bootstrap_request request;
};

static void put(void **state, const char *name, const char *text, unsigned mode)
{
        struct ingot_error err;

        assert_int_equal(fd_replace_file(scratch_path(state, name), text, strlen(text), mode, &err),
                         INGOT_OK);
}

static void prepare(void **state, struct fixture *fixture)
{
        put(state, "mmdebstrap", tool, 0755);
        put(state, "newuidmap", "#!/bin/sh\nexit 1\n", 0755);
        put(state, "content", "a tar", 0644);
        (void)snprintf(fixture->path, sizeof(fixture->path), "PATH=%s:/usr/bin:/bin", (char *)*state);
        (void)snprintf(fixture->cache, sizeof(fixture->cache), "%s/cache", (char *)*state);
        fixture->environment[0] = fixture->path;
        fixture->environment[1] = "LC_ALL=tlh_XX";
        fixture->environment[2] = "http_proxy=http://proxy.example:3128";
        fixture->environment[3] = "DEBIAN_FRONTEND=dialog";
        fixture->environment[4] = NULL;
        fixture->request = (struct bootstrap_request){ .distribution = "debian",
                                                       .suite = "bookworm",
                                                       .packages = packages,
                                                       .package_count = 3,
                                                       .mirror = "http://mirror.example/debian",
                                                       .architecture = "x86_64",
                                                       .epoch_seconds = 1767225600,
                                                       .cache_folder = fixture->cache,
                                                       .environment = fixture->environment };
}

static enum ingot_code run(const struct fixture *fixture, char hex[DIGEST_HEX_CHARS + 1],
                           struct ingot_error *err)
{
        struct bootstrap_result made;
        enum ingot_code r = bootstrap(&fixture->request, NULL, &made, err);

        if (r)
                return r;
        hex_encode(made.digest.bytes, DIGEST_BYTES, hex);
        assert_int_equal(access(made.tar_path, R_OK), 0);
        assert_int_equal(strncmp(made.tool, "mmdebstrap ", 11), 0);
        free(made.tar_path);
        return INGOT_OK;
}

static char *read_text(void **state, const char *name)
{
        size_t size_bytes;
        char *text;

        assert_int_equal(fd_read_file(scratch_path(state, name), 65536, &text, &size_bytes, NULL), INGOT_OK);
        return text;
}

static void expect_runs(void **state, size_t count)
{
        char *text = read_text(state, "runs");

        assert_int_equal(strlen(text), count * strlen("run\n"));
        free(text);
}

/* Only root, or a user with a range of ids, gets past the check of rule 5. */
static void need_ids(void)
{
        if (geteuid() != 0 && access("/etc/subuid", R_OK) != 0) {
                print_message("# not root, and there is no /etc/subuid\n");
                skip();
        }
}

static void second_call_finds_the_first_ones_tar(void **state)
{
        struct fixture fixture;
        struct ingot_error err;
        char first[DIGEST_HEX_CHARS + 1], second[DIGEST_HEX_CHARS + 1];
        const char *const again[] = { "chrony", "zsh" };

        need_ids();
        prepare(state, &fixture);
        assert_int_equal(run(&fixture, first, &err), INGOT_OK);
        put(state, "content", "another tar", 0644);
        fixture.request.packages = again;
        fixture.request.package_count = 2;
        assert_int_equal(run(&fixture, second, &err), INGOT_OK);
        assert_string_equal(first, second);
        expect_runs(state, 1);
        fixture.request.refresh = 1;
        assert_int_equal(run(&fixture, second, &err), INGOT_OK);
        assert_string_not_equal(first, second);
        expect_runs(state, 2);
}

static void any_other_wish_is_another_tar(void **state) /* rule 1 */
{
        struct fixture fixture;
        struct ingot_error err;
        char hex[DIGEST_HEX_CHARS + 1];
        const char *const contrib[] = { "main", "contrib" };

        need_ids();
        prepare(state, &fixture);
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.epoch_seconds++;
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.suite = "trixie";
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.variant = "minbase";
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.architecture = "arm64";
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.mirror = "http://other.example/debian";
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.components = contrib;
        fixture.request.component_count = 2;
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        fixture.request.package_count = 0;
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        expect_runs(state, 8);
}

static void tool_is_called_with_nothing_of_ours(void **state) /* rule 3 */
{
        struct fixture fixture;
        struct ingot_error err;
        char hex[DIGEST_HEX_CHARS + 1], *text;

        need_ids();
        prepare(state, &fixture);
        assert_int_equal(run(&fixture, hex, &err), INGOT_OK);
        text = read_text(state, "arguments");
        assert_non_null(strstr(text, "--include=chrony,zsh\n"));
        assert_non_null(strstr(text, "--architectures=amd64\n"));
        assert_non_null(strstr(text, "\nbookworm\n-\n"));
        free(text);
        text = read_text(state, "seen");
        assert_non_null(strstr(text, "LC_ALL=C.UTF-8\n"));
        assert_non_null(strstr(text, "TZ=UTC\n"));
        assert_non_null(strstr(text, "SOURCE_DATE_EPOCH=1767225600\n"));
        assert_non_null(strstr(text, "http_proxy=http://proxy.example:3128\n"));
        assert_null(strstr(text, "DEBIAN_FRONTEND"));
        free(text);
}

static void failure_leaves_the_cache_as_it_was(void **state) /* rule 2 */
{
        struct fixture fixture;
        struct ingot_error err;
        char first[DIGEST_HEX_CHARS + 1], second[DIGEST_HEX_CHARS + 1];

        need_ids();
        prepare(state, &fixture);
        assert_int_equal(run(&fixture, first, &err), INGOT_OK);
        put(state, "fail", "", 0644);
        fixture.request.refresh = 1;
        assert_int_equal(run(&fixture, second, &err), INGOT_E_SYSTEM);
        assert_string_equal(ingot_error_frame(&err, 0), "'mmdebstrap' ended with status 25: E: no room");
        assert_string_equal(ingot_error_frame(&err, 1), "bootstrapping 'bookworm'");
        fixture.request.refresh = 0;
        assert_int_equal(run(&fixture, second, &err), INGOT_OK);
        assert_string_equal(first, second);
        expect_runs(state, 2);
}

static void tar_without_record_is_made_again(void **state) /* rule 2 */
{
        struct fixture fixture;
        struct ingot_error err;
        struct bootstrap_result made;
        char record[8192];

        need_ids();
        prepare(state, &fixture);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(bootstrap(&fixture.request, NULL, &made, &err), INGOT_OK);
                (void)snprintf(record, sizeof(record), "%.*srecord.json",
                               (int)(strlen(made.tar_path) - strlen("root.tar")), made.tar_path);
                free(made.tar_path);
                if (i == 0)
                        assert_int_equal(fd_replace_file(record, "{\"sha256\": ", 11, 0644, &err), INGOT_OK);
                else
                        assert_int_equal(unlink(record), 0);
        }
        expect_runs(state, 3);
}

static void missing_tool_says_what_to_install(void **state)
{
        struct fixture fixture;
        struct ingot_error err;
        char hex[DIGEST_HEX_CHARS + 1];

        prepare(state, &fixture);
        fixture.environment[0] = "PATH=/nowhere";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_NOT_FOUND);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "install the Debian package mmdebstrap"));
}

static void wrong_words_are_refused_before_anything_runs(void **state)
{
        static const char *const bad_packages[] = { "-o", "a,b", "a b", "", "a;b", "A" };
        struct fixture fixture;
        struct ingot_error err;
        char hex[DIGEST_HEX_CHARS + 1];

        prepare(state, &fixture);
        for (size_t i = 0; i < sizeof(bad_packages) / sizeof(bad_packages[0]); i++) {
                fixture.request.packages = &bad_packages[i];
                fixture.request.package_count = 1;
                assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        }
        fixture.request.package_count = 0;
        fixture.request.suite = "--help";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        fixture.request.suite = "bookworm";
        fixture.request.variant = "huge";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        fixture.request.variant = NULL;
        fixture.request.mirror = "http://a.example/\nTypes: deb";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        fixture.request.mirror = NULL;
        fixture.request.distribution = "slackware";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        fixture.request.distribution = "debian";
        fixture.request.architecture = "sparc";
        assert_int_equal(run(&fixture, hex, &err), INGOT_E_USAGE);
        assert_int_not_equal(access(scratch_path(state, "runs"), F_OK), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(second_call_finds_the_first_ones_tar, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(any_other_wish_is_another_tar, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(tool_is_called_with_nothing_of_ours, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(failure_leaves_the_cache_as_it_was, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(tar_without_record_is_made_again, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(missing_tool_says_what_to_install, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(wrong_words_are_refused_before_anything_runs, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
