/* SPDX-License-Identifier: Apache-2.0 */
#include "support/cmocka_all.h"

#include "model/memory_source.h"

static void bytes_are_read_and_the_end_is_kept(void **state)
{
        struct memory_source source;
        char bytes[4];

        (void)state;
        memory_source_init(&source, "abcd", 4);
        assert_int_equal(byte_source_read(&source.source, 1, bytes, 3, NULL), INGOT_OK);
        assert_memory_equal(bytes, "bcd", 3);
        assert_int_equal(byte_source_read(&source.source, 4, bytes, 0, NULL), INGOT_OK);
        assert_int_equal(byte_source_read(&source.source, 2, bytes, 3, NULL), INGOT_E_FORMAT);
        assert_int_equal(byte_source_read(&source.source, UINT64_MAX, bytes, 1, NULL), INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = { cmocka_unit_test(bytes_are_read_and_the_end_is_kept) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
