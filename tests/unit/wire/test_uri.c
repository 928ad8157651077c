/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/uri.h"

static void only_unreserved_characters_are_left_alone(void **state) /* rule 1 */
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(1024);

        (void)state;
        uri_encode_text(&out, "aZ09-._~ *'()!+/=\xc3\xa9");
        assert_string_equal(out.bytes, "aZ09-._~%20%2A%27%28%29%21%2B%2F%3D%C3%A9");
        buffer_clear(&out);
        uri_encode(&out, "/a b/", 5, true);
        assert_string_equal(out.bytes, "/a%20b/");
}

static void every_byte_but_nul_comes_back(void **state)
{
        OWNED(buffer_release) struct buffer out = BUFFER_INIT(4096), back = BUFFER_INIT(4096);
        char bytes[255];

        (void)state;
        for (unsigned i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char)(i + 1);
        uri_encode(&out, bytes, sizeof(bytes), false);
        assert_int_equal(uri_decode(&back, out.bytes, out.size_bytes, URI_FORM, NULL), INGOT_OK);
        assert_int_equal(back.size_bytes, sizeof(bytes));
        assert_memory_equal(back.bytes, bytes, sizeof(bytes));
}

static void broken_escapes_are_refused(void **state) /* rule 2 */
{
        static const char *const broken[] = { "%", "a%2", "%zz", "%00", "%-1", "% 1", "ok%2x" };

        (void)state;
        for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
                OWNED(buffer_release) struct buffer out = BUFFER_INIT(64);
                struct uri_query query;

                assert_int_equal(uri_decode(&out, broken[i], strlen(broken[i]), URI_QUERY, NULL),
                                 INGOT_E_FORMAT);
                assert_int_equal(uri_query_parse(broken[i], strlen(broken[i]), URI_FORM, &query, NULL),
                                 INGOT_E_FORMAT);
        }
}

static void plus_is_a_space_in_forms_only(void **state) /* rule 3 */
{
        OWNED(uri_query_release) struct uri_query form = { .pairs = NULL }, query = { .pairs = NULL };

        (void)state;
        assert_int_equal(uri_query_parse("a=1+2%2B", 8, URI_FORM, &form, NULL), INGOT_OK);
        assert_int_equal(uri_query_parse("a=1+2%2B", 8, URI_QUERY, &query, NULL), INGOT_OK);
        assert_string_equal(uri_query_find(&form, "a"), "1 2+");
        assert_string_equal(uri_query_find(&query, "a"), "1+2+");
}

static void parts_without_equals_have_empty_values(void **state) /* rule 4 */
{
        OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };
        static const char text[] = "&&uploads&x==y&=v&";

        (void)state;
        assert_int_equal(uri_query_parse(text, strlen(text), URI_QUERY, &query, NULL), INGOT_OK);
        assert_int_equal(query.count, 3);
        assert_string_equal(query.pairs[0].name, "uploads");
        assert_string_equal(query.pairs[0].value, "");
        assert_string_equal(query.pairs[1].value, "=y");
        assert_string_equal(query.pairs[2].name, "");
        assert_string_equal(query.pairs[2].value, "v");
        assert_null(uri_query_find(&query, "nobody"));
}

static void nothing_is_an_empty_query(void **state)
{
        OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };

        (void)state;
        assert_int_equal(uri_query_parse(NULL, 0, URI_QUERY, &query, NULL), INGOT_OK);
        assert_int_equal(query.count, 0);
        assert_null(uri_query_find(&query, "a"));
}

static void too_many_parameters_are_refused(void **state)
{
        static char text[URI_PAIRS_MAX + 2];
        struct uri_query query;

        (void)state;
        memset(text, '&', sizeof(text));
        assert_int_equal(uri_query_parse(text, sizeof(text), URI_QUERY, &query, NULL), INGOT_E_MEMORY);
}

static void canonical_queries_are_sorted_by_name_then_value(void **state) /* rule 5 */
{
        static const struct {
                const char *text, *canonical;
        } rows[] = {
                { "b=2&a=1", "a=1&b=2" },
                { "Param-3=3&Param=2&%e1%88%b4=1", "%E1%88%B4=1&Param=2&Param-3=3" },
                { "a=2&a=10&a=1&a", "a=&a=1&a=10&a=2" },
                { "skip=1&a=%7e+", "a=~%2B" },
                { "", "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(uri_query_release) struct uri_query query = { .pairs = NULL };
                OWNED(buffer_release) struct buffer out = BUFFER_INIT(1024);

                assert_int_equal(uri_query_parse(rows[i].text, strlen(rows[i].text), URI_QUERY, &query, NULL),
                                 INGOT_OK);
                assert_int_equal(uri_canonical_query(&out, &query, "skip", NULL), INGOT_OK);
                assert_string_equal(out.bytes, rows[i].canonical);
        }
}

static void paths_are_normalized(void **state)
{
        static const struct {
                const char *path, *normal;
        } rows[] = {
                { "", "/" },        { "/", "/" },         { "//", "/" },
                { "/./", "/" },     { "/../..", "/" },    { "/a/../b//c/", "/b/c/" },
                { "/a/..", "/" },   { "/a/b/..", "/a/" }, { "//example//", "/example/" },
                { "/...", "/..." }, { "/a/./b", "/a/b" }, { "/a/b/../../c", "/c" },
                { "/.a/", "/.a/" }, { "/a//../b", "/b" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                OWNED(buffer_release) struct buffer out = BUFFER_INIT(1024);

                buffer_append_text(&out, "GET\n/x");
                uri_normalize_path(&out, rows[i].path, strlen(rows[i].path));
                assert_memory_equal(out.bytes, "GET\n/x", 6);
                assert_string_equal(out.bytes + 6, rows[i].normal);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_unreserved_characters_are_left_alone),
                cmocka_unit_test(every_byte_but_nul_comes_back),
                cmocka_unit_test(broken_escapes_are_refused),
                cmocka_unit_test(plus_is_a_space_in_forms_only),
                cmocka_unit_test(parts_without_equals_have_empty_values),
                cmocka_unit_test(nothing_is_an_empty_query),
                cmocka_unit_test(too_many_parameters_are_refused),
                cmocka_unit_test(canonical_queries_are_sorted_by_name_then_value),
                cmocka_unit_test(paths_are_normalized),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
