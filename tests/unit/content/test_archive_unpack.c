/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "content/archive_unpack.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

static enum ingot_code append(void *context, const void *bytes, size_t size_bytes, struct ingot_error *err)
{
        struct buffer *out = context;

        buffer_append(out, bytes, size_bytes);
        return buffer_check(out, err);
}

static enum ingot_code unpack(void **state, const char *name, struct buffer *out)
{
        const struct byte_sink sink = { .context = out, .write = append };
        const char *path = scratch_path(state, name);
        OWNED(fd_drop) int fd = FD_NONE;

        buffer_clear(out);
        assert_int_equal(fd_open_read(path, &fd, NULL), INGOT_OK);
        return archive_unpack(fd, path, NULL, "unpacking", &sink, NULL);
}

static void what_was_packed_comes_back_or_is_refused(void **state) /* rule 1 */
{
        static const char *const tools[] = { "xz", "zstd", "bzip2", "lz4" };
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(16 << 20);

        for (size_t i = 0; i < sizeof(tools) / sizeof(tools[0]); i++) {
                char script[512];

                if (!scratch_has_program(tools[i])) {
                        print_message("not tried: there is no %s\n", tools[i]);
                        continue;
                }
                (void)snprintf(script, sizeof(script),
                               "cd %s && seq 1 200000 | %s -c >packed && head -c 20000 packed >short &&"
                               "cat packed packed >twice",
                               (const char *)*state, tools[i]);
                assert_int_equal(scratch_run(state, (const char *const[]){ "sh", "-c", script, NULL }), 0);
                assert_int_equal(unpack(state, "packed", &out), INGOT_OK);
                assert_int_equal(out.size_bytes, 1288895);
                assert_string_equal(out.bytes + out.size_bytes - 7, "200000\n");
                if (unpack(state, "short", &out) != INGOT_E_FORMAT)
                        fail_msg("%s that is cut short is taken", tools[i]);
                if (unpack(state, "twice", &out) != INGOT_OK || out.size_bytes != 2 * 1288895)
                        fail_msg("two members of %s are %zu bytes", tools[i], out.size_bytes);
        }
}

static void what_the_sink_fails_with_ends_it(void **state)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1000);
        char script[512];

        if (!scratch_has_program("xz")) {
                print_message("skipped: there is no xz\n");
                skip();
        }
        (void)snprintf(script, sizeof(script), "seq 1 200000 | xz -c >%s/packed", (const char *)*state);
        assert_int_equal(scratch_run(state, (const char *const[]){ "sh", "-c", script, NULL }), 0);
        assert_int_equal(unpack(state, "packed", &out), INGOT_E_MEMORY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(what_was_packed_comes_back_or_is_refused, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(what_the_sink_fails_with_ends_it, scratch_setup,
                                                scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
