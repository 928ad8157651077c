/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/xml.h"

static enum ingot_code parse(const char *text, struct xml_document **ret_document)
{
        return xml_parse(text, strlen(text), 4096, ret_document, NULL);
}

static void elements_are_found_by_local_name(void **state) /* rule 3 */
{
        OWNED(xml_drop) struct xml_document *document = NULL;
        const struct xml_node *root, *item;

        (void)state;
        assert_int_equal(
                parse("<a xmlns=\"urn:x\" xmlns:p=\"urn:y\">t<p:b>1</p:b> <c/><b>2</b></a>", &document),
                INGOT_OK);
        root = xml_root(document);
        assert_true(xml_is(root, "a"));
        item = xml_child(root, "b");
        assert_string_equal(xml_text(item), "1");
        item = xml_next(item, "b");
        assert_string_equal(xml_text(item), "2");
        assert_null(xml_next(item, NULL));
        assert_string_equal(xml_name(xml_next(xml_child(root, NULL), NULL)), "c");
        assert_null(xml_child(root, "d"));
        assert_null(xml_child(NULL, "d"));
}

static void text_is_one_piece(void **state) /* rule 4 */
{
        static const struct {
                const char *xml, *text;
        } rows[] = {
                { "<a/>", "" },
                { "<a>x &amp; y &#233;</a>", "x & y \xc3\xa9" },
                { "<a>x<!-- no -->y<?no no?>z</a>", "xyz" },
                { "<a><![CDATA[<x>]]></a>", "<x>" },
                { "<a>1<![CDATA[2]]>3</a>", "123" },
                { "<a>x<b/></a>", NULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(xml_drop) struct xml_document *document = NULL;
                const char *text;

                assert_int_equal(parse(rows[i].xml, &document), INGOT_OK);
                text = xml_text(xml_root(document));
                assert_int_equal(text != NULL, rows[i].text != NULL);
                if (text)
                        assert_string_equal(text, rows[i].text);
        }
        assert_null(xml_text(NULL));
}

static void what_is_not_plain_xml_is_refused(void **state) /* rule 1 */
{
        static const char *const texts[] = {
                "",
                "   ",
                "{}",
                "<a>",
                "<a></b>",
                "<a>&nbsp;</a>",
                "<!DOCTYPE a><a/>",
                "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
                "<?xml version=\"1.0\"?><!DOCTYPE a SYSTEM \"http://127.0.0.1/a.dtd\"><a/>",
                "<a/><b/>",
        };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct xml_document *document = NULL;

                assert_int_equal(parse(texts[i], &document), INGOT_E_FORMAT);
                assert_null(document);
        }
}

static void documents_above_their_ceiling_are_refused(void **state)
{
        struct xml_document *document = NULL;

        (void)state;
        assert_int_equal(xml_parse("<a/>", 4, 3, &document, NULL), INGOT_E_MEMORY);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(elements_are_found_by_local_name),
                cmocka_unit_test(text_is_one_piece),
                cmocka_unit_test(what_is_not_plain_xml_is_refused),
                cmocka_unit_test(documents_above_their_ceiling_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
