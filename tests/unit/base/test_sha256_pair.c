/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "support/cmocka_all.h"

#include "base/sha256_pair.h"

enum { LONGEST_BYTES = 512 * 1024 };

static uint8_t bytes[2][LONGEST_BYTES + 16];

/* Not random, but no two places alike that matter. */
static void make_bytes(void)
{
        uint32_t state = 1;

        for (unsigned l = 0; l < 2; l++)
                for (size_t i = 0; i < sizeof(bytes[l]); i++) {
                        state = state * 1664525 + 1013904223;
                        bytes[l][i] = (uint8_t)(state >> 24);
                }
}

static void assert_pair_is_openssls(const uint8_t *first, const uint8_t *second, size_t size_bytes)
{
        struct digest wanted[2], made[2];

        assert_int_equal(digest_of(first, size_bytes, &wanted[0], NULL), INGOT_OK);
        assert_int_equal(digest_of(second, size_bytes, &wanted[1], NULL), INGOT_OK);
        assert_int_equal(sha256_pair(first, second, size_bytes, &made[0], &made[1], NULL), INGOT_OK);
        assert_true(digest_equal(&made[0], &wanted[0]));
        assert_true(digest_equal(&made[1], &wanted[1]));
}

static bool is_supported(void)
{
        if (sha256_pair_is_supported())
                return true;
        printf("this processor has no SHA instructions that sha256_pair knows\n");
        return false;
}

static void any_length_has_openssls_digest(void **state)
{
        (void)state;
        if (!is_supported())
                skip();
        make_bytes();
        for (size_t size_bytes = 0; size_bytes <= 300; size_bytes++) /* each way to pad, several times */
                assert_pair_is_openssls(bytes[0], bytes[1], size_bytes);
        for (size_t at = 1; at < 16; at++) /* at no particular alignment */
                assert_pair_is_openssls(bytes[0] + at, bytes[1] + 16 - at, 4096 + 63);
        assert_pair_is_openssls(bytes[0], bytes[1], LONGEST_BYTES);
        assert_pair_is_openssls(bytes[0], bytes[0], LONGEST_BYTES - 1);
}

/* FIPS 180-4's own words, so that OpenSSL and we cannot be wrong together. */
static void known_digests(void **state)
{
        struct digest made[2];
        char hex[DIGEST_HEX_CHARS + 1];

        (void)state;
        if (!is_supported())
                skip();
        assert_int_equal(sha256_pair("abc", "abd", 3, &made[0], &made[1], NULL), INGOT_OK);
        hex_encode(made[0].bytes, DIGEST_BYTES, hex);
        assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        hex_encode(made[1].bytes, DIGEST_BYTES, hex);
        assert_string_equal(hex, "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(any_length_has_openssls_digest),
                cmocka_unit_test(known_digests),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
