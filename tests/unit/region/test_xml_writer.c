/* SPDX-License-Identifier: Apache-2.0 */
#include "region/xml_writer.h"
#include "support/cmocka_all.h"

static void values_are_escaped(void **state)
{
        struct buffer out = BUFFER_INIT(4096);

        (void)state;
        element_text(&out, "a", "<b> & \"c\"\r\n\xC3\xA9 ]]>");
        assert_string_equal(out.bytes, "<a>&lt;b&gt; &amp; &quot;c&quot;&#13;\n\xC3\xA9 ]]&gt;</a>");
        buffer_release(&out);
}

static void what_was_not_said_is_left_out_where_asked(void **state)
{
        struct buffer out = BUFFER_INIT(4096);

        (void)state;
        element_text_if(&out, "a", "");
        element_u64_if(&out, "a", 0);
        element_text(&out, "b", "");
        element_u64(&out, "c", UINT64_MAX);
        element_bool(&out, "d", false);
        assert_string_equal(out.bytes, "<b></b><c>18446744073709551615</c><d>false</d>");
        buffer_release(&out);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(values_are_escaped),
                cmocka_unit_test(what_was_not_said_is_left_out_where_asked),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
