/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "model/spelling.h"

static void near_words_are_found_and_far_ones_are_not(void **state) /* rule 1 */
{
        static const char *const words[] = { "partitions", "partition-table", "file-system", "to",
                                             "VolumeSize" };
        static const struct {
                const char *word, *nearest;
        } rows[] = {
                { "partitons", "partitions" },
                { "partiitons", "partitions" },
                { "partition_table", "partition-table" },
                { "filesystem", "file-system" },
                { "volumesize", "VolumeSize" },
                { "ot", "to" },
                { "colour", NULL },
                { "", NULL },
                { "x", NULL },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const char *nearest = spelling_nearest(rows[i].word, words, 5);

                if (rows[i].nearest)
                        assert_string_equal(nearest ? nearest : "(none)", rows[i].nearest);
                else
                        assert_null(nearest);
        }
}

static void a_very_long_word_is_near_to_nothing(void **state)
{
        static const char *const words[] = { "size" };
        char word[5000];

        (void)state;
        memset(word, 's', sizeof(word) - 1);
        word[sizeof(word) - 1] = '\0';
        assert_null(spelling_nearest(word, words, 1));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(near_words_are_found_and_far_ones_are_not),
                cmocka_unit_test(a_very_long_word_is_near_to_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
