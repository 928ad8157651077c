/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cmocka_all.h"
#include "support/ext4_fixture.h"
#include "support/lay_extents.h"
#include "support/scratch.h"

#include "base/fd.h"
#include "base/own.h"
#include "filesystem/ext4_walk.h"

enum { MIB = 1 << 20, SUPERBLOCK_AT = 1024, SUPERBLOCK_BYTES = 1024 };

/* A whole image in memory, as hostile tests want it. */
struct memory {
        uint8_t *bytes;
        size_t size_bytes;
        struct byte_source source;
};

static enum ingot_code read_memory(void *context, uint64_t offset_bytes, void *bytes, size_t size_bytes,
                                   struct ingot_error *err)
{
        const struct memory *memory = context;

        if (offset_bytes > memory->size_bytes || size_bytes > memory->size_bytes - offset_bytes)
                return ingot_fail(err, INGOT_E_FORMAT, "past the end");
        memcpy(bytes, memory->bytes + offset_bytes, size_bytes);
        return INGOT_OK;
}

static void load(struct memory *memory, const char *path)
{
        char *bytes = NULL;

        assert_int_equal(fd_read_file(path, SIZE_MAX, &bytes, &memory->size_bytes, NULL), INGOT_OK);
        memory->bytes = (uint8_t *)bytes;
        memory->source = (struct byte_source){ .context = memory, .read = read_memory };
}

static void memory_release(struct memory *memory)
{
        free(memory->bytes);
}

static struct tree_inode *link_to(const char *target)
{
        struct tree_inode *inode = fixture_inode(TREE_SYMLINK, 0777);

        inode->target = strdup(target);
        assert_non_null(inode->target);
        return inode;
}

/* The tree of these tests: a file, links to it, a loop, something large with holes. */
static struct tree *make_tree(void)
{
        struct tree *tree = NULL;
        struct tree_entry *etc, *sub;
        struct tree_inode *holed = fixture_inode(TREE_FILE, 0600);

        assert_int_equal(tree_new(&tree, NULL), INGOT_OK);
        etc = fixture_put(tree, NULL, "etc", fixture_inode(TREE_DIRECTORY, 0755));
        sub = fixture_put(tree, etc, "sub", fixture_inode(TREE_DIRECTORY, 0755));
        (void)fixture_put(tree, etc, "fstab", fixture_file(100, 0));
        (void)fixture_put(tree, sub, "up", link_to("../fstab"));
        (void)fixture_put(tree, sub, "over", link_to("../../../../etc/sub/up"));
        (void)fixture_put(tree, NULL, "absolute", link_to("/etc/sub"));
        (void)fixture_put(tree, NULL, "dangling", link_to("/etc/none"));
        (void)fixture_put(tree, NULL, "loop", link_to("pool"));
        (void)fixture_put(tree, NULL, "pool", link_to("loop"));
        fixture_add_run(holed, 0, 4096);
        fixture_add_run(holed, 81920, 5000);
        (void)fixture_put(tree, NULL, "holed", holed);
        assert_int_equal(tree_seal(tree, FIXTURE_EPOCH, NULL), INGOT_OK);
        return tree;
}

static void make_image(struct memory *memory, uint64_t size_bytes, void **state)
{
        OWNED(tree_drop) struct tree *tree = make_tree();
        struct ext4_request request = fixture_request(tree, size_bytes, state);

        fixture_write(&request, scratch_path(state, "image"), false);
        load(memory, scratch_path(state, "image"));
}

static struct ext4_reader *open_reader(const struct memory *memory)
{
        struct ext4_reader *reader = NULL;
        struct ingot_error err = { .code = INGOT_OK };

