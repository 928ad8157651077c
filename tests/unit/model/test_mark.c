/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/mark.h"

static const struct mark at_14_11 = { "web.yaml", 14, 11 }, at_2_9 = { "web.yaml", 2, 9 };
static const struct mark whole = { "web.yaml", 0, 0 };

static void cause_carries_the_mark(void **state)
{
        struct ingot_error err;

        (void)state;
        assert_int_equal(mark_fail(&err, INGOT_E_LAYOUT, &at_14_11, "size is %d", 7), INGOT_E_LAYOUT);
        assert_string_equal(ingot_error_frame(&err, 0), "web.yaml:14:11: size is 7");
        (void)mark_fail(&err, INGOT_E_TEMPLATE, &whole, "is empty");
        assert_string_equal(ingot_error_frame(&err, 0), "web.yaml: is empty");
}

static void complaints_are_sorted_by_place(void **state)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1000);

        (void)state;
        complain(&list, &at_14_11, "volumes", "second");
        complain(&list, &at_2_9, NULL, "first");
        complaint_list_sort(&list);
        complaint_print(&list.complaints[0], &text);
        buffer_append_char(&text, '|');
        complaint_print(&list.complaints[1], &text);
        assert_string_equal(text.bytes, "web.yaml:2:9: first|web.yaml:14:11: [volumes] second");
}

static void beyond_the_ceiling_they_are_counted(void **state) /* rule 2 */
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        struct ingot_error err;

        (void)state;
        for (int i = 0; i < COMPLAINTS_MAX + 5; i++)
                complain(&list, &at_2_9, NULL, "number %d", i);
        assert_int_equal(list.count, COMPLAINTS_MAX);
        assert_int_equal(list.left_out, 5);
        assert_int_equal(complaint_list_fail(&list, "web.yaml", &err), INGOT_E_TEMPLATE);
        assert_string_equal(ingot_error_frame(&err, 0), "web.yaml:2:9: number 0 (and 204 more)");
}

static void texts_are_cut_between_characters_and_cleaned(void **state) /* rule 3 */
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        char text[4000] = "a\n\033[1m";

        (void)state;
        complain(&list, &at_2_9, "k\tey", "%s", text);
        assert_string_equal(list.complaints[0].text, "a??[1m");
        assert_string_equal(list.complaints[0].key_path, "k?ey");
        for (size_t i = 0; i + 2 < sizeof(text); i += 2)
                memcpy(text + i, "\xc3\xa9", 3);
        complain(&list, &at_2_9, NULL, "x%s", text);
        assert_int_equal(strlen(list.complaints[1].text), 999);
        complain(&list, &at_2_9, NULL, "%s", "a\xff\xc3\xa9");
        assert_string_equal(list.complaints[2].text, "a???");
}

static void an_empty_list_is_no_error(void **state)
{
        struct complaint_list list = { 0 };

        (void)state;
        assert_int_equal(complaint_list_fail(&list, "web.yaml", NULL), INGOT_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(cause_carries_the_mark),
                cmocka_unit_test(complaints_are_sorted_by_place),
                cmocka_unit_test(beyond_the_ceiling_they_are_counted),
                cmocka_unit_test(texts_are_cut_between_characters_and_cleaned),
                cmocka_unit_test(an_empty_list_is_no_error),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
