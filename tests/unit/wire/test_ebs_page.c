/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "support/cmocka_all.h"
#include "wire/ebs_page.h"

static enum ingot_code parse(const char *json, struct ebs_page *ret_page)
{
        return ebs_page_parse(json, strlen(json), ret_page, NULL);
}

static void a_page_is_read(void **state)
{
        OWNED(ebs_page_release) struct ebs_page page = { .count = 0 };

        (void)state;
        assert_int_equal(parse("{\"Blocks\":[{\"BlockIndex\":0,\"BlockToken\":\"AAE=\"},"
                               "{\"BlockIndex\":2047,\"BlockToken\":\"a+/b\",\"New\":1}],\"ExpiryTime\":1,"
                               "\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":\"n\"}",
                               &page),
                         INGOT_OK);
        assert_int_equal(page.count, 2);
        assert_int_equal(page.blocks[1].index, 2047);
        assert_string_equal(page.blocks[1].token, "a+/b");
        assert_string_equal(page.next_token, "n");
        assert_int_equal(page.volume_size_gib, 1);
}

static void an_empty_page_need_not_be_the_last(void **state) /* rule 2 */
{
        struct ebs_page page = { .count = 0 };

        (void)state;
        assert_int_equal(
                parse("{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":\"n\"}", &page),
                INGOT_OK);
        assert_int_equal(page.count, 0);
        assert_string_equal(page.next_token, "n");
        ebs_page_release(&page);
        assert_int_equal(
                parse("{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":null}", &page),
                INGOT_OK);
        assert_string_equal(page.next_token, "");
        ebs_page_release(&page);
}

static void what_is_not_the_models_is_refused(void **state) /* rule 1 */
{
#define PAGE(blocks) "{\"Blocks\":[" blocks "],\"VolumeSize\":1,\"BlockSize\":524288}"
#define BLOCK(index) "{\"BlockIndex\":" index ",\"BlockToken\":\"AA==\"}"
        static const char *const rows[] = {
                "",
                "[]",
                "{}",
                "{\"Blocks\":{},\"VolumeSize\":1,\"BlockSize\":524288}",
                "{\"Blocks\":[],\"VolumeSize\":0,\"BlockSize\":524288}",
                "{\"Blocks\":[],\"VolumeSize\":65537,\"BlockSize\":524288}",
                "{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":512}",
                "{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":\"\"}",
                "{\"Blocks\":[],\"VolumeSize\":1,\"BlockSize\":524288,\"NextToken\":7}",
                PAGE("7"),
                PAGE(BLOCK("\"3\"")),
                PAGE(BLOCK("-1")),
                PAGE(BLOCK("2048")),
                PAGE(BLOCK("3") "," BLOCK("3")),
                PAGE(BLOCK("3") "," BLOCK("2")),
                PAGE("{\"BlockIndex\":1}"),
                PAGE("{\"BlockIndex\":1,\"BlockToken\":\"a b\"}"),
                PAGE("{\"BlockIndex\":1,\"BlockToken\":\"a&b=c\"}"),
        };
        struct ebs_page page;

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                if (parse(rows[i], &page) != INGOT_E_FORMAT)
                        fail_msg("%s", rows[i]);
}

static void a_token_is_not_without_end(void **state)
{
        char json[1024];
        struct ebs_page page;

        (void)state;
        (void)snprintf(json, sizeof(json), PAGE("{\"BlockIndex\":1,\"BlockToken\":\"%0256d\"}"), 0);
        assert_int_equal(parse(json, &page), INGOT_OK);
        ebs_page_release(&page);
        (void)snprintf(json, sizeof(json), PAGE("{\"BlockIndex\":1,\"BlockToken\":\"%0257d\"}"), 0);
        assert_int_equal(parse(json, &page), INGOT_E_FORMAT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_page_is_read),
                cmocka_unit_test(an_empty_page_need_not_be_the_last),
                cmocka_unit_test(what_is_not_the_models_is_refused),
                cmocka_unit_test(a_token_is_not_without_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
