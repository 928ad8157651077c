/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/own.h"
#include "fault/faults.h"
#include "image/convert.h"
#include "support/cmocka_all.h"
#include "support/sample.h"
#include "support/scratch.h"

static void make_raw(const char *path)
{
        OWNED(fd_drop) int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *bytes = malloc(BLOCK_BYTES);

        sample_fill(0, bytes, BLOCK_BYTES);
        assert_int_equal(ftruncate(fd, (off_t)100 * BLOCK_BYTES), 0);
        assert_int_equal(fd_write_at(fd, path, 0, bytes, BLOCK_BYTES, NULL), INGOT_OK);
        assert_int_equal(fd_write_at(fd, path, (uint64_t)90 * BLOCK_BYTES, bytes, 4096, NULL), INGOT_OK);
        free(bytes);
}

static enum ingot_code run(const char *in, const char *out, enum image_format format)
{
        struct convert_request request = { .in_path = in,
                                           .out_path = out,
                                           .out_format = format,
                                           .compression = compression_default,
                                           .threads = 0 };
        struct convert_result result;
        struct ingot_error err;
        enum ingot_code r = convert(&request, &result, &err);

        if (!r)
                block_map_release(&result.map);
        else
                assert_non_null(ingot_error_frame(&err, 0));
        return r;
}

/* One more call (or allocation) fails each round: the output is the old file or the whole new one. */
static unsigned fail_each(const char *in, const char *out, enum image_format format, void (*begin)(unsigned))
{
        char *wanted = NULL;
        size_t wanted_bytes = 0;
        unsigned fail_at;

        assert_int_equal(run(in, out, format), INGOT_OK);
        assert_int_equal(fd_read_file(out, (size_t)1 << 28, &wanted, &wanted_bytes, NULL), INGOT_OK);
        for (fail_at = 1; fail_at < 10000; fail_at++) {
                char *found = NULL;
                size_t found_bytes = 0;
                enum ingot_code r;
                bool fired;

                faults_begin(0);
                assert_int_equal(fd_replace_file(out, "old", 3, 0600, NULL), INGOT_OK);
                begin(fail_at);
                r = run(in, out, format);
                fired = faults_fired();
                faults_begin(0);
                assert_int_equal(fd_read_file(out, (size_t)1 << 28, &found, &found_bytes, NULL), INGOT_OK);
                if (r == INGOT_OK || found_bytes != 3)
                        assert_true(found_bytes == wanted_bytes && !memcmp(found, wanted, wanted_bytes));
                else
                        assert_memory_equal(found, "old", 3);
                free(found);
                if (!fired)
                        break;
        }
        free(wanted);
        return fail_at - 1;
}

static void an_output_is_whole_or_not_there_whatever_call_fails(void **state)
{
        OWNED(heap_drop) char *raw = strdup(scratch_path(state, "disk.raw"));
        OWNED(heap_drop) char *vmdk = strdup(scratch_path(state, "disk.vmdk"));
        OWNED(heap_drop) char *back = strdup(scratch_path(state, "back.raw"));

        make_raw(raw);
        /* header, two blocks, two tables, directory, tail and seal; reads; flushes; the draft's own */
        assert_in_range(fail_each(raw, vmdk, IMAGE_VMDK_STREAM, faults_begin), 15, 200);
        assert_in_range(fail_each(vmdk, back, IMAGE_RAW, faults_begin), 10, 200);
}

static void an_output_is_whole_or_not_there_whatever_allocation_fails(void **state)
{
        OWNED(heap_drop) char *raw = strdup(scratch_path(state, "disk.raw"));
        OWNED(heap_drop) char *vmdk = strdup(scratch_path(state, "disk.vmdk"));
        OWNED(heap_drop) char *back = strdup(scratch_path(state, "back.raw"));

        make_raw(raw);
        assert_in_range(fail_each(raw, vmdk, IMAGE_VMDK_STREAM, faults_begin_memory), 15, 500);
        assert_in_range(fail_each(vmdk, back, IMAGE_RAW, faults_begin_memory), 15, 500);
}

#define SCRATCH(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH(an_output_is_whole_or_not_there_whatever_call_fails),
                SCRATCH(an_output_is_whole_or_not_there_whatever_allocation_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
