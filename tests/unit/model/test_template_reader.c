/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/template_reader.h"

static void first_complaint(const char *bytes, size_t size_bytes, struct buffer *text,
                            enum ingot_code *ret_code)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(node_drop) struct node *root = NULL;

        *ret_code = template_read(bytes, size_bytes, "t", &list, &root, NULL);
        assert_true(!*ret_code == !!root);
        if (list.count)
                complaint_print(&list.complaints[0], text);
}

static void every_node_keeps_its_place(void **state) /* rule 1 */
{
        static const char yaml[] = "a: 1\nlist:\n  - {x: \"é\", y: z}\n  - no\n";
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(node_drop) struct node *root = NULL;
        const struct node *items, *y;

        (void)state;
        assert_int_equal(template_read(yaml, strlen(yaml), "t", &list, &root, NULL), INGOT_OK);
        items = node_find(root, "list")->value;
        assert_int_equal(items->kind, NODE_SEQUENCE);
        y = node_find(items->children[0].value, "y")->value;
        assert_int_equal(y->mark.line, 3);
        assert_int_equal(y->mark.column, 17);                      /* characters, not bytes */
        assert_string_equal(items->children[1].value->text, "no"); /* rule 4 */
        assert_false(items->children[1].value->quoted);
        assert_true(node_find(items->children[0].value, "x")->value->quoted);
}

/* clang-format off */
static const struct {
        const char *name, *yaml, *complaint;
} bad_rows[] = {
        { "tab", "a:\n  b: 1\n\tc: 2\n", "t:3:1: a tab in the indentation; YAML is indented with spaces" },
        { "tab after spaces", "a:\n  \tb: 1\n", "t:2:3: a tab in the indentation; YAML is indented with spaces" },
        { "twice", "a: 1\nb: 2\na: 3\n", "t:3:1: key 'a' is given twice; the first is at 1:1" },
        { "not closed", "a: [1, 2\nb: 3\n", "t:2:2: not YAML: did not find expected ',' or ']', while parsing a flow sequence that starts at line 1" },
        { "bad byte", "a: 1\nb: \xff\n", "t:2:4: byte 8 is not UTF-8 text: invalid leading UTF-8 octet" },
        { "control character", "a: \x01\n", "t:1:4: byte 3 is not UTF-8 text: control characters are not allowed" },
        { "alias", "a: &x 1\nb: *x\n", "t:1:4: anchors are not used here; write the value out where it is used" },
        { "tag", "a: !!int 1\n", "t:1:4: tags are not used here; write the value alone" },
        { "two documents", "a: 1\n---\nb: 2\n", "t:2:1: a second document; a template is one" },
        { "empty", "# nothing\n", "t: there is nothing in it" },
        { "key is a list", "? [a, b]\n: c\n", "t:1:3: a key must be a text" },
        { "nul", "a: \"x\\0y\"\n", "t:1:4: a text cannot hold a NUL" },
        { "not YAML", "name: debian: 12\n", "t:1:13: not YAML: mapping values are not allowed in this context" },
};
/* clang-format on */

static void what_is_not_a_template_is_named_with_its_place(void **state) /* rules 2 and 3 */
{
        (void)state;
        for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
                OWNED(buffer_release) struct buffer text = BUFFER_INIT(1000);
                enum ingot_code code;

                first_complaint(bad_rows[i].yaml, strlen(bad_rows[i].yaml), &text, &code);
                assert_string_equal(text.bytes, bad_rows[i].complaint);
        }
}

static void depth_and_size_are_bounded(void **state) /* rule 3 */
{
        static char big[TEMPLATE_MAX_BYTES + 1];
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(1000);
        enum ingot_code code;

        (void)state;
        memset(big, '[', 1000);
        first_complaint(big, 1000, &text, &code);
        assert_int_equal(code, INGOT_E_TEMPLATE);
        assert_string_equal(text.bytes, "t:1:33: lists and mappings are nested more than 32 deep");
        buffer_clear(&text);
        memset(big, ' ', sizeof(big));
        first_complaint(big, sizeof(big), &text, &code);
        assert_string_equal(text.bytes, "t: larger than 1MiB: not a template");
        buffer_clear(&text);
        for (size_t i = 1; i + 2 < sizeof(big); i += 2)
                memcpy(big + i, "a,", 2);
        big[0] = '[';
        first_complaint(big, sizeof(big) - 1, &text, &code);
        assert_non_null(strstr(text.bytes, "more than 50000 values"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_node_keeps_its_place),
                cmocka_unit_test(what_is_not_a_template_is_named_with_its_place),
                cmocka_unit_test(depth_and_size_are_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
