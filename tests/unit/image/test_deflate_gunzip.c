/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/fd.h"
#include "base/own.h"
#include "image/deflate_gunzip.h"
#include "support/cmocka_all.h"
#include "support/scratch.h"

/* "hello\n" by gzip -n */
static const uint8_t hello[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xcb, 0x48, 0xcd,
        0xc9, 0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00, 0x00
};

static enum ingot_code append(void *context, const void *bytes, size_t size_bytes, struct ingot_error *err)
{
        struct buffer *out = context;

        buffer_append(out, bytes, size_bytes);
        return buffer_check(out, err);
}

static enum ingot_code gunzip(void **state, const void *bytes, size_t size_bytes, struct buffer *out)
{
        const struct byte_sink sink = { .context = out, .write = append };
        const char *path = scratch_path(state, "packed");
        OWNED(fd_drop) int fd = FD_NONE;

        buffer_clear(out);
        assert_int_equal(fd_replace_file(path, bytes, size_bytes, 0600, NULL), INGOT_OK);
        assert_int_equal(fd_open_read(path, &fd, NULL), INGOT_OK);
        return deflate_gunzip(fd, path, NULL, "unpacking", &sink, NULL);
}

static void members_are_one_after_another(void **state) /* rule 1 */
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
        uint8_t bytes[3 * sizeof(hello) + 1000] = { 0 };

        for (size_t i = 0; i < 3; i++)
                memcpy(bytes + i * sizeof(hello), hello, sizeof(hello));
        assert_int_equal(gunzip(state, bytes, 3 * sizeof(hello), &out), INGOT_OK);
        assert_string_equal(out.bytes, "hello\nhello\nhello\n");
        assert_int_equal(gunzip(state, bytes, sizeof(bytes), &out), INGOT_OK); /* rule 2: padded with zeros */
        assert_string_equal(out.bytes, "hello\nhello\nhello\n");
}

static void every_way_to_be_cut_short_is_noticed(void **state) /* rule 2 */
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
        uint8_t two[2 * sizeof(hello)];

        memcpy(two, hello, sizeof(hello));
        memcpy(two + sizeof(hello), hello, sizeof(hello));
        for (size_t size_bytes = 1; size_bytes < sizeof(two); size_bytes++)
                if (size_bytes != sizeof(hello))
                        assert_int_equal(gunzip(state, two, size_bytes, &out), INGOT_E_FORMAT);
}

static void a_bit_that_is_another_is_noticed(void **state) /* rule 1 */
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);

        for (size_t at = 10; at < sizeof(hello); at++) { /* the time and system of the header do not count */
                uint8_t bytes[sizeof(hello)];

                if (at == 17) /* nothing but the padding of the last byte */
                        continue;
                memcpy(bytes, hello, sizeof(hello));
                bytes[at] ^= 0x10;
                if (gunzip(state, bytes, sizeof(bytes), &out) != INGOT_E_FORMAT)
                        fail_msg("byte %zu", at);
        }
}

static void what_follows_must_be_a_member_or_zeros(void **state) /* rule 2 */
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1 << 20);
        uint8_t bytes[2 * sizeof(hello) + 1] = { 0 };

        memcpy(bytes, hello, sizeof(hello));
        bytes[sizeof(hello)] = 'x';
        assert_int_equal(gunzip(state, bytes, sizeof(hello) + 1, &out), INGOT_E_FORMAT);
        bytes[sizeof(hello)] = 0;
        memcpy(bytes + sizeof(hello) + 1, hello, sizeof(hello));
        assert_int_equal(gunzip(state, bytes, sizeof(bytes), &out), INGOT_E_FORMAT);
}

static void what_gzip_packs_comes_back(void **state)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(64 << 20);
        OWNED(heap_drop) char *packed = NULL;
        const char *path = scratch_path(state, "big.gz");
        char script[256];
        size_t size_bytes;

        if (!scratch_has_program("gzip")) {
                print_message("skipped: there is no gzip\n");
                skip();
        }
        (void)snprintf(script, sizeof(script), "seq 1 1000000 | gzip -1 >%s", path);
        assert_int_equal(scratch_run(state, (const char *const[]){ "sh", "-c", script, NULL }), 0);
        assert_int_equal(fd_read_file(path, 64 << 20, &packed, &size_bytes, NULL), INGOT_OK);
        assert_int_equal(gunzip(state, packed, size_bytes, &out), INGOT_OK);
        assert_int_equal(out.size_bytes, 6888896);
        assert_string_equal(out.bytes + out.size_bytes - 15, "999999\n1000000\n");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(members_are_one_after_another, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(every_way_to_be_cut_short_is_noticed, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(a_bit_that_is_another_is_noticed, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(what_follows_must_be_a_member_or_zeros, scratch_setup,
                                                scratch_teardown),
                cmocka_unit_test_setup_teardown(what_gzip_packs_comes_back, scratch_setup, scratch_teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
