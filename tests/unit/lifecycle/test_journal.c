/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "lifecycle/journal.h"

static const struct journal_volume volume = { .key = "0123456789abcdef0123456789abcdef",
                                              .region = "us-east-1",
                                              .size_bytes = 5,
                                              .volume_size_gib = 1 };
static const struct ebs_started first = { .snapshot_id = "snap-0a", .sse_type = "none" };
static const struct digest some = { { 7 } };

static struct journal *open_journal(const char *path)
{
        struct journal *journal = NULL;
        struct ingot_error err;

        if (journal_open(path, &volume, &journal, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return journal;
}

/* An attempt with blocks 3 and 2047 acknowledged. */
static void write_attempt(struct journal *journal)
{
        const struct snapshot_memory *memory = journal_memory(journal);

        assert_int_equal(journal_intend(journal, journal_next_number(journal), "token", "", NULL), INGOT_OK);
        assert_int_equal(memory->started(memory->context, &first, NULL), INGOT_OK);
        assert_int_equal(memory->acknowledged(memory->context, 3, &some, NULL), INGOT_OK);
        assert_int_equal(memory->acknowledged(memory->context, 2047, &some, NULL), INGOT_OK);
        assert_int_equal(memory->idle(memory->context, NULL), INGOT_OK);
}

static bool knows(const struct journal *journal, uint64_t index)
{
        const struct snapshot_memory *memory = journal_memory(journal);

        return memory->is_acknowledged(memory->context, index, &some);
}

static void another_run_knows_what_was_acknowledged(void **state) /* rule 1 */
{
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);
        const struct snapshot_memory *memory;

        assert_null(journal_attempt(journal));
        write_attempt(journal);
        journal_drop(&journal);
        journal = open_journal(path);
        assert_non_null(journal_attempt(journal));
        assert_string_equal(journal_attempt(journal)->snapshot_id, "snap-0a");
        assert_string_equal(journal_attempt(journal)->token, "token");
        assert_string_equal(journal_attempt(journal)->sse_type, "none");
        assert_int_equal(journal_attempt(journal)->blocks_acknowledged, 2);
        assert_false(journal_attempt(journal)->was_completing);
        assert_int_equal(journal_next_number(journal), 1);
        assert_true(knows(journal, 3) && knows(journal, 2047));
        assert_false(knows(journal, 4) || knows(journal, 2048) || knows(journal, UINT64_MAX));
        memory = journal_memory(journal);
        assert_int_equal(memory->completing(memory->context, NULL), INGOT_OK);
        journal_drop(&journal);
        journal = open_journal(path);
        assert_true(journal_attempt(journal)->was_completing);
        journal_end(&journal);
        assert_int_not_equal(access(path, F_OK), 0);
}

static void what_was_given_up_is_not_gone_on_with(void **state)
{
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);

        write_attempt(journal);
        assert_int_equal(journal_abandon(journal, NULL), INGOT_OK);
        assert_null(journal_attempt(journal));
        journal_drop(&journal);
        journal = open_journal(path);
        assert_null(journal_attempt(journal));
        assert_int_equal(journal_next_number(journal), 1);
        assert_int_equal(journal_intend(journal, 1, "token-2", "snap-0f", NULL), INGOT_OK);
        assert_false(knows(journal, 3)); /* of another snapshot */
        assert_string_equal(journal_attempt(journal)->parent_id, "snap-0f");
        assert_string_equal(journal_attempt(journal)->snapshot_id, "");
}

static void a_torn_or_damaged_line_is_passed_over(void **state) /* rule 2 */
{
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);
        int fd;

        write_attempt(journal);
        journal_drop(&journal);
        fd = open(path, O_WRONLY | O_APPEND);
        assert_int_equal(write(fd, "ack 9 AAAA", 10), 10);
        (void)close(fd);
        for (unsigned i = 0; i < 2; i++) {
                journal = open_journal(path);
                assert_int_equal(journal_attempt(journal)->blocks_acknowledged, 2 + i);
                assert_false(knows(journal, 9));
                /* what comes next is a line of its own */
                assert_int_equal(journal_memory(journal)->acknowledged(journal, 10, &some, NULL), INGOT_OK);
                assert_int_equal(journal_attempt(journal)->blocks_acknowledged, 3);
                journal_drop(&journal);
        }
}

static void two_processes_do_not_share_a_journal(void **state) /* rule 3 */
{
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);
        OWNED(journal_survey_release) struct journal_survey survey = { .region = "" };
        struct journal *other = NULL;

        assert_int_equal(journal_open(path, &volume, &other, NULL), INGOT_E_CONFLICT);
        assert_int_equal(journal_survey(path, &survey, NULL), INGOT_OK);
        assert_true(survey.is_in_use);
}

static void a_journal_of_something_else_is_not_used(void **state) /* rule 4 */
{
        struct journal_volume others[] = { volume, volume, volume, volume };
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);

        write_attempt(journal);
        journal_drop(&journal);
        others[0].key = "another";
        others[1].region = "eu-west-1";
        others[2].size_bytes++;
        others[3].volume_size_gib++;
        for (size_t i = 0; i < 4; i++) {
                struct journal *other = NULL;

                assert_int_equal(journal_open(path, &others[i], &other, NULL), INGOT_E_FORMAT);
        }
        journal = open_journal(path);
        assert_int_equal(journal_attempt(journal)->blocks_acknowledged, 2);
}

static void a_survey_names_what_is_left(void **state)
{
        const char *path = scratch_path(state, "journal");
        OWNED(journal_drop) struct journal *journal = open_journal(path);
        OWNED(journal_survey_release) struct journal_survey survey = { .region = "" };

        write_attempt(journal);
        assert_int_equal(journal_abandon(journal, NULL), INGOT_OK);
        assert_int_equal(journal_intend(journal, 1, "token-2", "", NULL), INGOT_OK);
        journal_drop(&journal);
        assert_int_equal(journal_survey(path, &survey, NULL), INGOT_OK);
        assert_false(survey.is_in_use);
        assert_string_equal(survey.region, "us-east-1");
        assert_int_equal(survey.count, 1);
        assert_string_equal(survey.items[0].token, "token-2");
        assert_string_equal(survey.items[0].snapshot_id, "");
        assert_int_equal(journal_survey(scratch_path(state, "none"), &survey, NULL), INGOT_E_NOT_FOUND);
}

#define ONE(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                ONE(another_run_knows_what_was_acknowledged), ONE(what_was_given_up_is_not_gone_on_with),
                ONE(a_torn_or_damaged_line_is_passed_over),   ONE(two_processes_do_not_share_a_journal),
                ONE(a_journal_of_something_else_is_not_used), ONE(a_survey_names_what_is_left),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