        if (ext4_reader_open(&memory->source, memory->size_bytes, &reader, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        return reader;
}

static void facts_are_what_was_asked_for(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        OWNED(tree_drop) struct tree *tree = make_tree();
        struct ext4_request request = fixture_request(tree, 64 * MIB, state);
        OWNED(ext4_image_drop) struct ext4_image *image = fixture_lay_out(&request);
        const struct ext4_usage *usage = ext4_image_usage(image);
        const struct ext4_facts *facts;

        make_image(&memory, 64 * MIB, state);
        reader = open_reader(&memory);
        facts = ext4_reader_facts(reader);
        assert_true(guid_equal(&facts->uuid, &request.uuid));
        assert_true(guid_equal(&facts->hash_seed, &request.hash_seed));
        assert_string_equal(facts->label, "root");
        assert_int_equal(facts->block_bytes, 4096);
        assert_int_equal(facts->block_count * 4096, usage->size_bytes);
        assert_int_equal(facts->free_blocks * 4096, usage->free_bytes);
        assert_int_equal(facts->reserved_blocks * 4096, usage->reserved_bytes);
        assert_int_equal(facts->inode_count, usage->inode_count);
        assert_int_equal(facts->inode_count - facts->free_inodes, usage->used_inodes);
        assert_string_equal(facts->features, ext4_image_features(image));
        assert_true(facts->is_clean && !facts->needs_recovery);
}

static void used_extents_are_what_is_not_free(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        const struct ext4_facts *facts;

        make_image(&memory, 300 * MIB, state);
        reader = open_reader(&memory);
        facts = ext4_reader_facts(reader);
        assert_int_equal(ext4_reader_list_used(reader, &list, NULL), INGOT_OK);
        assert_int_equal(extent_list_settle(&list, 300 * MIB / SECTOR_BYTES, NULL), INGOT_OK);
        assert_int_equal(extent_list_data_sectors(&list) / 8, facts->block_count - facts->free_blocks);
}

static void expect_found(struct ext4_reader *reader, const char *path, bool follow_last, enum tree_kind kind)
{
        struct ext4_node node;
        struct ingot_error err = { .code = INGOT_OK };

        if (ext4_reader_find(reader, path, follow_last, &node, &err))
                fail_msg("%s", ingot_error_frame(&err, 0));
        assert_int_equal(node.kind, kind);
}

static void paths_lead_through_links_and_stay_inside(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        struct ext4_node node;

        make_image(&memory, 16 * MIB, state);
        reader = open_reader(&memory);
        expect_found(reader, "/", true, TREE_DIRECTORY);
        expect_found(reader, "", true, TREE_DIRECTORY);
        expect_found(reader, "/etc/fstab", true, TREE_FILE);
        expect_found(reader, "//etc///fstab", true, TREE_FILE);
        expect_found(reader, "/etc/sub/up", true, TREE_FILE);
        expect_found(reader, "/etc/sub/up", false, TREE_SYMLINK);
        expect_found(reader, "/absolute/over", true, TREE_FILE);
        expect_found(reader, "/../../absolute/../fstab", true, TREE_FILE);
        expect_found(reader, "/absolute/", false, TREE_SYMLINK);
        expect_found(reader, "/dangling", false, TREE_SYMLINK);
        assert_int_equal(ext4_reader_find(reader, "/dangling", true, &node, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(ext4_reader_find(reader, "/etc/fstab/x", true, &node, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(ext4_reader_find(reader, "/none", true, &node, NULL), INGOT_E_NOT_FOUND);
        assert_int_equal(ext4_reader_find(reader, "/loop", true, &node, NULL), INGOT_E_FORMAT);
}

static void files_are_read_with_their_holes(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        OWNED(heap_drop) char *bytes = NULL;
        uint8_t expected[100];
        size_t size_bytes = 0;
        struct ext4_node node;

        make_image(&memory, 16 * MIB, state);
        reader = open_reader(&memory);
        assert_int_equal(ext4_reader_read_file(reader, "/absolute/up", 100, &bytes, &size_bytes, NULL),
                         INGOT_OK);
        assert_int_equal(size_bytes, 100);
        pattern_fill(0, expected, sizeof(expected));
        assert_memory_equal(bytes, expected, sizeof(expected));
        assert_int_equal(bytes[100], 0);
        assert_int_equal(ext4_reader_read_file(reader, "/etc/fstab", 99, &bytes, &size_bytes, NULL),
                         INGOT_E_MEMORY);
        assert_int_equal(ext4_reader_read_file(reader, "/etc", 1 << 20, &bytes, &size_bytes, NULL),
                         INGOT_E_FORMAT);
        assert_int_equal(ext4_reader_find(reader, "/holed", true, &node, NULL), INGOT_OK);
        assert_int_equal(node.size_bytes, 86920);
        assert_int_equal(node.allocated_bytes, 4096 + 8192);
        assert_int_equal(ext4_reader_read(reader, node.inode_number, 81900, expected, 100, NULL), INGOT_OK);
        assert_int_equal(expected[19], 0);
        assert_int_not_equal(expected[20], 0);
        assert_int_equal(ext4_reader_read(reader, node.inode_number, 86900, expected, 21, NULL),
                         INGOT_E_FORMAT);
}

static enum ingot_code count_visit(void *context, const struct ext4_visit *visit, struct ingot_error *err)
{
        (void)visit;
        (void)err;
        ++*(unsigned *)context;
        return INGOT_OK;
}

/* What other hands made, with other block sizes and without extents. */
static void file_systems_of_mke2fs_are_read(void **state)
{
        static const char *const kinds[][3] = { { "ext2", "1024", "128" },
                                                { "ext3", "2048", "256" },
                                                { "ext4", "4096", "256" },
                                                { "ext4", "1024", "512" } };
        OWNED(heap_drop) char *folder = strdup(scratch_path(state, "folder"));
        OWNED(heap_drop) char *image = strdup(scratch_path(state, "other"));
        char name[300] = { 0 }; /* more of it than its text is written */

        assert_true(folder && image);
        if (!scratch_has_program("mke2fs")) {
                print_message("mke2fs is not here: its file systems are not read\n");
                skip();
        }
        assert_int_equal(mkdir(folder, 0755), 0);
        for (unsigned i = 0; i < 200; i++) {
                (void)snprintf(name, sizeof(name), "folder/file-with-some-name-%u", i);
                assert_int_equal(fd_replace_file(scratch_path(state, name), name, 1 + i, 0644, NULL),
                                 INGOT_OK);
        }
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                const char *const argv[] = { "mke2fs", "-q",        "-F",  "-t",        kinds[i][0],
                                             "-b",     kinds[i][1], "-I",  kinds[i][2], "-d",
                                             folder,   image,       "32M", NULL };
                OWNED(memory_release) struct memory memory = { .bytes = NULL };
                OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
                OWNED(heap_drop) char *bytes = NULL;
                size_t size_bytes = 0;
                unsigned visited = 0;

                (void)remove(image);
                assert_int_equal(scratch_run(state, argv), 0);
                load(&memory, image);
                reader = open_reader(&memory);
                assert_int_equal(ext4_reader_walk(reader, count_visit, &visited, NULL), INGOT_OK);
                assert_int_equal(visited, 202); /* with the root and lost+found */
                assert_int_equal(ext4_reader_read_file(reader, "/file-with-some-name-150", 1000, &bytes,
                                                       &size_bytes, NULL),
                                 INGOT_OK);
                assert_int_equal(size_bytes, 151);
        }
}

static void what_is_no_ext4_is_refused(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        struct ext4_reader *reader = NULL;

        make_image(&memory, 16 * MIB, state);
        assert_int_equal(ext4_reader_open(&memory.source, 16 * MIB - 4096, &reader, NULL), INGOT_E_FORMAT);
        assert_int_equal(ext4_reader_open(&memory.source, 2047, &reader, NULL), INGOT_E_FORMAT);
        assert_int_equal(ext4_reader_open(&memory.source, 0, &reader, NULL), INGOT_E_FORMAT);
        memory.bytes[SUPERBLOCK_AT + 56] ^= 1;
        assert_int_equal(ext4_reader_open(&memory.source, 16 * MIB, &reader, NULL), INGOT_E_FORMAT);
        assert_null(reader);
}

/* Does with an image whatever can be done; only that it ends matters. */
static void try_everything(const struct memory *memory)
{
        OWNED(ext4_reader_drop) struct ext4_reader *reader = NULL;
        OWNED(extent_list_release) struct extent_list list = EXTENT_LIST_EMPTY;
        OWNED(heap_drop) char *bytes = NULL;
        size_t size_bytes;
        unsigned visited = 0;

        if (ext4_reader_open(&memory->source, memory->size_bytes, &reader, NULL))
                return;
        (void)!ext4_reader_list_used(reader, &list, NULL);
        (void)!ext4_reader_walk(reader, count_visit, &visited, NULL);
        (void)!ext4_reader_read_file(reader, "/absolute/over", MIB, &bytes, &size_bytes, NULL);
}

/* libext2fs 1.47.0 reads past its buffers when these contradict each other; found by fuzzing. */
static void groups_that_cannot_be_are_refused(void **state) /* rule 2 */
{
        static const struct {
                size_t at;
                uint8_t value;
        } rows[] = {
                { 0x14, 0x3A }, /* s_first_data_block: 0 for blocks over 1 KiB */
                { 0x22, 0x01 }, /* s_blocks_per_group: more than a bitmap's bits */
                { 0x2A, 0x01 }, /* s_inodes_per_group: the same */
        };
        OWNED(memory_release) struct memory memory = { .bytes = NULL };

        make_image(&memory, 2 * MIB, state);
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                struct ext4_reader *reader = NULL;
                uint8_t saved = memory.bytes[SUPERBLOCK_AT + rows[i].at];

                memory.bytes[SUPERBLOCK_AT + rows[i].at] = rows[i].value;
                assert_int_equal(ext4_reader_open(&memory.source, memory.size_bytes, &reader, NULL),
                                 INGOT_E_FORMAT);
                memory.bytes[SUPERBLOCK_AT + rows[i].at] = saved;
        }
}

static void damaged_metadata_ends_in_an_error_at_worst(void **state)
{
        OWNED(memory_release) struct memory memory = { .bytes = NULL };
        uint32_t random = 7;

        make_image(&memory, 2 * MIB, state);
        for (unsigned i = 0; i < 600; i++) {
                size_t at;
                uint8_t saved;

                random = random * 1664525 + 1013904223;
                /* the superblock, then anything in the first 100 KiB: descriptors, bitmaps, inodes */
                at = i < 200 ? SUPERBLOCK_AT + (random >> 8) % SUPERBLOCK_BYTES : (random >> 8) % 100000;
                saved = memory.bytes[at];
                memory.bytes[at] ^= (uint8_t)(1U << (random >> 29));
                try_everything(&memory);
                memory.bytes[at] = saved;
        }
}

#define SCRATCH_TEST(test) cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                SCRATCH_TEST(facts_are_what_was_asked_for),
                SCRATCH_TEST(used_extents_are_what_is_not_free),
                SCRATCH_TEST(paths_lead_through_links_and_stay_inside),
                SCRATCH_TEST(files_are_read_with_their_holes),
                SCRATCH_TEST(file_systems_of_mke2fs_are_read),
                SCRATCH_TEST(what_is_no_ext4_is_refused),
                SCRATCH_TEST(groups_that_cannot_be_are_refused),
                SCRATCH_TEST(damaged_metadata_ends_in_an_error_at_worst),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
