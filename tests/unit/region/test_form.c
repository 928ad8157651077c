/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "region/form.h"
#include "support/cmocka_all.h"

static enum ingot_code parse(const char *text, struct form *form)
{
        return form_parse(text, strlen(text), URI_FORM, form, NULL);
}

static void parameter_is_found_by_its_whole_name(void **state)
{
        struct form form;

        (void)state;
        assert_int_equal(parse("A.10.B=ten&A.1.B=one+%2B&A.1=x&Empty=", &form), INGOT_OK);
        assert_string_equal(form_find(&form, "A.%u.B", 1u), "one +");
        assert_string_equal(form_find(&form, "A.10.B"), "ten");
        assert_string_equal(form_find(&form, "Empty"), "");
        assert_null(form_find(&form, "A.1.C"));
        assert_null(form_find(&form, "a.1.b"));
        form_release(&form);
}

static void list_member_is_there_when_something_continues_its_name(void **state)
{
        struct form form;

        (void)state;
        assert_int_equal(parse("A.1.B=1&A.10.B=2&C.1-x=3", &form), INGOT_OK);
        assert_true(form_has(&form, "A.1"));
        assert_true(form_has(&form, "A.10"));
        assert_false(form_has(&form, "A.2"));
        assert_false(form_has(&form, "C.1"));
        form_release(&form);
}

static void parameter_nobody_asked_for_is_told(void **state)
{
        struct form form;

        (void)state;
        assert_int_equal(parse("A=1&B=2&X-Amz-Signature=3", &form), INGOT_OK);
        (void)form_find(&form, "A");
        assert_string_equal(form_unasked(&form), "B");
        (void)form_find(&form, "B");
        assert_null(form_unasked(&form));
        form_release(&form);
}

static void what_is_no_form_is_refused(void **state)
{
        static const char *const texts[] = { "A=1&A=2", "A=%zz",    "A=%00",      "A=%ff",
                                             "A=%01",   "%c0%80=1", "A=%ed%a0%80" };
        struct form form;

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                if (parse(texts[i], &form) != INGOT_E_FORMAT)
                        fail_msg("'%s' was taken", texts[i]);
        }
}

static void empty_form_has_nothing(void **state)
{
        struct form form;

        (void)state;
        assert_int_equal(parse("", &form), INGOT_OK);
        assert_null(form_find(&form, "A"));
        assert_null(form_unasked(&form));
        form_release(&form);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(parameter_is_found_by_its_whole_name),
                cmocka_unit_test(list_member_is_there_when_something_continues_its_name),
                cmocka_unit_test(parameter_nobody_asked_for_is_told),
                cmocka_unit_test(what_is_no_form_is_refused),
                cmocka_unit_test(empty_form_has_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
