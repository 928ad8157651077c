/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ingot/build.h>
#include <ingot/image.h>

#include "fault/faults.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "lifecycle/receipt.h"

static const char template[] = "name: web\n"
                               "architecture: x86_64\n"
                               "root-device: /dev/xvda\n"
                               "volumes:\n"
                               "  /dev/xvda:\n"
                               "    file-system: ext4\n"
                               "    mount: /\n"
                               "    size: 16MiB\n"
                               "    content:\n"
                               "      - write: {to: /motd, text: hello}\n";
static const char mapping[] = "[{\"DeviceName\": \"/dev/xvda\", \"Ebs\": {}}]";

/* A file beside the manifest that is none of the build's is one that was left behind. */
static void check_names(const char *folder)
{
        DIR *entries = opendir(folder);
        const struct dirent *entry;

        assert_non_null(entries);
        while ((entry = readdir(entries)))
                if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2)
                        assert_true(strcmp(entry->d_name, "xvda.raw") == 0 ||
                                    strcmp(entry->d_name, "xvda.vmdk") == 0 ||
                                    strcmp(entry->d_name, "xvda.lock") == 0 ||
                                    strcmp(entry->d_name, "manifest.json") == 0);
        (void)closedir(entries);
}

static void remove_files(const char *folder)
{
        static const char *const names[] = { "xvda.raw", "xvda.vmdk", "xvda.lock", "manifest.json" };
        char path[512];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                (void)unlink(path);
        }
}

static void check_build(const char *folder, enum ingot_code r, const char *manifest_path, const char *wanted,
                        unsigned fail_at)
{
        OWNED(heap_drop) char *manifest = NULL;
        struct ingot_verify_report report;
        size_t size_bytes;
        struct ingot_error err;

        check_names(folder);
        if (access(manifest_path, F_OK) != 0) {
                assert_int_not_equal(r, INGOT_OK);
                return;
        }
        assert_int_equal(fd_read_file(manifest_path, 1 << 20, &manifest, &size_bytes, NULL), INGOT_OK);
        assert_string_equal(manifest, wanted);
        if (ingot_verify(folder, NULL, &report, &err))
                fail_msg("call %u: %s", fail_at, ingot_error_frame(&err, 0));
}

static unsigned build_with(void (*begin)(unsigned fail_at), void **state)
{
        OWNED(heap_drop) char *template_path = strdup(scratch_path(state, "web.yaml"));
        OWNED(heap_drop) char *mapping_path = strdup(scratch_path(state, "web.json"));
        OWNED(heap_drop) char *folder = strdup(scratch_path(state, "out"));
        OWNED(heap_drop) char *manifest_path = strdup(scratch_path(state, "out/manifest.json"));
        OWNED(heap_drop) char *wanted = NULL;
        const struct ingot_build_request request = { .inputs = { .template_path = template_path,
                                                                 .mapping_path = mapping_path },
                                                     .folder = folder,
                                                     .formats = INGOT_FORMAT_RAW | INGOT_FORMAT_VMDK,
                                                     .threads = 1,
                                                     .compression_level = -1,
                                                     .source_date_epoch = -1 };
        size_t size_bytes;
        unsigned fail_at;
        bool fired = true;

        assert_int_equal(fd_replace_file(template_path, template, strlen(template), 0600, NULL), INGOT_OK);
        assert_int_equal(fd_replace_file(mapping_path, mapping, strlen(mapping), 0600, NULL), INGOT_OK);
        assert_int_equal(ingot_build(&request, NULL, NULL, NULL), INGOT_OK);
        assert_int_equal(fd_read_file(manifest_path, 1 << 20, &wanted, &size_bytes, NULL), INGOT_OK);
        for (fail_at = 1; fired && fail_at < 2000; fail_at++) {
                struct ingot_error err;
                enum ingot_code r;

                remove_files(folder);
                begin(fail_at);
                r = ingot_build(&request, NULL, NULL, &err);
                fired = faults_fired();
                faults_begin(0);
                assert_true(fired || r == INGOT_OK);
                check_build(folder, r, manifest_path, wanted, fail_at);
        }
        return fail_at - 2;
}

static void folder_with_a_manifest_is_a_whole_build_whatever_fails(void **state)
{
        unsigned calls = build_with(faults_begin, state), writes = build_with(faults_begin_full, state);

        print_message("# %u calls, %u of them writes\n", calls, writes);
        assert_in_range(calls, 30, 1998);
        assert_in_range(writes, 5, 1998);
}

static void receipt_is_old_or_new_whatever_fails(void **state)
{
        OWNED(heap_drop) char *path = strdup(scratch_path(state, "receipt-us-east-1.json"));
        char ami[] = "ami-1", name[] = "web", region[] = "us-east-1";
        const struct ingot_receipt receipt = { .ami_id = ami, .name = name, .region = region };
        OWNED(heap_drop) char *wanted = NULL;
        unsigned fail_at;
        bool fired = true;

        assert_int_equal(ingot_receipt_json(&receipt, &wanted, NULL), INGOT_OK);
        for (fail_at = 1; fired && fail_at < 100; fail_at++) {
                OWNED(heap_drop) char *is = NULL;
                struct ingot_error err;
                size_t size_bytes;
                enum ingot_code r;

                assert_int_equal(fd_replace_file(path, "old", 3, 0600, NULL), INGOT_OK);
                faults_begin(fail_at);
                r = receipt_write(*state, &receipt, &err);
                fired = faults_fired();
                faults_begin(0);
                assert_int_equal(fd_read_file(path, 65536, &is, &size_bytes, NULL), INGOT_OK);
                if (r == INGOT_OK || strcmp(is, "old") != 0)
                        assert_string_equal(is, wanted);
        }
        assert_in_range(fail_at - 2, 5, 98);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(folder_with_a_manifest_is_a_whole_build_whatever_fails),
                SCRATCH(receipt_is_old_or_new_whatever_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
