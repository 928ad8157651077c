/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/buffer.h"

static void appends_and_stays_terminated(void **state) /* rule 2 */
{
        struct buffer buffer = BUFFER_INIT(1000);

        (void)state;
        assert_string_equal(buffer.bytes, "");
        buffer_append_text(&buffer, "one ");
        buffer_appendf(&buffer, "%d%c", 2, ' ');
        buffer_append_char(&buffer, '3');
        assert_string_equal(buffer.bytes, "one 2 3");
        assert_int_equal(buffer.size_bytes, 7);
        buffer_clear(&buffer);
        assert_string_equal(buffer.bytes, "");
        buffer_release(&buffer);
}

static void ceiling_is_never_passed(void **state) /* rules 1 and 3 */
{
        struct buffer buffer = BUFFER_INIT(4);

        (void)state;
        buffer_append_text(&buffer, "1234");
        assert_int_equal(buffer_check(&buffer, NULL), INGOT_OK);
        buffer_append_char(&buffer, '5');
        buffer_append_text(&buffer, "");
        assert_int_equal(buffer_check(&buffer, NULL), INGOT_E_MEMORY);
        assert_int_equal(buffer.size_bytes, 4);
        assert_null(buffer_take(&buffer));
        assert_int_equal(buffer_check(&buffer, NULL), INGOT_OK);
        buffer_release(&buffer);
}

static void huge_append_does_not_wrap(void **state)
{
        struct buffer buffer = BUFFER_INIT(SIZE_MAX / 4);

        (void)state;
        buffer_append_char(&buffer, 'x');
        buffer_append(&buffer, "y", SIZE_MAX);
        assert_int_equal(buffer_check(&buffer, NULL), INGOT_E_MEMORY);
        buffer_release(&buffer);
}

static void no_more_is_taken_than_the_ceiling(void **state)
{
        struct buffer grown = BUFFER_INIT(524288), expected = BUFFER_INIT(1 << 20);

        (void)state;
        for (int i = 0; i < 524288; i++)
                buffer_append_char(&grown, 'x');
        assert_int_equal(buffer_check(&grown, NULL), INGOT_OK);
        assert_int_equal(grown.capacity_bytes, 524289);
        buffer_expect(&expected, 1000);
        assert_int_equal(expected.capacity_bytes, 1001);
        assert_string_equal(expected.bytes, "");
        buffer_append_text(&expected, "kept");
        buffer_expect(&expected, 2000);
        assert_string_equal(expected.bytes, "kept");
        buffer_expect(&expected, (1 << 20) + 1); /* above the ceiling: no failure, no room */
        assert_int_equal(expected.capacity_bytes, 2001);
        assert_int_equal(buffer_check(&expected, NULL), INGOT_OK);
        buffer_release(&grown);
        buffer_release(&expected);
}

static void taken_text_is_the_callers(void **state)
{
        struct buffer buffer = BUFFER_INIT(100);
        char *text = buffer_take(&buffer);

        (void)state;
        assert_string_equal(text, "");
        free(text);
        buffer_append_text(&buffer, "mine");
        text = buffer_take(&buffer);
        assert_string_equal(text, "mine");
        assert_int_equal(buffer.size_bytes, 0);
        free(text);
        buffer_release(&buffer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(appends_and_stays_terminated),
                cmocka_unit_test(ceiling_is_never_passed),
                cmocka_unit_test(huge_append_does_not_wrap),
                cmocka_unit_test(no_more_is_taken_than_the_ceiling),
                cmocka_unit_test(taken_text_is_the_callers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
