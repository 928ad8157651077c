/* SPDX-License-Identifier: Apache-2.0 */

#include "support/cmocka_all.h"

#include "base/crc32.h"

static void known_values(void **state)
{
        (void)state;
        assert_int_equal(crc32_of("123456789", 9), 0xCBF43926); /* the check value of CRC-32/ISO-HDLC */
        assert_int_equal(crc32_of("", 0), 0);
        assert_int_equal(crc32_of("\0\0\0\0", 4), 0x2144DF1C);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(known_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
