/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/cmocka_all.h"
#include "support/scratch.h"

#include "base/own.h"
#include "content/directory_reader.h"
#include "content/tree_edit.h"

struct world {
        struct tree *tree;
        struct content_store *store;
        struct directory_report report;
        struct ingot_error err;
};

static void world_open(struct world *world, void *const *state)
{
        memset(world, 0, sizeof(*world));
        assert_int_equal(tree_new(&world->tree, NULL), INGOT_OK);
        assert_int_equal(store_new(*state, &world->store, NULL), INGOT_OK);
}

static void world_close(struct world *world)
{
        tree_free(world->tree);
        store_free(world->store);
}

static enum ingot_code read_folder(struct world *world, const char *path)
{
        return directory_read_into(world->tree, tree_root(world->tree), world->store, path, NULL,
                                   &world->report, &world->err);
}

static void write_file(const char *path, const void *bytes, size_t size, mode_t mode)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static void make_folder(const char *path, mode_t mode)
{
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(chmod(path, mode), 0);
}

static struct tree_inode *inode_at(const struct world *world, const char *path)
{
        struct tree_entry *entry = NULL;

        assert_int_equal(tree_find(world->tree, path, &entry, NULL), INGOT_OK);
        return entry->inode;
}

/* The same folder, as two users under two umasks would have it. */
static void make_copy(void *const *state, const char *name, bool strict)
{
        char path[4096];
        const char *top = scratch_path(state, name);

        make_folder(top, strict ? 0700 : 0777);
        (void)snprintf(path, sizeof(path), "%s/b", top);
        make_folder(path, strict ? 0700 : 0775);
        (void)snprintf(path, sizeof(path), "%s/b/run", top);
        write_file(path, "#!/bin/sh\n", 10, strict ? 0700 : 0775);
        (void)snprintf(path, sizeof(path), "%s/b/\xff", top);
        write_file(path, "raw", 3, strict ? 0600 : 0664);
        (void)snprintf(path, sizeof(path), "%s/a", top);
        write_file(path, "", 0, strict ? 0600 : 0666);
        (void)snprintf(path, sizeof(path), "%s/l", top);
        assert_int_equal(symlink("../out", path), 0);
}

static void nothing_of_the_user_gets_in(void **state) /* rule 1 */
{
        struct world one, two;

        make_copy(state, "one", false);
        make_copy(state, "two", true);
        world_open(&one, state);
        world_open(&two, state);
        assert_int_equal(read_folder(&one, scratch_path(state, "one")), INGOT_OK);
        assert_int_equal(read_folder(&two, scratch_path(state, "two/")), INGOT_OK);
        assert_true(digest_equal(&one.report.digest, &two.report.digest));
        assert_int_equal(inode_at(&two, "b")->mode, 0755);
        assert_int_equal(inode_at(&two, "b/run")->mode, 0755);
        assert_int_equal(inode_at(&one, "a")->mode, 0644);
        assert_int_equal(inode_at(&one, "b/\xff")->mode, 0644);
        assert_int_equal(inode_at(&one, "a")->uid, 0);
        assert_string_equal(inode_at(&one, "l")->target, "../out");
        assert_int_equal(tree_seal(one.tree, 1234, NULL), INGOT_OK);
        assert_int_equal(inode_at(&one, "b")->mtime.seconds, 1234);
        assert_int_equal(inode_at(&one, "l")->mtime.seconds, 1234);
        world_close(&one);
        world_close(&two);
}

static void the_digest_tells_any_change(void **state) /* rule 6 */
{
        struct digest first, before;
        struct world world;

        make_copy(state, "d", false);
        world_open(&world, state);
        assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_OK);
        first = before = world.report.digest;
        for (int change = 0; change < 4; change++) {
                if (change == 0)
                        write_file(scratch_path(state, "d/a"), "x", 1, 0644);
                else if (change == 1)
                        assert_int_equal(chmod(scratch_path(state, "d/a"), 0755), 0);
                else if (change == 2)
                        assert_int_equal(rename(scratch_path(state, "d/a"), scratch_path(state, "d/c")), 0);
                else
                        make_folder(scratch_path(state, "d/e"), 0755);
                assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_OK);
                assert_false(digest_equal(&before, &world.report.digest));
                before = world.report.digest;
        }
        assert_false(digest_equal(&first, &before));
        world_close(&world);
}

static void large_files_stay_where_they_are_and_must_not_change(void **state) /* rule 5 */
{
        enum { SIZE = DIRECTORY_SPOOL_BYTES + 5000 };
        uint8_t *data = calloc(1, SIZE), *is = malloc(SIZE);
        struct world world;

        memset(data, 'a', 5000);
        memset(data + SIZE - 100, 'b', 100);
        make_folder(scratch_path(state, "d"), 0755);
        write_file(scratch_path(state, "d/big"), data, SIZE, 0644);
        write_file(scratch_path(state, "d/small"), "small", 5, 0644);
        world_open(&world, state);
        assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_OK);
        assert_int_equal(store_spool_bytes(world.store), 5);
        assert_int_equal(tree_inode_read(inode_at(&world, "big"), 0, is, SIZE, NULL), INGOT_OK);
        assert_memory_equal(is, data, SIZE);
        assert_int_equal(inode_at(&world, "big")->run_count, 2);
        assert_int_equal(store_check_unchanged(world.store, NULL), INGOT_OK);
        write_file(scratch_path(state, "d/big"), "now", 3, 0644);
        assert_int_equal(store_check_unchanged(world.store, NULL), INGOT_E_CHECKSUM);
        world_close(&world);
        free(data);
        free(is);
}

