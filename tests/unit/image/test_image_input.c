/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/endian.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/assemble.h"
#include "image/image_input.h"
#include "image/qemu_export.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

enum { DISK_BYTES = 24 * 1024 * 1024 };

extern char **environ;

static void make_raw(const char *path)
{
        static const uint64_t indices[] = { 0, 3, 4, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 47 };
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        OWNED(heap_drop) uint8_t *bytes = malloc(BLOCK_BYTES);

        assert_int_equal(ftruncate(fd, DISK_BYTES), 0);
        for (size_t i = 0; i < sizeof(indices) / sizeof(indices[0]); i++) {
                sample_fill(indices[i] * BLOCK_BYTES, bytes, BLOCK_BYTES);
                assert_int_equal(fd_write_at(fd, path, indices[i] * BLOCK_BYTES, bytes, BLOCK_BYTES, NULL),
                                 INGOT_OK);
        }
}

static enum ingot_code open_input(void **state, const char *path, int *fd, struct image_input **ret_input,
                                  struct ingot_error *err)
{
        OWNED(fd_drop) int folder_fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct image_input_request request = { .path = path,
                                               .folder_fd = folder_fd,
                                               .temp_folder = *state,
                                               .environment = (const char *const *)environ };

        *fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(*fd >= 0);
        request.fd = *fd;
        return image_input_open(&request, ret_input, err);
}

static void find_digest(struct image_input *input, struct digest *ret_digest)
{
        OWNED(extent_list_release) struct extent_list extents = EXTENT_LIST_EMPTY;
        OWNED(block_map_release) struct block_map map = { .size_bytes = 0 };
        struct assemble_request asked = { .extents = &extents,
                                          .size_bytes = image_input_size_bytes(input),
                                          .raw_fd = FD_NONE,
                                          .phase = "reading" };

        assert_int_equal(image_input_extents(input, &extents, NULL), INGOT_OK);
        assert_int_equal(assemble(&asked, &map, NULL), INGOT_OK);
        assert_int_equal(block_map_image_digest(&map, ret_digest, NULL), INGOT_OK);
}

/* Front to back, then some of it backwards, in steps that fit no block. */
static void compare_bytes(const char *raw, struct image_input *input)
{
        enum { STEP_BYTES = 300001 };
        OWNED(fd_drop) int fd = open(raw, O_RDONLY | O_CLOEXEC);
        OWNED(heap_drop) uint8_t *wanted = malloc(STEP_BYTES);
        OWNED(heap_drop) uint8_t *found = malloc(STEP_BYTES);

        for (int64_t step = 0; step < 2LL * (DISK_BYTES / STEP_BYTES); step++) {
                int64_t place =
                        step < DISK_BYTES / STEP_BYTES ? step : 2 * (DISK_BYTES / STEP_BYTES) - 1 - step;
                uint64_t at_bytes = (uint64_t)place * STEP_BYTES;

                struct ingot_error err;

                if (fd_read_at(fd, raw, at_bytes, wanted, STEP_BYTES, &err))
                        fail_msg("%s: %s", raw, ingot_error_frame(&err, 0));
                if (byte_source_read(image_input_source(input), at_bytes, found, STEP_BYTES, &err))
                        fail_msg("%s: %s", image_input_format_name(input), ingot_error_frame(&err, 0));
                assert_memory_equal(wanted, found, STEP_BYTES);
        }
        assert_int_equal(byte_source_read(image_input_source(input), DISK_BYTES - 1, found, 2, NULL),
                         INGOT_E_FORMAT);
}

static void every_kind_holds_the_same_disk(void **state) /* rule 1 */
{
        static const struct {
                const char *format, *options, *name;
        } rows[] = {
                { "qcow2", "cluster_size=4096", "qcow2" },
                { "qcow2", "compat=0.10", "qcow2" },
                { "vpc", "force_size=on", "dynamic VHD" },
                { "vpc", "subformat=fixed,force_size=on", "fixed VHD" },
                { "vhdx", "block_size=1M", "VHDX" },
                { "vdi", "static=off", "VDI" },
                { "vmdk", "subformat=monolithicFlat", "VMDK of several files" },
                { "vmdk", "subformat=twoGbMaxExtentSparse", "VMDK of several files" },
                { "vmdk", "subformat=streamOptimized", "streamOptimized VMDK" },
        };
        const char *raw = scratch_path(state, "disk");
        struct digest wanted = { { 0 } };

        if (!scratch_has_program("qemu-img") || !scratch_has_program("qemu-nbd")) {
                print_message("skipped: there is no qemu-img or qemu-nbd\n");
                skip();
        }
        make_raw(raw);
        for (size_t i = 0; i <= sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(image_input_drop) struct image_input *input = NULL;
                OWNED(fd_drop) int fd = FD_NONE;
                const char *path = i ? scratch_path(state, "image") : raw;
                struct ingot_error err;
                struct digest found;

                raw = scratch_path(state, "disk");
                if (i)
                        assert_int_equal(
                                scratch_run(state,
                                            (const char *const[]){ "qemu-img", "convert", "-f", "raw", "-O",
                                                                   rows[i - 1].format, "-o",
                                                                   rows[i - 1].options, raw, path, NULL }),
                                0);
                if (open_input(state, path, &fd, &input, &err))
                        fail_msg("%s: %s", i ? rows[i - 1].options : "raw", ingot_error_frame(&err, 0));
                assert_string_equal(image_input_format_name(input), i ? rows[i - 1].name : "raw");
                assert_int_equal(image_input_size_bytes(input), DISK_BYTES);
                find_digest(input, &found);
                if (i)
                        assert_memory_equal(wanted.bytes, found.bytes, DIGEST_BYTES);
                wanted = found;
                compare_bytes(raw, input);
        }
}

