/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/cmocka_all.h"

#include "base/endian.h"
#include "base/own.h"
#include "filesystem/ext4_directory.h"

enum { BLOCK_BYTES = 4096, NAME_ROOM_BYTES = 256 };

/* Children with names of name_bytes, numbered; inode numbers from 100 on. */
static struct ext4_child *make_children(size_t count, size_t name_bytes, char **ret_names)
{
        struct ext4_child *children = calloc(count + 1, sizeof(*children));
        char *names = calloc(count + 1, NAME_ROOM_BYTES);

        assert_true(children && names);
        for (size_t i = 0; i < count; i++) {
                char *name = names + i * NAME_ROOM_BYTES;

                (void)snprintf(name, NAME_ROOM_BYTES, "%0*zu", (int)name_bytes, i);
                children[i] = (struct ext4_child){ .name = name,
                                                   .name_bytes = (uint8_t)name_bytes,
                                                   .inode_number = (uint32_t)(100 + i),
                                                   .file_type = 1 };
        }
        *ret_names = names;
        return children;
}

/* Counts entries with an inode in a block; records must fill it. */
static size_t count_entries(const uint8_t bytes[BLOCK_BYTES])
{
        size_t count = 0, at = 0;

        while (at < BLOCK_BYTES) {
                uint16_t record_bytes = get_le16(bytes + at + 4);

                assert_true(record_bytes >= 8 && record_bytes % 4 == 0 && at + record_bytes <= BLOCK_BYTES);
                assert_true(8 + bytes[at + 6] <= record_bytes);
                count += get_le32(bytes + at) != 0;
                at += record_bytes;
        }
        return count;
}

static void one_block_holds_what_fits_it(void **state)
{
        static const struct guid seed = { .bytes = { 1 } };

        (void)state;
        /* 4084 bytes less two dots of 12; an entry of 252 has 260. */
        for (size_t count = 0; count <= 20; count++) {
                OWNED(heap_drop) char *names = NULL;
                OWNED(heap_drop) struct ext4_child *children = make_children(count, 252, &names);
                OWNED(ext4_directory_release) struct ext4_directory directory;
                uint8_t bytes[BLOCK_BYTES];

                assert_int_equal(ext4_directory_plan(children, count, &seed, 1, &directory, NULL), INGOT_OK);
                if (count > 15) {
                        assert_true(directory.block_count > 1);
                        continue;
                }
                assert_int_equal(directory.block_count, 1);
                ext4_directory_fill(&directory, 0, 50, 2, 0, bytes);
                assert_int_equal(count_entries(bytes), count + 2);
                assert_int_equal(get_le32(bytes), 50);
                assert_int_equal(get_le32(bytes + 12), 2);
        }
}

static void an_index_leads_to_every_leaf(void **state)
{
        static const struct guid seed = { .bytes = { 9, 8, 7 } };
        static const size_t counts[] = { 100, 6000, 7000, 20000 }; /* of 12 or 13 a leaf */

        (void)state;
        for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
                OWNED(heap_drop) char *names = NULL;
                OWNED(heap_drop) struct ext4_child *children = make_children(counts[i], 240, &names);
                OWNED(ext4_directory_release) struct ext4_directory directory;
                uint8_t bytes[BLOCK_BYTES];
                size_t found = 0;

                assert_int_equal(ext4_directory_plan(children, counts[i], &seed, 1, &directory, NULL),
                                 INGOT_OK);
                assert_int_equal(directory.node_count > 0, directory.leaf_count > 507);
                ext4_directory_fill(&directory, 0, 50, 2, 0, bytes);
                assert_int_equal(bytes[0x1c], 1); /* half-MD4 */
                assert_int_equal(bytes[0x1e], directory.node_count ? 1 : 0);
                assert_int_equal(get_le16(bytes + 32), 507);
                assert_int_equal(get_le16(bytes + 34),
                                 directory.node_count ? directory.node_count : directory.leaf_count);
                for (uint32_t block = 1 + directory.node_count; block < directory.block_count; block++) {
                        ext4_directory_fill(&directory, block, 50, 2, 0, bytes);
                        found += count_entries(bytes);
                }
                assert_int_equal(found, counts[i]);
        }
}

static void equal_hashes_over_two_leaves_are_told_by_a_bit(void **state) /* rule 3 */
{
        static const struct guid seed = { .bytes = { 1 } };
        OWNED(heap_drop) char *names = NULL;
        OWNED(heap_drop) struct ext4_child *children = make_children(40, 200, &names);
        OWNED(ext4_directory_release) struct ext4_directory directory;
        uint8_t bytes[BLOCK_BYTES];

        (void)state;
        assert_int_equal(ext4_directory_plan(children, 40, &seed, 1, &directory, NULL), INGOT_OK);
        assert_true(directory.leaf_count > 2);
        for (size_t i = 0; i < 40; i++)
                children[i].hash = 0x1234; /* as if all of them collided */
        ext4_directory_fill(&directory, 0, 50, 2, 0, bytes);
        for (uint32_t leaf = 1; leaf < directory.leaf_count; leaf++)
                assert_int_equal(get_le32(bytes + 32 + (size_t)8 * leaf), 0x1235);
}

static void hashes_are_those_of_the_kernel(void **state) /* rule 1; values by debugfs's dx_hash */
{
        static const struct guid seed = { .bytes = { 0xf0, 0xe9, 0xe2, 0xdb, 0xd4, 0xcd, 0xc6, 0xbf, 0xb8,
                                                     0xb1, 0xaa, 0xa3, 0x9c, 0x95, 0x8e, 0x87 } };
        static const struct {
                const char *name;
                uint32_t hash;
        } known[] = { { "name-1", 0xc560c1c2 }, { "\xff\x80x", 0x906da9a0 } };
        OWNED(heap_drop) char *names = NULL;
        OWNED(heap_drop) struct ext4_child *children = make_children(100, 250, &names);
        OWNED(ext4_directory_release) struct ext4_directory directory;

        (void)state;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
                children[i].name = known[i].name;
                children[i].name_bytes = (uint8_t)strlen(known[i].name);
                children[i].inode_number = (uint32_t)i;
        }
        assert_int_equal(ext4_directory_plan(children, 100, &seed, 1, &directory, NULL), INGOT_OK);
        for (size_t i = 0; i < 100; i++)
                if (children[i].inode_number < sizeof(known) / sizeof(known[0]))
                        assert_int_equal(children[i].hash, known[children[i].inode_number].hash);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_block_holds_what_fits_it),
                cmocka_unit_test(an_index_leads_to_every_leaf),
                cmocka_unit_test(equal_hashes_over_two_leaves_are_told_by_a_bit),
                cmocka_unit_test(hashes_are_those_of_the_kernel),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
