/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/deflate.h"
#include "support/cmocka_all.h"
#include "support/sample.h"

enum { GRAIN_BYTES = 65536 };

static const char *const all[] = { "zlib-1",       "zlib-6",        "zlib-9", "libdeflate-1", "libdeflate-6",
                                   "libdeflate-9", "libdeflate-12", "isal-1", "isal-2",       "isal-3" };

static struct deflater *open_deflater(const char *text)
{
        struct compression compression;
        struct deflater *deflater = NULL;

        assert_true(compression_parse(text, &compression));
        assert_int_equal(deflater_new(&compression, &deflater, NULL), INGOT_OK);
        return deflater;
}

/* Three inputs: mixed, all one byte, and noise that cannot be packed. */
static void fill(unsigned kind, uint8_t bytes[GRAIN_BYTES])
{
        if (kind == 0)
                sample_fill(99, bytes, GRAIN_BYTES);
        else if (kind == 1)
                memset(bytes, 'a', GRAIN_BYTES);
        else
                for (uint64_t i = 0; i < GRAIN_BYTES / 4096; i++)
                        sample_fill(i * 8192, bytes + i * 4096, 4096);
}

static void what_is_packed_unpacks_and_fits_the_bound(void **state)
{
        uint8_t *in = malloc(GRAIN_BYTES), *packed = malloc(deflate_bound(GRAIN_BYTES)),
                *out = malloc(GRAIN_BYTES);
        struct inflater *inflater = NULL;

        (void)state;
        assert_int_equal(inflater_new(&inflater, NULL), INGOT_OK);
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                struct deflater *deflater = open_deflater(all[i]);

                for (unsigned kind = 0; kind < 3; kind++) {
                        size_t packed_bytes = 0, out_bytes = 0;

                        fill(kind, in);
                        assert_int_equal(deflate_pack(deflater, in, GRAIN_BYTES, packed, &packed_bytes, NULL),
                                         INGOT_OK);
                        assert_in_range(packed_bytes, 1, deflate_bound(GRAIN_BYTES));
                        assert_int_equal((packed[0] * 256 + packed[1]) % 31, 0); /* RFC 1950, FCHECK */
                        assert_int_equal(inflate_unpack(inflater, packed, packed_bytes, out, GRAIN_BYTES,
                                                        &out_bytes, NULL),
                                         INGOT_OK);
                        assert_int_equal(out_bytes, GRAIN_BYTES);
                        assert_memory_equal(in, out, GRAIN_BYTES);
                }
                deflater_free(deflater);
        }
        inflater_free(inflater);
        free(in);
        free(packed);
        free(out);
}

/* Rule 1 */
static void what_was_packed_before_does_not_matter(void **state)
{
        uint8_t *in = malloc(GRAIN_BYTES), *first = malloc(deflate_bound(GRAIN_BYTES)),
                *again = malloc(deflate_bound(GRAIN_BYTES));

        (void)state;
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                struct deflater *deflater = open_deflater(all[i]);
                size_t first_bytes = 0, again_bytes = 0;

                fill(0, in);
                assert_int_equal(deflate_pack(deflater, in, GRAIN_BYTES, first, &first_bytes, NULL),
                                 INGOT_OK);
                fill(2, in);
                assert_int_equal(deflate_pack(deflater, in, GRAIN_BYTES, again, &again_bytes, NULL),
                                 INGOT_OK);
                fill(0, in);
                assert_int_equal(deflate_pack(deflater, in, GRAIN_BYTES, again, &again_bytes, NULL),
                                 INGOT_OK);
                assert_int_equal(first_bytes, again_bytes);
                assert_memory_equal(first, again, first_bytes);
                deflater_free(deflater);
        }
        free(in);
        free(first);
        free(again);
}

static void a_stream_that_holds_too_much_or_is_damaged_is_refused(void **state)
{
        uint8_t in[4096], packed[8192], out[4096];
        struct deflater *deflater = open_deflater("libdeflate-6");
        struct inflater *inflater = NULL;
        size_t packed_bytes = 0, out_bytes = 0;

        (void)state;
        sample_fill(0, in, sizeof(in));
        assert_int_equal(inflater_new(&inflater, NULL), INGOT_OK);
        assert_int_equal(deflate_pack(deflater, in, sizeof(in), packed, &packed_bytes, NULL), INGOT_OK);
        assert_int_equal(inflate_unpack(inflater, packed, packed_bytes, out, 4095, &out_bytes, NULL),
                         INGOT_E_FORMAT);
        assert_int_equal(inflate_unpack(inflater, packed, packed_bytes - 1, out, 4096, &out_bytes, NULL),
                         INGOT_E_FORMAT);
        packed[packed_bytes - 1] ^= 1; /* the Adler-32 */
        assert_int_equal(inflate_unpack(inflater, packed, packed_bytes, out, 4096, &out_bytes, NULL),
                         INGOT_E_FORMAT);
        inflater_free(inflater);
        deflater_free(deflater);
}

static void names_of_compressions_are_read_and_printed(void **state)
{
        static const char *const bad[] = { "",        "zip",     "zlib-",         "zlib-0",
                                           "zlib-10", "isal-0",  "zlib6",         "isal-4",
                                           "isal-1x", "isal--1", "libdeflate-13", "zlib-999999999999" };
        struct compression compression;
        char text[COMPRESSION_TEXT_CHARS + 1];

        (void)state;
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
                assert_true(compression_parse(all[i], &compression));
                compression_print(&compression, text);
                assert_string_equal(text, all[i]);
                compression_print_version(&compression, text);
                assert_non_null(strchr(text, '.'));
        }
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(compression_parse(bad[i], &compression));
        assert_true(compression_parse("libdeflate", &compression));
        compression_print(&compression, text);
        assert_string_equal(text, "libdeflate-6");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_packed_unpacks_and_fits_the_bound),
                cmocka_unit_test(what_was_packed_before_does_not_matter),
                cmocka_unit_test(a_stream_that_holds_too_much_or_is_damaged_is_refused),
                cmocka_unit_test(names_of_compressions_are_read_and_printed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
