/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "publish/block_cursor.h"

enum { DRAWN = 32 };

/* Draws what a cursor yields: the letter of a data block, '0' for zeros, '.' where it yields none. */
static void draw(const struct block_rules *rules, char out[DRAWN])
{
        uint64_t counts[BLOCK_REASON_COUNT], sent = 0, last = 0;
        struct block_cursor cursor;
        struct block_to_send block;

        memset(out, '.', DRAWN);
        block_cursor_init(&cursor, rules);
        out[cursor.end_index] = '\0';
        while (block_cursor_next(&cursor, &block)) {
                assert_true(sent == 0 || block.index > last);
                assert_true(block.index < cursor.end_index);
                assert_int_equal(block.reason != BLOCK_SENT_DATA,
                                 digest_equal(block.digest, &block_map_zero_digest));
                out[block.index] = block.reason == BLOCK_SENT_DATA ? (char)block.digest->bytes[0] : '0';
                last = block.index;
                sent++;
        }
        block_cursor_tally(rules, counts);
        assert_int_equal(block_tally_sent(counts), sent);
}

/* A map from its picture: letters are data, 'Z' is zero on purpose, '-' absent. */
static void make_map(const char *picture, struct block_map *map)
{
        block_map_init(map, strlen(picture) * BLOCK_BYTES);
        for (uint64_t at = 0; picture[at]; at++) {
                struct digest digest = { { (uint8_t)picture[at] } };

                if (picture[at] == 'Z')
                        assert_int_equal(block_map_append_zero(map, at, at + 1, NULL), INGOT_OK);
                else if (picture[at] != '-')
                        assert_int_equal(block_map_append_data(map, at, &digest, NULL), INGOT_OK);
        }
}

static void a_cursor_yields_what_is_to_be_sent(void **state) /* rule 1 */
{
        static const struct {
                const char *map, *clear, *encrypted;
        } rows[] = {
                { "a", "a", "a" },
                { "-", ".", "0" },
                { "Z", ".", "0" },
                { "--ab-ZZc--", "..ab...c..", "00ab000c00" },
                { "aZbZ", "a.b.", "a0b0" },
                { "ZZab", "..ab", "00ab" },
                { "", "", "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct block_map map;
                struct block_rules rules = { .map = &map };
                char drawn[DRAWN];

                make_map(rows[i].map, &map);
                draw(&rules, drawn);
                assert_string_equal(drawn, rows[i].clear);
                rules.is_encrypted = true;
                draw(&rules, drawn);
                assert_string_equal(drawn, rows[i].encrypted);
                block_map_release(&map);
        }
}

static void over_a_parent_only_what_differs_is_sent(void **state) /* rule 2 */
{
        static const struct {
                const char *parent, *map, *clear, *whole, *listed;
                /* over an unencrypted parent; over an encrypted one whose zeros were sent; over an encrypted one of
                 * which only the list of written blocks is known */
        } rows[] = {
                { "abcd", "abcd", "....", "....", "...." },
                { "abcd", "abxd", "..x.", "..x.", "..x." },
                { "abcd", "ab-d", "..0.", "..0.", "..0." },
                { "abcd", "abZd", "..0.", "..0.", "..0." },
                { "ab-d", "ab-d", "....", "....", "..0." },
                { "abZd", "ab-d", "....", "....", "...." },
                { "abZd", "abcd", "..c.", "..c.", "..c." },
                { "a", "ab-Z", ".b..", ".b00", ".b00" },
                { "abcd", "ab", "..00", "..00", "..00" },
                { "ab-d", "ab", "...0", "...0", "...0" },
                { "----", "abcd", "abcd", "abcd", "abcd" },
                { "", "a-b", "a.b", "a0b", "a0b" },
                { "aaZZbb--cc", "aaa-bZ-ZcZ", "..a..0...0", "..a..0...0", "..a..000.0" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct block_map map, parent;
                struct block_rules rules = { .map = &map, .parent = &parent };
                char drawn[DRAWN];

                make_map(rows[i].map, &map);
                make_map(rows[i].parent, &parent);
                draw(&rules, drawn);
                assert_string_equal(drawn, rows[i].clear);
                rules.is_encrypted = rules.parent_is_whole = true;
                draw(&rules, drawn);
                assert_string_equal(drawn, rows[i].whole);
                rules.parent_is_whole = false;
                draw(&rules, drawn);
                assert_string_equal(drawn, rows[i].listed);
                block_map_release(&map);
                block_map_release(&parent);
        }
}

static void every_block_of_the_disk_has_one_reason(void **state)
{
        struct block_map map, parent;
        struct block_rules rules = { .map = &map, .parent = &parent };
        uint64_t counts[BLOCK_REASON_COUNT];

        (void)state;
        make_map("aab-ZZ-cZ", &map);
        make_map("axb-aZ-cd-e", &parent);
        block_cursor_tally(&rules, counts);
        assert_int_equal(counts[BLOCK_SENT_DATA], 1);
        assert_int_equal(counts[BLOCK_SENT_ZERO_OVER_PARENT], 3); /* one of them beyond the disk's end */
        assert_int_equal(counts[BLOCK_SENT_ZERO_ENCRYPTED], 0);
        assert_int_equal(counts[BLOCK_LEFT_SAME], 3);
        assert_int_equal(counts[BLOCK_LEFT_ABSENT], 2);
        assert_int_equal(counts[BLOCK_LEFT_ZERO], 1);
        block_map_release(&map);
        block_map_release(&parent);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cursor_yields_what_is_to_be_sent),
                cmocka_unit_test(over_a_parent_only_what_differs_is_sent),
                cmocka_unit_test(every_block_of_the_disk_has_one_reason),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
