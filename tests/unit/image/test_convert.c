/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "image/convert.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

static void make_raw(const char *path, uint64_t size_bytes)
{
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *bytes = malloc(100000);

        assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
        for (uint64_t at = 0; at + 100000 < size_bytes; at += 33 * (uint64_t)1000000) {
                sample_fill(at, bytes, 100000);
                assert_int_equal(fd_write_at(fd, path, at, bytes, 100000, NULL), INGOT_OK);
        }
        sample_fill(0, bytes, 100);
        assert_int_equal(fd_write_at(fd, path, size_bytes - 100, bytes, 100, NULL), INGOT_OK);
        free(bytes);
}

static enum ingot_code run(const char *in, const char *out, enum image_format format,
                           struct digest *ret_digest, struct ingot_error *err)
{
        struct convert_request request = { .in_path = in,
                                           .out_path = out,
                                           .out_format = format,
                                           .compression = compression_default,
                                           .threads = 2 };
        struct convert_result result;
        enum ingot_code r = convert(&request, &result, err);

        if (r)
                return r;
        if (ret_digest)
                *ret_digest = result.image_digest;
        block_map_release(&result.map);
        return INGOT_OK;
}

static void raw_to_vmdk_to_raw_is_the_identity(void **state)
{
        OWNED(heap_drop) char *raw = strdup(scratch_path(state, "disk.raw"));
        OWNED(heap_drop) char *vmdk = strdup(scratch_path(state, "disk.vmdk"));
        OWNED(heap_drop) char *back = strdup(scratch_path(state, "back.raw"));
        struct digest first, second;

        make_raw(raw, 150 * (uint64_t)1000 * 1024 + 1536);
        assert_int_equal(run(raw, vmdk, IMAGE_VMDK_STREAM, &first, NULL), INGOT_OK);
        assert_int_equal(run(vmdk, back, IMAGE_RAW, &second, NULL), INGOT_OK);
        assert_true(digest_equal(&first, &second));
        assert_int_equal(scratch_run(state, (const char *const[]){ "cmp", raw, back, NULL }), 0);
        if (!scratch_has_program("qemu-img"))
                return;
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "check", vmdk, NULL }), 0);
        assert_int_equal(scratch_run(state, (const char *const[]){ "qemu-img", "compare", "-f", "raw", "-F",
                                                                   "vmdk", raw, vmdk, NULL }),
                         0);
}

/* Rule 2 */
static void a_raw_disk_of_no_whole_sectors_is_padded(void **state)
{
        const char *raw = scratch_path(state, "disk.raw"), *vmdk = scratch_path(state, "disk.vmdk"),
                   *back = scratch_path(state, "back.raw");
        uint64_t size_bytes = 0;
        OWNED(fd_drop) int fd = FD_NONE;

        make_raw(raw, 1000001);
        assert_int_equal(run(raw, vmdk, IMAGE_VMDK_STREAM, NULL, NULL), INGOT_OK);
        assert_int_equal(run(vmdk, back, IMAGE_RAW, NULL, NULL), INGOT_OK);
        assert_int_equal(fd_open_read(back, &fd, NULL), INGOT_OK);
        assert_int_equal(fd_size(fd, back, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(size_bytes, 1000448);
        assert_int_equal(scratch_run(state, (const char *const[]){ "cmp", "-n", "1000001", raw, back, NULL }),
                         0);
}

static void a_failed_conversion_leaves_what_was_there(void **state)
{
        const char *raw = scratch_path(state, "disk.raw"), *vmdk = scratch_path(state, "disk.vmdk"),
                   *out = scratch_path(state, "out.raw");
        struct ingot_error err;
        char *bytes = NULL;
        size_t size_bytes;

        make_raw(raw, 40000000);
        assert_int_equal(run(raw, vmdk, IMAGE_VMDK_STREAM, NULL, NULL), INGOT_OK);
        assert_int_equal(truncate(vmdk, 100000), 0);
        assert_int_equal(fd_replace_file(out, "old", 3, 0600, NULL), INGOT_OK);
        assert_int_equal(run(vmdk, out, IMAGE_RAW, NULL, &err), INGOT_E_FORMAT);
        assert_int_equal(fd_read_file(out, 100, &bytes, &size_bytes, NULL), INGOT_OK);
        assert_string_equal(bytes, "old");
        free(bytes);
        assert_int_equal(run(raw, raw, IMAGE_VMDK_STREAM, NULL, &err), INGOT_E_USAGE);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "are the same file"));
        assert_int_equal(run(raw, out, IMAGE_VMDK_SPARSE, NULL, &err), INGOT_E_USAGE);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(raw_to_vmdk_to_raw_is_the_identity),
                SCRATCH(a_raw_disk_of_no_whole_sectors_is_padded),
                SCRATCH(a_failed_conversion_leaves_what_was_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
