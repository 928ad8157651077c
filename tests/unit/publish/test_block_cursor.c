/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/cmocka_all.h"

#include "publish/block_cursor.h"

/* Draws what a cursor yields: digits for data blocks by their digest, '0' for zeros, '.' where it yields none. */
static void draw(const struct block_map *map, bool everything, char *out)
{
        struct block_cursor cursor;
        struct block_to_send block;
        uint64_t count = 0, last = 0;

        memset(out, '.', block_map_block_count(map));
        out[block_map_block_count(map)] = '\0';
        block_cursor_init(&cursor, map, everything);
        while (block_cursor_next(&cursor, &block)) {
                assert_true(count == 0 || block.index > last);
                assert_true(block.index < block_map_block_count(map));
                assert_int_equal(block.is_zero, digest_equal(block.digest, &block_map_zero_digest));
                out[block.index] = block.is_zero ? '0' : (char)('0' + block.digest->bytes[0]);
                last = block.index;
                count++;
        }
        assert_int_equal(count, block_cursor_count(map, everything));
}

static void a_cursor_yields_what_is_to_be_sent(void **state) /* rule 1 */
{
        static const struct {
                const char *map, *data, *everything;
        } rows[] = {
                { "D", "1", "1" },
                { "-", ".", "0" },
                { "Z", ".", "0" },
                { "--DD-ZZD--", "..12...3..", "0012000300" },
                { "DZDZ", "1.2.", "1020" },
                { "ZZDD", "..12", "0012" },
                { "", "", "" },
        };

        (void)state;
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct digest digest = { { 0 } };
                struct block_map map;
                char drawn[32];

                block_map_init(&map, strlen(rows[i].map) * BLOCK_BYTES);
                for (uint64_t at = 0; rows[i].map[at]; at++) {
                        if (rows[i].map[at] == 'Z')
                                assert_int_equal(block_map_append_zero(&map, at, at + 1, NULL), INGOT_OK);
                        if (rows[i].map[at] != 'D')
                                continue;
                        digest.bytes[0]++;
                        assert_int_equal(block_map_append_data(&map, at, &digest, NULL), INGOT_OK);
                }
                draw(&map, false, drawn);
                assert_string_equal(drawn, rows[i].data);
                draw(&map, true, drawn);
                assert_string_equal(drawn, rows[i].everything);
                block_map_release(&map);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cursor_yields_what_is_to_be_sent),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
