/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "model/journal_record.h"

static const struct journal_record examples[] = {
        { .kind = JOURNAL_VOLUME,
          .key = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
          .region = "us-east-1",
          .size_bytes = 2147483648,
          .volume_size_gib = 2 },
        { .kind = JOURNAL_INTENT,
          .attempt = 3,
          .token = "t-1",
          .parent_id = "snap-0b",
          .seconds = 1800000000 },
        { .kind = JOURNAL_INTENT, .token = "t-1" },
        { .kind = JOURNAL_STARTED, .snapshot_id = "snap-0a", .sse_type = "none", .seconds = 1 },
        { .kind = JOURNAL_STARTED, .snapshot_id = "snap-0a" },
        { .kind = JOURNAL_ACK, .block_index = 134217727, .digest = { { 1, 2, 3 } } },
        { .kind = JOURNAL_COMPLETING, .snapshot_id = "snap-0a" },
        { .kind = JOURNAL_ABANDONED, .snapshot_id = "snap-0a" },
};

static void what_is_printed_is_read(void **state) /* rule 2 */
{
        (void)state;
        for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
                char line[JOURNAL_LINE_MAX + 1], again[JOURNAL_LINE_MAX + 1];
                struct journal_record read;
                size_t size_bytes, again_bytes;

                assert_int_equal(journal_record_print(&examples[i], line, &size_bytes, NULL), INGOT_OK);
                assert_int_equal(line[size_bytes - 1], '\n');
                assert_int_equal(strlen(line), size_bytes);
                assert_true(journal_record_parse(line, size_bytes - 1, &read));
                assert_int_equal(read.kind, examples[i].kind);
                assert_int_equal(read.block_index, examples[i].block_index);
                assert_string_equal(read.snapshot_id, examples[i].snapshot_id);
                assert_string_equal(read.parent_id, examples[i].parent_id);
                assert_int_equal(journal_record_print(&read, again, &again_bytes, NULL), INGOT_OK);
                assert_string_equal(again, line);
        }
}

static void a_damaged_line_is_no_record(void **state) /* rule 1 */
{
        (void)state;
        for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
                char line[JOURNAL_LINE_MAX + 1];
                struct journal_record read;
                size_t size_bytes;

                assert_int_equal(journal_record_print(&examples[i], line, &size_bytes, NULL), INGOT_OK);
                for (size_t at = 0; at < size_bytes - 1; at++) {
                        line[at] ^= 1;
                        assert_false(journal_record_parse(line, size_bytes - 1, &read));
                        line[at] ^= 1;
                        assert_false(journal_record_parse(line, at, &read)); /* torn */
                }
        }
}

static void a_text_that_is_no_word_is_not_printed(void **state) /* rule 3 */
{
        static const char *const texts[] = { "two words", "-", "new\nline", "\x7f" };

        (void)state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                struct journal_record record = { .kind = JOURNAL_INTENT };
                char line[JOURNAL_LINE_MAX + 1];
                size_t size_bytes;

                memcpy(record.token, texts[i], strlen(texts[i]) + 1);
                assert_int_equal(journal_record_print(&record, line, &size_bytes, NULL), INGOT_E_BUG);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_printed_is_read),
                cmocka_unit_test(a_damaged_line_is_no_record),
                cmocka_unit_test(a_text_that_is_no_word_is_not_printed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
