/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "model/template_expand.h"
#include "model/template_reader.h"

static const struct template_setting stage = { "stage", "beta" };

/* Expands yaml and joins all complaints, or the value of key 'x' when there are none. */
static void expand(const char *yaml, const struct template_setting *settings, size_t count,
                   struct buffer *text)
{
        OWNED(complaint_list_release) struct complaint_list list = { 0 };
        OWNED(node_drop) struct node *root = NULL;

        buffer_clear(text);
        assert_int_equal(template_read(yaml, strlen(yaml), "t", &list, &root, NULL), INGOT_OK);
        assert_int_equal(template_expand(root, settings, count, &list, NULL), INGOT_OK);
        for (size_t i = 0; i < list.count; i++) {
                complaint_print(&list.complaints[i], text);
                buffer_append_char(text, '\n');
        }
        if (!list.count)
                buffer_append_text(text, node_find(root, "x")->value->text);
}

/* clang-format off */
static const struct {
        const char *name, *yaml, *expected;
} rows[] = {
        { "version", "version: '7'\nx: a ${version} b\n", "a 7 b" },
        { "name uses version", "version: '7'\nname: web-${version}\nx: ${name}\n", "web-7" },
        { "dollar", "x: $$ $${version} $HOME $\n", "$ ${version} $HOME $" },
        { "not expanded again", "version: '$${name}'\nname: n\nx: ${version}\n", "${name}" },
        { "unknown", "version: '7'\nx: ${verson}\n", "t:2:4: unknown variable '${verson}'; did you mean '${version}'?\n" },
        { "far", "x: ${colour}\n", "t:1:4: unknown variable '${colour}'; give it with --set colour=VALUE, or write $${ for a plain ${\n" },
        { "not closed", "x: a ${version\n", "t:1:4: '${' starts no variable; write ${KEY}, or $${ for a plain ${\n" },
        { "itself", "version: ${version}\nx: y\n", "t:1:10: unknown variable '${version}'; give it with --set version=VALUE, or write $${ for a plain ${\n" },
};
/* clang-format on */

static void variables_stand_for_their_values(void **state) /* rules 1, 3, 4 */
{
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(10000);

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                expand(rows[i].yaml, NULL, 0, &text);
                assert_string_equal(text.bytes, rows[i].expected);
        }
}

static void settings_define_and_replace(void **state) /* rules 1 and 2 */
{
        static const struct template_setting version = { "version", "8" }, typo = { "verison", "8" };
        static const struct template_setting twice[] = { { "stage", "a" }, { "stage", "b" }, { "0", "c" } };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(10000);

        (void)state;
        expand("x: '${stage}'\n", &stage, 1, &text);
        assert_string_equal(text.bytes, "beta");
        expand("version: '7'\nx: ${version}\n", &version, 1, &text);
        assert_string_equal(text.bytes, "8");
        expand("x: ${version}\n", &version, 1, &text);
        assert_string_equal(text.bytes, "8");
        expand("x: y\n", &stage, 1, &text);
        assert_string_equal(text.bytes,
                            "t: --set 'stage' is used by nothing: there is no ${stage} in the template\n");
        expand("x: y\n", &typo, 1, &text);
        assert_string_equal(
                text.bytes,
                "t: --set 'verison' is used by nothing in the template; did you mean 'version'?\n");
        expand("x: ${stage}\n", twice, 3, &text);
        assert_string_equal(text.bytes,
                            "t: --set 'stage' is given twice\n"
                            "t: --set '0=': a key is letters, digits, '_', '-' and '.', and starts "
                            "with a letter\n");
}

static void growth_is_bounded(void **state) /* rule 4 */
{
        static char value[600000], yaml[] = "x: ${big}${big}\n";
        struct template_setting big = { "big", value };
        OWNED(buffer_release) struct buffer text = BUFFER_INIT(10000);

        (void)state;
        memset(value, 'v', sizeof(value) - 1);
        expand(yaml, &big, 1, &text);
        assert_non_null(strstr(text.bytes, "t:1:4: the text is larger than 1MiB"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(variables_stand_for_their_values),
                cmocka_unit_test(settings_define_and_replace),
                cmocka_unit_test(growth_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
