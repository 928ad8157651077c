/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/digest.h"

static void known_digests(void **state)
{
        struct digest digest;
        char hex[DIGEST_HEX_CHARS + 1];

        (void)state;
        assert_int_equal(digest_of("abc", 3, &digest, NULL), INGOT_OK);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        assert_string_equal(
                hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"); /* FIPS 180-4 */
        assert_int_equal(
                digest_hmac("key", 3, "The quick brown fox jumps over the lazy dog", 43, &digest, NULL),
                INGOT_OK);
        hex_encode(digest.bytes, DIGEST_BYTES, hex);
        assert_string_equal(hex, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

static void stream_in_pieces_is_the_whole(void **state)
{
        struct digest_stream *stream = NULL;
        struct digest whole, pieces;

        (void)state;
        assert_int_equal(digest_of("abcdef", 6, &whole, NULL), INGOT_OK);
        assert_int_equal(digest_stream_new(&stream, NULL), INGOT_OK);
        for (int round = 0; round < 2; round++) { /* finish() makes it ready again */
                digest_stream_update(stream, "abc", 3);
                digest_stream_update(stream, "def", 3);
                assert_int_equal(digest_stream_finish(stream, &pieces, NULL), INGOT_OK);
                assert_true(digest_equal(&whole, &pieces));
        }
        digest_stream_free(stream);
}

static void hex_reads_back_and_refuses(void **state)
{
        uint8_t bytes[4];

        (void)state;
        assert_true(hex_decode("00fFa07e", bytes, 4));
        assert_memory_equal(bytes, "\x00\xff\xa0\x7e", 4);
        assert_false(hex_decode("00ffa0", bytes, 4));
        assert_false(hex_decode("00ffa07e0", bytes, 4));
        assert_false(hex_decode("00ffa0 e", bytes, 4));
        assert_false(hex_decode("00ffa0g0", bytes, 4));
}

static void base64_reads_back_and_refuses(void **state)
{
        static const struct {
                const char *bytes, *text;
                size_t size_bytes;
        } rows[] = { /* RFC 4648, section 10 */
                     { "", "", 0 },
                     { "f", "Zg==", 1 },
                     { "fo", "Zm8=", 2 },
                     { "foo", "Zm9v", 3 },
                     { "foob", "Zm9vYg==", 4 },
                     { "fooba", "Zm9vYmE=", 5 },
                     { "foobar", "Zm9vYmFy", 6 }
        };
        static const char *const wrong[] = {
                "Zg=", "Zg", "Zm==", "Z===", "=g==", "Zg==Zg==", "Z-==", "Zm9v"
        };
        char text[16];
        uint8_t bytes[8];

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                base64_encode(rows[i].bytes, rows[i].size_bytes, text);
                assert_string_equal(text, rows[i].text);
                assert_true(base64_decode(text, bytes, rows[i].size_bytes));
                assert_memory_equal(bytes, rows[i].bytes, rows[i].size_bytes);
        }
        assert_false(base64_decode("Zg=", bytes, 1));
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_false(base64_decode(wrong[i], bytes, 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(known_digests),
                cmocka_unit_test(stream_in_pieces_is_the_whole),
                cmocka_unit_test(hex_reads_back_and_refuses),
                cmocka_unit_test(base64_reads_back_and_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