static void what_the_tree_has_keeps_its_face(void **state) /* rule 2 */
{
        struct world world;
        struct tree_entry *entry;

        make_copy(state, "d", true);
        world_open(&world, state);
        assert_int_equal(tree_edit_mkdir(world.tree, "/usr/b", 01777, &entry, NULL), INGOT_OK);
        entry->inode->uid = 7;
        assert_int_equal(tree_edit_symlink(world.tree, "/b", "usr/b", NULL), INGOT_OK);
        assert_int_equal(tree_edit_write_text(world.tree, world.store, "/a", "old", 0600, NULL), INGOT_OK);
        assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_OK);
        assert_int_equal(inode_at(&world, "b")->kind, TREE_SYMLINK);
        assert_int_equal(inode_at(&world, "usr/b")->mode, 01777);
        assert_int_equal(inode_at(&world, "usr/b")->uid, 7);
        assert_int_equal(inode_at(&world, "usr/b/run")->mode, 0755);
        assert_int_equal(inode_at(&world, "a")->mode, 0644);
        assert_int_equal(inode_at(&world, "a")->size_bytes, 0);
        world_close(&world);
}

static void a_folder_cannot_replace_the_ground_it_stands_on(void **state) /* placement.h rule 4 */
{
        struct world world;

        make_folder(scratch_path(state, "d"), 0755);
        make_folder(scratch_path(state, "d/sub"), 0755);
        make_folder(scratch_path(state, "d/sub/link"), 0755);
        write_file(scratch_path(state, "d/sub/link/sub"), "x", 1, 0644);
        world_open(&world, state);
        assert_int_equal(tree_edit_mkdir(world.tree, "/sub", 0755, NULL, NULL), INGOT_OK);
        assert_int_equal(tree_edit_symlink(world.tree, "/sub/link", "/", NULL), INGOT_OK);
        assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_E_FORMAT);
        world_close(&world);
}

static void specials_are_refused_by_name(void **state) /* rule 4 */
{
        struct tree_inode *inode;
        struct world world;

        make_folder(scratch_path(state, "d"), 0755);
        assert_int_equal(mkfifo(scratch_path(state, "d/pipe"), 0600), 0);
        world_open(&world, state);
        assert_int_equal(read_folder(&world, scratch_path(state, "d")), INGOT_E_USAGE);
        assert_non_null(strstr(ingot_error_frame(&world.err, 0), "/d/pipe' is a device, socket or fifo"));
        assert_int_equal(read_folder(&world, scratch_path(state, "absent")), INGOT_E_NOT_FOUND);
        assert_int_equal(read_folder(&world, scratch_path(state, "d/pipe")), INGOT_E_USAGE);
        assert_int_equal(
                directory_read_file(world.store, scratch_path(state, "d/pipe"), NULL, &inode, NULL, NULL),
                INGOT_E_USAGE);
        world_close(&world);
}

static void one_file_is_compared_with_its_digest(void **state)
{
        struct digest digest, expected;
        struct tree_inode *inode = NULL;
        struct world world;

        write_file(scratch_path(state, "f"), "text\n", 5, 0700);
        assert_int_equal(digest_of("text\n", 5, &expected, NULL), INGOT_OK);
        world_open(&world, state);
        assert_int_equal(directory_read_file(world.store, scratch_path(state, "f"), &expected, &inode,
                                             &digest, &world.err),
                         INGOT_OK);
        assert_true(digest_equal(&digest, &expected));
        assert_int_equal(inode->mode, 0755);
        tree_inode_free(inode);
        expected.bytes[0] ^= 1;
        assert_int_equal(directory_read_file(world.store, scratch_path(state, "f"), &expected, &inode, NULL,
                                             &world.err),
                         INGOT_E_CHECKSUM);
        world_close(&world);
}

int main(void)
{
#define TEST(NAME) cmocka_unit_test_setup_teardown(NAME, scratch_setup, scratch_teardown)
        const struct CMUnitTest tests[] = {
                TEST(nothing_of_the_user_gets_in),
                TEST(the_digest_tells_any_change),
                TEST(large_files_stay_where_they_are_and_must_not_change),
                TEST(what_the_tree_has_keeps_its_face),
                TEST(a_folder_cannot_replace_the_ground_it_stands_on),
                TEST(specials_are_refused_by_name),
                TEST(one_file_is_compared_with_its_digest),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
