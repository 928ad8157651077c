/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/digest.h"
#include "base/digest_es256.h"
#include "base/own.h"

/* RFC 7515, A.3.1: x and y of this key are printed there. */
static const char pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
                          "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
                          "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
                          "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
                          "-----END EC PRIVATE KEY-----\n";

static void the_public_key_is_the_private_ones(void **state) /* rule 1 */
{
        OWNED(es256_key_drop) struct es256_key *key = NULL;
        uint8_t bytes[ES256_BYTES];
        char x[45], y[45];

        (void)state;
        assert_int_equal(es256_key_of_pem(pem, &key, NULL), INGOT_OK);
        assert_int_equal(es256_public(key, bytes, NULL), INGOT_OK);
        base64url_encode(bytes, ES256_HALF_BYTES, x);
        base64url_encode(bytes + ES256_HALF_BYTES, ES256_HALF_BYTES, y);
        assert_string_equal(x, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        assert_string_equal(y, "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
}

static void signatures_are_two_numbers_and_never_the_same(void **state)
{
        OWNED(es256_key_drop) struct es256_key *key = NULL;
        uint8_t first[ES256_BYTES], second[ES256_BYTES];

        (void)state;
        assert_int_equal(es256_key_of_pem(pem, &key, NULL), INGOT_OK);
        assert_int_equal(es256_sign(key, "a", 1, first, NULL), INGOT_OK);
        assert_int_equal(es256_sign(key, "a", 1, second, NULL), INGOT_OK);
        assert_memory_not_equal(first, second, ES256_BYTES);
}

static void what_is_no_key_is_refused(void **state)
{
        static const char *const rows[] = {
                "", "no key", "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n"
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct es256_key *key = NULL;

                assert_int_equal(es256_key_of_pem(rows[i], &key, NULL), INGOT_E_FORMAT);
                assert_null(key);
        }
}

static void base64url_has_no_padding(void **state)
{
        char out[16];

        (void)state;
        base64url_encode("\xfb\xef\xff\x01", 4, out);
        assert_string_equal(out, "--__AQ");
        base64url_encode("", 0, out);
        assert_string_equal(out, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_public_key_is_the_private_ones),
                cmocka_unit_test(signatures_are_two_numbers_and_never_the_same),
                cmocka_unit_test(what_is_no_key_is_refused),
                cmocka_unit_test(base64url_has_no_padding),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
