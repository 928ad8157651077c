/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/json.h"

static struct json_value *parse(const char *text)
{
        struct json_value *json = NULL;

        assert_int_equal(json_value_parse(text, strlen(text), "here", &json, NULL), INGOT_OK);
        return json;
}

static void input_is_read_strictly(void **state) /* rules 1 and 5 */
{
        static const char *const wrong[] = {
                "", "{", "{\"a\":1,\"a\":2}", "[1] 2", "{'a':1}", "[1,]", "nul"
        };
        struct json_value *json = NULL;
        struct ingot_error err;
        uint64_t number = 0;

        (void)state;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                assert_int_equal(json_value_parse(wrong[i], strlen(wrong[i]), "here", &json, &err),
                                 INGOT_E_FORMAT);
        assert_int_equal(json_value_parse("{\n \"a\": x}", 10, "here", &json, &err), INGOT_E_FORMAT);
        assert_non_null(strstr(ingot_error_frame(&err, 0), "here:2:"));
        json = parse("{\"whole\": 3, \"real\": 3.0, \"minus\": -3}");
        assert_true(json_value_u64(json_value_member(json, "whole"), &number));
        assert_int_equal(number, 3);
        assert_false(json_value_u64(json_value_member(json, "real"), &number));
        assert_false(json_value_u64(json_value_member(json, "minus"), &number));
        json_value_free(json);
}

static void needs_name_the_member(void **state)
{
        struct json_value *json = parse("{\"text\": 1, \"list\": {}}");
        const struct json_value *array;
        struct ingot_error err;
        const char *text;

        (void)state;
        assert_int_equal(json_need_text(json, "manifest", "text", &text, &err), INGOT_E_FORMAT);
        assert_string_equal(ingot_error_frame(&err, 0), "manifest has no text 'text'");
        assert_int_equal(json_need_array(json, "manifest", "list", &array, &err), INGOT_E_FORMAT);
        json_value_free(json);
}

static void output_is_sorted_and_stable(void **state) /* rule 2 */
{
        struct buffer out = BUFFER_INIT(1000);
        struct json_doc doc;
        struct json_value *list;

        (void)state;
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "b", "two");
        json_doc_put_u64(&doc, doc.root, "a", 1);
        list = json_doc_put_array(&doc, doc.root, "c");
        json_doc_push_text(&doc, list, NULL);
        json_doc_put_bool(&doc, json_doc_push_object(&doc, list), "d", true);
        assert_int_equal(json_doc_print(&doc, true, &out, NULL), INGOT_OK);
        assert_string_equal(out.bytes, "{\"a\":1,\"b\":\"two\",\"c\":[null,{\"d\":true}]}");
        json_doc_release(&doc);
        buffer_release(&out);
}

static void text_that_is_not_utf8_fails_the_document(void **state) /* rule 4 */
{
        struct buffer out = BUFFER_INIT(1000);
        struct json_doc doc;

        (void)state;
        json_doc_init(&doc);
        json_doc_put_text(&doc, doc.root, "a", "\xff");
        json_doc_put_u64(&doc, json_doc_put_object(&doc, doc.root, "b"), "c", 1); /* harmless */
        assert_int_equal(json_doc_print(&doc, true, &out, NULL), INGOT_E_MEMORY);
        json_doc_release(&doc);
        buffer_release(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(input_is_read_strictly),
                cmocka_unit_test(needs_name_the_member),
                cmocka_unit_test(output_is_sorted_and_stable),
                cmocka_unit_test(text_that_is_not_utf8_fails_the_document),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
