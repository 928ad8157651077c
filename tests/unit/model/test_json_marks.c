/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/json_marks.h"

static struct node *read_good(const char *json)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        struct node *root = NULL;

        if (json_marks_read(json, strlen(json), "m", &list, &root, NULL))
                fail_msg("%s", list.complaints[0].text);
        return root;
}

static void every_value_keeps_its_place(void **state)
{
        OWNED(node_drop)
        struct node *root = read_good("[\n {\"é\": \"x\",\t\"n\" : -1.5e3, \"t\":true}\n, [] ]\n");
        const struct node *object = root->children[0].value;

        (void)state;
        assert_int_equal(root->count, 2);
        assert_int_equal(object->mark.line, 2);
        assert_int_equal(object->mark.column, 2);
        assert_int_equal(node_find(object, "é")->value->mark.column, 8);
        assert_true(node_find(object, "é")->value->quoted);
        assert_string_equal(node_find(object, "n")->value->text, "-1.5e3");
        assert_false(node_find(object, "n")->value->quoted);
        assert_string_equal(node_find(object, "t")->value->text, "true");
        assert_int_equal(root->children[1].value->mark.line, 3);
}

static void escapes_are_decoded(void **state) /* rule 2 */
{
        OWNED(node_drop)
        struct node *root = read_good("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"");

        (void)state;
        assert_string_equal(root->text, "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void what_is_not_json_is_refused(void **state) /* rules 1 and 3 */
{
        static const char *const bad[] = { "",        "[1,]",     "[1 2]",      "{\"a\":1,\"a\":2}",
                                           "{'a':1}", "[01]",     "nul",        "\"\\u0000\"",
                                           "[1] x",   "\"\xff\"", "\"\\ud800\"" };

        (void)state;
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
                OWNED(complaint_list_release) struct complaint_list list = { 0 };
                struct node *root = NULL;

                assert_int_equal(json_marks_read(bad[i], strlen(bad[i]), "m", &list, &root, NULL),
                                 INGOT_E_TEMPLATE);
                assert_int_equal(list.count, 1);
                assert_null(root);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_value_keeps_its_place),
                cmocka_unit_test(escapes_are_decoded),
                cmocka_unit_test(what_is_not_json_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