static void nothing_is_left_of_an_export(void **state) /* qemu_export.h, rule 3 */
{
        const char *path = scratch_path(state, "image");
        struct image_input *input = NULL;
        char before[512], after[512];
        int fd = FD_NONE;

        if (!scratch_has_program("qemu-img") || !scratch_has_program("qemu-nbd")) {
                print_message("skipped: there is no qemu-img or qemu-nbd\n");
                skip();
        }
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "create", "-q", "-f", "qcow2",
                                                                   path, "1M", NULL }),
                         0);
        assert_int_equal(open_input(state, path, &fd, &input, NULL), INGOT_OK);
        (void)snprintf(before, sizeof(before),
                       "ls -A %s | grep -c nbd > %s/count; test $(cat %s/count) -eq 0", (char *)*state,
                       (char *)*state, (char *)*state);
        assert_int_equal(scratch_run(state, (const char *const[]){ "sh", "-c", before, NULL }), 0);
        image_input_free(input);
        fd_drop(&fd);
        (void)snprintf(after, sizeof(after), "! pgrep -P %ld qemu-nbd", (long)getpid());
        assert_int_equal(scratch_run(state, (const char *const[]){ "sh", "-c", after, NULL }), 0);
}

static void a_qcow2_that_names_other_files_is_refused(void **state) /* qemu_export.h, rule 2 */
{
        static const struct {
                const char *name;
                size_t at_bytes;
                uint8_t value;
                enum ingot_code code;
        } rows[] = {
                { "as it is", 0, 'Q', INGOT_OK },
                { "a backing file", 15, 1, INGOT_E_FORMAT },
                { "a backing file far away", 8, 0x80, INGOT_E_FORMAT },
                { "an external data file", 79, 4, INGOT_E_FORMAT },
                { "marked dirty", 79, 1, INGOT_E_FORMAT },
                { "marked corrupt", 79, 2, INGOT_E_FORMAT },
                { "encrypted", 35, 2, INGOT_E_FORMAT },
                { "version 4", 7, 4, INGOT_E_FORMAT },
        };
        uint8_t header[104];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                memset(header, 0, sizeof(header));
                memcpy(header, "QFI\xfb\0\0\0\3", 8);
                header[rows[i].at_bytes] = rows[i].value;
                if (qcow2_check_header(header, sizeof(header), "x", NULL) != rows[i].code)
                        fail_msg("%s", rows[i].name);
        }
        for (size_t size_bytes = 0; size_bytes < 104; size_bytes++)
                assert_int_equal(qcow2_check_header(header, size_bytes, "x", NULL), INGOT_E_FORMAT);
}

static void a_vdi_that_is_cut_short_is_refused(void **state) /* qemu_export.h, rule 4 */
{
        uint8_t header[512] = { 0 };

        (void)state;
        put_le32(header + 0x158, 4096);
        put_le32(header + 0x178, 1 << 20);
        put_le32(header + 0x184, 3);
        assert_int_equal(vdi_check_header(header, 512, 4096 + (3 << 20), "x", NULL), INGOT_OK);
        assert_int_equal(vdi_check_header(header, 512, 4095 + (3 << 20), "x", NULL), INGOT_E_FORMAT);
        assert_int_equal(vdi_check_header(header, 511, 1 << 30, "x", NULL), INGOT_E_FORMAT);
        put_le32(header + 0x178, UINT32_MAX);
        put_le32(header + 0x184, UINT32_MAX);
        assert_int_equal(vdi_check_header(header, 512, UINT64_C(1) << 50, "x", NULL), INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(every_kind_holds_the_same_disk, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(nothing_is_left_of_an_export, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test(a_qcow2_that_names_other_files_is_refused),
                cmocka_unit_test(a_vdi_that_is_cut_short_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
