/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_extent_tree.h"

enum { NODE_ENTRIES = 340, FIRST_NODE = 1000000 };

static void pieces_that_continue_are_joined(void **state)
{
        OWNED(ext4_pieces_release) struct ext4_pieces pieces = { .pieces = NULL };

        (void)state;
        assert_int_equal(ext4_pieces_add(&pieces, 0, 10, 100, NULL), INGOT_OK);
        assert_int_equal(ext4_pieces_add(&pieces, 10, 5, 110, NULL), INGOT_OK);
        assert_int_equal(pieces.count, 1);
        assert_int_equal(ext4_pieces_add(&pieces, 16, 5, 115, NULL), INGOT_OK); /* a hole before it */
        assert_int_equal(ext4_pieces_add(&pieces, 21, 5, 200, NULL), INGOT_OK); /* elsewhere */
        assert_int_equal(pieces.count, 3);
        assert_int_equal(ext4_pieces_add(&pieces, 26, 70000, 205, NULL), INGOT_OK);
        assert_int_equal(pieces.count, 5);
        assert_int_equal(pieces.pieces[2].count, EXT4_PIECE_BLOCKS_MAX);
        assert_int_equal(pieces.pieces[3].count, EXT4_PIECE_BLOCKS_MAX);
        assert_int_equal(pieces.pieces[4].count, 70005 - 2 * EXT4_PIECE_BLOCKS_MAX);
}

static void blocks_are_counted(void **state)
{
        (void)state;
        assert_int_equal(ext4_extent_tree_blocks(0), 0);
        assert_int_equal(ext4_extent_tree_blocks(4), 0);
        assert_int_equal(ext4_extent_tree_blocks(5), 1);
        assert_int_equal(ext4_extent_tree_blocks(4 * NODE_ENTRIES), 4);
        assert_int_equal(ext4_extent_tree_blocks(4 * NODE_ENTRIES + 1), 6);
}

struct nodes {
        uint8_t *bytes;
        size_t count;
};

static enum ingot_code keep(void *context, uint32_t block, const uint8_t bytes[4096], struct ingot_error *err)
{
        struct nodes *nodes = context;

        (void)err;
        assert_int_equal(block, FIRST_NODE + nodes->count);
        memcpy(nodes->bytes + nodes->count++ * 4096, bytes, 4096);
        return INGOT_OK;
}

/* Goes down the tree and checks that the pieces come in order; returns how many there were. */
static size_t count_pieces(const struct nodes *nodes, const uint8_t *node, unsigned depth, size_t next)
{
        assert_int_equal(get_le16(node), 0xF30A);
        assert_int_equal(get_le16(node + 6), depth);
        assert_true(get_le16(node + 2) <= get_le16(node + 4));
        for (unsigned i = 0; i < get_le16(node + 2); i++) {
                const uint8_t *entry = node + 12 + (size_t)12 * i;

                assert_int_equal(get_le32(entry), next * 2);
                if (depth) {
                        size_t child = get_le32(entry + 4) - FIRST_NODE;

                        next = count_pieces(nodes, nodes->bytes + child * 4096, depth - 1, next);
                } else {
                        assert_int_equal(get_le16(entry + 4), 1);
                        assert_int_equal(get_le32(entry + 8), 7 + next * 3);
                        next++;
                }
        }
        return next;
}

static void trees_of_any_depth_lead_to_every_piece(void **state)
{
        static const size_t counts[] = { 0, 1, 4, 5, 340, 341, 1360, 1361, 115600, 500000 };

        (void)state;
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                OWNED(ext4_pieces_release) struct ext4_pieces pieces = { .pieces = NULL };
                size_t node_count = (size_t)ext4_extent_tree_blocks(counts[i]);
                OWNED(heap_drop) uint8_t *bytes = calloc(node_count + 1, 4096);
                OWNED(heap_drop) uint32_t *blocks = calloc(node_count + 1, sizeof(*blocks));
                struct nodes nodes = { .bytes = bytes };
                uint8_t root[EXT4_EXTENT_ROOT_BYTES];

                for (size_t node = 0; node < node_count; node++)
                        blocks[node] = (uint32_t)(FIRST_NODE + node);
                for (uint32_t piece = 0; piece < counts[i]; piece++)
                        assert_int_equal(ext4_pieces_add(&pieces, piece * 2, 1, 7 + piece * 3, NULL),
                                         INGOT_OK);
                assert_int_equal(ext4_extent_tree_build(&pieces, blocks, 1, root, keep, &nodes, NULL),
                                 INGOT_OK);
                assert_int_equal(nodes.count, node_count);
                assert_int_equal(count_pieces(&nodes, root, get_le16(root + 6), 0), counts[i]);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(pieces_that_continue_are_joined),
                cmocka_unit_test(blocks_are_counted),
                cmocka_unit_test(trees_of_any_depth_lead_to_every_piece),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
