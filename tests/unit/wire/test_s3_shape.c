/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/own.h"
#include "wire/s3_shape.h"

static void names_of_buckets_are_s3s(void **state)
{
        static const char *const good[] = { "abc", "a.b-c", "images-2026", "1ab" };
        static const char *const bad[] = { "ab", "-abc", "abc-", "a..b", "Abc", "a_b", "192.168.5.4", "" };

        (void)state;
        for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
                assert_true(s3_is_bucket_name(good[i]));
        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                assert_false(s3_is_bucket_name(bad[i]));
}

static void a_path_is_encoded_once(void **state)
{
        OWNED(buffer_release) struct buffer path = BUFFER_INIT(256);

        (void)state;
        s3_append_path(&path, "images", "a b/c+d~\xc3\xa4");
        assert_string_equal(path.bytes, "/images/a%20b/c%2Bd~%C3%A4");
        buffer_clear(&path);
        s3_append_path(&path, NULL, "k");
        s3_append_path(&path, NULL, NULL);
        assert_string_equal(path.bytes, "/k/");
}

/* The digests of "a" and "b", and of the two behind each other, by sha256sum. */
static void the_digest_of_an_object_is_that_of_its_parts_digests(void **state)
{
        struct s3_part parts[2] = { { .number = 1 }, { .number = 2 } };
        char text[S3_COMPOSITE_CHARS + 1];

        (void)state;
        assert_int_equal(digest_of("a", 1, &parts[0].digest, NULL), INGOT_OK);
        assert_int_equal(digest_of("b", 1, &parts[1].digest, NULL), INGOT_OK);
        assert_int_equal(s3_print_composite(parts, 2, text, NULL), INGOT_OK);
        assert_string_equal(text, "5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2");
}

static void what_is_sent_is_read_back(void **state)
{
        struct s3_part parts[2] = { { .number = 1, .etag = "\"a\"", .has_digest = true },
                                    { .number = 7, .etag = "\"b\"" } };
        OWNED(buffer_release) struct buffer xml = BUFFER_INIT(4096);
        OWNED(heap_drop) struct s3_part *read = NULL;
        size_t count = 0;

        (void)state;
        s3_append_completion(&xml, parts, 2);
        assert_int_equal(s3_read_completion(xml.bytes, xml.size_bytes, &read, &count, NULL), INGOT_OK);
        assert_int_equal(count, 2);
        assert_true(read[0].has_digest && !read[1].has_digest && read[1].number == 7);
        assert_string_equal(read[1].etag, "\"b\"");
}

static void parts_that_do_not_ascend_are_a_conflict(void **state)
{
        static const char xml[] =
                "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>a</ETag></Part>"
                "<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>";
        static const char none[] = "<CompleteMultipartUpload/>";
        struct s3_part *read;
        size_t count;

        (void)state;
        assert_int_equal(s3_read_completion(xml, sizeof(xml) - 1, &read, &count, NULL), INGOT_E_CONFLICT);
        assert_int_equal(s3_read_completion(none, sizeof(none) - 1, &read, &count, NULL), INGOT_E_FORMAT);
}

static void a_list_that_goes_on_says_where(void **state)
{
        static const char first[] =
                "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>3</"
                "NextPartNumberMarker>"
                "<Part><PartNumber>3</PartNumber><ETag>\"a\"</ETag><Size>5</Size></Part></ListPartsResult>";
        static const char endless[] =
                "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>3"
                "</NextPartNumberMarker></ListPartsResult>";
        OWNED(s3_part_list_release) struct s3_part_list list = { .parts = NULL };

        (void)state;
        assert_int_equal(s3_reply_parts(first, sizeof(first) - 1, &list, NULL), INGOT_OK);
        assert_true(list.is_truncated && list.next_number == 3 && list.parts[0].size_bytes == 5);
        assert_int_equal(s3_reply_parts(endless, sizeof(endless) - 1, &list, NULL), INGOT_E_FORMAT);
}

/* Rules 3 and 4. */
static void an_error_is_one_behind_white_space_too(void **state)
{
        static const char xml[] = "  \n <?xml version=\"1.0\"?><Error><Code>InternalError</Code>"
                                  "<Message>again</Message></Error>";
        static const char fine[] = "<CompleteMultipartUploadResult><ETag>\"a-1\"</ETag>"
                                   "</CompleteMultipartUploadResult>";
        struct s3_completed completed;
        struct fault fault;

        (void)state;
        assert_true(s3_reply_fault(xml, sizeof(xml) - 1, &fault));
        assert_string_equal(fault.code, "InternalError");
        assert_false(s3_reply_fault(fine, sizeof(fine) - 1, &fault));
        assert_int_equal(s3_reply_completion(fine, sizeof(fine) - 1, &completed, NULL), INGOT_OK);
        assert_string_equal(completed.etag, "\"a-1\"");
}

static void a_bucket_without_a_place_is_in_us_east_1(void **state)
{
        static const struct {
                const char *xml, *region;
        } rows[] = { { "<LocationConstraint/>", "us-east-1" },
                     { "<LocationConstraint>EU</LocationConstraint>", "eu-west-1" },
                     { "<LocationConstraint>eu-central-1</LocationConstraint>", "eu-central-1" } };
        char region[S3_REGION_CHARS + 1];

        (void)state;
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(s3_reply_location(rows[i].xml, strlen(rows[i].xml), region, NULL), INGOT_OK);
                assert_string_equal(region, rows[i].region);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(names_of_buckets_are_s3s),
                cmocka_unit_test(a_path_is_encoded_once),
                cmocka_unit_test(the_digest_of_an_object_is_that_of_its_parts_digests),
                cmocka_unit_test(what_is_sent_is_read_back),
                cmocka_unit_test(parts_that_do_not_ascend_are_a_conflict),
                cmocka_unit_test(a_list_that_goes_on_says_where),
                cmocka_unit_test(an_error_is_one_behind_white_space_too),
                cmocka_unit_test(a_bucket_without_a_place_is_in_us_east_1),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
